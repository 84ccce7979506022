"""Reference for test_repeat_effect.py: the R package's Python sister marginaleffects on one world.

Run in an environment of its own (pip install marginaleffects "polars<2") on the file that
`confounded(np.random.default_rng(7), answers=600, customers=200)[0].to_csv(FILE)` writes:
python link_marginaleffects.py FILE
"""

import json
import sys
from importlib.metadata import version

import numpy as np
import pandas as pd
import statsmodels.api as sm
import statsmodels.formula.api as smf
from marginaleffects import avg_comparisons, avg_predictions, avg_slopes

CONTROLS = "np.log1p(prior_orders) + C(tier)"
rows = pd.read_csv(sys.argv[1]).astype({"tier": "category"})
rows["side"] = pd.cut(rows["score"], [-1, 6, 8, 10], labels=["0", "1", "2"])
clustered = {"cov_type": "cluster", "cov_kwds": {"groups": rows["cluster"]}, "use_t": True}

linear = smf.logit(f"repeats ~ score + {CONTROLS}", rows).fit(disp=0, tol=1e-12, **clustered)
groups = smf.logit(f"repeats ~ C(side) + {CONTROLS}", rows).fit(disp=0, tol=1e-12, **clustered)
poisson = smf.glm(f"spend ~ score + {CONTROLS}", rows, family=sm.families.Poisson())
money = poisson.fit(tol=1e-12, **clustered)


def told(table: pd.DataFrame) -> list[list[float]]:
    return [[float(x) for x in table[column]] for column in ("estimate", "std_error")]


def covariance(model: object) -> np.ndarray:
    return model.cov_params().to_numpy()


steps = {"side": "sequential"}
print(
    json.dumps(
        {
            "versions": {name: version(name) for name in ("marginaleffects", "statsmodels")},
            "slope": told(avg_slopes(linear, variables="score", vcov=covariance(linear))),
            "groups": told(
                avg_predictions(
                    groups,
                    variables={"side": ["0", "1", "2"]},
                    by="side",
                    vcov=covariance(groups),
                )
            ),
            "steps": told(avg_comparisons(groups, variables=steps, vcov=covariance(groups))),
            "spend": told(avg_slopes(money, variables="score", vcov=covariance(money))),
        },
        indent=1,
    )
)
