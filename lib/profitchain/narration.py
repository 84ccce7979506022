"""The sentences of the pages that depend on what the numbers say."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

import numpy as np
import pandas as pd

from profitchain.company import Question
from profitchain.comparisons import Story
from profitchain.estimates import Estimate, Said, Unsaid
from profitchain.formats import TOO_FEW, as_difference, digits, number, period_short
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


def rows_sentence(account: pd.DataFrame) -> str:
    """Return how many rows came in, from how many tables, and how many could be used."""
    used = account.loc[account["kind"] == "used", "rows"].sum()
    return (
        f"{digits(account['rows'].sum(), 0)} rows came in from {account['table'].nunique()} tables; "
        f"{digits(used, 0)} of them could be used."
    )


def broken_sentence(account: pd.DataFrame) -> str:
    """Return how many rows broke the contract, and in which tables."""
    broken = account[(account["kind"] == "broken") & (account["rows"] > 0)]
    if broken.empty:
        return "No row broke the data contract."
    by_table = broken.groupby("table")["rows"].sum().sort_values(ascending=False, kind="stable")
    named = listed(f"{digits(rows, 0)} in {table}" for table, rows in by_table.items())
    return (
        f"{digits(by_table.sum(), 0)} rows were set aside because they break the contract: {named}."
    )


def account_message(account: pd.DataFrame) -> str:
    """Return an exhibit's message: the share of rows that could be used."""
    rows = account["rows"].sum()
    used = account.loc[account["kind"] == "used", "rows"].sum()
    if rows == used:
        return "Every row could be used"
    return f"{100 * used / rows:.2f}% of all rows could be used"


def coverage_message(orders: pd.DataFrame) -> str:
    """Return whether some period of the trend stands out by having hardly any orders."""
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
    """Return a measure's figure and its two changes, as a page's first answer."""
    template = "**{label}** stood at {now} in {period}: {change:change} on the {word}"
    tail = ", {year:change} on the same period a year before."
    known_year = isinstance(story.change_on_year, Estimate)
    if isinstance(story.change, Unsaid):
        template, tail = (
            "**{label}** stood at {now} in {period}",
            "; there is no period before to compare.",
        )
    return sentence(
        template + (tail if known_year or isinstance(story.change, Unsaid) else "."),
        otherwise=f"{story.measure.label} can't be said: {{why}}",
        label=story.measure.label,
        now=story.now,
        period=period,
        word=period_word(period),
        **({"change": story.change} if isinstance(story.change, Estimate) else {}),
        **({"year": story.change_on_year} if known_year else {}),
    )


def moves_sentence(stories: Sequence[Story], period: Period) -> str:
    """Return which of several measures moved on the previous period, and how many did not."""
    known = [story for story in stories if isinstance(story.change, Estimate)]
    if not known:
        return "No measure can be compared with the period before."
    moved = [story for story in known if not story.change.spans_zero]
    named = [f"{story.measure.label} {change_words(story.change)}" for story in moved]
    word = period_word(period)
    if not named:
        return f"None of {len(known)} measures shows a clear change on the {word}."
    rest = len(known) - len(named)
    tail = f"; {rest} of {len(known)} show no clear change" if rest else ""
    return f"Clearly moved on the {word}: {listed(named)}{tail}."


def changes_table(stories: Iterable[Story], period: Period) -> pd.DataFrame:
    """Return measures in rows: the figure, its changes on the period before and on the year.

    Differences of shares are in percentage points. Each figure has the columns value, low, high,
    unit and why under its prefix, so that the table shows them as one.
    """
    rows = [
        {
            "measure": story.measure.label,
            **_cell("now_", story.now),
            **_cell(f"change_on_the_{period.every}_", as_difference(story.change)),
            "verdict": _verdict(story.change),
            **_cell("change_on_the_year_", as_difference(story.change_on_year)),
            "verdict on the year": _verdict(story.change_on_year),
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
    return f"{_share(best)} {best['group'].replace('_', ' ')}, {_share(worst)} {worst['group'].replace('_', ' ')}"


def segments_message(label: str, groups: pd.DataFrame) -> str:
    """Return which groups differ from the rest, or that none can be told apart."""
    shown = groups[groups["verdict"] != ""]
    if len(shown) < 2:
        return f"{label}: too few groups to compare"
    apart = shown[shown["verdict"].isin(DIFFERENT)]
    if apart.empty:
        return f"No group's {label} can be told from the rest"
    if len(apart) > 3:
        return f"{len(apart)} of {len(shown)} groups differ in {label}"
    return f"{label}: {listed(f'{row.group} {row.verdict}' for row in apart.itertuples())}"


def rates_message(rates: pd.DataFrame) -> str:
    """Return how the share that came back differs from the lowest to the highest score shown."""
    shown = rates.dropna(subset=["value"])
    if len(shown) < 2:
        return "Too few answers to compare scores"
    low, high = shown.iloc[0], shown.iloc[-1]
    return f"{_share(low)} came back after a {low['score']:g}, {_share(high)} after a {high['score']:g}"


def bend_sentence(test: object) -> str:
    """Return what the test of linearity says, in words that claim no more than it can."""
    if isinstance(test, Unsaid):
        return f"Whether each point counts the same can't be said: {test.why}"
    p = "below 0.001" if test.p < 0.001 else f"{test.p:.3f}"
    if test.p < 0.05:
        return f"Points do **not** all count the same: the test of a straight line gives p = {p}.".replace(
            "= below", "below"
        )
    return f"A straight line is not contradicted (p = {p}), which does not prove it."


def bands_message(bands: pd.DataFrame) -> str:
    """Return in which band of the scale one point goes with most."""
    known = bands.dropna(subset=["value"])
    if known.empty:
        return "Too few answers to compare parts of the scale"
    clear = known[known["low"] > 0]
    if clear.empty:
        return "In no part of the scale is the link clear"
    most = clear.loc[clear["value"].idxmax()]
    return f"One more point goes with most from {most['band']}"


def adjustment_message(compared: pd.DataFrame) -> str:
    """Return what adjusting does to the effect: most of it stays, shrinks, or can't be said."""
    if compared["value"].isna().any():
        return "What adjusting does to the link can't be said"
    raw, adjusted = compared["value"].iloc[0], compared["value"].iloc[1]
    if raw <= 0:
        return "The link before and after adjusting"
    share = 100 * (raw - adjusted) / raw
    if abs(share) < 5:
        return "Adjusting for history hardly changes the link"
    return f"Adjusting for history makes the link {abs(share):.0f}% {'weaker' if share > 0 else 'stronger'}"


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
    """Return how many of a typical cohort bought in the period after their first."""
    next_period = cohorts[cohorts["offset"] == 1]
    if next_period.empty:
        return "Too few new customers to follow"
    low, high = next_period["value"].min(), next_period["value"].max()
    return f"{_percent(low)} to {_percent(high)} of new customers bought in the next {period.every}"


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
        "{again:number} have ordered again within {days} days",
        otherwise="How soon customers order again: too few to say",
        again=again,
        days=days,
    )


def effect_sentence(effect: Said, raw: Said, label: str, days: int) -> str:
    """Return the page's first answer: what one more point goes with, adjusted and not."""
    if isinstance(effect, Unsaid):
        return f"What one more point on “{label}” goes with can't be said: {effect.why}"
    before = (
        f" Without adjusting for history it would be {number(raw, difference=True)}."
        if (isinstance(raw, Estimate))
        else ""
    )
    if effect.spans_zero:
        return sentence(
            "**No clear link**: one more point on “{label}” goes with {effect:difference} more or fewer "
            "customers ordering again within {days} days, and the interval spans zero.{before}",
            effect=effect, label=label, days=days, before=before,
        )  # fmt: skip
    return sentence(
        "One more point on “{label}” goes with **{size} {way}** customers ordering again within "
        "{days} days (95% interval {effect:difference_interval}; n = {n}).{before}",
        label=label, size=number(effect.times(1 if effect.value > 0 else -1), difference=True),
        way="more" if effect.value > 0 else "fewer", days=days, effect=effect, n=effect.n,
        before=before,
    )  # fmt: skip


def ten_points_sentence(ten: Said, main: Question) -> str:
    """Return what ten points of NPS go with, and by which answers they would come."""
    if main.kind != "nps":
        return f"The main question, “{main.label}”, is not a net promoter question, so ten NPS points mean nothing here."
    return sentence(
        "Ten NPS points, half of them from detractors who become passives and half from passives "
        "who become promoters, go with a repeat rate that differs by {ten:difference}.",
        otherwise="What ten NPS points go with can't be said: {why}",
        ten=ten,
    )


def moves_table(moves: pd.DataFrame) -> pd.DataFrame:
    """Return what ten NPS points go with as a table: mechanism, answers moved, effect in points."""
    shown = moves.rename(columns={"mechanism": "ten points by", "moved_share": "answers moved"})
    numbers = shown[["value", "low", "high"]] * 100
    shown = shown.assign(possible=shown["possible"].map({True: "yes", False: "no"}))
    shown = shown.assign(**{name: numbers[name] for name in numbers}, unit="percentage points")
    return shown.drop(columns="moves")


def bend_message(test: object) -> str:
    """Return whether the curve is bent, as an exhibit's message."""
    if isinstance(test, Unsaid):
        return "How repeat purchases rise along the scale"
    if test.p < 0.05:
        return "Some points count more than others"
    return "No clear departure from a straight line"


def amounts_message(spend: Said) -> str:
    """Return what one more point goes with in money spent."""
    if isinstance(spend, Unsaid):
        return "Orders and money: too few to say"
    if spend.spans_zero:
        return "No clear link with the money spent"
    way = "more" if spend.value > 0 else "less"
    return (
        f"One more point goes with {number(spend.times(1 if spend.value > 0 else -1))} {way} spent"
    )


def answers_followed(cells: pd.DataFrame, facts: Mapping[str, int]) -> str:
    """Return how many answers were followed to the end, and how many still wait."""
    return (
        f"{digits(cells['n'].sum(), 0)} answers of {digits(cells['cluster'].nunique(), 0)} customers "
        f"were followed to the end of their window; {digits(facts.get('still_open', 0), 0)} answers "
        "of this period or before are still inside it and wait for a later edition."
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
    return change_message(story.measure.label, story.change, period=period)


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
    return _percent(row["value"])


def _percent(share: float) -> str:
    return f"{100 * share:.0f}%" if share >= 0.1 else f"{100 * share:.1f}%"


def _verdict(change: Said) -> str:
    return TOO_FEW if isinstance(change, Unsaid) else change.verdict
