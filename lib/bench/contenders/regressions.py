"""The adjusted logit by other programs, row by row or compressed, customers as clusters.

Each reads the same invented answers; the model has the score, the logarithms of orders, recency and
tenure, a mark for nothing bought before, and the two segments.
"""

from __future__ import annotations

import numpy as np
import pandas as pd
from clock import Clock, main

TERMS = ("score", "log_orders", "log_recency", "none_before", "log_tenure")
SEGMENTS = ("region", "tier")


def logged(path: str) -> pd.DataFrame:
    """Return the answers with the terms of the model as columns."""
    rows = pd.read_parquet(path)
    recency = rows.pop("recency_days").to_numpy(float)
    rows["log_orders"] = np.log1p(rows.pop("prior_orders").to_numpy(float))
    rows["log_recency"] = np.log1p(np.maximum(recency, 0))
    rows["none_before"] = (recency < 0).astype(float)
    rows["log_tenure"] = np.log1p(rows.pop("tenure_days").to_numpy(float))
    return rows


def matrix(rows: pd.DataFrame) -> np.ndarray:
    """Return the model matrix, the score first."""
    dummies = [
        rows[name].to_numpy() == level for name in SEGMENTS for level in np.unique(rows[name])[1:]
    ]
    return np.column_stack([*(rows[name] for name in TERMS), np.ones(len(rows)), *dummies])


def logit(path: str) -> dict:
    """Fit by statsmodels' Logit, its fastest way, with cluster-robust errors."""
    import statsmodels.api as sm

    rows = logged(path)
    clock = Clock()
    fit = fitted(sm, rows)
    clock.stop()
    text = f"score {fit.params[0]:.6f} ± {1.96 * fit.bse[0]:.6f}"
    return {**clock.told, "result": text}


def glm(path: str) -> dict:
    """Fit by statsmodels' GLM with cluster-robust errors."""
    import statsmodels.api as sm

    rows = logged(path)
    clock = Clock()
    model = sm.GLM(rows["repeat"].to_numpy(float), matrix(rows), family=sm.families.Binomial())
    fit = model.fit(cov_type="cluster", cov_kwds={"groups": rows["customer_id"].to_numpy()})
    clock.stop()
    text = f"score {fit.params[0]:.6f} ± {1.96 * fit.bse[0]:.6f}"
    return {**clock.told, "result": text}


def effect(path: str) -> dict:
    """Fit by statsmodels' Logit, then the average marginal effect with its interval."""
    import statsmodels.api as sm

    rows = logged(path)
    clock = Clock()
    effects = fitted(sm, rows).get_margeff(at="overall")
    clock.stop()
    return {**clock.told, "result": effect_told(effects.margeff[0], effects.margeff_se[0])}


def fitted(sm: object, rows: pd.DataFrame) -> object:
    """Return statsmodels' logit."""
    model = sm.Logit(rows["repeat"].to_numpy(float), matrix(rows))
    groups = {"groups": rows["customer_id"].to_numpy()}
    return model.fit(disp=0, cov_type="cluster", cov_kwds=groups)


def effect_told(value: float, error: float) -> str:
    """Return an effect in points of percent and half its interval."""
    return f"{100 * value:.4f} ± {100 * 1.96 * error:.4f}"


def with_pyfixest(path: str) -> dict:
    """Fit by pyfixest's feglm, row by row, segments as dummies."""
    import pyfixest

    rows = logged(path)
    formula = f"repeat ~ {' + '.join(TERMS)} + C(region) + C(tier)"
    pyfixest.feglm(formula, rows.head(5000), family="logit", vcov={"CRV1": "customer_id"})
    clock = Clock()
    fit = pyfixest.feglm(formula, rows, family="logit", vcov={"CRV1": "customer_id"})
    text = f"score {fit.coef()['score']:.6f} ± {1.96 * fit.se()['score']:.6f}"
    clock.stop()
    return {**clock.told, "result": text}


def with_duckreg(path: str) -> dict:
    """Fit by duckreg on compressed rows; it knows no clusters in a logit, so errors are plain."""
    import duckdb
    from duckreg.estimators import DuckLogisticRegression

    rows = logged(path)
    for name in SEGMENTS:
        for level in np.unique(rows[name])[1:]:
            rows[f"{name}_{level}"] = (rows[name] == level).astype(np.int8)
    rows.to_parquet(f"{path}.logged")
    terms = [*TERMS, *(name for name in rows if name.startswith(("region_", "tier_")))]
    del rows
    duckdb.connect().close()
    clock = Clock()
    model = DuckLogisticRegression(
        db_name=":memory:", table_name=f"read_parquet('{path}.logged')",
        formula=f"repeat ~ {' + '.join(terms)}", seed=1, n_bootstraps=0, method="irls",
    )  # fmt: skip
    model.fit()
    error = np.sqrt(np.diag(model.fit_vcov()))[1]
    clock.stop()
    text = f"score {np.ravel(model.point_estimate)[1]:.6f} ± {1.96 * error:.6f}, no clusters"
    return {**clock.told, "result": text}


if __name__ == "__main__":
    main({"logit": logit, "glm": glm, "effect": effect,
          "pyfixest": with_pyfixest, "duckreg": with_duckreg})  # fmt: skip
