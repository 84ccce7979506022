"""Ids that stand for a customer under other names: contacts of an account, an old number."""

from __future__ import annotations

import pandas as pd
from editions import write_company

from profitchain.intake import parquet_cache
from profitchain.intake.checked_rows import checked_rows
from profitchain.intake.intake import open_intake
from profitchain.sources.company import load_company

NPS = {"nps": {"kind": "nps"}}
ORDERS = pd.DataFrame(
    {
        "order_id": ["o1", "o2", "o3", "o4"],
        "customer_id": ["ACME", "old-7", "7", None],
        "ordered_at": [
            "2026-01-05 10:00",
            "2026-01-06 11:00",
            "2026-02-01 9:00",
            "2026-03-31 8:00",
        ],
        "revenue": [10.0, 20.0, 30.0, 40.0],
    }
)
ANSWERS = pd.DataFrame(
    {
        "response_id": ["r1", "r2", "r3"],
        "customer_id": ["ann@acme.example", "7", "bob@acme.example"],
        "responded_at": ["2026-01-07 10:00", "2026-02-03 10:00", "2026-02-04 10:00"],
        "nps": [9, 3, 10],
    }
)
ALIASES = pd.DataFrame(
    {
        "customer_id": ["ACME", "ACME", "7"],
        "alias": ["ann@acme.example", "bob@acme.example", "old-7"],
        "kind": ["contact", "contact", "number"],
    }
)


def firm(folder, **tables):
    given = {"orders": ORDERS, "responses": ANSWERS, "identities": ALIASES} | tables
    return write_company(folder / "shop", given, questions=NPS)


def test_contacts_answer_for_the_account_that_buys_and_old_numbers_for_the_new(tmp_path):
    company = load_company(firm(tmp_path))
    intake = open_intake(company)
    who = {
        name: intake.tables[name].order_by(key).to_pandas()["customer_id"]
        for name, key in (("orders", "order_id"), ("responses", "response_id"))
    }
    assert who["orders"].tolist()[:3] == ["ACME", "7", "7"] and who["orders"].isna()[3]
    assert who["responses"].tolist() == ["ACME", "7", "ACME"]
    rows = checked_rows(company, None, "responses", where={"customer_id": "ACME"})
    assert rows["response_id"].tolist() == ["r1", "r3"]
    intake.close()


def test_large_files_typed_once_know_aliases_as_well(tmp_path, monkeypatch):
    monkeypatch.setattr(parquet_cache, "KEPT", 0)
    monkeypatch.setattr(parquet_cache, "LARGE", 0)
    company = firm(tmp_path)
    ORDERS.assign(ordered_at=pd.to_datetime(ORDERS["ordered_at"])).to_parquet(
        company / "orders.parquet"
    )
    told = (company / "company.yml").read_text().replace("orders.csv", "orders.parquet")
    (company / "company.yml").write_text(told)
    intake = open_intake(load_company(company))
    found = intake.tables["orders"].order_by("order_id").to_pandas()
    assert found["customer_id"].tolist()[:3] == ["ACME", "7", "7"]
    assert not [name for name in found.columns if name.startswith("__")]
    intake.close()


def test_an_alias_of_two_customers_stands_for_one_and_the_other_is_set_aside(tmp_path):
    two = pd.concat([ALIASES, ALIASES.head(1).assign(customer_id="BETA")], ignore_index=True)
    intake = open_intake(load_company(firm(tmp_path, identities=two)))
    account = intake.account[intake.account["table"] == "identities"]
    told = dict(zip(account["outcome"], account["rows"], strict=True))
    assert told == {"used": 3, "another row has the same alias": 1}
    assert len(intake.tables["responses"].to_pandas()) == 3
    intake.close()
