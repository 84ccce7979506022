"""What measures over time and by group let a page say: verdicts, changes, who stands apart."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Sequence

import pandas as pd

from profitchain.core.estimates import Estimate, MaybeEstimate, NotEstimable
from profitchain.core.formats import (
    interval,
    number,
    period_short,
)
from profitchain.core.group_names import with_group_names
from profitchain.core.i18n import N_, SOURCE, _, length, ngettext, spoken
from profitchain.core.periods import Period
from profitchain.stats.comparisons import ABOVE, BELOW, Measure, MeasureSeries
from profitchain.words import measures, reasons
from profitchain.words.presentation import Presentation, Said, source
from profitchain.words.prose import (
    On,
    change_on,
    change_words,
    clauses,
    first_capital,
    following,
    listed,
    on_the,
    period_word,
    sentence,
)

ANSWERS = N_("Survey answers")
_UNITS = {"points": N_("points"), "score": N_("score")}  # those that a measure names
COMPLEMENTS = ("churn_rate", "new_revenue_share")  # what another share leaves: no news of its own
LONGEST_MESSAGE = 15  # words, as `exhibits` allows
LONGEST_LABEL = 4  # of them for the name of a measure


def trend_description(label: str, trend: pd.DataFrame, unit: str) -> str:
    """Return a trend for those who can't see it: its first and last value, its extremes."""
    rows = trend.dropna(subset=["value"])
    if rows.empty:
        return _("{label}: no period with enough to say.", label=label)
    places = {
        "first": rows.iloc[0],
        "last": rows.iloc[-1],
        "lowest": rows.loc[rows["value"].idxmin()],
        "highest": rows.loc[rows["value"].idxmax()],
    }
    ends = {
        name: _(
            "{figure} in {period}",
            figure=number(Estimate.of(row, unit=unit)),
            period=period_short(row["period"]),
        )
        for name, row in places.items()
    }
    return _(
        "{label} went from {first} to {last}; lowest {lowest}, highest {highest}.",
        label=label,
        **ends,
    )


def score_sentence(series: MeasureSeries, period: Period) -> str:
    """Return a measure's figure and the verdicts on its changes; below, in small print, ranges."""
    label, now = measures.label(series.measure), series.now
    if isinstance(now, NotEstimable):
        return _("{label} can't be said: {why}", label=label, why=reasons.text(now))
    changes = _changes(series, period)
    if not changes:
        return sentence(
            "{label} stood at **{now:number}** in {period:short}, with nothing before to compare.\n"
            "{now:evidence}.",
            label=label,
            now=now,
            period=period,
        )
    words = {on: change_on(change, on) for on, change in changes.items()}
    moved = [text if changes[on].spans_zero else f"**{text}**" for on, text in words.items()]
    verdicts = clauses(moved, "，")
    if len(changes) == 2 and all(change.spans_zero for change in changes.values()):
        verdicts = _("no clear change on the {part} or the year", part=period_word(period))
    ranges = [
        _("{on} {ends}", on=on_the(on), ends=interval(change, difference=True, bare=True))
        for on, change in changes.items()
    ]
    return sentence(
        "{label} stood at **{now:number}** in {period:short}: {verdicts}.\n"
        "{now:evidence}. Change {changes}.",
        label=label,
        now=now,
        period=period,
        verdicts=verdicts,
        changes=clauses(ranges, "，"),
    )


def moves_sentence(several: Sequence[MeasureSeries], period: Period) -> str:
    """Return which of several measures clearly moved, on the previous period and on the year."""
    several = [series for series in several if series.measure.id not in COMPLEMENTS]
    if not several:
        return ""
    changes = [_changes(series, period) for series in several]
    total = sum(period.every in of_one for of_one in changes)
    if not total:
        return _("No measure can be compared with the period before.")
    words = {"part": period_word(period), "total": total}
    named = _clearly_moved(several, changes, period.every)
    on_year = [] if period.every == "year" else _clearly_moved(several, changes, "year")
    year = ""
    if on_year:
        year = _("On the year, {measures}.", measures=clauses(on_year, "，"))
    if not named:
        none = ngettext(
            "No clear change on the {part} in the one further measure.",
            "No clear change on the {part} in any of {total} further measures.",
            total,
            **words,
        )
        return following(none, year)
    words |= {"measures": clauses(named, "，"), "rest": total - len(named)}
    some = _("On the {part}, {measures}.", **words)
    if total > len(named):
        some = _(
            "On the {part}, {measures}; no clear change in {rest} of {total} further measures.",
            **words,
        )
    return following(some, year)


def _clearly_moved(
    several: Sequence[MeasureSeries], changes: Sequence[dict[On, Estimate]], on: On
) -> list[str]:
    return [
        named_change(_with_scale(series.measure), change_words(of_one[on]))
        for series, of_one in zip(several, changes, strict=True)
        if on in of_one and not of_one[on].spans_zero
    ]


def _with_scale(measure: Measure) -> str:
    label = measures.label(measure)
    if measure.unit != "score" or measure.bounds is None:
        return label
    low, high = measure.bounds
    return _("{label} of {low}–{high}", label=label, low=f"{low:g}", high=f"{high:g}")


def named_change(label: str, change: str) -> str:
    """Return a measure's change with its name before it, as a list in a sentence has it."""
    return _("{label} {change}", label=in_sentence(label), change=change)


def in_sentence(label: str) -> str:
    """Return a label as it stands inside a sentence, in English without its capital.

    Examples
    --------
    >>> in_sentence("Delivery, mean"), in_sentence("NPS")
    ('delivery (mean)', 'NPS')
    """
    if spoken() != SOURCE:
        return label
    label = re.sub(r", ([^,]+)$", r" (\1)", label)
    return label[:1].lower() + label[1:] if label[1:2].islower() else label


def groups_apart(label: str, groups: pd.DataFrame) -> Said:
    """Return which groups differ from the rest, or that none does, as the key of a message."""
    rows = with_group_names(groups[groups["verdict"] != ""])
    names = {side: rows.loc[rows["verdict"] == side, "group"] for side in (ABOVE, BELOW)}
    sides = [
        _("{groups} {verdict}", groups=listed(map(_, apart)), verdict=_(side))
        for side, apart in names.items()
        if len(apart)
    ]
    differences = sides[0] if sides else ""
    if len(sides) == 2:
        differences = _("{above}, {below}", above=sides[0], below=sides[1])
    count = sum(map(len, names.values()))
    values = {"label": _(label), "differences": differences, "count": count}
    values |= {"total": len(rows)}
    if len(rows) < 2:
        return Said("few", values)
    if not count:
        return Said("alike", values)
    return Said(
        "apart" if length(f"{label} {values['differences']}") < LONGEST_MESSAGE else "several",
        values,
    )


def brief(message: str, otherwise: str) -> str:
    """Return a message if a reader can take it in, else another: names can be long."""
    return message if length(message) <= LONGEST_MESSAGE else otherwise


def spread(rows: pd.DataFrame) -> str:
    """Return the smallest and largest value of some rows for those who can't see them."""
    rows = with_group_names(reasons.in_words(rows.dropna(subset=["value"])))
    if rows.empty:
        return _("Too few to show any.")
    low, high = rows.loc[rows["value"].idxmin()], rows.loc[rows["value"].idxmax()]
    name = "group" if "group" in rows else rows.columns[0]
    return _(
        "Lowest: {lowest}, {low}; highest: {highest}, {high}.",
        lowest=_(str(low[name])),
        low=f"{low['value']:.3g}",
        highest=_(str(high[name])),
        high=f"{high['value']:.3g}",
    )


def trend_of(series: MeasureSeries, period: Period, rows: str) -> Presentation:
    """Return a measure over time, and its clearest change; `rows` says whose it is."""
    label, unit, now = measures.label(series.measure), series.measure.unit, series.now
    changes = _changes(series, period)
    clear = [(on, change) for on, change in changes.items() if not change.spans_zero]
    values = {
        "label": label if length(label) <= LONGEST_LABEL else _("This measure"),
        "when": _when(changes, period),
        "meaning": first_capital(measures.definition(series.measure)),
        "rows": source(rows, now.n, period),
        "unit": unit,
        "course": trend_description(label, series.trend, unit),
    }
    if not clear:
        values["label"] = in_sentence(values["label"])
        return Presentation(series.trend, "still" if changes else "few", values)
    on, change = clear[0]
    size = change if change.value > 0 else change.times(-1)
    values |= {"size": number(size, difference=True)}
    values |= {"on": on_the(on)}
    return Presentation(series.trend, "rose" if change.value > 0 else "fell", values)


def _when(on: Collection[On], period: Period) -> str:
    """Return against what changes are counted: "on the quarter or the year"."""
    if len(on) == 2:
        return _("on the {part} or the year", part=period_word(period))
    return listed(map(on_the, on))


def measures_moved(several: Sequence[MeasureSeries], period: Period) -> Said:
    """Return how many measures clearly moved, as the key of a message on all of them."""
    changes = [_changes(series, period) for series in several]
    moved = sum(any(not change.spans_zero for change in of_one.values()) for of_one in changes)
    on = list(dict.fromkeys(on for of_one in changes for on in of_one))
    values = {"count": moved, "total": len(several), "when": _when(on, period)}
    says = "few" if not on else "some" if moved else "none"
    return Said(says, values | {"moves": moves_sentence(several, period)})


def courses(several: Sequence[MeasureSeries], period: Period, rows: str) -> Presentation:
    """Return several measures over time, each in a drawing of its own."""
    trends = measures.trends(several)
    names = trends.dropna(subset=["value"])["period"]
    first = min(names, key=lambda name: Period(name).first_day, default=str(period))
    values = {"first": period_short(first), "last": period_short(period)}
    values |= {"every": period_word(period), "moves": moves_sentence(several, period)}
    return Presentation(trends, "what", values | {"rows": source(rows, most_rows(several), period)})


def segments_of(
    measure: Measure,
    groups: pd.DataFrame,
    rows: str,
    period: Period | None = None,
    *,
    label: str = "",
) -> Presentation:
    """Return a measure by group of customers, and which groups stand apart; `rows`: whose."""
    name = measures.label(measure)
    key, values = groups_apart(label or name, groups)
    if unit := _UNITS.get(measure.unit):
        name = _("{label}, {unit}", label=name, unit=_(unit))
    n = int(groups.groupby("segment")["n"].sum().max()) if len(groups) else 0
    words = {"what": name, "unit": measure.unit, "spread": spread(groups)}
    return Presentation(groups, key, {**values, **words, "rows": source(rows, n, period)})


def percent(share: float) -> str:
    """Return a share as a message says it: whole percents where there are ten."""
    return f"{100 * share:.0f}%" if share >= 0.1 else f"{100 * share:.1f}%"


def _changes(series: MeasureSeries, period: Period) -> dict[On, Estimate]:
    """Return the changes that can be said, by what they are on; the one on the year is last."""
    changes: dict[On, MaybeEstimate] = {period.every: series.change, "year": series.change_on_year}
    return {on: change for on, change in changes.items() if isinstance(change, Estimate)}


def most_rows(several: Iterable[MeasureSeries]) -> int:
    """Return how many rows stand behind the measure that most do."""
    return max(series.now.n for series in several)
