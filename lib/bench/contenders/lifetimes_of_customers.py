"""BG/NBD by other programs, on the same customers."""

from __future__ import annotations

import pandas as pd
from clock import Clock, main

WEEK = 7


def with_lifetimes(path: str) -> dict:
    """Fit by lifetimes' BetaGeoFitter."""
    from lifetimes import BetaGeoFitter

    rows = pd.read_parquet(path)
    last, age = rows["last_age_days"] / WEEK, rows["age_days"] / WEEK
    clock = Clock()
    values = BetaGeoFitter().fit(rows["repeats"], last, age).params_.to_dict()
    clock.stop()
    return {**clock.told, "result": told(values)}


def with_pymc(path: str) -> dict:
    """Fit by pymc-marketing at the posterior's top, its fastest way."""
    from pymc_marketing import clv

    rows = pd.read_parquet(path)
    data = pd.DataFrame(
        {"customer_id": range(len(rows)), "frequency": rows["repeats"],
         "recency": rows["last_age_days"] / WEEK, "T": rows["age_days"] / WEEK}
    )  # fmt: skip
    clock = Clock()
    model = clv.BetaGeoModel(data=data)
    model.fit(method="map", progressbar=False)
    clock.stop()
    values = {name: float(model.idata.posterior[name].mean()) for name in ("r", "alpha", "a", "b")}
    return {**clock.told, "result": told(values)}


def told(values: dict[str, float]) -> str:
    """Return a model's parameters in one line."""
    return ", ".join(f"{name} {values[name]:.3f}" for name in ("r", "alpha", "a", "b"))


if __name__ == "__main__":
    main({"lifetimes": with_lifetimes, "pymc": with_pymc})
