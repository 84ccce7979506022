"""What pages read of a firm: its checked tables summed up in the engine, written as small files.

Sums over all customers are exact at any size. What needs single lives (snapshots, gaps between
orders, a customer's earlier answers) is kept of all customers up to `DRAWN_FROM`,
and of about a quarter of a million drawn by chance above.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date, datetime
from pathlib import Path
from typing import Any

import ibis
import pandas as pd
from ibis.expr.types import Table

from profitchain.core.errors import PeriodError
from profitchain.core.periods import Period
from profitchain.disclosure.gate import GROUP_SIZES
from profitchain.disclosure.published_sums import SCORE_SUMS
from profitchain.disclosure.windows import FOLLOWED_SIZES
from profitchain.intake.fingerprints import CUSTOMER_IDS, LINK_ANSWERS
from profitchain.intake.intake import LEADING, Intake, leading_table
from profitchain.panel import (
    binning,
    contracts,
    driver_cells,
    follow_up,
    group_counts,
    invitations,
    loyal_years,
    member_months,
    outlook_steps,
    panel,
    purchases,
    response_windows,
    snapshots,
    texts,
    unnamed,
    watched,
)
from profitchain.panel import customers as firm_customers
from profitchain.panel.context import Context, with_revenue
from profitchain.sources.schemas import SCHEMAS
from profitchain.sources.temp_tables import (
    drop,
    materialise,
    materialise_in_parts,
    save,
    with_row_number,
)
from profitchain.sources.typed_tables import WHO
from profitchain.stats import clusters

AT_ONCE = 3_000_000  # answers
Summaries = Iterator[tuple[str, Table]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Firm:
    """A firm's tables in the engine: all of them, and those of the customers who were drawn.

    `customers` has one row a customer, with cluster and when who bought, as `purchases.buyers` has
    it; `first` is the instant of the first purchase. `drawn` are those whose lives are kept, `few`
    the context as far as they are in it, the same as `context` where everybody is drawn. `made` has
    what `answers` makes once.
    """

    con: Any
    context: Context
    customers: Table
    first: datetime | None
    drawn: Table
    few: Context
    made: dict[str, Table] = field(default_factory=dict)

    def answers(self) -> Table:
        """Return `panel.answers`, each with its number."""
        if "answers" not in self.made:
            rows = materialise(self.con, "answers", panel.answers(self.context, self.customers))
            self.made["answers"] = with_row_number(self.con, rows)
        return self.made["answers"]


def write_summaries(intake: Intake, period: Period, folder: Path) -> dict[str, int]:
    """Write every summary that the firm's tables allow, and return the counts no table carries."""
    first, last = _reach(intake)
    facts = {"days_uncovered": _days_uncovered(intake, period, last)}
    firm = _firm(intake, period, first, facts)
    always = (_of_answers, _of_texts, watched.watch_summaries)
    of_orders = (_of_orders, *always, _of_requests, _of_lives, _of_benefits)
    for part in of_orders if "orders" in firm.context.tables else always:
        for name, summary in part(firm, facts):
            save(firm.con, summary, folder / f"{name}.parquet")
    return facts


def _firm(intake: Intake, period: Period, first: datetime | None, facts: dict[str, int]) -> Firm:
    con = intake.con
    context = Context(company=intake.company, period=period, tables=intake.tables, engine=con.name)
    context = contracts.followed_by_payments(con, context)
    if "orders" in context.tables and "revenue" not in context.tables["orders"].columns:
        facts["no_money"] = 1
    context = unnamed.set_apart(with_revenue(context))
    facts |= unnamed.counts(context) | ({"by_contract": 1} if context.by_contract else {})
    context, customers = _everybody(con, context)
    many = facts["customers"] = facts["customers_drawn"] = int(customers.count().execute())
    parts = {"con": con, "context": context, "customers": customers, "first": first}
    if many <= firm_customers.DRAWN_FROM:
        return Firm(**parts, drawn=customers, few=context)
    below = firm_customers.share_drawn(many, firm_customers.DRAWN)
    few = firm_customers.of_drawn(
        context, below, keep=lambda name, rows: materialise(con, f"drawn_{name}", rows)
    )
    drawn = materialise(con, "drawn", firm_customers.customer_clusters(few, exact=False))
    facts["customers_drawn"] = int(drawn.count().execute())
    return Firm(**parts, drawn=drawn, few=few)


def _everybody(con: Any, context: Context) -> tuple[Context, Table]:
    """Return the firm's customers, by number where they are many and no two share one."""
    has_orders = "orders" in context.tables
    nobody = panel.of_literals([], {"customer_id": "string"})
    buyers = materialise(con, "buyers", purchases.buyers(context) if has_orders else nobody)
    if context.key == WHO:
        few = int(buyers.count().execute()) <= firm_customers.DRAWN_FROM
        if few or int(purchases.sharing_a_number(buyers).count().execute()):
            drop(con, "buyers")
            return _everybody(con, context.by_id())
        buyers = buyers.drop(purchases.MARK_TOO)
    customers = materialise(con, "everybody", firm_customers.customer_clusters(context, buyers))
    drop(con, "buyers")
    return context, customers


def _of_orders(firm: Firm, facts: dict[str, int]) -> Summaries:
    context, tables = firm.context, firm.context.tables
    facts["margin_assumed"] = panel.margins_assumed(context)
    guests = unnamed.guests_activity(context) if "orders" in context.unnamed else None
    yield "activity", purchases.activity(context, firm.customers, guests)
    yield "cohorts", purchases.cohorts(context, firm.customers)
    yield "worth_year", follow_up.year_totals(context, firm.first)
    yield "months", snapshots.months(context)
    yield "step_cohorts", outlook_steps.step_cohorts(context, firm.customers)
    yield "gaps", contracts.lengths(context) if context.by_contract else purchases.gaps(firm.few)
    if "costs" in tables:
        yield "cost_sums", snapshots.cost_sums(context)
    if "control_totals" in tables:
        yield "control_totals", purchases.control_totals(context)
    if "events" in tables:
        yield "events", response_windows.events(context)
    if context.key == WHO:  # answers have their clusters from the digits of their ids
        drop(firm.con, "everybody")


def _of_answers(firm: Firm, facts: dict[str, int]) -> Summaries:
    context = firm.context
    if "responses" not in context.tables:
        nothing = {"closes": "string", "cluster": "int64", "n": "int64", "repeats": "int64"}
        yield "link_cells", panel.of_literals([], nothing)
        return
    answers = firm.answers()
    anonymous = "responses" in context.unnamed
    others = [unnamed.anonymous_answers(context)] if anonymous else []
    yield "score_cells", panel.score_cells(context, answers, *others)
    if context.company.main is not None:
        yield GROUP_SIZES, group_counts.group_sizes(context, answers)
        inside = group_counts.score_sums(context, answers, *others)
        yield from [(SCORE_SUMS, inside)] if inside is not None else []
    few_answers = answers if firm.few is context else answers.semi_join(firm.drawn, "customer_id")
    if driver_cells.asked(context.company):
        yield from driver_cells.driver_summaries(context, few_answers, *others)
    if context.company.main is None or "orders" not in context.tables:
        return
    facts["still_open"] = panel.still_open(context, answers)
    lives = materialise_in_parts(firm.con, "lives", _lives(firm, answers))
    facts |= panel.order_of_events(lives)
    if facts["customers"] > firm_customers.EXACT_CLUSTERS:  # no cluster is a customer
        facts["customers_followed"] = int(panel.customers_followed(context, lives).execute())
    yield FOLLOWED_SIZES, group_counts.followed_sizes(context, lives)
    yield from _of_links(context, panel.panel(context, lives))
    few = lives if firm.few is context else lives.semi_join(firm.drawn, "customer_id")
    yield "window_cells", response_windows.window_cells(firm.few, few)
    followed = materialise(firm.con, "followed", response_windows.followed(firm.few, few))
    yield "ladder_cells", response_windows.ladder_cells(firm.few, followed)
    if not invitations.by_invitation(firm.context):
        yield "answered_orders", response_windows.answered_orders(firm.few)
    if not context.by_contract:  # payments come by themselves
        yield "return_times", response_windows.return_times(firm.few, few)
    facts["answer_delay_days"] = int(follow_up.usual_delay(few).execute())
    yield from _of_follow_up(firm, answers, few, facts["answer_delay_days"])


def _lives(firm: Firm, answers: Table) -> list[Table]:
    """Return the lives in parts of which each leaves room for the sums of its answers."""
    parts = 1
    if firm.context.key == WHO:
        parts += int(answers.count().execute()) // AT_ONCE
    some = [answers.filter(answers.cluster % parts == k) for k in range(parts)]
    return [panel.lives(firm.context, part) for part in some]


def _of_links(context: Context, rows: Table) -> Summaries:
    """Yield the cells of the link; of many answers these put together, and each one's cluster."""
    if int(rows.count().execute()) <= clusters.MANY:
        yield "link_cells", panel.link_cells(context, rows)
        return
    cells, answers = binning.link_tables(rows, context.company.controls)
    yield "link_cells", cells
    yield LINK_ANSWERS, answers


def _of_follow_up(firm: Firm, answers: Table, few: Table, delay: int) -> Summaries:
    """Yield what the worth of a point rests on: the year's orders, and what followed answers."""
    weights = materialise(firm.con, "weights", follow_up.weights(firm.context, delay))
    yield "worth_orders", follow_up.order_classes(firm.few)
    yield "worth_cells", follow_up.worth_cells(firm.few, answers, few, weights)


def _of_requests(firm: Firm, facts: dict[str, int]) -> Summaries:
    """Yield the requests to answer, and count those answers that belong to none."""
    context = firm.few
    if "responses" not in context.tables or context.company.main is None:
        return
    invited = invitations.by_invitation(firm.context)
    expression = invitations.requests(context, firm.drawn, invited=invited)
    requests = materialise(firm.con, "requests", expression)
    facts |= {"invited": int(invited), "unasked": invitations.unasked(context, requests)}
    yield (
        "asked_cells",
        invitations.asked_cells(invitations.asked_panel(context, requests, invited=invited)),
    )


def _of_texts(firm: Firm, facts: dict[str, int]) -> Summaries:
    written = texts.texts(firm.context)
    if written is not None:
        yield "texts", written
    if "contacts" in firm.context.tables:
        yield "contact_counts", texts.contact_counts(firm.context)
    if "mentions" in firm.context.tables:
        yield "mention_counts", texts.mention_counts(firm.context)


def _of_lives(firm: Firm, facts: dict[str, int]) -> Summaries:
    days = materialise(firm.con, "purchase_days", snapshots.purchase_days(firm.few))
    if not int(days.count().execute()):  # guests alone, or refunds alone
        return
    many = facts["customers_drawn"]
    people = materialise(
        firm.con, "people", snapshots.people(firm.drawn, many, of=facts["customers"])
    )
    tables = snapshots.SnapshotTables(context=firm.few, people=people, days=days)
    yield "customers", snapshots.customers(tables)
    yield "repeat_days", snapshots.repeat_days(tables)
    held = snapshots.holdout(tables)
    if held is not None:
        yield "holdout", held
    if firm.few is not firm.context:
        yield "drawn_months", snapshots.months(firm.few)
    yield CUSTOMER_IDS, people.select("row", "customer_id").order_by("row")


def _of_benefits(firm: Firm, facts: dict[str, int]) -> Summaries:
    keep = lambda name, rows: materialise(firm.con, name, rows)  # noqa: E731
    tables = firm.context.tables
    yield from loyal_years.benefit_summaries(firm.few, firm.drawn, tables, keep=keep)
    yield from member_months.programme_summaries(firm.few, firm.drawn, con=firm.con)


def _reach(intake: Intake) -> tuple[datetime | None, pd.Timestamp]:
    """Return the instants of the first purchase, if there is one, and of the last order.

    Of a firm without orders, those of its contracts (the last that began or ended), or the last of
    its answers.
    """
    if "orders" not in intake.tables:
        lead = leading_table(intake.company)
        at = intake.tables[lead][SCHEMAS[lead].dated_by].cast("timestamp")
        ends = at.as_table().aggregate(first=at.min(), last=at.max()).to_pandas().iloc[0]
        if lead == "subscriptions":
            known = contracts.last_end(intake.tables["subscriptions"], intake.period)
            return ends["first"], max(ends["last"], known or ends["last"])
        return None, ends["last"]
    orders = intake.tables["orders"]
    bought = orders.ordered_at
    if "revenue" in orders.columns:
        bought = ibis.ifelse(orders.revenue >= 0, orders.ordered_at, None)
    reach = orders.aggregate(first=bought.min(), last=orders.ordered_at.max()).to_pandas().iloc[0]
    return None if pd.isna(reach["first"]) else reach["first"], reach["last"]


def _days_uncovered(intake: Intake, period: Period, last: pd.Timestamp) -> int:
    """Return how many of the period's last days have no order; of a firm without any, no answer.

    Raises PeriodError where they end before the period begins: zero is not a finding.
    """
    zone = intake.company.time_zone
    lead = leading_table(intake.company)
    more = any(outcome.table == lead and outcome.kind == "later" for outcome in intake.outcomes)
    day: date = last.tz_localize("UTC").tz_convert(zone).date()
    if more or last >= period.starts_at(zone):
        return 0 if lead == "subscriptions" else (period.last_day - day).days
    what = LEADING[lead]
    does = "began or ended" if lead == "subscriptions" else "lies"
    raise PeriodError(
        f"No {what} {does} in {period}: the last one is of {day}. Give newer {what}s, or ask for "
        f"{Period.containing(day, period.every, period.year_starts)} or an earlier period."
    )
