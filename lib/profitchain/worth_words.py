"""The sentences and captions on what a point of satisfaction is worth: "goes with", in money."""

from __future__ import annotations

from collections.abc import Mapping

import pandas as pd

from profitchain import link_words, narration
from profitchain.captions import FOLLOWED, Caption, source
from profitchain.estimates import Estimate, Said, Unsaid
from profitchain.formats import digits, number, plain
from profitchain.planning import MORE_TO_HALVE, POWER
from profitchain.scenarios import Levels
from profitchain.store import Edition
from profitchain.tieout import parted
from profitchain.wording import listed, sentence
from profitchain.worth import Base

WORDS = {"margin": "margin", "spend": "revenue"}
CLAIMED = 3.0  # percent more spend for 1% more satisfaction, as often quoted
NOT_CHECKED = "Not checked against the books: they give no totals for this period."


def books_sentence(found: pd.DataFrame, tolerance: float) -> str:
    """Return a warning that our totals part from the books, or "" where they agree."""
    apart = parted(found)
    if apart.empty:
        return ""
    told = [
        f"{_measure(row.measure)} {plain(row.ours, row.unit)}, theirs {plain(row.books, row.unit)}"
        for row in apart.itertuples()
    ]
    return (
        f"**Our totals part from the books** by more than {tolerance:.1%}: {listed(told)}. Until "
        "that is cleared up, read the money on this page with care."
    )


def worth_sentence(yearly: Mapping[str, Said], edition: Edition, money: str) -> str:
    """Return the page's answer: what one more point goes with, for all customers and a year."""
    said, label = yearly[money], edition.company.main.label
    words = {"what": WORDS[money], "label": label, "assumed": assumed_clause(edition, money)}
    if isinstance(said, Unsaid):
        return f"What one more point on “{label}” is worth can't be said: {said.why}"
    if said.spans_zero:
        return sentence(
            "**No clear worth** of one more point on “{label}”: from the whole active base it goes "
            "with a difference in {what} a year of {said}, an interval that spans zero{assumed}.",
            said=said, **words,
        )  # fmt: skip
    return sentence(
        "One more point on “{label}” from every customer of the active base goes with **{size} "
        "{way} {what} a year** ({shown:evidence}){assumed}.",
        shown=_upward(said), size=number(_upward(said)), way=_way(said), **words,
    )  # fmt: skip


def revenue_sentence(yearly: Mapping[str, Said], money: str) -> str:
    """Return the same worth in revenue, where the first sentence speaks of margin."""
    said = yearly["spend"]
    if money == "spend" or isinstance(said, Unsaid) or said.spans_zero:
        return ""
    return sentence(
        "In revenue that is {size} {way} a year ({shown:evidence}).",
        size=number(_upward(said)), way=_way(said), shown=_upward(said),
    )  # fmt: skip


def ends_sentence(ends: Mapping[str, Said], *, or_nothing: bool = False) -> str:
    """Return whether a point counts for more at the bottom of the scale or at its top.

    `or_nothing`: say nothing rather than why it can't be said.
    """
    apart = ends["difference"]
    if isinstance(apart, Unsaid):
        why = f"Whether mending or delighting counts for more can't be said: {apart.why}"
        return "" if or_nothing else why
    more = "Mending" if apart.value > 0 else "Delighting"
    head = f"**{more} counts for more.**"
    if apart.spans_zero:
        head = "**No clear difference between mending and delighting.**"
    return sentence(
        "{head} Per customer and window, a point goes with {mending:number} ({mending:interval}) "
        "at the bottom of the scale and {delighting:number} ({delighting:interval}) at its top; "
        "their difference is {difference:number} ({difference:interval}).",
        head=head, **ends,
    )  # fmt: skip


def base_sentence(base: Base | Unsaid) -> str:
    """Return to how many customers an effect is multiplied out, and how often."""
    if isinstance(base, Unsaid):
        return f"The active base can't be counted: {base.why}"
    return (
        f"{digits(base.customers, 0)} customers bought within the 365 days up to the period's end, "
        f"{digits(base.active, 0)} of them in a mean window of {base.within_days} days. So each "
        f"counts in {base.windows_each:.1f} windows a year, {digits(base.windows, 0)} in all. That "
        "is counted, not estimated."
    )


def tops_sentence(levels: Levels | Unsaid) -> str:
    """Return how many answers can't rise any more."""
    if isinstance(levels, Unsaid):
        return f"No scenario can be told: {levels.why}"
    share = f"{levels.at_the_top:.0%}"
    return f"{share} of the answers already stand at the best end of the scale and stay there."


def elasticity_sentence(found: Said) -> str:
    """Return by how many percent sales differ for 1% more score, beside what is often claimed."""
    if isinstance(found, Unsaid):
        return f"What 1% more satisfaction goes with can't be said: {found.why}"
    size = f"{digits(abs(found.value), 2)}% {'more' if found.value >= 0 else 'less'}"
    ends = f"{found.level:.0%} interval {_percent(found.low)} to {_percent(found.high)}"
    claim = "inside" if found.low <= CLAIMED <= found.high else "outside"
    unclear = ", an interval that spans zero" if found.spans_zero else ""
    return (
        f"At the present mean, 1% more score goes with {size} sales ({ends}; "
        f"n = {digits(found.n, 0)}){unclear}. The often quoted {CLAIMED:g}% lies {claim} it."
    )


def books_note(found: pd.DataFrame, tolerance: float) -> str:
    """Return whether our totals were checked against the books, and with what outcome."""
    if found.empty:
        return NOT_CHECKED
    return books_sentence(found, tolerance) or (
        f"Our {listed(_measure(name) for name in found['measure'])} agree with the books within "
        f"{tolerance:.1%}."
    )


def plan_sentences(effect: Said, smallest: Said, months: Said) -> tuple[str, str]:
    """Return the smallest effect to be found, and what would halve the interval."""
    seen = sentence(
        "Answers like these would find a difference of {smallest:difference_number} for one more "
        "point four times in five; the one measured is {effect:difference}.",
        otherwise="The smallest effect that would be found can't be said: {why}",
        smallest=smallest, effect=effect,
    )  # fmt: skip
    if isinstance(months, Unsaid):
        return seen, f"How long it takes to halve the interval can't be said: {months.why}"
    more = digits(MORE_TO_HALVE * months.n, 0)
    wait = digits(months.value, 0)
    return seen, (
        f"Half as wide an interval takes four times the answers: {more} more, or {wait} more "
        "months at this period's rate."
    )


def assumed_clause(edition: Edition, money: str) -> str:
    """Return the assumption on margin, or "" where orders carry their own."""
    rate = edition.assumed_margin
    return f"; margin is assumed at {rate:.0%} of revenue" if rate and money == "margin" else ""


def of_chain(steps: pd.DataFrame, edition: Edition, money: str) -> Caption:
    """Return the caption of the steps from score to money."""
    firm = edition.company
    return {
        "message": _chain_message(steps),
        "measure": f"Per answer within {firm.repeat_within_days} days, and the difference for one "
        f"more point of “{firm.main.label}”, adjusted; pp: percentage points",
        "source": _followed(steps["n"].max(), edition, money),
    }


def of_models(ways: Mapping[str, Said], edition: Edition, money: str) -> Caption:
    """Return the caption of the same effect in several models."""
    firm = edition.company
    return {
        "message": "The same point, counted in three ways",
        "measure": f"Difference in {WORDS[money]} for one more point, per customer within "
        f"{firm.repeat_within_days} days, adjusted; 95% intervals",
        "source": _followed(max(said.n for said in ways.values()), edition, money),
    }


def of_base(out: Mapping[str, Said], edition: Edition, money: str) -> Caption:
    """Return the caption of an effect on its way from one customer to the whole base."""
    last = list(out.values())[-1]
    message = "No clear worth of a point"
    if isinstance(last, Estimate) and not last.spans_zero:
        size = number(_upward(last).times(1, unit=edition.company.currency))
        message = f"One more point goes with {size} {_way(last)} {WORDS[money]} a year"
    return {
        "message": message,
        "measure": f"Difference in {WORDS[money]} for one more point, adjusted; 95% intervals, the "
        "number of customers counted in full",
        "source": _followed(max(said.n for said in out.values()), edition, money),
    }


def of_scenarios(table: pd.DataFrame, edition: Edition, money: str) -> Caption:
    """Return the caption of a table of scenarios."""
    return {
        "message": "What other scores would go with",
        "measure": f"Difference in {WORDS[money]}: per customer within "
        f"{edition.company.repeat_within_days} days, and for the active base a year; 95% intervals",
        "source": _followed(table["n"].max(), edition, money) if len(table) else FOLLOWED,
        "units": {"answers_moved": "share", "NPS_points": "count"},
        "empty": link_words.no_ten_points(edition.company.main),
    }


def of_curve(curve: pd.DataFrame, edition: Edition, money: str) -> Caption:
    """Return the caption of the curve along which all answers move."""
    last = curve.iloc[-1]
    clear = bool(last["low"] > 0 or last["high"] < 0)
    message = "Each further point goes with less, as more answers reach the top"
    message = message if clear and _flattens(curve) else "All answers better by the same points"
    return {
        "message": message,
        "measure": _per_customer(edition, money) + ", if all answers rise, none above the top",
        "source": _followed(curve["n"].max(), edition, money),
        "description": f"{message}. The values stand in the table.",
        "unit": edition.company.currency,
        "x_label": "points by which every answer rises",
    }


def of_starts(
    starts: pd.DataFrame, levels: Levels | Unsaid, edition: Edition, money: str
) -> Caption:
    """Return the caption of what a point goes with from each score on."""
    known = starts.dropna(subset=["value"])
    clear = known[known["low"] > 0]
    where = "At no score is a further point's worth clear"
    if len(clear):
        where = f"A point goes with most from {clear.loc[clear['value'].idxmax(), 'step']}"
    return {
        "message": where,
        "measure": _per_customer(edition, money) + ", for one more point from each score on",
        "source": _followed(levels.n, edition, money),
        "description": f"{where}. {narration.spread(starts)}",
        "unit": edition.company.currency,
        "reference": 0,
    }


def of_elasticity(along: pd.DataFrame, edition: Edition) -> Caption:
    """Return the caption of the elasticity at other mean scores."""
    return {
        "message": "1% more score means something else at every mean score",
        "measure": f"Percent more sales within {edition.company.repeat_within_days} days for 1% "
        "more score, and the most by which the mean could rise; 95% intervals",
        "source": source(FOLLOWED, along["n"].max()),
        "units": {"most_rise": "share"},
    }


def of_books(found: pd.DataFrame, edition: Edition) -> Caption:
    """Return the caption of our totals beside those of the books."""
    apart = parted(found)
    agree = "Our totals agree with the books" if len(found) else "Not checked against the books"
    return {
        "message": "Our totals part from the books" if len(apart) else agree,
        "measure": "Totals of the period; apart: the difference as a share of the books' figure; "
        f"up to {edition.company.control_tolerance:.1%} is let pass",
        "source": "Orders, counted in full; the books' control totals",
        "units": {"apart": "share"},
        "empty": NOT_CHECKED,
    }


def of_experiment(plan: pd.DataFrame, edition: Edition, money: str) -> Caption:
    """Return the caption of an experiment's size."""
    return {
        "message": "How large an experiment would have to be",
        "measure": f"Customers in each of two equal arms, one a point more satisfied, followed for "
        f"{edition.company.repeat_within_days} days; two-sided 5%, power {POWER:.0%}",
        "source": _followed(plan["n"].max(), edition, money),
        "units": {"customers_per_arm": "count"},
    }


def books_table(found: pd.DataFrame) -> pd.DataFrame:
    """Return totals and books as a table: measure with its unit, ours, books, apart, verdict."""
    with_unit = "revenue, " + found["unit"].astype(str)
    names = found["measure"].map(_measure).where(found["measure"] != "revenue", with_unit)
    return found.assign(measure=names).drop(columns=["unit"])


def plan_table(plan: pd.DataFrame) -> pd.DataFrame:
    """Return an experiment's sizes as a table, differences of shares in percentage points."""
    is_share = plan["unit"] == "share"
    numbers = ["value", "low", "high"]
    shown = plan.assign(
        outcome=plan["outcome"].replace({"repeats": "come back"}),
        unit=plan["unit"].mask(is_share, "percentage points"),
    )
    shown[numbers] = shown[numbers].mask(is_share, shown[numbers] * 100)
    told = [*numbers, "unit", "why"]
    return shown.rename(columns={name: f"one_more_point_{name}" for name in told})


def _chain_message(steps: pd.DataFrame) -> str:
    clear = ((steps["one_more_point_low"] > 0) | (steps["one_more_point_high"] < 0)).tolist()
    if not any(clear):
        return "No step from score to money is clear"
    if any(clear[1:-1]):
        return "More come back, and what they then buy differs too" if clear[0] else (
            "What those who come back buy differs"
        )  # fmt: skip
    return "The worth lies in coming back, not in larger baskets"


def _flattens(curve: pd.DataFrame) -> bool:
    values = curve["value"].to_numpy(float)
    middle = len(values) // 2
    return bool(abs(values[-1] - values[middle]) < abs(values[middle] - values[0]))


def _per_customer(edition: Edition, money: str) -> str:
    days = edition.company.repeat_within_days
    return f"Difference in {WORDS[money]} per customer within {days} days, adjusted"


def _followed(n: float, edition: Edition, money: str) -> str:
    return source(FOLLOWED, int(n)) + assumed_clause(edition, money)


def _measure(name: str) -> str:
    return name.replace("_", " ")


def _percent(value: float) -> str:
    return f"{digits(value, 2)}%".replace("-", "\N{MINUS SIGN}")


def _upward(said: Estimate) -> Estimate:
    return said if said.value >= 0 else said.times(-1)


def _way(said: Estimate) -> str:
    return "more" if said.value >= 0 else "less"
