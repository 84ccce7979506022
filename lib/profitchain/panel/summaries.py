"""What pages read of a firm: its checked tables summed up in the engine, written as small files.

Sums over all customers are exact at any size. What needs single lives (snapshots, gaps between
orders, a customer's earlier answers) is kept of all customers up to `crowd.DRAWN_FROM` of them,
and of about a quarter of a million drawn by chance above.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import ibis
import pandas as pd
from ibis.expr.types import Table

from profitchain.core.errors import PeriodError
from profitchain.core.periods import Period
from profitchain.intake.fingerprints import CUSTOMER_IDS, LINK_ANSWERS
from profitchain.intake.intake import Intake
from profitchain.panel import binning, invitations, panel, purchases, response_windows, snapshots
from profitchain.panel import customers as crowd
from profitchain.panel.context import Context
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

    `customers` has one row a customer, with cluster and when who bought, as `buying.buyers` has
    it; `first` is the instant of the first purchase. `drawn` are those whose lives are kept, `few`
    the scene as far as they are in it, the same as `scene` where everybody is drawn.
    """

    con: Any
    scene: Context
    customers: Table
    first: datetime | None
    drawn: Table
    few: Context


def write(intake: Intake, period: Period, folder: Path) -> dict[str, int]:
    """Write every summary that the firm's tables allow, and return the counts no table carries."""
    first, last = _reach(intake)
    facts = {"days_uncovered": _days_uncovered(intake, period, last)}
    firm = _firm(intake, period, first, facts)
    for part in (_of_orders, _of_answers, _of_requests, _of_lives):
        for name, summary in part(firm, facts):
            save(firm.con, summary, folder / f"{name}.parquet")
    return facts


def _firm(intake: Intake, period: Period, first: datetime | None, facts: dict[str, int]) -> Firm:
    con = intake.con
    scene = Context(company=intake.company, period=period, tables=intake.tables, engine=con.name)
    scene, customers = _everybody(con, scene)
    many = facts["customers"] = facts["customers_drawn"] = int(customers.count().execute())
    told = {"con": con, "scene": scene, "customers": customers, "first": first}
    if many <= crowd.DRAWN_FROM:
        return Firm(**told, drawn=customers, few=scene)
    below = crowd.share_drawn(many, crowd.DRAWN)
    few = crowd.of_drawn(
        scene, below, keep=lambda name, rows: materialise(con, f"drawn_{name}", rows)
    )
    drawn = materialise(con, "drawn", crowd.customer_clusters(few, exact=False))
    facts["customers_drawn"] = int(drawn.count().execute())
    return Firm(**told, drawn=drawn, few=few)


def _everybody(con: Any, scene: Context) -> tuple[Context, Table]:
    """Return the firm's customers, by number where they are many and no two share one."""
    buyers = materialise(con, "buyers", purchases.buyers(scene))
    if scene.key == WHO:
        few = int(buyers.count().execute()) <= crowd.DRAWN_FROM
        if few or int(purchases.sharing_a_number(buyers).count().execute()):
            drop(con, "buyers")
            return _everybody(con, scene.by_id())
        buyers = buyers.drop(purchases.MARK_TOO)
    customers = materialise(con, "everybody", crowd.customer_clusters(scene, buyers))
    drop(con, "buyers")
    return scene, customers


def _of_orders(firm: Firm, facts: dict[str, int]) -> Summaries:
    scene, tables = firm.scene, firm.scene.tables
    facts["margin_assumed"] = panel.margins_assumed(scene)
    yield "activity", purchases.activity(scene, firm.customers)
    yield "cohorts", purchases.cohorts(scene, firm.customers)
    yield "active_windows", purchases.active_windows(scene, firm.customers, firm.first)
    yield "months", snapshots.months(scene)
    yield "gaps", purchases.gaps(firm.few)
    if "costs" in tables:
        yield "cost_sums", snapshots.cost_sums(scene)
    if "control_totals" in tables:
        yield "control_totals", purchases.control_totals(scene)
    if "events" in tables:
        yield "events", response_windows.events(scene)
    if scene.key == WHO:  # answers have their clusters from the digits of their ids
        drop(firm.con, "everybody")


def _of_answers(firm: Firm, facts: dict[str, int]) -> Summaries:
    scene = firm.scene
    if "responses" not in scene.tables:
        nothing = {"closes": "string", "cluster": "int64", "n": "int64", "repeats": "int64"}
        yield "link_cells", panel.of_literals([], nothing)
        return
    answers = with_row_number(
        firm.con, materialise(firm.con, "answers", panel.answers(scene, firm.customers))
    )
    yield "score_cells", panel.score_cells(scene, answers)
    if scene.company.main is None:
        return
    facts["still_open"] = panel.still_open(scene, answers)
    lives = materialise_in_parts(firm.con, "lives", _lives(firm, answers))
    if facts["customers"] > crowd.EXACT_CLUSTERS:  # no cluster is a customer
        facts["customers_followed"] = int(panel.customers_followed(scene, lives).execute())
    yield from _of_links(scene, panel.panel(scene, lives))
    few = lives if firm.few is scene else lives.semi_join(firm.drawn, "customer_id")
    yield "window_cells", response_windows.window_cells(firm.few, few)
    followed = materialise(firm.con, "followed", response_windows.followed(firm.few, few))
    yield "ladder_cells", response_windows.ladder_cells(firm.few, followed)
    yield "return_times", response_windows.return_times(firm.few, few)


def _lives(firm: Firm, answers: Table) -> list[Table]:
    """Return the lives in parts of which each leaves room for the sums of its answers."""
    parts = 1
    if firm.scene.key == WHO:
        parts += int(answers.count().execute()) // AT_ONCE
    some = [answers.filter(answers.cluster % parts == k) for k in range(parts)]
    return [panel.lives(firm.scene, each) for each in some]


def _of_links(scene: Context, rows: Table) -> Summaries:
    """Yield the cells of the link; of many answers these put together, and each one's cluster."""
    if int(rows.count().execute()) <= clusters.MANY:
        yield "link_cells", panel.link_cells(scene, rows)
        return
    cells, answers = binning.link_tables(rows, scene.company.controls)
    yield "link_cells", cells
    yield LINK_ANSWERS, answers


def _of_requests(firm: Firm, facts: dict[str, int]) -> Summaries:
    """Yield the requests to answer, and count those answers that belong to none."""
    scene = firm.few
    if "responses" not in scene.tables or scene.company.main is None:
        return
    invited = invitations.by_invitation(firm.scene)
    found = invitations.requests(scene, firm.drawn, invited=invited)
    requests = materialise(firm.con, "requests", found)
    facts |= {"invited": int(invited), "unasked": invitations.unasked(scene, requests)}
    yield (
        "asked_cells",
        invitations.asked_cells(invitations.asked_panel(scene, requests, invited=invited)),
    )


def _of_lives(firm: Firm, facts: dict[str, int]) -> Summaries:
    days = materialise(firm.con, "purchase_days", snapshots.purchase_days(firm.few))
    many = facts["customers_drawn"]
    people = materialise(
        firm.con, "people", snapshots.people(firm.drawn, many, of=facts["customers"])
    )
    known = snapshots.Known(scene=firm.few, people=people, days=days)
    yield "customers", snapshots.customers(known)
    yield "repeat_days", snapshots.repeat_days(known)
    held = snapshots.holdout(known)
    if held is not None:
        yield "holdout", held
    if firm.few is not firm.scene:
        yield "drawn_months", snapshots.months(firm.few)
    yield CUSTOMER_IDS, people.select("row", "customer_id").order_by("row")


def _reach(intake: Intake) -> tuple[datetime | None, datetime]:
    """Return the instants of the first purchase, if there is one, and of the last order."""
    orders = intake.tables["orders"]
    bought = ibis.ifelse(orders.revenue >= 0, orders.ordered_at, None)
    reach = orders.aggregate(first=bought.min(), last=orders.ordered_at.max()).to_pandas().iloc[0]
    return None if pd.isna(reach["first"]) else reach["first"], reach["last"]


def _days_uncovered(intake: Intake, period: Period, last: datetime) -> int:
    """Return how many of the period's last days have no order.

    Raises PeriodError where the orders end before the period begins: zero is not a finding.
    """
    zone = intake.company.time_zone
    more = any(one.table == "orders" and one.kind == "later" for one in intake.outcomes)
    day = last.tz_localize("UTC").tz_convert(zone).date()
    if more or last >= period.starts_at(zone):
        return (period.last_day - day).days
    raise PeriodError(
        f"No order lies in {period}: the last one is of {day}. Give newer orders, or ask for "
        f"{Period.containing(day, period.every)} or an earlier period."
    )
