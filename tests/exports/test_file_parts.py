"""Several files of one table: each by its own settings, and of two versions the later one wins."""

from __future__ import annotations

import pytest
from exports_read import account_of, orders_of

from profitchain.core.errors import CompanyError
from profitchain.exports.file_parts import undeclared
from profitchain.sources.company import load_company

HEAD = "name: X\ncurrency: EUR\ntime_zone: Europe/Berlin\ntables:\n  orders:\n"
OLD = "order_id,customer_id,ordered_at,revenue,status\n"


def write(folder, tables, **files):
    """Write a company of orders and its files, named by their stems."""
    for name, text in files.items():
        (folder / f"{name}.csv").write_text(text, encoding="utf-8")
    (folder / "company.yml").write_text(HEAD + tables, encoding="utf-8")
    return load_company(folder)


def test_each_file_is_read_by_its_own_settings(tmp_path):
    company = write(
        tmp_path,
        "    files:\n      - {file: a.csv}\n"
        "      - {file: b.csv, columns: {order_id: Nr, customer_id: Kunde, ordered_at: Datum,"
        " revenue: Betrag}, time_zone: Asia/Tokyo, decimal: ',', date_format: day first}\n",
        a=OLD + "1,ann,2026-01-05 10:00:00,1234.50,paid\n",
        b='Nr,Kunde,Datum,Betrag\n2,bob,03.04.2026 09:00,"1.234,50"\n',
    )
    assert orders_of(company) == [
        ("1", "ann", "2026-01-05 09:00:00", 1234.5), ("2", "bob", "2026-04-03 00:00:00", 1234.5),
    ]  # fmt: skip


JANUARY = OLD + "1,ann,2026-01-05,10,paid\n2,bob,2026-01-06,20,paid\n3,cy,2026-01-07,30,paid\n"
FEBRUARY = OLD + "2,bob,2026-01-06,20,cancelled\n3,cy,2026-01-07,30,paid\n4,di,2026-02-01,40,paid\n"


@pytest.mark.parametrize(
    "tables",
    [
        "    files: [{file: january.csv}, {file: february.csv}]\n",
        "    file: '*ary.csv'\n",  # by name, february stands first: its row is the older one
    ],
)
def test_of_two_versions_the_one_from_the_later_file_wins(tables, tmp_path):
    company = write(tmp_path, tables, january=JANUARY, february=FEBRUARY)
    listed = "files" in tables
    ids = [row[0] for row in orders_of(company)]
    assert ids == (["1", "3", "4"] if listed else ["1", "2", "3", "4"])
    account = account_of(company)
    assert account["an older version of a row that a later export has"] == 1
    assert account["stands again in a later export"] == 1
    assert sum(account.values()) == 6


def test_a_column_says_which_version_is_later_whatever_the_files_order(tmp_path):
    rows = "order_id,customer_id,ordered_at,revenue,changed\n"
    company = write(
        tmp_path,
        "    files: [{file: a.csv}, {file: b.csv}]\n    later_by: changed\n",
        a=rows + "1,ann,2026-01-05,10,2026-03-01\n2,bob,2026-01-05,10,2026-01-01\n",
        b=rows + "1,ann,2026-01-05,99,2026-02-01\n2,bob,2026-01-05,12,2026-02-01\n",
    )
    assert [row[3] for row in orders_of(company)] == [10, 12]


def test_a_list_of_files_and_a_format_are_refused_where_they_make_no_sense(tmp_path):
    for tables, says in [
        ("    files: [{columns: {order_id: x}}]\n", "exactly one of file:"),
        ("    files: [{file: a.csv}]\n    file: b.csv\n", "exactly one of file:"),
        ("    file: a.csv\n    format: shopyfi\n", "Did you mean 'shopify'"),
        ("    format: shopify\n    query: SELECT 1\n", "format: belongs to a file:"),
    ]:
        with pytest.raises(CompanyError, match=says):
            write(tmp_path, tables)


def test_a_format_that_gives_no_such_table_says_which_it_gives(tmp_path):
    company = write(tmp_path, "    file: a.csv\n    format: qualtrics\n", a="x\n1\n")
    with pytest.raises(CompanyError, match="qualtrics gives responses and no orders"):
        orders_of(company)


def test_a_known_export_without_its_format_is_called_by_its_name(tmp_path):
    company = write(
        tmp_path, "    file: a.csv\n",
        a="Name,Email,Financial Status,Created at,Total,Lineitem name\n#1,a@x,paid,2026,1,M\n",
    )  # fmt: skip
    with pytest.raises(Exception, match="write format: shopify"):
        orders_of(company)


def test_an_answer_edited_later_counts_as_last_given(tmp_path):
    (tmp_path / "orders.csv").write_text(JANUARY, encoding="utf-8")
    (tmp_path / "a.csv").write_text(
        "response_id,customer_id,responded_at,nps\n1,ann,2026-01-08,3\n1,ann,2026-01-09,10\n"
    )
    (tmp_path / "company.yml").write_text(
        HEAD + "    file: orders.csv\n  responses: {file: a.csv}\nquestions: {nps: {kind: nps}}\n"
    )
    account = account_of(load_company(tmp_path), "responses")
    assert account == {"used": 1, "an earlier version of an answer that was edited": 1}


def test_a_known_export_that_is_read_as_a_plain_file_is_pointed_out(tmp_path):
    company = write(
        tmp_path,
        '    files: {export: a.csv}\n    query: SELECT "Name" AS order_id, "Email" AS customer_id,'
        ' "Created at" AS ordered_at, "Total" AS revenue FROM export\n',
        a="Name,Email,Financial Status,Created at,Total,Lineitem name\n"
        "#1,a@x,paid,2026-01-05,1,M\n",
    )
    assert undeclared(company) == [("orders", "a.csv", "shopify")]
