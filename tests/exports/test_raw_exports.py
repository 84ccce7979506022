"""From a folder of raw exports to checked tables: init alone, and nothing between."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
import raw_exports
from raw_exports import ANSWERS, ORDERS, canonical_shop

from profitchain.core.errors import CompanyError
from profitchain.intake.intake import open_intake
from profitchain.intake.new_company import write_company
from profitchain.sources.company import load_company

PAIRS = [
    ("shopify", "qualtrics"), ("woo_advanced", "typeform"), ("stripe_payments", "wjx"),
    ("square_items", "typeform"), ("taobao_orders", "wjx"), ("paypal_de", "qualtrics"),
    ("amazon_shipments", "typeform"),
]  # fmt: skip


def read(folder):
    """Return a company, its used orders and answers (money in whole units), and its account."""
    company = load_company(folder)
    intake = open_intake(company)
    frames = {name: table.to_pandas() for name, table in intake.tables.items()}
    account = intake.account
    intake.close()
    frames["orders"]["revenue"] /= company.minor_units
    return company, frames, account


def same(ours, truth, key, columns):
    """Compare two frames by a key, money and scores to 1e-9 and moments to the second."""
    ours, truth = (frame.set_index(key).sort_index() for frame in (ours, truth))
    assert list(ours.index) == list(truth.index)
    for column in columns:
        here, there = ours[column], truth[column]
        if column.endswith("_at"):
            assert (here == there.dt.tz_convert("UTC").dt.tz_localize(None)).all(), column
        elif column == "customer_id":
            assert (here == there).all()
        else:
            assert np.allclose(here.astype(float), there.astype(float), atol=1e-9), column


ONE_OF_EACH = [
    pytest.param(*pair, marks=() if at < 3 else pytest.mark.slow) for at, pair in enumerate(PAIRS)
]


@pytest.mark.parametrize(("orders", "answers"), ONE_OF_EACH)
def test_init_reads_raw_exports_as_the_canonical_tables(orders, answers, tmp_path):
    bought, answered = canonical_shop()
    ORDERS[orders](tmp_path, bought)
    ANSWERS[answers](tmp_path, answered)
    made = write_company(tmp_path)
    assert made.fault is None, made.fault
    company, frames, account = read(tmp_path)
    assert company.currency == {"square_items": "USD", "taobao_orders": "CNY"}.get(orders, "EUR")
    same(frames["orders"], bought, "order_id", ["customer_id", "ordered_at", "revenue"])
    (question,) = company.questions.values()
    assert question.kind == "nps"
    given = frames["responses"].rename(columns={question.column: "nps"})
    same(given, answered, "response_id", ["customer_id", "responded_at", "nps"])
    assert set(account["kind"]) <= {"used", "cancelled", "left_out"}


def test_every_row_of_a_raw_export_is_accounted_for(tmp_path):
    bought, _ = canonical_shop()
    raw_exports.shopify(tmp_path, bought)
    raw_exports.square(tmp_path, bought.assign(order_id="S" + bought["order_id"]))
    for path in tmp_path.glob("items*.csv"):  # of a shop in euros, as the other one
        path.write_text(path.read_text("utf-8-sig").replace("$", "€"), "utf-8-sig")
    write_company(tmp_path)
    _, _, account = read(tmp_path)
    files = [path.read_text("utf-8-sig").splitlines() for path in tmp_path.glob("*.csv")]
    orders = account[account["table"] == "orders"]
    assert orders["rows"].sum() == sum(len(lines) - 1 for lines in files)


def test_init_never_overwrites_and_says_when_nothing_can_be_told(tmp_path):
    with pytest.raises(CompanyError, match="no file at all"):
        write_company(tmp_path)
    (tmp_path / "company.yml").write_text("name: mine\n")
    with pytest.raises(CompanyError, match="never overwrites"):
        write_company(tmp_path)
    assert (tmp_path / "company.yml").read_text() == "name: mine\n"


def test_payments_of_a_shops_own_orders_are_not_counted_twice(tmp_path):
    bought, _ = canonical_shop(orders=60)
    raw_exports.woo(tmp_path, bought)
    raw_exports.stripe(tmp_path, bought.assign(order_id="ch_" + bought["order_id"]))
    made = write_company(tmp_path)
    _, frames, _ = read(tmp_path)
    assert len(frames["orders"]) == len(bought)
    assert "unified_payments.csv: left out: payments of the same orders" in made.says


def test_a_plain_file_is_guessed_by_names_and_values(tmp_path):
    bought, answered = canonical_shop()
    ours = {"order_id": "Bestellnummer", "customer_id": "Kunde", "revenue": "Umsatz"}
    plain = bought.rename(columns=ours)[list(ours.values())]
    plain["Datum"] = (
        bought["ordered_at"].dt.tz_convert(raw_exports.ZONE).dt.strftime("%d.%m.%Y %H:%M")
    )
    plain["Umsatz"] = [f"{v:.2f} €".replace(".", ",") for v in bought["revenue"]]
    plain.to_csv(tmp_path / "verkauf.csv", index=False, sep=";")
    sheet = answered.assign(responded_at=answered["responded_at"].dt.strftime("%Y-%m-%dT%H:%M:%SZ"))
    sheet = sheet.rename(columns={"nps": "Weiterempfehlung", "response_id": "id",
                                  "customer_id": "wer"})  # fmt: skip
    sheet.to_excel(tmp_path / "umfrage.xlsx", index=False)
    made = write_company(tmp_path)
    assert made.fault is None, made.fault
    company, frames, _ = read(tmp_path)
    assert company.currency == "EUR"
    assert frames["orders"]["revenue"].sum() == pytest.approx(bought["revenue"].sum(), abs=1e-6)
    assert set(frames["responses"]["customer_id"]) == set(answered["customer_id"])
    assert pd.Series(company.questions["weiterempfehlung"].kind).item() == "nps"
