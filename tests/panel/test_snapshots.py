"""Customers at the end of a period, against a plain count, customer by customer."""

from __future__ import annotations

import ibis
import numpy as np
import pandas as pd
import pytest

from profitchain.core.periods import Period
from profitchain.panel import customers as firm_customers
from profitchain.panel import panel, purchases, response_windows, snapshots
from profitchain.panel.context import Context
from profitchain.sources.company import Company

PERIOD = Period("2026Q1")
ZONE = "Asia/Taipei"  # eight hours ahead: many orders fall on another day than in UTC
TABLES = ("orders", "responses", "customers", "contacts", "order_lines", "memberships", "referrals")


def firm(**changes: object) -> Company:
    given = {
        "name": "Test",
        "currency": "EUR",
        "time_zone": ZONE,
        "tables": {name: {"file": f"{name}.csv"} for name in TABLES},
        "questions": {"nps": {"column": "nps", "kind": "nps"}},
        "segments": ["region"],
        "lookback_months": 6,
    }
    return Company.model_validate({**given, **changes})


def invented(seed: int = 5, customers: int = 40) -> dict[str, pd.DataFrame]:
    """Return seven tables of a small firm; instants are UTC, money is in minor units."""
    rng = np.random.default_rng(seed)
    ids = np.array([f"C{i:02}" for i in range(customers)])
    start, end = pd.Timestamp("2025-02-10"), pd.Timestamp(PERIOD.ends_at(ZONE))

    def rows(size: int, at: str) -> pd.DataFrame:
        seconds = rng.integers(0, int((end - start).total_seconds()), size)
        when = start + pd.to_timedelta(seconds, unit="s")
        return pd.DataFrame({"customer_id": rng.choice(ids, size), at: when})

    orders = rows(300, "ordered_at").assign(
        order_id=[f"O{i}" for i in range(300)],
        revenue=rng.integers(-1500, 9000, 300),
        margin=rng.integers(-500, 4000, 300),
        discount=rng.choice([0, 250, None], 300),
    )
    lines = orders[["order_id"]].assign(quantity=rng.integers(1, 4, 300))
    contacts = rows(120, "opened_at").assign(
        is_complaint=rng.choice([True, False, None], 120), cost=rng.integers(100, 900, 120)
    )
    responses = rows(150, "responded_at").assign(
        nps=rng.choice([*range(11), None], 150), response_id=[f"R{i:03}" for i in range(150)]
    )
    made = rows(30, "referred_at").rename(columns={"customer_id": "referrer_id"})
    return {
        "orders": orders.astype({"discount": "float"}),
        "order_lines": pd.concat([lines, lines.iloc[:40]], ignore_index=True),
        "contacts": contacts.astype({"is_complaint": "boolean"}),
        "responses": responses.astype({"nps": "float"}),
        "customers": pd.DataFrame(
            {"customer_id": ids[:-3], "region": rng.choice(["N", "S"], customers - 3)}
        ),
        "memberships": rows(15, "joined_at"),
        "referrals": made,
    }


def context_of(frames: dict[str, pd.DataFrame], **changes: object) -> Context:
    con = ibis.duckdb.connect()
    tables = {name: con.create_table(name, frame) for name, frame in frames.items()}
    return Context(company=firm(**changes), period=PERIOD, tables=tables)


def known_of(context: Context) -> snapshots.SnapshotTables:
    clusters = firm_customers.customer_clusters(context)
    many = int(clusters.count().execute())
    everybody = snapshots.people(clusters, many, of=many)
    days = snapshots.purchase_days(context)
    return snapshots.SnapshotTables(context=context, people=everybody, days=days)


def local(when: pd.Series) -> pd.Series:
    return when.dt.tz_localize("UTC").dt.tz_convert(ZONE).dt.tz_localize(None)


def by_hand(frames: dict[str, pd.DataFrame], at: Period, until: Period | None) -> pd.DataFrame:
    """Return what the snapshot at the end of a period should hold, customer by customer."""
    end, last = pd.Timestamp(at.ends_at(ZONE)), pd.Timestamp(at.last_day)
    since = pd.Timestamp(at.shift(-1).starts_at(ZONE))  # two quarters: the six months
    start = pd.Timestamp(at.starts_at(ZONE))
    ids = sorted({c for t in ("orders", "responses") for c in frames[t]["customer_id"]})
    found = []
    for row, customer in enumerate(ids):
        mine = {n: f[f.get("customer_id") == customer] for n, f in frames.items() if n in MINE}
        orders = mine["orders"]
        bought = orders[(orders["revenue"] >= 0) & (orders["ordered_at"] < end)]
        if bought.empty:
            continue
        days = local(bought["ordered_at"]).dt.normalize()
        one = {
            "row": row,
            "repeats": days.nunique() - 1,
            "last_age_days": (days.max() - days.min()).days,
            "age_days": (last - days.min()).days,
            "repeat_revenue": bought["revenue"][days > days.min()].sum(),
            **sums(orders, since, end, ""),
            **sums(orders, start, end, "period_"),
            **(sums(orders, end, pd.Timestamp(until.ends_at(ZONE)), "next_") if until else {}),
        }
        within = orders["ordered_at"].between(since, end, inclusive="left")
        one["discount"] = orders[within]["discount"].fillna(0).sum()
        paid = orders[within & (orders["revenue"] >= 0)]
        one["quantity"] = paid.merge(frames["order_lines"], on="order_id")["quantity"].sum()
        calls = mine["contacts"]
        calls = calls[calls["opened_at"].between(since, end, inclusive="left")]
        one["contacts"], one["contact_cost"] = len(calls), calls["cost"].sum()
        one["complaints"] = calls["is_complaint"].fillna(False).sum()
        answers = mine["responses"].dropna(subset="nps")
        answers = answers[answers["responded_at"].between(since, end, inclusive="left")]
        latest = answers.sort_values("responded_at").tail(1)
        one["score"] = latest["nps"].iloc[0] if len(latest) else np.nan
        one["score_age_days"] = (
            (end - latest["responded_at"].iloc[0]).days if len(latest) else np.nan
        )
        one["member"] = int((mine["memberships"]["joined_at"] < end).any())
        made = frames["referrals"][frames["referrals"]["referrer_id"] == customer]
        one["referrals"] = (made["referred_at"] < end).sum()
        one["region"] = next(iter(mine["customers"]["region"]), "(unknown)")
        found.append(one)
    return pd.DataFrame(found)


MINE = ("orders", "responses", "customers", "contacts", "memberships")


def sums(orders: pd.DataFrame, start: pd.Timestamp, end: pd.Timestamp, prefix: str) -> dict:
    inside = orders[orders["ordered_at"].between(start, end, inclusive="left")]
    return {
        f"{prefix}orders": (inside["revenue"] >= 0).sum(),
        f"{prefix}revenue": inside["revenue"].sum(),
        f"{prefix}margin": inside["margin"].sum(),
    }


@pytest.fixture(scope="module")
def frames() -> dict[str, pd.DataFrame]:
    return invented()


@pytest.fixture(scope="module")
def found(frames) -> pd.DataFrame:
    return snapshots.customers(known_of(context_of(frames))).execute()


@pytest.mark.parametrize("back", [0, 1, 3])
def test_a_snapshot_is_what_a_count_by_hand_gives(frames, found, back):
    at = PERIOD.shift(-back)
    expected = by_hand(frames, at, at.shift(1) if back else None)
    here = found[found["back"] == back].sort_values("row", ignore_index=True)
    pd.testing.assert_frame_equal(here[list(expected)], expected, check_dtype=False)


def test_snapshots_go_back_to_the_first_order_and_know_nothing_of_the_future(found):
    assert sorted(found["back"].unique()) == [0, 1, 2, 3, 4]  # the orders begin in 2025Q1
    assert found[found["back"] == 0]["next_orders"].isna().all()
    assert found[found["back"] > 0]["next_orders"].notna().all()


def test_the_holdout_is_half_of_a_short_history(frames):
    held = snapshots.holdout(known_of(context_of(frames))).execute()
    assert set(held["calibrated_to"]) == {"2025-09-30"}  # five quarters: two are held out
    assert set(held["holdout_days"]) == {182}
    expected = by_hand(frames, Period("2025Q3"), PERIOD)
    assert held["next_orders"].tolist() == expected["next_orders"].tolist()


def test_the_days_of_purchase_are_all_counted_once(frames, found):
    days = snapshots.repeat_days(known_of(context_of(frames))).execute()
    now = found[found["back"] == 0]
    assert (days["new"].sum(), days["repeats"].sum()) == (len(now), now["repeats"].sum())
    assert days["day"].min() == 0
    assert days["day"].max() <= now["age_days"].max()


def test_the_months_of_a_firm_without_lines_hold_no_quantity(frames):
    with_lines = snapshots.months(context_of(frames)).execute()
    orders_only = snapshots.months(context_of({"orders": frames["orders"]})).execute()
    bought = frames["orders"][frames["orders"]["revenue"] >= 0]
    by_month = bought.groupby(local(bought["ordered_at"]).dt.strftime("%Y-%m"))["revenue"]
    assert dict(zip(with_lines["month"], with_lines["revenue"], strict=True)) == dict(
        by_month.sum()
    )
    assert orders_only["orders"].tolist() == by_month.count().tolist()
    assert "quantity" not in orders_only
    bought_on = local(bought["ordered_at"])
    days = bought_on.dt.day.groupby(bought_on.dt.strftime("%Y-%m"))
    assert orders_only["first_day"].tolist() == days.min().tolist()
    assert with_lines["last_day"].tolist() == days.max().tolist()
    units = bought.merge(frames["order_lines"], on="order_id")["quantity"].sum()
    assert with_lines["quantity"].sum() == units


def test_a_firm_with_orders_alone_has_snapshots_too(frames):
    context = context_of({"orders": frames["orders"][["customer_id", "ordered_at", "revenue"]]})
    here = snapshots.customers(known_of(context)).execute()
    assert not {"margin", "score", "contacts", "member", "region", "quantity"} & set(here)
    assert here[here["back"] == 0]["repeats"].sum() > 0


def test_above_the_limit_earlier_snapshots_hold_customers_drawn_by_chance(frames, monkeypatch):
    monkeypatch.setattr(firm_customers, "EXACT_CLUSTERS", 20)
    monkeypatch.setattr(snapshots, "SAMPLED", 20)
    here = snapshots.customers(known_of(context_of(frames))).execute()
    assert set(here[here["back"] >= 2]["sampled"]) == {1}
    now = here[here["back"] == 0]
    assert 0 < now["sampled"].sum() < len(now)
    chosen = now.set_index("row")["sampled"]
    assert (here["sampled"].to_numpy() == chosen[here["row"]].to_numpy()).all()


def test_the_time_to_return_starts_at_the_first_answer_of_the_lookback(frames):
    context = context_of(frames)
    lives = panel.lives(context, panel.answers(context, firm_customers.customer_clusters(context)))
    here = response_windows.return_times(context, lives).execute()
    since, end = pd.Timestamp(Period("2025Q4").starts_at(ZONE)), pd.Timestamp(PERIOD.ends_at(ZONE))
    answers = frames["responses"].dropna(subset="nps")
    answers = answers[answers["responded_at"] >= since].sort_values("responded_at")
    expected = []
    for customer, mine in answers.groupby("customer_id"):
        at = mine["responded_at"].iloc[0]
        orders = frames["orders"][frames["orders"]["customer_id"] == customer]
        bought = orders[(orders["revenue"] >= 0) & (orders["ordered_at"] > at)]["ordered_at"]
        calls = frames["contacts"][frames["contacts"]["customer_id"] == customer]["opened_at"]
        recent = calls.between(at - pd.Timedelta(days=365), at, inclusive="left").sum()
        until = bought.min() if len(bought) else end
        expected.append((mine["nps"].iloc[0], (until - at).days, int(len(bought) > 0), recent))
    columns = ["score", "days", "event", "contacts"]
    assert list(here[columns].itertuples(index=False, name=None)) == expected


def test_costs_outside_the_lookback_are_not_counted(frames):
    months = pd.to_datetime(["2025-09-01", "2025-10-01", "2026-03-01", "2026-04-01"])
    costs = pd.DataFrame({"month": months, "purpose": "service", "amount": [1, 10, 100, 1000]})
    context = context_of({"orders": frames["orders"], "costs": costs})
    assert snapshots.cost_sums(context).execute()["amount"].tolist() == [110]


def test_gaps_and_snapshots_agree_on_who_came_back(frames, found):
    gaps = purchases.gaps(context_of(frames, lookback_months=0)).execute()
    now = found[found["back"] == 0]
    assert gaps["n"].sum() == len(now)


def test_the_first_lot_of_the_period_after_a_snapshot_is_known_and_no_other(frames):
    rng = np.random.default_rng(8)
    orders = frames["orders"]
    offers = pd.DataFrame({
        "offer_id": [f"S{i:03}" for i in range(200)],
        "customer_id": rng.choice(orders["customer_id"].unique(), 200),
        "offered_at": rng.choice(orders["ordered_at"].to_numpy(), 200),
        "is_holdout": pd.array(rng.choice([True, False, None], 200), dtype="boolean"),
    })  # fmt: skip
    found = snapshots.customers(known_of(context_of({**frames, "offers": offers}))).execute()
    assert found.loc[found["back"] == 0, "next_held_out"].isna().all()
    ids = sorted({c for t in ("orders", "responses") for c in frames[t]["customer_id"]})
    drawn = offers.dropna(subset="is_holdout").sort_values(["offered_at", "offer_id"])
    for back in (1, 2):
        ends, until = (pd.Timestamp(PERIOD.shift(-back + more).ends_at(ZONE)) for more in (0, 1))
        inside = drawn[drawn["offered_at"].between(ends, until, inclusive="left")]
        first = inside.groupby("customer_id")["is_holdout"].first().astype(float)
        here = found[found["back"] == back].set_index("row")["next_held_out"].astype(float)
        expected = first.reindex([ids[row] for row in here.index]).to_numpy(float)
        np.testing.assert_array_equal(here.to_numpy(), expected)
