"""Reference for test_designs.py: linearmodels and pyfixest on two invented worlds.

Run in an environment of its own (pip install linearmodels pyfixest) beside tests/ladder_worlds.py:
PYTHONPATH=tests python tests/references/ladder_outside.py
"""

import json
from importlib.metadata import version

import numpy as np
import pyfixest
from ladder_worlds import drawn, lives
from linearmodels.iv import IV2SLS
from linearmodels.panel import PanelOLS

rng = np.random.default_rng
past = lives(rng(7), customers=300)[0]
past["log_orders"] = np.log1p(past["prior_orders"])
past = past[past.groupby("person")["score"].transform("size") >= 2]
panel = PanelOLS.from_formula(
    "repeat ~ score + log_orders + EntityEffects", past.set_index(["person", "nth"])
).fit(cov_type="clustered", cluster_entity=True, group_debias=True, count_effects=False)
fixed = pyfixest.feols("repeat ~ score + log_orders | person", past, vcov={"CRV1": "cluster"})

lot = drawn(rng(7), answers=1000)
lot["treated"] = (lot["assigned"] == "treated").astype(float)
lot["one"] = 1.0
draw = IV2SLS(lot["repeat"], lot["one"], lot["score"], lot["treated"]).fit(
    cov_type="clustered", clusters=lot["cluster"], debiased=True
)


def told(model: object, name: str = "score") -> list[float]:
    errors = model.std_errors if hasattr(model, "std_errors") else model.se()
    values = model.params if hasattr(model, "std_errors") else model.coef()
    return [float(values[name]), float(errors[name])]


print(
    json.dumps(
        {
            "versions": {name: version(name) for name in ("linearmodels", "pyfixest")},
            "PanelOLS": told(panel),
            "feols": told(fixed),
            "IV2SLS by lot": told(draw),
            "clusters": [lot["cluster"].nunique()],
            "rows": [len(past), len(lot)],
        },
        indent=1,
    )
)
