"""The authors' published example: minimum wages and teen employment in 500 counties."""

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
        known=np.zeros(len(rows), int), place=np.zeros(len(rows), int),
    )  # fmt: skip
    timing = Timing(base=1, around=0, since=0, later_only=False, fewest=1)
    for (of_group, year), (effect, error) in PUBLISHED.items():
        if of_group == group:
            found = effect_at(panel, timing, year - group)
            assert found.value == pytest.approx(effect, abs=5e-5)
            assert found.error == pytest.approx(error, rel=0.06)
