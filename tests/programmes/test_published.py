"""The authors' published example (teen employment in 500 counties), and another package."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from profitchain.programmes.staggered_joining import NEVER, Joining, Timing, effect_at

# Log of teen employment by county and year (Callaway and Sant'Anna 2021; `mpdta` of their R package
# did), six decimals. Expected: effects without covariates and their errors (bootstrapped, so near),
# never treated counties as comparison, as the documentation of did and of csdid 0.4 prints them.
COUNTIES = Path(__file__).parent / "mpdta.csv"
PUBLISHED = {
    (2004, 2004): (-0.0105, 0.0241), (2004, 2005): (-0.0704, 0.0324),
    (2004, 2006): (-0.1373, 0.0393), (2004, 2007): (-0.1008, 0.0360),
    (2006, 2006): (-0.0046, 0.0172), (2006, 2007): (-0.0412, 0.0201),
    (2007, 2007): (-0.0261, 0.0171),
}  # fmt: skip


@pytest.mark.parametrize("group", [2004, 2006, 2007])
def test_the_published_effects_of_each_group_and_year(group):
    counties = pd.read_csv(COUNTIES)
    rows = counties[counties["first_treated"].isin([0, group])]
    first = rows["first_treated"].to_numpy()
    panel = Joining(
        outcomes=rows.drop(columns="first_treated").to_numpy(),
        joined=np.where(first == 0, NEVER, first - 2003),
        alike=np.zeros((len(rows), 5), int),
    )  # fmt: skip
    timing = Timing(base=1, around=0, since=0, as_shares=False, fewest=1)
    for (of_group, year), (effect, error) in PUBLISHED.items():
        if of_group == group:
            found = effect_at(panel, timing, year - group)
            assert found.value == pytest.approx(effect, abs=5e-5)
            assert found.error == pytest.approx(error, rel=0.06)


# What diff-diff 3.13.0 prints of `staggered(np.random.default_rng(11))`, not-yet-treated customers
# as comparison: effect and error by periods since joining; tests/references/joining_diff_diff.py.
OUTSIDE = {
    0: (1.0480078588451716, 0.141761),
    1: (1.5676423663718542, 0.124745),
    2: (1.9862049746574604, 0.166487),
    3: (2.4804489379805594, 0.182319),
    4: (2.887247864572889, 0.246171),
}


def staggered(rng: np.random.Generator) -> pd.DataFrame:
    """Return outcomes of eight periods; who joins (3, 4, 6 or never) gains 1 and more."""
    joined = rng.choice([3, 4, 6, NEVER], 240)
    level = rng.normal(0, 2, 240) + (joined < NEVER)
    since = np.arange(8) - joined[:, None]
    gain = np.where(since >= 0, 1 + 0.5 * since, 0.0)
    outcomes = level[:, None] + 0.3 * np.arange(8) + rng.normal(0, 1, (240, 8)) + gain
    return pd.DataFrame(outcomes).assign(joined=joined)


def test_effects_by_periods_since_joining_are_those_of_another_package():
    rows = staggered(np.random.default_rng(11))
    panel = Joining(outcomes=rows[list(range(8))].to_numpy(), joined=rows["joined"].to_numpy(),
                    alike=np.zeros((240, 8), int))  # fmt: skip
    timing = Timing(base=1, around=0, since=0, as_shares=False, fewest=1)
    for since, (effect, error) in OUTSIDE.items():
        found = effect_at(panel, timing, since)
        assert found.value == pytest.approx(effect, abs=1e-9)
        assert found.error == pytest.approx(error, rel=0.1)
