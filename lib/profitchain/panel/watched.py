"""Every measure period by period, far back: sums that later looks at its own past start from.

Sums of products are kept beside sums, so that a measure's error, clustered by customer, is known
from one row. Expressions are as in `panel`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any, TypeAlias

import ibis
from ibis.expr.types import Table, Value

from profitchain.core.periods import Period
from profitchain.panel import unnamed
from profitchain.panel.contact_times import contact_summaries
from profitchain.panel.context import Context
from profitchain.panel.moved_scores import moved_sums
from profitchain.panel.panel import as_text, looked_up
from profitchain.sources import temp_tables
from profitchain.sources.engine_functions import by_span
from profitchain.sources.exact_sums import PLACES, exact_sum, millionths, whole
from profitchain.sources.settings import Question
from profitchain.sources.typed_tables import WHO

Keep: TypeAlias = Callable[[str, Table], Table]
PERIODS_BACK = {"week": 105, "month": 37, "quarter": 21, "year": 10}
TOUCHPOINT, CHANNEL = "touchpoint", "channel"
ORDERS, COMPLAINTS = "orders", "complaints"
PLANS = ("goals", "actions", "benchmarks")  # small tables that pages read as they are
SUMS = ("customers", "n", "total", "nn", "sn", "ss")
PROMOTERS_FROM, DETRACTORS_TO = 9, 6


def watch_summaries(firm: Any, facts: dict[str, int]) -> Iterator[tuple[str, Table]]:
    """Yield `past_sums`, and where tables allow `moved_sums` and what contacts tell.

    Parameters
    ----------
    firm : `summaries.Firm`.
    """
    context: Context = firm.context

    def keep(name: str, rows: Table) -> Table:
        return temp_tables.materialise(firm.con, f"watched_{name}", rows)

    parts: list[Table] = []
    answers = None
    if "responses" in context.tables and context.company.questions:
        answers = keep("answers", _answers(firm))
        parts += _of_answers(context, answers, keep)
    if "orders" in context.tables:
        parts += _of_orders(firm.few, keep)
    if parts:
        rows = ibis.union(*parts) if len(parts) > 1 else parts[0]
        yield "past_sums", rows.order_by(["measure", "split", *_group_names(context), "period"])
    main = context.company.main
    if answers is not None and main is not None:
        scored = answers.mutate(worth=value_of(main, answers[main.column]), score=main.column)
        yield "moved_sums", moved_sums(context, scored, firm.few.tables.get("orders"))
        answers = scored
    for name in [name for name in PLANS if name in context.tables]:
        yield name, context.tables[name]
    if "contacts" in firm.few.tables:
        yield from contact_summaries(firm.few, answers)


def history(period: Period) -> list[Period]:
    """Return the periods that are looked at, this one last."""
    return period.last(PERIODS_BACK[period.every])


def value_of(question: Question, score: Value) -> Value:
    """Return what an answer counts: ±100 or 0 of NPS, whether satisfied of CSAT, else the score."""
    number = score.cast("float64")
    if question.kind == "nps":
        number = ibis.cases(
            (number >= PROMOTERS_FROM, 100.0), (number <= DETRACTORS_TO, -100.0),
            (number.notnull(), 0.0),
        )  # fmt: skip
    elif question.kind == "csat":
        satisfied = ibis.ifelse(number >= question.satisfied_at, 1.0, 0.0)
        number = ibis.ifelse(number.notnull(), satisfied, None)
    return number.cast("float64")


def _period_of(context: Context, instant: Value) -> Value:
    periods, zone = history(context.period), context.company.time_zone
    starts = [*(p.starts_at(zone) for p in periods), context.period.ends_at(zone)]
    return by_span(instant, starts, [None, *(p.name for p in periods), None], kind="string")


def _group_names(context: Context) -> list[str]:
    """Return the columns of `past_sums` that name groups: segments, touchpoint, channel."""
    return list(dict.fromkeys([*context.company.segments, TOUCHPOINT, CHANNEL]))


def _answers(firm: Any) -> Table:
    """Return one row an answer of `history`: who, at, period, segments, touchpoint, questions.

    Where the firm's customers are told apart by number, and none is anonymous, also `__who`.
    """
    context: Context = firm.context
    answers = firm.answers()
    if TOUCHPOINT not in answers.columns:
        answers = looked_up(answers, context.tables["responses"], "response_id", [TOUCHPOINT])
    parts = [answers]
    if "responses" in context.unnamed:
        parts.append(unnamed.anonymous_answers(context))
    numbers = [WHO] if all(WHO in rows.columns for rows in parts) else []
    several = [_with_places(context, rows, numbers) for rows in parts]
    rows = ibis.union(*several) if len(several) > 1 else several[0]
    return rows.filter(rows.period.notnull())


def _with_places(context: Context, rows: Table, numbers: list[str]) -> Table:
    if TOUCHPOINT not in rows.columns:
        rows = rows.mutate(**{TOUCHPOINT: ibis.null("string")})
    rows = as_text(rows, [TOUCHPOINT])
    questions = context.company.questions.values()
    return rows.select(
        *dict.fromkeys([*context.company.segments, TOUCHPOINT, *numbers]),
        who=ibis.coalesce(rows.customer_id, ibis.literal("\n") + rows.response_id),
        at=rows.responded_at,
        period=_period_of(context, rows.responded_at),
        **{q.column: rows[q.column].cast("float64") for q in questions},
    )


def _of_answers(context: Context, answers: Table, keep: Keep) -> list[Table]:
    """Return `past_sums` of each question, for all answers and by segment and touchpoint."""
    amounts = {}
    for name, question in context.company.questions.items():
        value = value_of(question, answers[question.column])
        amounts[name] = (ibis.ifelse(value.notnull(), 1, 0), millionths(value.fill_null(0.0)))
    splits = ["", *dict.fromkeys([*context.company.segments, TOUCHPOINT])]
    return [
        part
        for by in splits
        for part in _parts(context, answers, amounts, PLACES, by=by, keep=keep, name="scores")
    ]


def _of_orders(context: Context, keep: Keep) -> list[Table]:
    """Return `past_sums` of orders (`total`: revenue) and complaints, also by segment, channel."""
    orders = _bought(context, context.tables["orders"], "customer_id")
    if "orders" in context.unnamed:
        orders = orders.union(_bought(context, context.unnamed["orders"], "order_id"))
    kinds = [orders]
    if "contacts" in context.tables and "is_complaint" in context.tables["contacts"].columns:
        kinds.append(_complaints(context))
    rows = ibis.union(*kinds) if len(kinds) > 1 else orders
    rows = keep("bought", rows.filter(rows.period.notnull()))
    amounts = {ORDERS: (rows.bought, rows.revenue)}
    parts = [
        part
        for by in ["", *dict.fromkeys([*context.company.segments, CHANNEL])]
        for part in _parts(context, rows, amounts, 0, by=by, keep=keep, name="orders")
    ]
    if len(kinds) > 1:
        amounts = {COMPLAINTS: (rows.bought, 100 * rows.complaints)}
        for by in ["", *context.company.segments]:
            parts += _parts(context, rows, amounts, 0, by=by, keep=keep, name="complaints")
    return parts


def _bought(context: Context, orders: Table, who: str) -> Table:
    names = dict.fromkeys([*context.company.segments, CHANNEL])
    rows = _with_segments(context, orders, names)
    is_order = ibis.ifelse(rows.revenue >= 0, 1, 0).cast("int64")
    return rows.select(
        *names, who=(ibis.literal("\n") + rows[who] if who != "customer_id" else rows[who]),
        period=_period_of(context, rows.ordered_at), bought=is_order,
        revenue=rows.revenue.cast("int64").fill_null(0), complaints=ibis.literal(0, "int64"),
    )  # fmt: skip


def _complaints(context: Context) -> Table:
    contacts = context.tables["contacts"]
    names = dict.fromkeys([*context.company.segments, CHANNEL])
    own = [name for name in contacts.columns if name not in names]
    rows, nothing = _with_segments(context, contacts.select(*own), names), ibis.literal(0, "int64")
    return rows.filter(rows.is_complaint).select(
        *names, who=rows.customer_id, period=_period_of(context, rows.opened_at),
        bought=nothing, revenue=nothing, complaints=ibis.literal(1, "int64"),
    )  # fmt: skip


def _with_segments(context: Context, rows: Table, names: dict[str, None]) -> Table:
    """Return rows with the named columns as text: a customer's own first, else the row's."""
    if "customers" in context.tables:
        segments = [name for name in names if name in context.company.segments]
        rows = looked_up(rows, context.tables["customers"], "customer_id", segments)
    lacking = [name for name in names if name not in rows.columns]
    rows = rows.mutate(**dict.fromkeys(lacking, ibis.null("string")))
    return as_text(rows, list(names))


def _parts(
    context: Context, rows: Table, amounts: dict[str, tuple[Value, Value]], places: int, *,
    by: str, keep: Keep, name: str,
) -> list[Table]:  # fmt: skip
    """Return one table a measure: measure, split, the groups' columns, period and `SUMS`.

    Parameters
    ----------
    amounts : of each measure how often a row counts and with which whole number.
    places : how many digits of that number are decimals.
    """
    keys = ["period", *([by] if by else [])]
    each: dict[str, Value] = {}
    for at, (n, x) in enumerate(amounts.values()):
        each |= {f"n{at}": n.sum().cast("int64"), f"x{at}": x.sum().cast("int64")}
    who = WHO if WHO in rows.columns else "who"
    people = rows.group_by([*keys, who]).aggregate(**each)
    sums: dict[str, Value] = {}
    for at in range(len(amounts)):
        n, x = people[f"n{at}"], people[f"x{at}"]
        sums |= {
            f"customers{at}": ibis.ifelse(n > 0, 1, 0).sum(), f"n{at}": exact_sum(n),
            f"total{at}": exact_sum(x, places), f"nn{at}": exact_sum(n * n),
            f"sn{at}": exact_sum(x * n, places),
            f"ss{at}": exact_sum(whole(x) * whole(x), 2 * places),
        }  # fmt: skip
    wide = keep(f"{name}_{by}".rstrip("_"), people.group_by(keys).aggregate(**sums))
    groups = {n: wide[n] if n == by else ibis.null("string") for n in _group_names(context)}
    return [
        wide.filter(wide[f"n{at}"] > 0).select(
            **groups, measure=ibis.literal(measure), split=ibis.literal(by), period=wide.period,
            customers=wide[f"customers{at}"].cast("int64"),
            **{sum_: wide[f"{sum_}{at}"].cast("float64") for sum_ in SUMS[1:]},
        )
        for at, measure in enumerate(amounts)
    ]  # fmt: skip
