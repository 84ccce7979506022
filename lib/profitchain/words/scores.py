"""The sentences on satisfaction and loyalty that depend on what the numbers say."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

import numpy as np
import pandas as pd

from profitchain.core.estimates import Estimate, MaybeEstimate, NotEstimable, to_frame
from profitchain.core.formats import TOO_FEW, as_difference, interval, number, period_short
from profitchain.core.group_names import with_group_names
from profitchain.core.i18n import N_, SOURCE, _, length, ngettext, spoken
from profitchain.core.periods import Period
from profitchain.sources.settings import Question
from profitchain.stats.comparisons import ABOVE, BELOW, Measure, MeasureSeries
from profitchain.words import measures, reasons
from profitchain.words.prose import (
    On,
    Prose,
    change_message,
    change_on,
    change_words,
    clauses,
    how,
    listed,
    note,
    period_word,
    sentence,
)

COMPLEMENTS = ("churn_rate", "new_revenue_share")  # what another share leaves: no news of its own
_BEFORE = {
    "week": N_("the week before"),
    "month": N_("the month before"),
    "quarter": N_("the quarter before"),
    "year": N_("the same period a year before"),
}
LONGEST_MESSAGE = 15  # words, as `exhibits` allows


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
    """Return a measure's figure and the verdicts on its two changes, as a page's first answer."""
    label, now = measures.label(series.measure), series.now
    if isinstance(now, NotEstimable):
        return _("{label} can't be said: {why}", label=label, why=reasons.text(now))
    changes = _changes(series, period)
    if not changes:
        return sentence(
            "{label} stood at **{now:number}** in {period:short} ({now:evidence}), with nothing "
            "before to compare.",
            label=label,
            now=now,
            period=period,
        )
    words = {on: change_on(change, on) for on, change in changes.items()}
    moved = [text if changes[on].spans_zero else f"**{text}**" for on, text in words.items()]
    verdicts = clauses(moved, "，")
    if len(changes) == 2 and all(change.spans_zero for change in changes.values()):
        verdicts = _("no clear change on the {part} or the year", part=period_word(period))
    return sentence(
        "{label} stood at **{now:number}** in {period:short} ({now:evidence}): {verdicts}.",
        label=label,
        now=now,
        period=period,
        verdicts=verdicts,
    )


def changes_sentence(series: MeasureSeries, period: Period) -> str:
    """Return by how much a measure moved, with intervals; "" where nothing can be compared."""
    changes = [
        _(
            "{size} against {when} ({level} interval {ends})",
            size=number(change, difference=True, sign=True),
            when=_(_BEFORE[on]),
            level=f"{change.level:.0%}",
            ends=interval(change, difference=True, bare=True),
        )
        for on, change in _changes(series, period).items()
    ]
    if not changes:
        return ""
    return _("The estimated change is {changes}.", changes=clauses(changes, "，"))


def moves_sentence(several: Sequence[MeasureSeries], period: Period) -> str:
    """Return which of several measures moved on the previous period; "" where there are none."""
    several = [series for series in several if series.measure.id not in COMPLEMENTS]
    sure = [(of.measure, of.change) for of in several if isinstance(of.change, Estimate)]
    if not sure:
        return _("No measure can be compared with the period before.") if several else ""
    named = [
        named_change(measures.label(measure), change_words(change))
        for measure, change in sure
        if not change.spans_zero
    ]
    words = {"part": period_word(period), "measures": clauses(named, "，")}
    total, rest = len(sure), len(sure) - len(named)
    if not named:
        return ngettext(
            "No clear change on the {part} in the one further measure.",
            "No clear change on the {part} in any of {total} further measures.",
            total,
            total=total,
            **words,
        )
    if not rest:
        return _("Clearly moved on the {part}: {measures}.", **words)
    return _(
        "Clearly moved on the {part}: {measures}; no clear change in {rest} of {total} further "
        "measures.",
        rest=rest,
        total=total,
        **words,
    )


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


def scores_table(scores: Iterable[tuple[Measure, MaybeEstimate]]) -> pd.DataFrame:
    """Return scores in rows: measure, definition, value, low, high, n, why, unit."""
    counted, estimates = zip(*scores, strict=True)
    labels = [measures.label(measure) for measure in counted]
    definitions = [measures.definition(measure) for measure in counted]
    frame = to_frame(estimates, measure=labels, definition=definitions)
    return frame.assign(unit=[measure.unit for measure in counted])


def changes_table(several: Iterable[MeasureSeries], period: Period) -> pd.DataFrame:
    """Return measures in rows: the figure, its changes on the period before and on the year.

    Differences of shares are in percentage points. Each figure has the columns value, low, high,
    unit, why and verdict under its prefix, so that the table shows them as one.
    """
    rows = [
        {
            "measure": measures.label(series.measure),
            **_cell("now_", series.now),
            **_change_cell(f"change_on_the_{period.every}_", series.change),
            **_change_cell("change_on_the_year_", series.change_on_year),
            "n": series.now.n,
        }
        for series in several
    ]
    return pd.DataFrame(rows)


def segments_message(label: str, groups: pd.DataFrame) -> str:
    """Return which groups differ from the rest, or that none can be told apart."""
    label, rows = _(label), groups[groups["verdict"] != ""]
    if len(rows) < 2:
        few = _("{label}: too few groups to compare", label=label)
        return brief(few, _("Too few groups to compare"))
    rows = with_group_names(rows)
    names = {side: rows.loc[rows["verdict"] == side, "group"] for side in (ABOVE, BELOW)}
    sides = [
        _("{groups} {verdict}", groups=listed(map(_, apart)), verdict=_(side))
        for side, apart in names.items()
        if len(apart)
    ]
    if not sides:
        none = _("{label}: no group can be told from the rest", label=label)
        return brief(none, _("No group can be told from the rest"))
    words = _("{above}, {below}", above=sides[0], below=sides[1]) if len(sides) == 2 else sides[0]
    count = sum(map(len, names.values()))
    otherwise = _("{count} of {total} groups differ from the rest", count=count, total=len(rows))
    return brief(_("{label}: {differences}", label=label, differences=words), otherwise)


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


def definitions(questions: Iterable[Question]) -> Prose:
    """Return each question's definition in words."""
    return note(*dict.fromkeys(how(question) for question in questions))


def measure_definitions(several: Iterable[MeasureSeries]) -> Prose:
    """Return each measure's definition in words."""
    return note(*[
        _(
            "**{label}**: {meaning}.",
            label=measures.label(series.measure),
            meaning=measures.definition(series.measure),
        )
        for series in several
    ])  # fmt: skip


def change_title(series: MeasureSeries, period: Period) -> str:
    """Return an exhibit's message on a measure's change."""
    label, short, change = measures.label(series.measure), _("The score"), series.change
    if isinstance(change, NotEstimable) or change.spans_zero:
        label, short = in_sentence(label), _("the score")
    message, otherwise = (change_message(name, change, period=period) for name in (label, short))
    return brief(message, otherwise)


def percent(share: float) -> str:
    """Return a share as a message says it: whole percents where there are ten."""
    return f"{100 * share:.0f}%" if share >= 0.1 else f"{100 * share:.1f}%"


def _changes(series: MeasureSeries, period: Period) -> dict[On, Estimate]:
    """Return the changes that can be said, by what they are on; the one on the year is last."""
    changes: dict[On, MaybeEstimate] = {period.every: series.change, "year": series.change_on_year}
    return {on: change for on, change in changes.items() if isinstance(change, Estimate)}


def _change_cell(prefix: str, change: MaybeEstimate) -> dict[str, object]:
    cell = _cell(prefix, as_difference(change))
    if isinstance(change, Estimate):
        return cell | {f"{prefix}verdict": change.verdict}
    nothing = {} if change.n else {f"{prefix}why": _("nothing to compare with")}
    return cell | nothing | {f"{prefix}verdict": TOO_FEW}


def _cell(prefix: str, estimate: MaybeEstimate) -> dict[str, object]:
    """Return a figure as columns: value, low, high (NaN where unsaid), unit, why."""
    parts = {"value": np.nan, "low": np.nan, "high": np.nan, "unit": "", "why": ""}
    return {prefix + name: getattr(estimate, name, empty) for name, empty in parts.items()}
