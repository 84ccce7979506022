"""What formulas that go round give on a firm's numbers, and what the right ones give."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from profitchain.benefits import acquisition, growth, offers
from profitchain.benefits.offers import OfferLift
from profitchain.claims import from_books
from profitchain.claims.verdicts import at_99
from profitchain.core.estimates import Estimate, MaybeEstimate, NotEstimable, counted
from profitchain.panel.edition import Edition


@dataclass(frozen=True, slots=True, kw_only=True)
class Formula:
    """A formula by the id of its error: what it gives here as given, and what the right one does.

    None where it gives no number. Money in the firm's currency.
    """

    id: str
    given: MaybeEstimate | None
    right: MaybeEstimate | None


Pair = tuple[MaybeEstimate | None, MaybeEstimate | None]


def formulas(edition: Edition) -> list[Formula]:
    """Return the formulas of the list, X1 to X7, with both numbers at 99%."""
    value, offered = _values(edition), _offers(edition)
    makers: Mapping[str, Callable[[], Pair]] = {
        "X1": lambda: (value["revenue_times_lifetime"], value["margin_to_come"]),
        "X2": lambda: (offered["rate_times_basket"], offered["lifted_margin"]),
        "X3": lambda: (offered["gross"], offered["lifted_sales"]),
        "X4": lambda: (None, None),
        "X5": lambda: (value["revenue_to_come"], value["margin_to_come"]),
        "X6": lambda: (None, _retention(edition)),
        "X7": lambda: (None, _winning(edition)),
    }
    pairs = {
        id: [None if one is None else at_99(one) for one in make()] for id, make in makers.items()
    }
    return [Formula(id=id, given=given, right=right) for id, (given, right) in pairs.items()]


def _values(edition: Edition) -> dict[str, MaybeEstimate]:
    """Return what a customer of the year is worth by each formula, counted in full."""
    names = ("revenue_times_lifetime", "revenue_to_come", "margin_to_come")
    known = growth.growth(edition)["net_revenue_retention"]
    if isinstance(known, NotEstimable):
        return dict.fromkeys(names, known)
    cells = edition.table("growth_cells")
    sums = cells.sum(numeric_only=True)
    kept = float(cells.loc[cells["came"] == "kept", "customers"].sum())
    customers, before = float(sums["customers"]), float(sums["before"])
    if not 0 < kept < before:
        return dict.fromkeys(names, NotEstimable("nobody_kept_or_lost", n=int(customers)))
    r, discount = kept / before, edition.company.discount_rate
    each = float(sums["revenue"]) / customers
    parts = {"frequency": 1.0, "basket": each, "margin": 1.0, "retention": r}
    values = {
        "revenue_times_lifetime": each / (1 - r),
        "revenue_to_come": growth.value_to_come(parts, discount),
    }
    found: dict[str, MaybeEstimate] = {
        name: _money(value, edition, customers) for name, value in values.items()
    }
    if "margin" not in sums or edition.assumed_margin is not None:
        return found | {"margin_to_come": NotEstimable("margin_not_own")}
    margin = growth.value_to_come(parts | {"basket": float(sums["margin"]) / customers}, discount)
    return found | {"margin_to_come": _money(margin, edition, customers)}


def _offers(edition: Edition) -> dict[str, MaybeEstimate]:
    """Return what offers of all kinds brought, by each formula."""
    names = ("rate_times_basket", "gross", "lifted_sales", "lifted_margin")
    lifts = offers.offer_lifts(edition)
    if isinstance(lifts, NotEstimable):
        return dict.fromkeys(names, lifts)
    year = edition.table("worth_year").iloc[0]
    if "spend" not in year or not year["orders"] > 0:
        return dict.fromkeys(names, NotEstimable("no_such_column", column="revenue"))
    basket = float(year["spend"] / year["orders"])
    rates = [(one.rate.value, one.offered) for one in lifts if isinstance(one.rate, Estimate)]
    many = sum(n for _, n in rates)
    if not many:
        return dict.fromkeys(names, NotEstimable("nothing_counted"))
    accepted = sum(rate * n for rate, n in rates)
    return {
        "rate_times_basket": _money(accepted / many * basket, edition, many),
        "gross": _money(accepted * basket, edition, many),
        "lifted_sales": _sum([_sales(one, basket, edition) for one in lifts]),
        "lifted_margin": _sum([one.money for one in lifts]),
    }


def _sales(one: OfferLift, basket: float, edition: Edition) -> MaybeEstimate:
    if isinstance(one.lift, NotEstimable):
        return one.lift
    return one.lift.times(one.offered * basket, unit=edition.company.currency)


def _sum(several: list[MaybeEstimate]) -> MaybeEstimate:
    known = [one for one in several if isinstance(one, Estimate)]
    return from_books.added(known) if known else several[0]


def _retention(edition: Edition) -> MaybeEstimate:
    found = from_books.value_of_retention(edition)
    return found if isinstance(found, NotEstimable) else found.own


def _winning(edition: Edition) -> MaybeEstimate:
    found = acquisition.winning_to_keeping(edition)
    return found if isinstance(found, NotEstimable) else next(iter(found.values()))


def _money(value: float, edition: Edition, n: float) -> Estimate:
    return counted(value, unit=edition.company.currency, n=round(n))
