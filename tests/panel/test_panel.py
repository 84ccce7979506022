"""The panel and its sums against a plain count, row by row."""

from __future__ import annotations

import ibis
import numpy as np
import pandas as pd
import pytest

from profitchain.core.periods import Period
from profitchain.panel import customers as firm_customers
from profitchain.panel import invitations, panel, purchases, response_windows
from profitchain.panel.context import Context
from profitchain.sources.company import Company

DAY = pd.Timedelta(days=1)
PERIOD = Period("2026Q1")
END = pd.Timestamp("2026-04-01")


def firm(**changes: object) -> Company:
    """Return a small firm that asks one NPS question and has one segment."""
    given = {
        "name": "Test",
        "currency": "EUR",
        "tables": {name: {"file": f"{name}.csv"} for name in ("orders", "responses", "customers")},
        "questions": {"nps": {"column": "nps", "kind": "nps"}},
        "segments": ["region"],
        "controls": ["prior_orders", "recency", "tenure"],
        "repeat_within_days": 60,
    }
    return Company.model_validate({**given, **changes})


def invented(seed: int = 3, customers: int = 60) -> dict[str, pd.DataFrame]:
    """Return orders (some refunds, some at an answer's very instant), responses and customers."""
    rng = np.random.default_rng(seed)
    start = pd.Timestamp("2024-06-01")
    span = (END - start).days * 86_400

    def instants(size: int) -> pd.Series:
        return pd.Series(start + pd.to_timedelta(rng.integers(0, span, size), unit="s"))

    ids = np.array([f"C{i:03}" for i in range(customers)])
    orders = pd.DataFrame({"customer_id": rng.choice(ids, 500), "ordered_at": instants(500)})
    orders["revenue"] = rng.integers(-2000, 20_000, 500)
    responses = pd.DataFrame({"customer_id": rng.choice(ids, 300), "responded_at": instants(300)})
    responses["nps"] = rng.integers(0, 11, 300).astype(float)
    responses.loc[::17, "nps"] = np.nan
    responses["response_id"] = [f"R{i:03}" for i in range(300)]
    orders.loc[:9, ["customer_id", "ordered_at"]] = responses.loc[
        :9, ["customer_id", "responded_at"]
    ].to_numpy()
    orders["ordered_at"] = pd.to_datetime(orders["ordered_at"])
    orders["order_id"] = [f"O{i:03}" for i in range(500)]
    known = pd.DataFrame({"customer_id": ids, "region": rng.choice(["North", "South"], customers)})
    return {"orders": orders, "responses": responses, "customers": known}


def context_of(frames: dict[str, pd.DataFrame], company: Company | None = None) -> Context:
    """Return the context of frames loaded into an engine of their own."""
    con = ibis.duckdb.connect()
    tables = {name: con.create_table(name, frame) for name, frame in frames.items()}
    return Context(company=company or firm(), period=PERIOD, tables=tables)


def panel_of(context: Context) -> pd.DataFrame:
    answers = panel.answers(context, firm_customers.customer_clusters(context))
    return panel.panel(context, panel.lives(context, answers)).execute()


def by_hand(frames: dict[str, pd.DataFrame], within: int = 60) -> pd.DataFrame:
    """Return what the panel should hold, counted answer by answer."""
    region = frames["customers"].set_index("customer_id")["region"]
    rows = []
    for one in frames["responses"].dropna(subset="nps").itertuples():
        closes = one.responded_at + within * DAY
        if closes >= END or closes < pd.Timestamp("2024-01-01"):
            continue
        theirs = frames["orders"][frames["orders"]["customer_id"] == one.customer_id]
        bought = theirs[theirs["revenue"] >= 0]
        before = bought[bought["ordered_at"] < one.responded_at]["ordered_at"]
        inside = theirs["ordered_at"].between(one.responded_at, closes, inclusive="right")
        orders = int((inside & (theirs["revenue"] >= 0)).sum())
        rows.append(
            {
                "score": one.nps,
                "month": f"{one.responded_at:%Y-%m}",
                "region": region[one.customer_id],
                "closes": str(Period.containing(closes, "quarter")),
                "in_lookback": closes >= pd.Timestamp("2025-04-01"),
                "prior_orders": len(before),
                "recency_days": (one.responded_at - before.max()).days if len(before) else -1,
                "tenure_days": (one.responded_at - before.min()).days if len(before) else 0,
                "orders": orders,
                "repeat": int(orders > 0),
                "spend": int(theirs["revenue"][inside].sum()),
            }
        )
    return pd.DataFrame(rows)


def in_order(frame: pd.DataFrame) -> pd.DataFrame:
    columns = sorted(frame.columns)
    return frame[columns].sort_values(columns, ignore_index=True)


def test_the_panel_is_what_a_count_by_hand_gives() -> None:
    frames = invented()
    found = panel_of(context_of(frames)).drop(columns="cluster")
    expected = by_hand(frames)
    expected.loc[~expected["closes"].isin([str(p) for p in PERIOD.last(8)]), "closes"] = "earlier"
    pd.testing.assert_frame_equal(in_order(found), in_order(expected), check_dtype=False)


def test_an_order_at_the_very_instant_of_the_answer_is_neither_before_nor_after_it() -> None:
    when = pd.Timestamp("2025-11-01 12:00")
    frames = {
        "orders": pd.DataFrame(
            {"order_id": ["1"], "customer_id": ["C"], "ordered_at": [when], "revenue": [100]}
        ),
        "responses": pd.DataFrame(
            {"response_id": ["a"], "customer_id": ["C"], "responded_at": [when], "nps": [9.0]}
        ),
        "customers": pd.DataFrame({"customer_id": ["C"], "region": ["North"]}),
    }
    row = panel_of(context_of(frames)).iloc[0]
    assert (row["prior_orders"], row["orders"], row["recency_days"]) == (0, 0, -1)


def life_of(answered: str, ordered: list[str], own: int | None, zone: str = "UTC") -> pd.Series:
    """Return the life of one answer about the order at place `own` of its customer's orders."""
    context = context_of_life(answered, ordered, own, zone)
    rows = panel.answers(context, firm_customers.customer_clusters(context))
    return panel.lives(context, rows).execute().iloc[0]


def context_of_life(
    answered: str, ordered: list[str], own: int | None, zone: str = "UTC"
) -> Context:
    orders = pd.DataFrame({"order_id": [f"O{i}" for i in range(len(ordered))], "customer_id": "C"})
    orders = orders.assign(ordered_at=pd.to_datetime(ordered, format="mixed"), revenue=100)
    answer = {"response_id": ["a"], "customer_id": ["C"], "nps": [9.0]}
    answer |= {"responded_at": pd.to_datetime([answered])}
    answer |= {"order_id": [f"O{own}"]} if own is not None else {}
    known = pd.DataFrame({"customer_id": ["C"], "region": ["North"]})
    frames = {"orders": orders, "responses": pd.DataFrame(answer), "customers": known}
    return context_of(frames, firm(time_zone=zone))


@pytest.mark.parametrize(
    ("answered", "ordered", "own", "prior", "orders", "unplaced", "before_own"),
    [
        # a day's answer about that day's order: the order came first and is no repeat
        ("2025-11-03", ["2025-11-03 12:32"], 0, 1, 0, 0, 0),
        ("2025-11-03", ["2025-11-03", "2025-11-09 10:00"], 0, 1, 1, 0, 0),
        # of the same day, nobody knows which: neither before nor after, and counted
        ("2025-11-03", ["2025-11-03 12:32"], None, 0, 0, 1, 0),
        ("2025-11-03 15:00", ["2025-11-03"], None, 0, 0, 1, 0),
        ("2025-11-03", ["2025-11-03"], None, 0, 0, 1, 0),
        ("2025-11-03 15:00", ["2025-11-02", "2025-11-04"], None, 1, 1, 0, 0),
        ("2025-11-03", ["2025-11-02 23:59", "2025-11-04 00:01"], None, 1, 1, 0, 0),
        # an order dated after its own answer (a day of shipping): no repeat, and an alarm
        ("2025-11-03 14:32", ["2025-11-04 12:32"], 0, 0, 0, 0, 1),
        ("2025-11-03 14:32", ["2025-11-04 12:32", "2025-11-20 08:00"], 0, 0, 1, 0, 1),
        # with times on both sides nothing changes
        ("2025-11-03 15:00", ["2025-11-03 14:00", "2025-11-03 16:00"], 0, 1, 1, 0, 0),
    ],
)
def test_an_answer_is_followed_from_after_its_own_order_and_days_have_no_order_within(
    answered, ordered, own, prior, orders, unplaced, before_own
) -> None:
    row = life_of(answered, ordered, own)
    assert (row["prior_orders"], row["orders"]) == (prior, orders)
    assert (row["unplaced"], row["before_own"]) == (unplaced, before_own)
    assert row["repeat"] == (orders > 0)


def test_a_day_s_answer_belongs_to_that_day_s_order_where_nobody_knows_who_was_asked() -> None:
    """As a request, and among the orders that tell whether those who come back answer more."""
    context = context_of_life("2025-11-03", ["2025-11-03 12:32", "2025-12-20"], own=None)
    asked = invitations.requests(
        context, firm_customers.customer_clusters(context), invited=False
    ).execute()
    assert asked["response_id"].tolist() == ["a"]
    orders = response_windows.answered_orders(context).execute()
    assert orders.set_index("prior_orders")["answered"].to_dict() == {0: 1, 1: 0}


@pytest.mark.parametrize(("opened", "contacts"), [("2025-11-03", 0), ("2025-11-02", 1)])
def test_a_contact_of_the_answer_s_day_without_a_time_is_not_known_before_it(opened, contacts):
    context = context_of_life("2025-11-03 15:00", ["2025-10-01", "2025-12-20"], own=None)
    table = pd.DataFrame({"customer_id": ["C"], "opened_at": pd.to_datetime([opened])})
    tables = {**context.tables, "contacts": ibis.memtable(table)}
    context = Context(company=context.company, period=PERIOD, tables=tables)
    rows = panel.answers(context, firm_customers.customer_clusters(context))
    times = response_windows.return_times(context, panel.lives(context, rows)).execute()
    assert times["contacts"].tolist() == [contacts]


def test_midnight_is_that_of_the_firm_s_zone_or_utc() -> None:
    berlin = life_of("2025-11-02 23:00", ["2025-11-03 12:00"], None, "Europe/Berlin")
    assert (berlin["orders"], berlin["unplaced"]) == (0, 1)
    assert life_of("2025-11-02 23:00", ["2025-11-03 12:00"], None)["orders"] == 1


def test_cells_add_up_to_the_panel() -> None:
    context = context_of(invented())
    rows = panel.panel(
        context,
        panel.lives(context, panel.answers(context, firm_customers.customer_clusters(context))),
    )
    whole, cells = rows.execute(), panel.link_cells(context, rows).execute()
    assert cells["n"].sum() == len(whole)
    assert cells["repeats"].sum() == whole["repeat"].sum()
    assert cells["spend"].sum() == whole["spend"].sum()
    assert not cells.duplicated(
        [c for c in cells if c not in {"n", "repeats", "orders", "spend"}]
    ).any()


def test_what_comes_after_the_period_changes_nothing() -> None:
    frames = invented()
    early = pd.Timestamp("2025-10-01")
    cut = {
        **frames,
        "orders": frames["orders"][frames["orders"]["ordered_at"] < early],
        "responses": frames["responses"][frames["responses"]["responded_at"] < early],
    }
    told = {"company": firm(), "period": Period("2025Q3")}
    whole = context_of(frames)
    asof = {
        "orders": whole.tables["orders"].filter(lambda t: t.ordered_at < early),
        "responses": whole.tables["responses"].filter(lambda t: t.responded_at < early),
        "customers": whole.tables["customers"],
    }
    both = [Context(**told, tables=tables) for tables in (context_of(cut).tables, asof)]
    first, second = (in_order(panel_of(context).drop(columns="cluster")) for context in both)
    pd.testing.assert_frame_equal(first, second)


@pytest.mark.parametrize(
    "column", ["active", "orders", "revenue", "new", "retained", "previously_active"]
)
def test_activity_is_what_a_count_by_hand_gives(column: str) -> None:
    frames = invented(seed=5)
    context = context_of(frames)
    rows = purchases.buyers(context).join(firm_customers.customer_clusters(context), "customer_id")
    found = purchases.activity(context, rows).execute().groupby("period")[column].sum()
    expected = activity_by_hand(frames["orders"])[column]
    pd.testing.assert_series_equal(found, expected, check_names=False, check_dtype=False)


def activity_by_hand(orders: pd.DataFrame) -> pd.DataFrame:
    """Return each period's counts, from sets of customers."""
    names = [str(period) for period in PERIOD.last(8)]
    period = orders["ordered_at"].dt.to_period("Q").astype(str)
    bought = orders[orders["revenue"] >= 0]
    first = bought.groupby("customer_id")["ordered_at"].min().dt.to_period("Q").astype(str)
    sets = {name: set(bought["customer_id"][period[bought.index] == name]) for name in names}
    rows = {}
    for before, name in zip([None, *names], names, strict=False):
        earlier = sets.get(before, set())
        rows[name] = {
            "active": len(sets[name]),
            "orders": int((period[bought.index] == name).sum()),
            "revenue": int(orders["revenue"][period == name].sum()),
            "new": sum(first[one] == name for one in sets[name]),
            "retained": len(earlier & sets[name]),
            "previously_active": len(earlier),
        }
    return pd.DataFrame(rows).T.rename_axis("period")


def test_customers_above_the_exact_limit_share_256_buckets_of_their_md5(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    import hashlib

    monkeypatch.setattr(firm_customers, "EXACT_CLUSTERS", 10)
    found = firm_customers.customer_clusters(context_of(invented())).execute()
    expected = [int(hashlib.md5(one.encode()).hexdigest()[:2], 16) for one in found["customer_id"]]
    assert found["cluster"].tolist() == expected


def test_gaps_hold_each_recent_customer_once() -> None:
    frames = invented(seed=7)
    found = purchases.gaps(context_of(frames)).execute()
    orders = frames["orders"]
    recent = orders[(orders["revenue"] >= 0) & (orders["ordered_at"] >= pd.Timestamp("2025-04-01"))]
    assert found["n"].sum() == recent["customer_id"].nunique()
    again = recent.groupby("customer_id")["ordered_at"].nunique().gt(1).sum()
    assert found.loc[found["event"] == 1, "n"].sum() == again


def test_a_segment_that_no_table_has_is_named() -> None:
    company = firm(segments=["regoin"])
    with pytest.raises(panel.CompanyError, match=r"'regoin'.*Did you mean 'region'"):
        panel_of(context_of(invented(), company))
