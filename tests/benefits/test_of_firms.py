"""Sums made in the engine, counted by hand on a firm of a few rows; firms that lack tables."""

from __future__ import annotations

from pathlib import Path

import nbformat
import pandas as pd
import pytest
from editions import write_company

import profitchain as pc
from profitchain.core.errors import NotMeasured
from profitchain.core.i18n import speaking

NOTEBOOK = Path(__file__).resolve().parents[2] / "notebooks" / "13_benefits.ipynb"
ASKED = {"questions": {"nps": {"column": "nps", "kind": "nps"}}, "main_question": "nps"}
ASKED |= {"privacy": {"smallest_group": 1}}


def frame(names: str, *rows: tuple) -> pd.DataFrame:
    return pd.DataFrame(rows, columns=names.split())


ORDERS = frame(
    "order_id customer_id ordered_at revenue margin discount",
    ("o1", "a", "2024-05-01T10:00:00", 100.0, 40.0, 0.0),
    ("o2", "a", "2025-05-01T10:00:00", 90.0, 45.0, 10.0),  # answered: 9
    ("o3", "a", "2025-05-20T10:00:00", 80.0, 40.0, 0.0),
    ("o4", "b", "2024-06-01T10:00:00", 50.0, 20.0, 0.0),  # lost
    ("o5", "c", "2023-02-01T10:00:00", 30.0, 10.0, 0.0),
    ("o6", "c", "2025-07-01T10:00:00", 70.0, 30.0, 0.0),  # back
    ("o7", "d", "2025-06-01T10:00:00", 60.0, 25.0, 0.0),  # referred by a
    ("o8", "e", "2025-08-01T10:00:00", 20.0, 10.0, 0.0),  # won
    ("o9", "e", "2025-12-20T10:00:00", 20.0, 10.0, 0.0),
)
TABLES = {
    "orders": ORDERS,
    "responses": frame(
        "response_id customer_id responded_at nps",
        ("r1", "a", "2025-05-05T10:00:00", 9),
        ("r2", "e", "2025-08-05T10:00:00", 2),
    ),
    "referrals": frame(
        "referral_id referrer_id customer_id referred_at reward",
        ("f1", "a", "d", "2025-05-10T10:00:00", 5.0),  # five days after the answer
        ("f2", "a", "x", "2025-05-25T10:00:00", 5.0),  # after the next order: another experience
        ("f3", "b", "y", "2025-05-25T10:00:00", 5.0),  # never answered
    ),
    "contacts": frame(
        "contact_id customer_id opened_at is_complaint cost",
        ("k1", "a", "2025-05-06T10:00:00", True, 8.0),  # about the answered order: left out
        ("k2", "a", "2025-05-22T10:00:00", True, 6.0),  # about the next one
        ("k3", "a", "2025-07-30T10:00:00", True, 9.0),  # long after it
    ),
    "offers": frame(
        "offer_id customer_id offered_at kind is_holdout accepted amount cost",
        ("s1", "a", "2025-05-06T10:00:00", "upsell", False, True, 25.0, 1.0),
        ("s2", "e", "2025-08-04T10:00:00", "upsell", True, False, None, 0.0),  # before its answer
        ("s3", "z", "2025-09-01T10:00:00", "upsell", False, False, None, 1.0),  # never ordered
    ),
    "costs": frame(
        "month purpose amount channel",
        ("2024-12-01", "acquisition", 99.0, "ads"),
        ("2025-01-01", "acquisition", 30.0, "ads"),
        ("2025-12-01", "service", 12.0, ""),
    ),
}


@pytest.fixture(scope="module")
def edition(tmp_path_factory):
    company = write_company(tmp_path_factory.mktemp("firm") / "few", TABLES, **ASKED)
    return pc.open_edition(company, "2025")


def test_growth_is_told_by_how_customers_came(edition):
    cells = edition.table("growth_cells").set_index("came")
    assert cells["revenue"].to_dict() == {
        "kept": 170, "lost": 0, "reactivated": 70, "referred": 60, "won": 40,
    }  # fmt: skip
    assert cells["revenue_before"].to_dict()["kept"] == 100 and cells.loc["lost", "before"] == 1
    assert cells["revenue"].sum() == ORDERS.loc[ORDERS["ordered_at"] >= "2025", "revenue"].sum()


def test_a_referral_counts_to_the_last_experience_and_by_time_at_risk(edition):
    cells = edition.table("referral_cells").set_index("score")
    assert cells["referrals"].to_dict() == {2: 0, 9: 1}
    assert cells.loc[9, "exposure"] == 15 * 86_400  # to the next order
    assert cells.loc[2, "exposure"] == 91 * 86_400  # a quarter


def test_a_complaint_counts_to_the_later_order_not_to_the_answered_one(edition):
    cells = edition.table("complaint_cells").set_index("score")
    assert cells.loc[9, ["orders", "complaints", "complaint_cost"]].tolist() == [1, 1, 6.0]
    assert 2 not in cells.index  # its next order is too young to tell


def test_an_offer_takes_the_score_given_before_it(edition):
    cells = edition.table("offer_cells").set_index("lot")
    assert cells["n"].groupby(level=0).sum().to_dict() == {"held out": 1, "offered": 2}
    assert cells.loc["held out", "score"] != 2 and 9 in cells["score"].tolist()
    assert cells["revenue"].sum() == 25 and cells["cost"].sum() == 2


def test_costs_are_those_of_the_year(edition):
    costs = edition.table("channel_costs").set_index("purpose")
    assert costs["amount"].to_dict() == {"acquisition": 30, "service": 12}


def test_the_same_product_and_month_is_compared_and_discounts_are_spread(tmp_path):
    days = [*(f"2025-0{month}-03T10:00:00" for month in (1, 2, 3, 4)), "2025-04-20T10:00:00"]
    orders = frame(
        "order_id customer_id ordered_at revenue",
        *((f"o{n}", "loyal", day, 10.0) for n, day in enumerate(days[:3])),
        ("o3", "loyal", days[3], 18.0), ("o4", "new", days[4], 20.0),
    )  # fmt: skip
    lines = frame(
        "order_id product_id quantity revenue",
        ("o0", "p", 1, 10.0), ("o3", "p", 2, 20.0), ("o4", "p", 2, 20.0), ("o4", "q", 1, 0.0),
    )  # fmt: skip
    company = write_company(tmp_path / "shop", {"orders": orders, "order_lines": lines})
    cells = pc.open_edition(company, "2025").table("price_cells")
    assert cells["lines"].sum() == 2
    assert cells["apart"].sum() / cells["at_new_price"].sum() == pytest.approx(-0.1)


def test_a_product_is_new_in_the_range_for_three_months_and_loyalty_is_of_before(tmp_path):
    days = ["2024-01-05", "2024-02-05", "2024-03-05", "2025-06-05", "2025-06-20", "2025-08-01"]
    buyers = ["loyal", "loyal", "loyal", "new", "loyal", "other"]
    orders = frame("order_id customer_id ordered_at revenue",
                   *((f"o{n}", who, f"{day}T10:00:00", 10.0)
                     for n, (who, day) in enumerate(zip(buyers, days, strict=True))),
                   ("o6", "late", "2025-09-25T10:00:00", 10.0),
                   ("o7", "unlisted", "2025-06-09T10:00:00", 10.0))  # fmt: skip
    lines = frame("order_id product_id revenue",
                  ("o0", "p", 10.0), ("o1", "late", 10.0), ("o2", "p", 10.0), ("o3", "p", 10.0),
                  ("o4", "p", 5.0), ("o4", "q", 5.0),
                  ("o5", "p", 10.0), ("o6", "q", 10.0))  # fmt: skip
    company = write_company(tmp_path / "shop", {"orders": orders, "order_lines": lines})
    cells = pc.open_edition(company, "2025").table("new_product_cells")
    assert set(cells["month"] % 12) == {6}  # nobody bought anything new in August or September
    sums = cells.groupby("loyalty")[["orders", "tried"]].sum()
    assert sums.loc["loyal"].tolist() == [1, 1] and sums.loc["new"].tolist() == [1, 0]


def shown(company: Path, period: str) -> dict[str, object]:
    """Run the page's cells and return what they leave; raises what a cell raises."""
    cells = [c for c in nbformat.read(NOTEBOOK, as_version=4).cells if c.cell_type == "code"]
    given: dict[str, object] = {}
    with speaking("en"):
        for cell in cells:
            source = cell.source
            if "parameters" in cell.metadata.get("tags", []):
                source += f"\ncompany, period = {str(company)!r}, {period!r}"
            exec(source, given)
        given["missing"] = str(given["page"].note("what_is_missing", given["parts"]))
    return given


def test_a_firm_with_orders_alone_gets_growth_and_one_line_for_the_rest(tmp_path):
    ids = ["order_id", "customer_id"]
    orders = pd.concat(
        [ORDERS.assign(**{id: ORDERS[id] + str(n) for id in ids}) for n in range(15)]
    )
    company = write_company(tmp_path / "shop", {"orders": orders})
    page = shown(company, "2025")
    assert page["grown"]["net_revenue_retention"].value == pytest.approx(170 / 150)
    for table in ("referrals", "contacts", "offers", "costs", "order_lines"):
        assert table in page["missing"]
    assert page["levers"]["value"].notna().all()


def test_a_shop_that_opened_within_the_two_years_has_no_year_to_compare(tmp_path):
    late = ORDERS[ORDERS["ordered_at"] > "2024-04"]
    page = shown(write_company(tmp_path / "shop", {"orders": late}), "2025")
    assert page["grown"]["net_revenue_retention"].why.key == "under_two_years_of_orders"


def test_a_firm_with_contracts_and_one_with_few_rows_get_the_page(tmp_path, edition):
    days = pd.date_range("2023-01-01", periods=40, freq="20D").strftime("%Y-%m-%d")
    contracts = pd.DataFrame({"customer_id": [f"c{n}" for n in range(40)], "started_on": days})
    contracts = contracts.assign(ended_on=None, amount=10.0)
    contracts.loc[::4, "ended_on"] = "2025-08-31"
    given = [(f"r{n}", f"c{n}", "2025-03-05T10:00:00", n % 11) for n in range(20)]
    answers = frame("response_id customer_id responded_at nps", *given)
    tables = {"subscriptions": contracts, "responses": answers}
    shown(write_company(tmp_path / "club", tables, **ASKED), "2025")
    shown(edition.company.folder, "2025")


def test_without_orders_there_is_no_page(tmp_path):
    company = write_company(tmp_path / "asked", {"responses": TABLES["responses"]}, **ASKED)
    with pytest.raises(NotMeasured):
        shown(company, "2025")
