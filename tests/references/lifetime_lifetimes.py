"""Reference for test_bgnbd_gammagamma.py: the package lifetimes on one world, mpmath on integrals.

Run in an environment of its own (pip install lifetimes "pandas<3" mpmath) on the file that
`world(np.random.default_rng(11), 800).to_csv(FILE)` writes: python lifetime_lifetimes.py FILE
"""

import json
import sys
from importlib.metadata import version

import mpmath
import numpy as np
import pandas as pd
from lifetimes import BetaGeoFitter, GammaGammaFitter

WEEK = 7
rows = pd.read_csv(sys.argv[1])
times = rows["last_age_days"] / WEEK, rows["age_days"] / WEEK
model = BetaGeoFitter().fit(rows["repeats"], *times, tol=1e-8)
alive = model.conditional_probability_alive(rows["repeats"], *times)
ahead = model.conditional_expected_number_of_purchases_up_to_time(40, rows["repeats"], *times)
back = rows[rows["repeats"] > 0]
each = back["repeat_revenue"] / back["repeats"]
spend = GammaGammaFitter().fit(back["repeats"], each, tol=1e-8)
mean_paid = spend.conditional_expected_average_profit(back["repeats"], each)


def integral(r, alpha, a, b, repeats, age, weeks, discount):
    """Return the expected discounted purchases of one who is alive, by mpmath's quadrature."""

    def rate(s):
        shape, c, time = r + repeats, a + b + repeats, mpmath.mpf(s) / (alpha + age)
        inside = time / (1 + time)  # Pfaff's form, whose series has positive terms alone
        left = mpmath.hyp2f1(shape + 1, c - a, c, inside) / (1 + time) ** (shape + 1)
        return mpmath.exp(-discount * s) * shape / (alpha + age) * left

    return float(mpmath.quad(rate, np.geomspace(1, weeks + 1, 8) - 1))


mpmath.mp.dps = 30
CASES = [
    (0.243, 4.414, 0.793, 2.426, 2, 38.86, 39.0, 0.0),
    (0.243, 4.414, 0.793, 2.426, 0, 0.0, 156.4, 0.0018),
    (0.8, 12.0, 1.0, 3.0, 7, 70.0, 156.4, 0.0018),
    (0.8, 12.0, 0.9, 3.0, 60, 1.0, 156.4, 0.0018),
    (0.015, 8.0, 0.19, 0.006, 1, 50.0, 52.1, 0.0),
    (0.6, 14.5, 664.0, 2822.0, 12, 90.0, 156.4, 0.0018),
    (0.7, 0.05, 0.8, 0.9, 100, 80.0, 520.0, 0.001),
]
found = {
    "versions": {name: version(name) for name in ("lifetimes", "mpmath", "scipy")},
    "parameters": model.params_[["r", "alpha", "a", "b"]].tolist(),
    "alive": np.asarray(alive)[:12].tolist(),
    "ahead": np.asarray(ahead)[:12].tolist(),
    "spend": spend.params_[["p", "q", "v"]].tolist(),
    "mean_paid": np.asarray(mean_paid)[:12].tolist(),
    "integrals": [integral(*case) for case in CASES],
}
print(json.dumps(found, indent=1))
