"""Reference for test_churn_model.py: lifelines and scikit-learn on two invented worlds.

Run in an environment of its own (pip install lifelines scikit-learn) beside
tests/churn_worlds.py: PYTHONPATH=tests python tests/references/churn_outside.py
"""

import json
from importlib.metadata import version

import numpy as np
from churn_worlds import predicted, returning
from lifelines import CoxPHFitter
from lifelines.statistics import multivariate_logrank_test, proportional_hazard_test
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import brier_score_loss, roc_auc_score

times = returning(np.random.default_rng(7), customers=600, fades=True)
table = times[["score", "days", "event"]].assign(orders=np.log2(1 + times["prior_orders"]))
table["days"] = table["days"].clip(lower=0.5)
cox = CoxPHFitter().fit(table, "days", "event", robust=True)
model_based = CoxPHFitter().fit(table, "days", "event")
even = proportional_hazard_test(model_based, table, time_transform="km")
ranks = multivariate_logrank_test(times["days"], times["score"] >= 9, times["event"])

trial = predicted(np.random.default_rng(7), customers=500)
outcome, better = trial["outcome"], trial["better"]
odds = np.log(better / (1 - better)).to_numpy()[:, None]
line = LogisticRegression(C=np.inf, tol=1e-10, max_iter=1000).fit(odds, outcome)
print(
    json.dumps(
        {
            "versions": {name: version(name) for name in ("lifelines", "scikit-learn")},
            "log ratios": cox.params_.tolist(),
            "robust errors": cox.standard_errors_.tolist(),
            "even": np.ravel(even.test_statistic).tolist(),
            "log-rank p": ranks.p_value,
            "auc": [roc_auc_score(outcome, trial[name]) for name in ("worse", "better")],
            "brier": brier_score_loss(outcome, better),
            "slope": float(line.coef_[0, 0]),
        },
        indent=1,
    )
)
