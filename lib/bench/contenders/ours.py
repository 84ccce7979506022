"""This package's own part in each contest."""

from __future__ import annotations

import gzip
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

from clock import Clock, adopt, main, parquet

if TYPE_CHECKING:
    from profitchain.core.periods import Period

CHANGED = "04_drivers.ipynb"  # one of the longer ones
LAST = "2026Q3"  # period of an invented firm
QUARTER = "2026-07-01"  # it begins
DATED = {"orders": "ordered_at", "responses": "responded_at", "customers": ""}
CONTROLS = ("prior_orders", "recency", "tenure", "region", "tier")


def prepare(company: str, which: str = "first") -> dict:
    """Check a firm's tables and sum them up: for its first edition ever, or for a later one.

    The first finds an empty store, another period (`again`) what the first has left there. After
    an edition of all before it comes that of a quarter in files of its own (`quarter`), or of the
    same period with one answer less (`answers`); both of a copy of the firm.
    """
    from profitchain.core.periods import Period
    from profitchain.sources.company import load_company, store_of

    last, folder = Period(LAST), Path(company)
    if which == "first":
        shutil.rmtree(store_of(load_company(folder)))
    with tempfile.TemporaryDirectory(dir=folder.parent) as place:
        if which in ("quarter", "answers"):
            folder = _copied(folder, Path(place) / "firm", until=which == "quarter")
            _prepared(folder, last.previous if which == "quarter" else last)
            if which == "quarter":
                _add_quarter(Path(company), folder)
            else:
                _take_an_answer(folder)
        clock, size = _prepared(folder, last.previous if which == "again" else last)
    return {**clock.told, "result": f"{size / 1e6:,.1f} MB kept"}


def _prepared(company: Path, period: Period) -> tuple[Clock, int]:
    """Prepare an edition; return what that took, and the bytes of what is kept."""
    from profitchain.panel import edition as panel_edition
    from profitchain.sources.company import load_company

    firm = load_company(company)
    with tempfile.TemporaryDirectory() as folder:
        clock = Clock()
        panel_edition._prepare(firm, period, Path(folder))
        clock.stop()
        return clock, sum(path.stat().st_size for path in Path(folder).iterdir())


def _copied(company: Path, to: Path, *, until: bool) -> Path:
    """Copy a firm, each table into a folder; `until`: only what was before the last quarter."""
    to.mkdir()
    told = (company / "company.yml").read_text(encoding="utf-8")
    told = re.sub(r"file: (\w+)(/\*)?\.parquet", r"file: \1/*.parquet", told)
    (to / "company.yml").write_text(told, encoding="utf-8")
    for table, at in DATED.items():
        (to / table).mkdir()
        which = f"{at} < '{QUARTER}'" if until and at else "true"
        _copy_rows(parquet(str(company), table), which, to / table / "before.parquet")
    return to


def _add_quarter(company: Path, to: Path) -> None:
    for table, at in DATED.items():
        if at:
            path = to / table / "quarter.parquet"
            _copy_rows(parquet(str(company), table), f"{at} >= '{QUARTER}'", path)


def _take_an_answer(company: Path) -> None:
    path = company / "responses" / "before.parquet"
    changed = path.with_suffix(".changed")
    _copy_rows(str(path), "file_row_number > 0", changed)
    changed.replace(path)


def _copy_rows(source: str, where: str, to: Path) -> None:
    import duckdb

    rows = f"SELECT * EXCLUDE (file_row_number) FROM read_parquet('{source}', file_row_number=true)"
    duckdb.sql(f"COPY ({rows} WHERE {where}) TO '{to}' (FORMAT parquet, COMPRESSION zstd)")


def panel(company: str) -> dict:
    """Join every answer to the customer's orders before and after it."""
    import ibis

    from profitchain.core.periods import Period
    from profitchain.panel import panel as panels
    from profitchain.panel.context import Context
    from profitchain.sources.company import load_company

    con, firm = ibis.duckdb.connect(), load_company(Path(company))
    orders = con.read_parquet(parquet(company, "orders"))
    orders = orders.select(
        "customer_id", "ordered_at", revenue=(orders.revenue * 100).cast("int64")
    )
    responses = con.read_parquet(parquet(company, "responses"))
    rows = responses.select("response_id", "customer_id", "responded_at", "nps")
    rows = rows.mutate(row=ibis.row_number())
    tables = {"orders": orders, "responses": responses}
    context = Context(company=firm.model_copy(update={"gross_margin": None}),
                  period=Period(LAST), tables=tables)  # fmt: skip
    clock = Clock()
    past = panels.histories(panels.with_window(context, rows), context)
    sums = past.aggregate(
        n=past.count(), prior=past.prior_orders.sum(), recency=past.recency_days.sum(),
        tenure=past.tenure_days.sum(), repeats=past.repeat.sum(), spend=past.spend.sum(),
    ).execute()  # fmt: skip
    clock.stop()
    return {**clock.told, "result": told(sums.iloc[0])}


def told(sums: object) -> str:
    """Return the sums by which panels are compared."""
    return "/".join(f"{int(value):d}" for value in sums)


def cells(answers: str, to: str) -> dict:
    """Put answers together in the engine, customers in 256 buckets: groups, and who is in them."""
    import ibis

    from profitchain.panel import binning
    from profitchain.panel import customers as firm_customers
    from profitchain.sources.temp_tables import save

    con = ibis.duckdb.connect()
    rows = con.read_parquet(answers)
    rows = rows.mutate(customer_id=rows.customer_id.cast("string"))
    rows = firm_customers.with_clusters(rows, exact=False).drop("customer_id", "draw")
    clock = Clock()
    groups, single = binning.link_tables(rows.cast({"score": "float64"}), CONTROLS)
    save(con, groups, Path(to))
    save(con, single, behind(to))
    clock.stop()
    count = con.read_parquet(to).count().execute()
    return {**clock.told, "result": f"{count:,} groups"}


def behind(cells: str) -> Path:
    """Return where the single answers lie that are behind some cells."""
    return Path(cells).with_suffix(".answers.parquet")


def effect(cells: str) -> dict:
    """Fit the adjusted logit and say the average effect of a point with its interval."""
    import pandas as pd
    import pyarrow as pa

    from profitchain.effects.repeat_effect import repeat_effect
    from profitchain.stats.clusters import with_answers

    frame = with_answers(pd.read_parquet(cells), pd.read_parquet(behind(cells)))
    frame = frame.astype({"region": "category", "tier": "category"})
    pa.default_memory_pool().release_unused()
    repeat_effect(frame.head(2000), controls=CONTROLS)  # imports are no part of a fit
    clock = Clock()
    estimate = repeat_effect(frame, controls=CONTROLS)
    clock.stop()
    return {**clock.told, "result": effect_told(estimate.value, estimate.high - estimate.value)}


def effect_told(value: float, half: float) -> str:
    """Return an effect in points of percent and half its interval."""
    return f"{100 * value:.4f} ± {100 * half:.4f}"


def lifetime(customers: str) -> dict:
    """Fit BG/NBD, errors included."""
    import pandas as pd

    from profitchain.lifetime.bgnbd_gammagamma import fit_purchases

    frame = pd.read_parquet(customers)
    fit_purchases(frame.head(2000))
    clock = Clock()
    fit = fit_purchases(frame)
    clock.stop()
    return {**clock.told, "result": parameters(fit.parameters)}


def parameters(values: dict[str, float]) -> str:
    """Return a model's parameters in one line."""
    return ", ".join(f"{name} {value:.3f}" for name, value in values.items())


def report(company: str, out: str, how: str = "", *languages: str) -> dict:
    """Publish an edition by the command line, in some languages.

    `how`: "fresh", nothing kept from earlier runs; "changed", as if one notebook were another.
    """
    from notebooks import weight

    command = [sys.executable, "-m", "profitchain", "report"]
    known = subprocess.run([*command, "--help"], check=True, capture_output=True, text=True).stdout
    options = ["--fresh"] if how == "fresh" and "--fresh" in known else []
    options += [word for tag in languages for word in ("--language", tag)]
    command += ["--company", company, "--out", out, *options]
    if how == "changed":
        _forget(Path(company), CHANGED)
    adopt()
    clock = Clock()
    done = subprocess.run(command, check=True, capture_output=True, text=True)
    clock.stop()
    clock.wait_for_all()
    folder = Path(done.stdout.strip().splitlines()[-1]).parent
    return {**clock.told, "megabytes": None, "result": weight(folder)}


def _forget(company: Path, name: str) -> None:
    """Forget a notebook's run, and that the edition stands."""
    from profitchain.core.provenance import NOTEBOOKS
    from profitchain.intake.fingerprints import STANDING
    from profitchain.sources.company import load_company, store_of

    store, notebook = store_of(load_company(company)), json.loads((NOTEBOOKS / name).read_text())
    question = json.dumps("".join(notebook["cells"][0]["source"]))[1:-1].encode()
    runs = [
        run for run in store.glob("*/runs/*.gz") if question in gzip.decompress(run.read_bytes())
    ]
    for path in [*runs, *(store / STANDING).glob("*.json")]:
        path.unlink()


def load(company: str, what: str) -> dict:
    """Import profitchain or pandas, or open a prepared edition, in a process of its own."""
    code = f"import {what}" if what != "edition" else (
        f"import profitchain as pc; pc.open_edition({company!r})"
    )  # fmt: skip
    clock = Clock()
    subprocess.run([sys.executable, "-c", code], check=True, capture_output=True)
    clock.stop()
    return {**clock.told, "megabytes": None, "result": "Python's own start included"}


def work(company: str, editions: str) -> dict:
    """Say what the cells of all notebooks take by themselves, divided by the cores.

    Each runs alone, in a kernel that has imported all, and tells its cells' seconds: what no report
    can fall short of. The summary reads the edition that a report has left among `editions`.
    """
    from notebooks import in_order, seconds_of

    from profitchain.core import provenance
    from profitchain.press import fork_server, run_notebook

    fork_server.start(provenance.NOTEBOOKS, provenance.code_of(provenance.NOTEBOOKS))
    edition = next(Path(editions).glob("*/*/record.json")).parent
    how = ({"company": company}, run_notebook.environment_of(edition), {"en": edition})
    spent = 0.0
    with fork_server.Forks(1, dict(os.environ)) as forks:
        for path in in_order(provenance.NOTEBOOKS):
            run = forks.submit(run_notebook.run_forked, path, *how).result()["en"]
            spent += seconds_of(run.executed)
    measures = {"seconds": spent / os.cpu_count(), "cpu": spent, "megabytes": None}
    return {**measures, "result": f"{spent:.1f} s of cells, {os.cpu_count()} cores"}


if __name__ == "__main__":
    tasks = (prepare, panel, cells, effect, lifetime, report, load, work)
    main({task.__name__: task for task in tasks})
