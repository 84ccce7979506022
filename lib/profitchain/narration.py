"""The sentences on data, satisfaction and loyalty that depend on what the numbers say."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

import numpy as np
import pandas as pd

from profitchain.company import Question
from profitchain.comparisons import Story
from profitchain.estimates import Estimate, Said, Unsaid
from profitchain.formats import (
    TOO_FEW,
    as_difference,
    digits,
    interval,
    number,
    period_short,
)
from profitchain.periods import Period
from profitchain.wording import (
    Prose,
    change_message,
    change_words,
    how,
    listed,
    note,
    period_word,
    sentence,
)  # fmt: skip

DIFFERENT = ("above the rest", "below the rest")
COMPLEMENTS = ("churn_rate", "new_revenue_share")  # what another share leaves: no news of its own
LONGEST_MESSAGE = 15  # words, as `exhibits` allows


def rows_sentence(account: pd.DataFrame) -> str:
    """Return how many rows came in, from how many tables, and what became of them."""
    rows = account.groupby("kind")["rows"].sum()
    aside = {"later": "lie after the period's end", "cancelled": "belong to cancelled orders"}
    told = [f"{digits(rows[kind], 0)} {words}" for kind, words in aside.items() if rows.get(kind)]
    broken = digits(rows["broken"], 0) if rows.get("broken") else "none"
    words = listed([f"**{digits(rows.get('used', 0), 0)} were used**", *told,
                    f"{broken} broke the data contract"])  # fmt: skip
    count, tables = digits(rows.sum(), 0), account["table"].nunique()
    return f"{count} rows came in from {tables} table{'s' * (tables != 1)}: {words}."


def broken_sentence(account: pd.DataFrame) -> str:
    """Return in which tables rows broke the contract; "" where none did."""
    broken = account[(account["kind"] == "broken") & (account["rows"] > 0)]
    if broken.empty:
        return ""
    by_table = broken.groupby("table")["rows"].sum().sort_values(ascending=False, kind="stable")
    named = listed(f"{digits(rows, 0)} in `{table}`" for table, rows in by_table.items())
    return f"What broke the contract was set aside, with a reason for each row: {named}."


def part_sentence(days: int, period: Period) -> str:
    """Return a warning that the period's last days have no order, or "" if they are few.

    A twentieth of the period is let pass: a small firm does not sell every day.
    """
    length = (period.last_day - period.first_day).days + 1
    if days <= length / 20:
        return ""
    return (
        f"**The {period.every} may not be whole**: its last {days} days have no order. If tables "
        "end before it does, its figures are of a part and compare badly with whole ones."
    )


def account_message(account: pd.DataFrame) -> str:
    """Return an exhibit's message: how many of all rows broke the contract."""
    broken = account.loc[account["kind"] == "broken", "rows"].sum()
    if not broken:
        return "No row broke the data contract"
    return f"{digits(broken, 0)} of {digits(account['rows'].sum(), 0)} rows broke the data contract"


def coverage_message(orders: pd.DataFrame) -> str:
    """Return whether some period since the first orders stands out by having hardly any."""
    orders = orders[orders["value"].notna().cummax()]
    thin = orders[orders["value"].fillna(0) < 0.2 * orders["value"].median()]
    if thin.empty:
        return "No period stands out as empty"
    return f"Hardly any orders in {listed(period_short(name) for name in thin['period'][:3])}"


def trend_description(label: str, trend: pd.DataFrame, unit: str) -> str:
    """Return a trend for those who can't see it: its first and last value, its extremes."""
    known = trend.dropna(subset=["value"])
    if known.empty:
        return f"{label}: no period with enough to say."
    first, last = known.iloc[0], known.iloc[-1]
    low, high = known.loc[known["value"].idxmin()], known.loc[known["value"].idxmax()]
    ends = [
        f"{_bare(row, unit)} in {period_short(row['period'])}" for row in (first, last, low, high)
    ]
    return f"{label} went from {ends[0]} to {ends[1]}; lowest {ends[2]}, highest {ends[3]}."


def score_sentence(story: Story, period: Period) -> str:
    """Return a measure's figure and the verdicts on its two changes, as a page's first answer."""
    if isinstance(story.now, Unsaid):
        return f"{story.measure.label} can't be said: {story.now.why}"
    changes = _changes(story, period)
    told = [f"{change_words(said)} on the {on}" for on, said in changes.items()]
    words = listed(f"**{text}**" if text.startswith(("up", "down")) else text for text in told)
    if len(told) == 2 and all(said.spans_zero for said in changes.values()):
        words = f"no clear change on {listed((f'the {on}' for on in changes), last='or')}"
    return sentence(
        "{label} stood at **{now:number}** in {period:short} ({now:evidence}){tail}.",
        label=story.measure.label, now=story.now, period=period,
        tail=f": {words}" if told else ", with nothing before to compare",
    )  # fmt: skip


def changes_sentence(story: Story, period: Period) -> str:
    """Return by how much a measure moved, with intervals; "" where nothing can be compared."""
    when = {"year": "the same period a year before", period.every: f"the {period.every} before"}
    told = [
        sentence(
            "{size} against {when} ({level:.0%} interval {ends})",
            size=number(said, difference=True, sign=True), when=when[on], level=said.level,
            ends=interval(said, difference=True, bare=True),
        )
        for on, said in _changes(story, period).items()
    ]  # fmt: skip
    return f"The estimated change is {listed(told)}." if told else ""


def moves_sentence(stories: Sequence[Story], period: Period) -> str:
    """Return which of several measures moved on the previous period; "" where there are none."""
    stories = [story for story in stories if story.measure.id not in COMPLEMENTS]
    known = [story for story in stories if isinstance(story.change, Estimate)]
    if not known:
        return "No measure can be compared with the period before." if stories else ""
    moved = [story for story in known if not story.change.spans_zero]
    named = [f"{in_sentence(story.measure.label)} {change_words(story.change)}" for story in moved]
    word = period_word(period)
    if not named:
        return f"No clear change on the {word} in any of {len(known)} further measures."
    rest = len(known) - len(named)
    tail = f"; no clear change in {rest} of {len(known)} further measures" if rest else ""
    return f"Clearly moved on the {word}: {listed(named)}{tail}."


def in_sentence(label: str) -> str:
    """Return a label as it stands inside a sentence.

    Examples
    --------
    >>> in_sentence("Delivery, mean"), in_sentence("NPS")
    ('delivery (mean)', 'NPS')
    """
    label = re.sub(r", ([^,]+)$", r" (\1)", label)
    return label[:1].lower() + label[1:] if label[1:2].islower() else label


def changes_table(stories: Iterable[Story], period: Period) -> pd.DataFrame:
    """Return measures in rows: the figure, its changes on the period before and on the year.

    Differences of shares are in percentage points. Each figure has the columns value, low, high,
    unit, why and verdict under its prefix, so that the table shows them as one.
    """
    rows = [
        {
            "measure": story.measure.label,
            **_cell("now_", story.now),
            **_change_cell(f"change_on_the_{period.every}_", story.change),
            **_change_cell("change_on_the_year_", story.change_on_year),
            "n": story.now.n,
        }
        for story in stories
    ]
    return pd.DataFrame(rows)


def groups_message(shares: pd.DataFrame, period: Period) -> str:
    """Return the best and the worst group's share in a period."""
    now = shares[shares["period"] == str(period)].dropna(subset=["value"])
    if now.empty:
        return "Too few answers to show the groups"
    worst, best = now.iloc[0], now.iloc[-1]
    return ", ".join(f"{_share(row)} {row['group'].replace('_', ' ')}" for row in (best, worst))


def segments_message(label: str, groups: pd.DataFrame) -> str:
    """Return which groups differ from the rest, or that none can be told apart."""
    shown = groups[groups["verdict"] != ""]
    if len(shown) < 2:
        return brief(f"{label}: too few groups to compare", "Too few groups to compare")
    apart = shown[shown["verdict"].isin(DIFFERENT)]
    if apart.empty:
        words = "no group can be told from the rest"
        return brief(f"{label}: {words}", words.capitalize())
    sides = [
        f"{listed(apart.loc[apart['verdict'] == verdict, 'group'])} {verdict}"
        for verdict in DIFFERENT
        if (apart["verdict"] == verdict).any()
    ]
    otherwise = f"{len(apart)} of {len(shown)} groups differ from the rest"
    return brief(f"{label}: {', '.join(sides)}", otherwise)


def brief(message: str, otherwise: str) -> str:
    """Return a message if a reader can take it in, else another: names can be long."""
    return message if len(message.split()) <= LONGEST_MESSAGE else otherwise


def totals_sentence(totals: dict[str, Said], period: Period) -> str:
    """Return what was bought in a period, counted in full."""
    return sentence(
        "In {period}, {active:number} placed {orders:number} worth {revenue:number}.",
        period=period,
        active=totals["active_customers"],
        orders=totals["orders"],
        revenue=totals["revenue"],
    )


def cohorts_message(cohorts: pd.DataFrame, period: Period) -> str:
    """Return how many of all new customers bought in the period after their first."""
    following = cohorts[cohorts["offset"] == 1].dropna(subset=["value"])
    if following.empty:
        return "Too few new customers to follow"
    share = np.average(following["value"], weights=following["customers"])
    return f"{percent(share)} of new customers bought in the next {period.every}"


def cohorts_source(cohorts: pd.DataFrame) -> str:
    """Return the source note of the cohorts, with how far chance alone moves a cell."""
    if cohorts.empty:
        return "Orders"
    half = (cohorts["high"] - cohorts["low"]).max() / 2
    firsts = cohorts.drop_duplicates("cohort")["customers"].sum()
    return (
        f"Orders, n = {digits(firsts, 0)} new customers; each cell's 95% interval reaches at most "
        f"{100 * half:.1f} percentage points to either side and stands in the CSV"
    )


def again_message(again: Said, days: int) -> str:
    """Return the share of customers who order again within so many days."""
    return sentence(
        "{again:number} ordered again within {days} days",
        otherwise="How soon customers order again: too few to say",
        again=again,
        days=days,
    )


def spread(rows: pd.DataFrame) -> str:
    """Return the smallest and largest value of some rows for those who can't see them."""
    known = rows.dropna(subset=["value"])
    if known.empty:
        return "Too few to show any."
    low, high = known.loc[known["value"].idxmin()], known.loc[known["value"].idxmax()]
    return (
        f"Lowest: {low.iloc[0]}, {low['value']:.3g}; highest: {high.iloc[0]}, {high['value']:.3g}."
    )


def definitions(questions: Iterable[Question]) -> Prose:
    """Return each question's definition in words."""
    return note(*dict.fromkeys(how(question) for question in questions))


def measure_definitions(stories: Iterable[Story]) -> Prose:
    """Return each measure's definition in words."""
    return note(*[f"**{story.measure.label}**: {story.measure.means}." for story in stories])


def change_title(story: Story, period: Period) -> str:
    """Return an exhibit's message on a measure's change."""
    label, told = story.measure.label, {"change": story.change, "period": period}
    is_first = isinstance(story.change, Estimate) and not story.change.spans_zero
    label = label if is_first else in_sentence(label)
    short = "The score" if is_first else "the score"
    return brief(change_message(label, **told), change_message(short, **told))


def _changes(story: Story, period: Period) -> dict[str, Estimate]:
    """Return the changes that can be said, by what they are on; the one on the year is last."""
    said = {period.every: story.change, "year": story.change_on_year}
    return {on: change for on, change in said.items() if isinstance(change, Estimate)}


def _change_cell(prefix: str, change: Said) -> dict[str, object]:
    cell = _cell(prefix, as_difference(change))
    if isinstance(change, Unsaid) and not change.n:
        cell[f"{prefix}why"] = "nothing to compare with"
    return cell | {f"{prefix}verdict": _verdict(change)}


def _cell(prefix: str, said: Said) -> dict[str, object]:
    """Return a figure as columns: value, low, high (NaN where unsaid), unit, why."""
    parts = ("value", "low", "high")
    numbers = {part: getattr(said, part, np.nan) for part in parts}
    told = numbers | {"unit": getattr(said, "unit", ""), "why": getattr(said, "why", "")}
    return {f"{prefix}{name}": item for name, item in told.items()}


def _bare(row: pd.Series, unit: str) -> str:
    said = Estimate(
        value=row["value"], low=row["low"], high=row["high"], n=int(row["n"]), unit=unit
    )
    return number(said)


def _share(row: pd.Series) -> str:
    return percent(row["value"])


def percent(share: float) -> str:
    """Return a share as a message says it: whole percents where there are ten."""
    return f"{100 * share:.0f}%" if share >= 0.1 else f"{100 * share:.1f}%"


def _verdict(change: Said) -> str:
    return TOO_FEW if isinstance(change, Unsaid) else change.verdict
