"""How fast BG/NBD and Gamma-Gamma are fitted, and how well: ours beside other programs.

Run in an environment that holds this package's requirements and whatever is to be compared
(lifetimes, pymc-marketing; those absent are left out):

    PYTHONPATH=lib:tests CDNOW_DATA=FOLDER python tests/benchmarks/lifetime.py [CUSTOMERS [RUNS]]

Each program fits in processes of its own, so that peak memory is that program's alone; seconds are
medians over the runs, without imports and reading.
"""

from __future__ import annotations

import importlib.util
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
import pandas as pd

WEEK = 7
PROGRAMS = {"ours": "profitchain", "lifetimes": "lifetimes", "pymc-marketing": "pymc_marketing"}
Found = tuple[dict[str, float], dict[str, float], float]


def ours(customers: pd.DataFrame) -> Found:
    """Return parameters of both models and BG/NBD's log-likelihood, standard errors included."""
    from profitchain import lifetime

    purchases, spend = lifetime.fit_purchases(customers), lifetime.fit_spend(customers)
    return purchases.parameters, spend.parameters, purchases.log_likelihood


def lifetimes(customers: pd.DataFrame) -> Found:
    """Return the same by lifetimes (Nelder-Mead and BFGS with autograd)."""
    from lifetimes import BetaGeoFitter, GammaGammaFitter

    weeks = customers[["last_age_days", "age_days"]] / WEEK
    model = BetaGeoFitter().fit(customers["repeats"], weeks.iloc[:, 0], weeks.iloc[:, 1])
    back = customers[customers["repeats"] > 0]
    spend = GammaGammaFitter().fit(back["repeats"], back["repeat_revenue"] / back["repeats"])
    found = model.params_.to_dict()
    return found, spend.params_.to_dict(), _likelihood(customers, found)


def pymc_marketing(customers: pd.DataFrame) -> Found:
    """Return the same by pymc-marketing, at the posterior's top (its fastest way)."""
    from pymc_marketing import clv

    weeks = customers[["last_age_days", "age_days"]] / WEEK
    told = pd.DataFrame(
        {
            "customer_id": np.arange(len(customers)),
            "frequency": customers["repeats"].to_numpy(),
            "recency": weeks.iloc[:, 0].to_numpy(),
            "T": weeks.iloc[:, 1].to_numpy(),
        }
    )
    model = clv.BetaGeoModel(data=told)
    model.fit(method="map", progressbar=False)
    back = customers[customers["repeats"] > 0]
    each = (back["repeat_revenue"] / back["repeats"]).to_numpy()
    paid = told[told["frequency"] > 0].assign(monetary_value=each)
    spend = clv.GammaGammaModel(data=paid)
    spend.fit(method="map", progressbar=False)
    found = _posterior(model, ("r", "alpha", "a", "b"))
    return found, _posterior(spend, ("p", "q", "v")), _likelihood(customers, found)


def simulated(customers: int) -> pd.DataFrame:
    """Return so many customers of tests/lifetime_worlds.py, in CDNOW's manner."""
    from lifetime_worlds import Truth, world

    truth = Truth(r=0.25, alpha=4.5, a=0.8, b=2.5, p=6.0, q=3.7, v=15.0)
    return world(np.random.default_rng(1), customers, truth, days=730, ahead=0)


def cdnow() -> pd.DataFrame | None:
    """Return CDNOW's sample at 30 September 1997, or None where its folder isn't named."""
    folder = os.environ.get("CDNOW_DATA")
    if not folder:
        return None
    from lifetime_worlds import cdnow_customers

    return cdnow_customers(Path(folder))


def _posterior(model: object, names: tuple[str, ...]) -> dict[str, float]:
    return {name: float(model.idata.posterior[name].mean()) for name in names}


def _likelihood(customers: pd.DataFrame, found: dict[str, float]) -> float:
    from profitchain import lifetime

    known = [customers[name].to_numpy(float) for name in ("repeats", "last_age_days", "age_days")]
    told = lifetime.purchase_likelihood(known[0], known[1] / WEEK, known[2] / WEEK)
    logs = np.log([found[name] for name in lifetime.PURCHASES])
    return float(told(logs)[0].sum())


def measured(program: str, path: str) -> None:
    """Fit once and print what it took: seconds, megabytes (at the peak, for the fit), results."""
    customers = pd.read_parquet(path)
    fit = {"ours": ours, "lifetimes": lifetimes, "pymc-marketing": pymc_marketing}[program]
    if program == "ours":
        fit(customers.head(2_000))  # imports and first calls are no part of a fit
    before = _peak()
    start = time.perf_counter()
    purchases, spend, likelihood = fit(customers)
    seconds = time.perf_counter() - start
    told = {"seconds": seconds, "megabytes": _peak() - before, "peak": _peak()}
    print(json.dumps(told | {"likelihood": likelihood, **purchases, **spend}))


def _peak() -> float:
    """Return the most memory that this process ever held, in megabytes (Linux)."""
    status = Path("/proc/self/status").read_text(encoding="utf-8")
    return int(status.split("VmHWM:")[1].split()[0]) / 1024


def _run(program: str, path: Path) -> dict[str, float] | str:
    command = [sys.executable, __file__, "--measure", program, str(path)]
    done = subprocess.run(command, capture_output=True, text=True)
    lines = done.stdout.strip().splitlines()
    if done.returncode or not lines:
        return (done.stderr.strip().splitlines() or ["stopped"])[-1]
    return json.loads(lines[-1])


def compare(customers: int, runs: int) -> None:
    """Print a table: each data set by each program that is here."""
    here = [name for name, module in PROGRAMS.items() if importlib.util.find_spec(module)]
    sets = {"CDNOW": cdnow(), f"{customers:,} simulated": simulated(customers)}
    print("| data | program | seconds | times ours | MB peak | MB for the fit | log-likelihood |")
    print("|---|---|---|---|---|---|---|")
    with tempfile.TemporaryDirectory() as folder:
        for name, frame in sets.items():
            if frame is None:
                continue
            path = Path(folder) / f"{len(frame)}.parquet"
            frame.to_parquet(path)
            base = None
            for program in here:
                results = [_run(program, path) for _ in range(runs)]
                failed = [one for one in results if isinstance(one, str)]
                if failed:
                    print(f"| {name} | {program} | failed: {failed[0][:80]} | | | | |")
                    continue
                seconds = statistics.median(one["seconds"] for one in results)
                base = base or seconds
                peak = statistics.median(one["peak"] for one in results)
                extra = statistics.median(one["megabytes"] for one in results)
                likelihood = max(one["likelihood"] for one in results)
                print(
                    f"| {name} | {program} | {seconds:.2f} | {seconds / base:.1f} | {peak:,.0f} | "
                    f"{extra:,.0f} | {likelihood:,.2f} |",
                    flush=True,
                )


if __name__ == "__main__":
    if sys.argv[1:2] == ["--measure"]:
        measured(*sys.argv[2:4])
    else:
        given = [int(one) for one in sys.argv[1:3]]
        compare(*(given + [1_000_000, 3][len(given) :]))
