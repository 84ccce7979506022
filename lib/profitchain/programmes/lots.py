"""What an action did to those drawn for it by lot, whoever of them it reached (intention to treat).

Beside the plain difference stands CUPED: what customers bought before is taken out of what they
bought after (Deng, Xu, Kohavi and Walker 2013, WSDM: 123-132), which leaves the difference and
narrows its interval. Customers in other numbers than were drawn (sample-ratio mismatch) mean that
the lot was broken: then no effect is given.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
import scipy

from profitchain.core.estimates import Estimate, MaybeEstimate, NotEstimable
from profitchain.effects.power import smallest_effect
from profitchain.panel.edition import Edition
from profitchain.programmes.contrasts import Contrast, in_money, relative, scaled, two_means
from profitchain.sources.lot_files import HELD, TREATED

BROKEN = 0.001  # of the sample-ratio test, below which a lot counts as broken
BLURRED = 0.02  # of those held back, treated all the same
FEWEST_AN_ARM = 30
DAYS_A_YEAR = 365


@dataclass(frozen=True, slots=True, kw_only=True)
class LotEffect:
    """A test by lot: money a customer drawn for it, over the days known, plain and by CUPED.

    `effect` is by CUPED, `a_year` the same for a year, `share` of what customers would have brought
    without. `chance` is the p-value of the sample ratio; `against` counts those held back who were
    treated all the same, `missed` those drawn whom the action didn't reach, None where nobody says;
    `smallest` is the smallest effect that would show (80% power).
    """

    test: str
    action: str
    days: int
    known_days: int
    treated: int
    held: int
    plain: MaybeEstimate
    effect: MaybeEstimate
    a_year: MaybeEstimate
    share: MaybeEstimate
    smallest: MaybeEstimate
    chance: float
    against: int | None
    missed: int | None

    @property
    def is_blurred(self) -> bool:
        """Whether so many of those held back were treated that the effect is too small."""
        return self.against is not None and self.against > BLURRED * self.held

    @property
    def is_broken(self) -> bool:
        """Whether the arms have other numbers than were drawn, beyond chance."""
        return self.chance < BROKEN


def tests_by_lot(edition: Edition) -> list[LotEffect]:
    """Return each test that the firm drew, the latest last."""
    if not edition.has("test_designs"):
        return []
    designs = edition.table("test_designs").sort_values(["starts_on", "test"])
    rows = edition.table("test_outcomes") if edition.has("test_outcomes") else None
    return [
        lot_effect(
            design, _of_test(rows, design.test),
            currency=edition.company.currency, smallest=edition.smallest,
        )
        for design in designs.itertuples()
    ]  # fmt: skip


def money_by_action(tests: list[LotEffect]) -> dict[str, MaybeEstimate]:
    """Return what each action brought so far, by its name: of all who were drawn for it."""
    return {
        test.action: test.effect
        if isinstance(test.effect, NotEstimable)
        else test.effect.times(test.treated)
        for test in tests
    }


def a_year_by_action(tests: list[LotEffect]) -> dict[str, MaybeEstimate]:
    """Return what a year of each action raises a customer's money by, by its name."""
    return {test.action: test.a_year for test in tests}


def lot_effect(
    design: object, rows: pd.DataFrame, *, currency: str, smallest: int = 0
) -> LotEffect:
    """Return what a test did.

    Parameters
    ----------
    design : test, action, days, known_days, share (drawn for treatment), assigned, fault.
    rows : one row a customer; reads arm, stratum, reached, money_then, money_now.
    """
    named: dict[str, Any] = {
        name: getattr(design, name) for name in ("test", "action", "days", "known_days")
    }
    treated = (rows["arm"] == TREATED).to_numpy()
    counts: dict[str, Any] = {"treated": int(treated.sum()), "held": int((~treated).sum())}
    chance = sample_ratio(counts["treated"], counts["held"], float(design.share))  # type: ignore[attr-defined]
    named |= {"chance": chance, **_reached(rows)}
    why = _unusable(design, counts, chance, max(smallest, FEWEST_AN_ARM), rows)
    if why is not None:
        same: dict[str, Any] = dict.fromkeys(
            ("plain", "effect", "a_year", "share", "smallest"), why
        )
        return LotEffect(**named, **counts, **same)
    after, before = (rows[name].to_numpy(float) for name in ("money_now", "money_then"))
    plain = two_means(after, treated, ~treated, method="intention to treat")
    adjusted = cuped(after, before, treated)
    effect = in_money(adjusted, unit=currency)
    known = int(named["known_days"])
    return LotEffect(
        **named, **counts, plain=in_money(plain, unit=currency), effect=effect,
        a_year=in_money(scaled(adjusted, DAYS_A_YEAR / known), unit=currency),
        share=relative(adjusted), smallest=smallest_effect(effect),
    )  # fmt: skip


def cuped(after: np.ndarray, before: np.ndarray, treated: np.ndarray) -> Contrast:
    """Return the difference of the arms after taking out what was bought before.

    One slope for both arms: the covariance of after and before over the variance of before, within
    arms; before is centred on all customers, so that the arms' chance difference in it goes.
    """
    left, base = after.astype(float), before - before.mean()
    inside = (treated, ~treated)
    across = sum(
        ((before[s] - before[s].mean()) * (after[s] - after[s].mean())).sum() for s in inside
    )
    square = sum(((before[s] - before[s].mean()) ** 2).sum() for s in inside)
    slope = across / square if square > 0 else 0.0
    return two_means(left - slope * base, treated, ~treated, method="intention to treat, CUPED")


def sample_ratio(treated: int, held: int, share: float) -> float:
    """Return the p-value that so many came into each arm (chi-square, 1 degree of freedom).

    Examples
    --------
    >>> round(sample_ratio(520, 480, 0.5), 3)
    0.206
    """
    total = treated + held
    if not total:
        return 1.0
    expected = np.array([share * total, (1 - share) * total])
    distance = ((np.array([treated, held]) - expected) ** 2 / expected).sum()
    return float(scipy.stats.chi2.sf(distance, 1))


def _unusable(
    design: object, counts: dict[str, int], chance: float, needed: int, rows: pd.DataFrame
) -> NotEstimable | None:
    fault, n = str(getattr(design, "fault", "")), sum(counts.values())
    if fault:
        return NotEstimable(fault, n=n)
    if "money_now" not in rows:
        return NotEstimable("no_such_outcome", n=n, what="spend")
    if chance < BROKEN:
        return NotEstimable("lot_broken", n=n, **counts)
    if min(counts.values()) < needed:
        return NotEstimable("few_in_an_arm", n=n, fewest=min(counts.values()), needed=needed)
    return None


def _reached(rows: pd.DataFrame) -> dict[str, int | None]:
    """Return how many were held back and reached all the same, and drawn for it and not reached."""
    known = rows[rows["reached"].notna()]
    is_held, is_reached = known["arm"] == HELD, known["reached"] == 1
    sides = {"against": is_held & is_reached, "missed": ~is_held & ~is_reached}
    return {name: None if known.empty else int(side.sum()) for name, side in sides.items()}


def _of_test(rows: pd.DataFrame | None, test: str) -> pd.DataFrame:
    if rows is None:
        return pd.DataFrame(columns=["arm", "stratum", "reached", "money_then", "money_now"])
    return rows[rows["test"] == test].reset_index(drop=True)


__all__ = ["Estimate", "LotEffect", "cuped", "lot_effect", "sample_ratio", "tests_by_lot"]
