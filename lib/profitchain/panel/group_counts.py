"""Counts that disclosure control needs and no page may read: by group, and of shorter periods."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import ibis
from ibis.expr.types import Table, Value

from profitchain.core.periods import LENGTHS, Period
from profitchain.disclosure.audit import TOTAL, span_name
from profitchain.disclosure.gate import TWO_YEARS
from profitchain.disclosure.windows import lookback_of
from profitchain.panel.context import Context
from profitchain.sources.engine_functions import by_span


def group_sizes(context: Context, answers: Table) -> Table:
    """Return period, segment, group, customers: who answered the main question, each once.

    Periods are those of every length since the year in which the trend begins; `TWO_YEARS` is the
    last whole year and what follows; the segment `TOTAL` has all in one group.
    """
    return _sizes(context, answers.filter(answers[context.score_column].notnull()))


def followed_sizes(context: Context, lives: Table) -> Table:
    """Return period, segment, group, customers: whose windows closed in it, each once.

    Periods are as in `group_sizes`, and the lookback (`audit.span_name`).

    Parameters
    ----------
    lives : `panel.lives`.
    """
    rows = lives.filter(lives.window_ends < context.ends_at)
    sizes = _sizes(context, rows.mutate(responded_at=rows.window_ends))
    inside = rows.filter(rows.window_ends >= context.lookback_starts_at)
    name = span_name(lookback_of(context.company, context.period))
    named = (inside.mutate(responded_at=inside.window_ends), ibis.literal(name))
    both = sizes.filter(sizes.period != TWO_YEARS).union(_counted(context, [named]))
    return both.order_by("period", "segment", "group")


def _sizes(context: Context, rows: Table) -> Table:
    return _counted(context, [(rows, period) for period in _period_names(context, rows)])


def _counted(context: Context, spans: Sequence[tuple[Table, Value]]) -> Table:
    segments = context.company.segments
    parts = [
        rows.select(segment=ibis.literal(segment), group=group, period=period,
                    responded_at=rows.responded_at, cluster=rows.cluster)
        for rows, period in spans
        for segment, group in [(TOTAL, ibis.literal(TOTAL)), *((s, rows[s]) for s in segments)]
    ]  # fmt: skip
    every = ibis.union(*parts) if len(parts) > 1 else parts[0]
    sizes = every.filter(lambda t: t.period.notnull()).group_by(["period", "segment", "group"])
    sizes = sizes.aggregate(customers=lambda t: t.cluster.nunique())
    return sizes.order_by("period", "segment", "group")


def score_sums(context: Context, *rows: Table) -> Table | None:
    """Return period, question, segments, score, n of the shorter periods inside the period.

    None where there are none: of weeks and months.

    Parameters
    ----------
    rows : as in `panel.score_cells`.
    """
    company, zone, period = context.company, context.company.time_zone, context.period
    lengths = [every for every in LENGTHS[1:] if LENGTHS.index(every) < LENGTHS.index(period.every)]
    parts = []
    for every in lengths:
        inside = [Period.containing(period.first_day, every, company.year_starts)]
        while inside[-1].last_day < period.last_day:
            inside.append(inside[-1].shift(1))
        starts = [*(p.starts_at(zone) for p in inside), period.ends_at(zone)]
        values = [None, *(p.name for p in inside), None]
        parts += [
            some.select(
                *company.segments, period=by_span(some.responded_at, starts, values, kind="string"),
                question=ibis.literal(key), score=some[question.column],
            )
            for some in rows
            for key, question in company.questions.items()
        ]  # fmt: skip
    if not parts:
        return None
    every_one = ibis.union(*parts) if len(parts) > 1 else parts[0]
    known = every_one.filter(every_one.period.notnull(), every_one.score.notnull())
    keys = ["period", "question", *company.segments, "score"]
    return known.group_by(keys).aggregate(n=lambda t: t.count()).order_by(keys)


def _period_names(context: Context, rows: Table) -> Iterator[Value]:
    """Yield, for each length of periods, the name of the one in which each answer lies."""
    company, zone = context.company, context.company.time_zone
    first = Period.containing(context.periods[0].first_day, "year", company.year_starts)
    last = context.period.last_day
    for every in LENGTHS:
        if every == "week" and "week" not in (company.report_every, context.period.every):
            continue
        periods = [Period.containing(first.first_day, every, company.year_starts)]
        while periods[-1].last_day < last:
            periods.append(periods[-1].shift(1))
        starts = [*(p.starts_at(zone) for p in periods), context.period.ends_at(zone)]
        values = [None, *(p.name for p in periods), None]
        yield by_span(rows.responded_at, starts, values, kind="string")
    year = Period.containing(context.period.first_day, "year", company.year_starts).previous
    starts = [year.starts_at(zone), context.period.ends_at(zone)]
    yield by_span(rows.responded_at, starts, [None, TWO_YEARS, None], kind="string")
