"""Guests' orders and anonymous answers count in full, and are followed to nobody."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from editions import write_company

from profitchain.core.errors import NotMeasured
from profitchain.core.periods import Period
from profitchain.intake import parquet_cache
from profitchain.measures import loyalty, satisfaction
from profitchain.panel import customers
from profitchain.panel.edition import Edition, open_edition
from profitchain.words.value import left_out_sentence
from profitchain.words.worth import guests_share_note

NOW = Period("2026Q1")
NPS = {"nps": {"column": "nps", "kind": "nps"}}
FIRM = {"questions": NPS, "main_question": "nps", "gross_margin": 0.5}
FOLLOWED = (  # what is made of those alone whose customer is known
    "cohorts", "gaps", "months", "customers", "holdout", "repeat_days", "link_cells",
    "window_cells", "ladder_cells", "worth_orders", "worth_cells", "return_times", "asked_cells",
)  # fmt: skip


def shop(*, guests: float = 0.3, anonymous: float = 0.4) -> dict[str, pd.DataFrame]:
    draw, many = np.random.default_rng(4), 900
    orders = pd.DataFrame({"order_id": [f"O{number:03d}" for number in range(many)]})
    orders["customer_id"] = [f"C{number}" for number in draw.integers(0, 80, many)]
    days = pd.to_timedelta(draw.uniform(0, 820, many), unit="D").floor("s")
    orders["ordered_at"] = pd.Timestamp("2024-01-01") + days
    orders["revenue"] = draw.uniform(-4, 80, many).round(2)
    orders["channel"] = draw.choice(["web", "shop"], many)
    responses = orders.sample(500, random_state=1)[["order_id", "customer_id", "ordered_at"]]
    responses.insert(0, "response_id", [f"R{number:03d}" for number in range(500)])
    responses["responded_at"] = responses.pop("ordered_at") + pd.Timedelta(days=3)
    responses["nps"] = draw.integers(0, 11, 500)
    orders.loc[draw.random(many) < guests, "customer_id"] = None
    responses.loc[draw.random(500) < anonymous, "customer_id"] = None
    return {"orders": orders, "responses": responses}


def opened(folder: Path, tables: dict[str, pd.DataFrame], **keys: object) -> Edition:
    return open_edition(write_company(folder, tables, **FIRM | keys), "2026Q1")


def of_now(rows: pd.DataFrame, at: str) -> pd.DataFrame:
    return rows[rows[at].between("2026-01-01", "2026-03-31 23:59:59")]


@pytest.fixture(scope="module")
def edition(tmp_path_factory) -> Edition:
    return opened(tmp_path_factory.mktemp("unnamed") / "shop", shop())


def test_guests_count_as_money_and_orders_and_not_as_customers(edition):
    orders = of_now(shop()["orders"], "ordered_at")
    bought, known = orders[orders["revenue"] >= 0], orders.dropna(subset=["customer_id"])
    guests = orders[orders["customer_id"].isna()]
    active = known.loc[known["revenue"] >= 0, "customer_id"].nunique()
    activity = edition.table("activity")
    counted = {name: of.value for name, of in loyalty.totals(activity, NOW, "EUR").items()}
    assert counted == pytest.approx(
        counted
        | {"orders": len(bought), "revenue": orders["revenue"].sum(), "active_customers": active}
        | {"guest_orders": (guests["revenue"] >= 0).sum()}
        | {"guest_revenue": guests["revenue"].sum()}
    )
    stories = loyalty.loyalty_series(activity, "EUR", edition.periods)
    found = {story.measure.id: story.now for story in stories}
    times = (known["revenue"] >= 0).sum()
    assert found["average_order_value"].value == pytest.approx(
        orders["revenue"].sum() / len(bought)
    )
    assert found["revenue_per_customer"].value == pytest.approx(known["revenue"].sum() / active)
    assert found["purchase_frequency"].value == pytest.approx(times / active)
    shares = [found[f"{who}_revenue_share"].value for who in ("new", "returning")]
    assert sum(shares) == pytest.approx(1)


def test_what_is_followed_is_what_it_is_without_guests_and_anonymous_answers(edition, tmp_path):
    named = {name: rows.dropna(subset=["customer_id"]) for name, rows in shop().items()}
    alone = opened(tmp_path / "named", named)
    for name in FOLLOWED:
        pd.testing.assert_frame_equal(edition.table(name), alone.table(name), obj=name)
    year = edition.table("worth_year").iloc[0]
    assert year[["orders", "spend"]].equals(alone.table("worth_year").iloc[0][["orders", "spend"]])
    orders = shop()["orders"].query("ordered_at >= '2025-04-01' and ordered_at < '2026-04-01'")
    guests = orders[orders["customer_id"].isna()]
    assert year["guest_spend"] == pytest.approx(guests["revenue"].sum())
    assert f"{(guests['revenue'] >= 0).sum()} orders of the year" in guests_share_note(edition)
    assert f"{edition.facts['guest_orders']} orders so far" in left_out_sentence(edition.facts)
    assert not guests_share_note(alone) and not left_out_sentence(alone.facts)
    assert not {"guest", "guest_spend"} & {*alone.table("activity"), *alone.table("worth_year")}
    assert {"guest_orders", "anonymous", "unlinked", "no_money"}.isdisjoint(alone.facts)


def test_anonymous_answers_count_for_scores_each_as_a_customer_of_its_own(tmp_path):
    edition = opened(tmp_path / "shop", shop(), segments=["channel"])
    answers, cells = shop()["responses"], edition.table("score_cells")
    answers = answers[answers["responded_at"] < "2026-04-01"]
    scores = of_now(answers, "responded_at")["nps"]
    found = satisfaction.score_series(cells, edition.company.all_questions, edition.periods)[0].now
    assert found.value == pytest.approx(100 * ((scores >= 9).mean() - (scores <= 6).mean()))
    assert found.n == len(scores)
    unnamed = cells[cells["cluster"] < 0]
    assert (unnamed["n"] == 1).all() and unnamed["cluster"].is_unique
    assert set(unnamed["channel"]) == {"web", "shop"}  # by its order, a guest's too
    facts = edition.facts
    assert facts["anonymous"] == answers["customer_id"].isna().sum()
    assert (facts["answers"], facts["guest_orders"]) == (
        len(answers),
        shop()["orders"].query("customer_id.isna() and revenue >= 0").shape[0],
    )


def test_a_large_firm_whose_orders_are_typed_once_counts_the_same(edition, tmp_path, monkeypatch):
    monkeypatch.setattr(parquet_cache, "KEPT", 0)
    for module, name in ((parquet_cache, "LARGE"), (customers, "DRAWN_FROM")):
        monkeypatch.setattr(module, name, 0)
    monkeypatch.setattr(customers, "DRAWN", 10**9)
    folder = write_company(tmp_path / "shop", shop(), **FIRM)
    shop()["orders"].to_parquet(folder / "orders.parquet")
    told = (folder / "company.yml").read_text().replace("orders.csv", "orders.parquet")
    (folder / "company.yml").write_text(told)
    large = open_edition(folder, "2026Q1")
    for name in ("activity", "cohorts", "gaps", "worth_year", "worth_orders"):
        few, many = edition.table(name), large.table(name)
        keys = [key for key in ("period", "cohort", "guest") if key in few]
        if name == "activity":  # clusters are buckets
            few, many = (rows.drop(columns="cluster").groupby(keys).sum() for rows in (few, many))
        pd.testing.assert_frame_equal(few, many, obj=name)


@pytest.mark.parametrize(
    ("guests", "anonymous", "need", "lacking"),
    [
        (2.0, 0.0, "orders.customer_id", {"customers", "holdout"}),
        (0.0, 2.0, "responses.customer_id", set()),
    ],
)
def test_where_all_name_nobody_pages_on_customers_say_so(
    tmp_path, guests, anonymous, need, lacking
):
    tables = shop(guests=guests, anonymous=anonymous)
    edition = opened(tmp_path / "shop", tables)
    assert edition.facts["unlinked"] == 1
    assert not any(map(edition.has, lacking))
    column, table = need.split(".")[1], need.split(".")[0]
    with pytest.raises(NotMeasured, match=f"needs column `{column}` of `{table}`, and no row"):
        open_edition(edition.company.folder, "2026Q1", needs=[need])
    assert edition.table("score_cells")["n"].sum() > 0 and edition.table("activity")["orders"].sum()


def test_answers_alone_give_scores_and_a_period(tmp_path):
    answers = shop(anonymous=0.0)["responses"].drop(columns=["order_id"])
    answers = answers[answers["responded_at"] < "2026-03-31"].assign(channel="web")
    folder = write_company(tmp_path / "asked", {"responses": answers}, **FIRM)
    edition = open_edition(folder)
    assert str(edition.period) == "2025Q4"  # the last that answers cover to the end
    now = open_edition(folder, "2026Q1")
    assert now.table("score_cells").query("period == '2026Q1'")["n"].sum() == len(
        of_now(answers, "responded_at")
    )
    assert now.facts == {"days_uncovered": now.facts["days_uncovered"]} | {
        name: answers["customer_id"].nunique() for name in ("customers", "customers_drawn")
    }
    assert {"activity", "link_cells", "worth_year"}.isdisjoint(now.summaries["summary"])
    with pytest.raises(NotMeasured, match="needs table `orders`"):
        open_edition(folder, "2026Q1", needs=["orders.customer_id"])


def test_orders_without_amounts_count_and_are_no_zeros(tmp_path):
    tables = shop(guests=0.3, anonymous=0.0)
    orders = tables["orders"].drop(columns="revenue")
    edition = opened(tmp_path / "counted", tables | {"orders": orders})
    totals = loyalty.totals(edition.table("activity"), NOW, "EUR")
    assert totals["orders"].value == len(of_now(orders, "ordered_at"))
    assert {"revenue", "guest_revenue"}.isdisjoint(totals)
    money = {"revenue", "new_revenue", "spend", "margin", "period_revenue", "guest_spend"}
    names = ("activity", "months", "customers", "link_cells", "worth_year", "worth_cells")
    assert all(money.isdisjoint(edition.table(name)) for name in names)
    stories = loyalty.loyalty_series(edition.table("activity"), "EUR", edition.periods)
    assert [story.measure.id for story in stories] == [
        "retention_rate", "churn_rate", "purchase_frequency"
    ]  # fmt: skip
    assert edition.assumed_margin is None
    with pytest.raises(NotMeasured, match="needs column `revenue` of `orders`"):
        open_edition(edition.company.folder, "2026Q1", needs=["orders.revenue"])
