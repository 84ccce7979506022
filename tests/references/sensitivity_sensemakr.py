"""Reference for test_hidden_confounding.py: PySensemakr, by the method's authors, on one world.

Run in an environment of its own (pip install PySensemakr) on the file that
`confounded(np.random.default_rng(7))[0].to_csv(FILE)` writes: python sensitivity_sensemakr.py FILE

The model of the score is fitted here, as version 0.0.8 gives it a second constant, which its
pseudo-inverse does not bear (R2 of the score off by 3%).
"""

import json
import sys
from importlib.metadata import version

import numpy as np
import pandas as pd
import sensemakr as ovb
import statsmodels.formula.api as smf

rows = pd.read_csv(sys.argv[1])
rows["history"] = np.log1p(rows["prior_orders"])
for tier in ("gold", "silver"):
    rows[tier] = (rows["tier"] == tier).astype(float)
outcome = smf.ols("repeats ~ score + history + gold + silver", rows).fit()
score = smf.ols("score ~ history + gold + silver", rows).fit()
groups = {"prior orders": ["history"], "tier": ["gold", "silver"]}
effect, error, df = outcome.params["score"], outcome.bse["score"], int(outcome.df_resid)


def value(alpha: float) -> float:
    found = ovb.robustness_value(outcome, covariates="score", q=1, alpha=alpha)
    return float(np.asarray(found).ravel()[0])


def bounds(columns: list[str]) -> list[list[float]]:
    of_score = ovb.group_partial_r2(score, covariates=columns)
    of_outcome = ovb.group_partial_r2(outcome, covariates=columns)
    found = ovb.ovb_partial_r2_bound(r2dxj_x=of_score, r2yxj_dx=of_outcome, kd=[1, 2, 3])
    r2 = {"r2dz_x": found["r2dz_x"], "r2yz_dx": found["r2yz_dx"]}
    given = {"estimate": float(effect), "se": float(error), "dof": df}
    left = ovb.adjusted_estimate(**r2, **given)
    errors = ovb.adjusted_se(**r2, se=float(error), dof=df)
    table = pd.DataFrame(r2 | {"left": left, "error": errors})
    return table.to_numpy(float).tolist()


print(
    json.dumps(
        {
            "versions": {name: version(name) for name in ("PySensemakr", "statsmodels")},
            "effect": [float(effect), float(error)],
            "partial_r2": float(ovb.partial_r2(t_statistic=float(effect / error), dof=df)),
            "robustness": [value(1.0), value(0.05)],
            "bounds": {name: bounds(columns) for name, columns in groups.items()},
        },
        indent=1,
    )
)
