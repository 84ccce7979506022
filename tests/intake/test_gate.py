"""What passes row by row and yet can't be true: told with its rows, or stopped with the mend."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, datetime, timedelta

import ibis
import pandas as pd
import pytest
import yaml

from profitchain.core.errors import ContractError
from profitchain.core.periods import Period
from profitchain.intake.gate_orders import currencies_of
from profitchain.intake.gate_values import last_usual_day, long_pauses, usual_days
from profitchain.intake.intake import Intake, last_period, open_intake
from profitchain.intake.row_checks import one_form, status_words
from profitchain.sources.company import Company, load_company
from profitchain.sources.id_forms import in_form, somebody, tidy_id
from profitchain.sources.settings import MatchIds
from profitchain.words.data import doubts_in_words

Frame = pd.DataFrame
Firm = Callable[..., Company]
START, Q1 = datetime(2026, 1, 1, 9, 7, 3), Period("2026Q1")
CUSTOMERS = 40


def orders_of(n: int = 120, **columns: object) -> Frame:
    """One row an order: three each of 40 customers, over 89 days."""
    return Frame(
        {
            "order_id": [f"O{k}" for k in range(n)],
            "customer_id": [f"{1000 + k % CUSTOMERS}" for k in range(n)],
            "ordered_at": [START + timedelta(hours=18 * k) for k in range(n)],
            "revenue": [f"{20 + k % 7}.50" for k in range(n)],
        }
        | columns
    )


def answers_of(n: int = 80, **columns: object) -> Frame:
    """One row an answer: two each of the same customers, two days after their orders."""
    return Frame(
        {
            "response_id": [f"R{k}" for k in range(n)],
            "customer_id": [f"{1000 + k % CUSTOMERS}" for k in range(n)],
            "responded_at": [START + timedelta(hours=18 * k + 51) for k in range(n)],
            "nps": [k % 11 for k in range(n)],
        }
        | columns
    )


@pytest.fixture
def firm(tmp_path) -> Firm:
    """A function from tables and settings to a company in a folder of its own."""

    def made(tables: dict[str, Frame] | None = None, **settings: object) -> Company:
        tables = {"orders": orders_of(), "responses": answers_of()} | (tables or {})
        for name, frame in tables.items():
            frame.to_csv(tmp_path / f"{name}.csv", index=False)
        given = {
            "name": "Tiny", "currency": "EUR", "questions": {"nps": {"kind": "nps"}},
            "tables": {name: {"file": f"{name}.csv"} for name in tables},
        }  # fmt: skip
        (tmp_path / "company.yml").write_text(yaml.safe_dump(given | settings), encoding="utf-8")
        return load_company(tmp_path)

    return made


def told(company: Company) -> dict[str, str]:
    """What an intake doubts, in words by kind."""
    intake = open_intake(company, Q1)
    intake.close()
    return {doubt["kind"]: doubt["says"] for doubt in doubts_in_words(intake.doubts, company)}


def refusal(company: Company) -> str:
    with pytest.raises(ContractError) as stop:
        open_intake(company, Q1)
    return str(stop.value)


def opened(company: Company) -> Intake:
    return open_intake(company, Q1)


def test_a_clean_firm_is_told_nothing(firm):
    assert told(firm()) == {}


# --- ids -----------------------------------------------------------------------------------------


def test_ids_that_differ_by_their_writing_alone_meet(firm):
    forms = ("{}.0", "\u00a0{}\u3000", "\u200b{}\ufeff", "'{}")
    ids = [forms[k % 4].format(1000 + k % CUSTOMERS) for k in range(80)]
    assert told(firm({"responses": answers_of(customer_id=ids)})) == {}


@pytest.mark.parametrize(
    ("ours", "theirs", "setting"),
    [
        ("00{}", "{}", "leading_zeros: strip"),
        ("C{}", "c{}", "case: ignore"),
        ("{}", "user{}", ""),
    ],
)
def test_ids_that_never_meet_stop_with_the_line_that_mends_it(firm, ours, theirs, setting):
    tables = {
        "orders": orders_of(customer_id=[ours.format(1000 + k % CUSTOMERS) for k in range(120)]),
        "responses": answers_of(
            customer_id=[theirs.format(1000 + k % CUSTOMERS) for k in range(80)]
        ),
    }
    stop = refusal(firm(tables))
    assert "0 of 40 customers who answered ever ordered" in stop
    if setting:
        assert f"match_ids: {{{setting}}}" in stop
        name, _, value = setting.partition(": ")
        assert told(firm(tables, match_ids={name: value})) == {}
    else:
        assert "tables: responses: columns: {customer_id: <name>}" in stop


def test_ids_of_which_a_part_is_spelt_otherwise_are_counted(firm):
    ids = [f"{'00' if k % 4 == 0 else ''}{1000 + k % CUSTOMERS}" for k in range(80)]
    says = told(firm({"responses": answers_of(customer_id=ids)}))
    assert "10 of 40 customers who answered have no order, and 10 would" in says["near_misses"]
    assert "`match_ids: {leading_zeros: strip}`" in says["near_misses"]


def test_customers_spelt_otherwise_than_in_orders_are_told(firm):
    known = Frame({"customer_id": [f"00{1000 + k}" for k in range(CUSTOMERS)], "region": "North"})
    says = told(firm({"customers": known}))
    assert "40 of 40 customers of `customers` have no order" in says["near_misses_elsewhere"]
    half = Frame({"customer_id": [f"{1000 + 2 * k}" for k in range(CUSTOMERS)], "region": "North"})
    assert told(firm({"customers": half})) == {}  # who is known need not have ordered


def in_two_files(
    firm: Firm, table: str, first: Frame, second: Frame, **settings: object
) -> Company:
    """Return a firm of which one table lies in two files."""
    company = firm(**settings)
    for year, rows in ((2025, first), (2026, second)):
        rows.to_csv(company.folder / f"{table}-{year}.csv", index=False)
    path = company.folder / "company.yml"
    path.write_text(path.read_text("utf-8").replace(f"{table}.csv", f"{table}-*.csv"), "utf-8")
    return load_company(company.folder)


def test_numbers_that_start_anew_in_another_file_stop(firm):
    rows = orders_of(order_id=[f"{k % 60}" for k in range(120)])
    stop = refusal(in_two_files(firm, "orders", rows[:60], rows[60:]))
    assert "60 of its 120 rows have the same order_id as a row of another customer" in stop
    company = in_two_files(firm, "orders", rows[:60], rows[60:], limits={"shared_keys": 0.51})
    assert len(opened(company).tables["orders"].execute()) == 60
    answers = answers_of(response_id=[f"{k % 40}" for k in range(80)])
    answers["customer_id"] = [f"{1000 + k // 2}" for k in range(80)]
    stop = refusal(in_two_files(firm, "responses", answers[:40], answers[40:]))
    assert "40 of its 80 rows have the same response_id" in stop


def test_later_versions_of_orders_replace_earlier_ones_without_a_word(firm):
    rows = orders_of()
    paid = rows[:80].assign(revenue="33.00")
    company = in_two_files(firm, "orders", rows[:80], pd.concat([paid, rows[80:]]))
    assert told(company) == {}
    refunds = rows[:30].assign(revenue="-5.00", ordered_at=rows["ordered_at"] + timedelta(days=9))
    company = in_two_files(firm, "orders", rows, refunds)
    assert "30 of 150 rows of `orders` share their `order_id`" in told(company)["versions"]


@pytest.mark.parametrize("names", [("o-9", "o-10"), ("o", "o (1)"), ("o-2026-09", "o-2026-10")])
def test_the_later_of_two_files_is_the_one_that_a_person_would_say(firm, names):
    company, rows = firm(), orders_of()
    for name, revenue in zip(names, ("11.00", "22.00"), strict=True):
        rows.assign(revenue=revenue).to_csv(company.folder / f"{name}.csv", index=False)
    path = company.folder / "company.yml"
    path.write_text(path.read_text("utf-8").replace("orders.csv", "o[ -]*.csv"), "utf-8")
    if names[0] == "o":
        path.write_text(path.read_text("utf-8").replace("o[ -]*.csv", "o[. ]*"), "utf-8")
    orders = opened(load_company(company.folder)).tables["orders"]
    assert set(orders.revenue.execute()) == {2200}


def test_rows_without_a_key_that_stand_alike_in_two_files_are_told(firm):
    months = [f"2025-{month:02}" for month in range(1, 13)]
    costs = pd.DataFrame({"month": months, "purpose": "acquisition", "amount": range(100, 112)})
    company = firm({"costs": costs})
    path = company.folder / "company.yml"
    path.write_text(path.read_text("utf-8").replace("costs.csv", "costs*.csv"), "utf-8")
    costs[9:].assign(amount=7).to_csv(company.folder / "costs-2.csv", index=False)
    assert "copied" not in told(load_company(company.folder))
    costs[9:].to_csv(company.folder / "costs-2.csv", index=False)
    says = told(load_company(company.folder))["copied"]
    assert "3 of 15 rows of `costs` stand alike in another file" in says


def by_halves(company: Company, table: str, *halves: Frame) -> Company:
    """Give a table as several files of one pattern."""
    path = company.folder / "company.yml"
    path.write_text(path.read_text("utf-8").replace(f"{table}.csv", f"{table}-*.csv"), "utf-8")
    for k, half in enumerate(halves):
        half.to_csv(company.folder / f"{table}-{k}.csv", index=False)
    return load_company(company.folder)


def test_a_column_that_another_file_calls_otherwise_is_told(firm):
    answers = answers_of(place=["shop", "till"] * 40)
    assert told(by_halves(firm(), "responses", answers[:40], answers[40:])) == {}
    later = answers[40:].rename(columns={"nps": "recommend_score"})
    says = told(by_halves(firm(), "responses", answers[:40], later))["renamed"]
    assert "`nps` of `responses` is empty in 1 of 2 files, which has `recommend_score`" in says
    assert "responses-1.csv" in says
    new = answers[40:].assign(effort=3)  # a further question
    assert told(by_halves(firm(), "responses", answers[:40], new)) == {}


def test_a_column_of_three_names_in_three_files_is_told(firm):
    answers = answers_of(90, response_id=[f"R{k}" for k in range(90)])
    parts = [answers[30 * k : 30 * k + 30].rename(columns={"nps": name})
             for k, name in enumerate(("nps", "q1", "F1"))]  # fmt: skip
    says = told(by_halves(firm(), "responses", *parts))["renamed"]
    assert "is empty in 2 of 3 files, which have `q1, F1` instead" in says


@pytest.mark.parametrize("listed", [False, True])
def test_what_a_list_of_files_does_not_read_is_looked_at_as_in_a_pattern(firm, listed):
    orders = orders_of()
    first = orders[:60].assign(status="completed")
    late = orders[60:].assign(Zustand=["cancelled", "completed"] * 30)
    company = by_halves(firm(), "orders", first, late)
    if listed:
        path = company.folder / "company.yml"
        given = yaml.safe_load(path.read_text("utf-8"))
        files = [{"file": f"orders-{k}.csv"} for k in (0, 1)]
        given["tables"]["orders"] = {"files": files}
        path.write_text(yaml.safe_dump(given), "utf-8")
    says = told(load_company(company.folder))
    assert "`status` of `orders` is empty in 1 of 2 files, which has `Zustand`" in says["renamed"]


def test_other_money_in_one_file_of_a_list_stops(firm):
    orders, company = orders_of(), firm()
    for k, sign in enumerate("€$"):
        half = orders[60 * k : 60 * k + 60]
        half.assign(revenue=sign + half["revenue"]).to_csv(company.folder / f"{k}.csv", index=False)
    path = company.folder / "company.yml"
    given = yaml.safe_load(path.read_text("utf-8"))
    given["tables"]["orders"] = {"files": [{"file": "0.csv"}, {"file": "1.csv"}]}
    path.write_text(yaml.safe_dump(given), "utf-8")
    assert "carries other money than EUR, which company.yml declares: '$' (60 rows)" in refusal(
        load_company(company.folder)
    )


def test_other_money_in_a_list_of_costs_stops(firm):
    company = firm()
    for k, sign in enumerate("€$"):
        cost = Frame({"month": [f"2026-0{k + 1}"], "purpose": "retention", "amount": f"{sign}100"})
        cost.to_csv(company.folder / f"cost-{k}.csv", index=False)
    path = company.folder / "company.yml"
    given = yaml.safe_load(path.read_text("utf-8"))
    given["tables"]["costs"] = {"files": [{"file": f"cost-{k}.csv"} for k in (0, 1)]}
    path.write_text(yaml.safe_dump(given), "utf-8")
    assert "amount carries other money than EUR" in refusal(load_company(company.folder))


def test_a_file_on_another_scale_is_told(firm):
    answers = answers_of(120, nps=[8 + k % 3 if k < 60 else 3 + k % 3 for k in range(120)])
    answers["responded_at"] = sorted(answers["responded_at"])[:60] * 2  # at the same time
    says = told(by_halves(firm(), "responses", answers[:60], answers[60:]))["other_scale"]
    assert "No answer to `nps` in responses-1.csv is above 5" in says
    low = answers.assign(nps=[k % 5 if k < 60 else k % 11 for k in range(120)])
    assert "other_scale" not in told(by_halves(firm(), "responses", low[:60], low[60:]))


def test_a_name_that_stands_twice_in_the_header_is_told(firm):
    twice = orders_of(second=5).rename(columns={"second": "Revenue"})
    says = told(firm({"orders": twice}))["column_twice"]
    assert "`revenue` stands twice in the header of `orders`" in says and "120 rows fill" in says
    empty = orders_of(second=None).rename(columns={"second": "Revenue"})
    assert told(firm({"orders": empty})) == {}


@pytest.mark.parametrize(
    ("name", "is_told"),
    [("Umsatz (TEUR)", True), ("金额(万元)", True), ("Revenue (USD)", True),
     ("Amount in cents", True), ("Umsatz (T€)", True), ("金额(元)", False),
     ("Revenue (EUR)", False), ("Net revenue", False)],
)  # fmt: skip
def test_a_unit_in_the_name_of_an_amount_is_told(firm, name, is_told):
    company = firm({"orders": orders_of().rename(columns={"revenue": name})})
    path = company.folder / "company.yml"
    given = yaml.safe_load(path.read_text("utf-8"))
    given["tables"]["orders"]["columns"] = {"revenue": name}
    path.write_text(yaml.safe_dump(given, allow_unicode=True), "utf-8")
    assert ("unit_in_name" in told(load_company(company.folder))) == is_told
    part = {"file": "orders.csv", "columns": {"revenue": name}}
    given["tables"]["orders"] = {"files": [part]}  # as `init` drafts it
    path.write_text(yaml.safe_dump(given, allow_unicode=True), "utf-8")
    assert ("unit_in_name" in told(load_company(company.folder))) == is_told


@pytest.mark.parametrize(
    ("total", "is_total"),
    [("10月合计", True), ("月小计:", True), ("Zwischensumme", True), ("Total général", True),
     ("Σ", True), ("K1001 Ergebnis", True), ("Ergebnis 10", True), ("Total: 20 orders", True),
     ("Summe Januar", True), ("Januar gesamt", True), ("Sub-Total", True), ("SUM-1001", False),
     ("TOTAL-17", False), ("O-summer-1", False), ("Gesamtschule 3", False)],
)  # fmt: skip
def test_a_key_that_says_total_sums_up_others(firm, total, is_total):
    ids = [total if k == 60 else f"O{k}" for k in range(120)]
    intake = opened(firm({"orders": orders_of(order_id=ids)}))
    assert intake.tables["orders"].count().execute() == 120 - is_total


def test_a_customer_may_be_called_total(firm):
    names = ["Total Energies", *(str(1000 + k) for k in range(1, CUSTOMERS))]
    customers = Frame({"customer_id": names, "tier": "gold"})
    orders = orders_of(customer_id=[names[k % CUSTOMERS] for k in range(120)])
    answers = answers_of(customer_id=[names[k % CUSTOMERS] for k in range(80)])
    intake = opened(firm({"customers": customers, "orders": orders, "responses": answers}))
    assert intake.tables["customers"].count().execute() == CUSTOMERS


def test_orders_in_two_spellings_are_told(firm):
    ids = [f"{k + 1:05}" if k < 60 else f"{k - 19}" for k in range(120)]
    says = told(firm({"orders": orders_of(order_id=ids)}))["orders_spelt_twice"]
    assert "20 of 120 orders have the `order_id` of another in a second spelling" in says


def test_a_file_with_other_amounts_is_told(firm):
    orders = orders_of()
    assert told(by_halves(firm(), "orders", orders[:40], orders[40:80], orders[80:])) == {}
    cents = orders[80:].assign(revenue=[f"{20 + k % 7}50" for k in range(40)])
    says = told(by_halves(firm(), "orders", orders[:40], orders[40:80], cents))["other_amounts"]
    assert "middle order of orders-2.csv brings €2,350, that of other files €23.50" in says


@pytest.mark.parametrize(
    ("name", "words"),
    [("order_status", ("completed", "cancelled")), ("Financial Status", ("paid", "voided")),
     ("状态", ("已完成", "已取消"))],
)  # fmt: skip
def test_a_column_of_statuses_that_nobody_named_is_told(firm, name, words):
    column = [words[k % 6 == 0] for k in range(120)]
    company = firm({"orders": orders_of(**{name: column})})
    says = told(company)
    assert f"`{name}` of orders isn't read, and 20 rows say" in says["unread_status"]
    path = company.folder / "company.yml"
    given = yaml.safe_load(path.read_text("utf-8"))
    given["tables"]["orders"]["columns"] = {"status": name}
    path.write_text(yaml.safe_dump(given), "utf-8")
    mended = opened(load_company(company.folder))  # as the warning says
    assert len(mended.tables["orders"].execute()) == 100
    assert "unread_status" not in {doubt.kind for doubt in mended.doubts}
    others = ("gift", "cancelled my other one", "by phone")
    says = told(firm({"orders": orders_of(note=[others[k % 3] for k in range(120)])}))
    assert says == {}


def test_ids_as_rounded_powers_stop(firm):
    stop = refusal(firm({"orders": orders_of(customer_id="7.70E+18")}))
    assert "120 of its 120 rows have a customer_id such as '7.70E+18' (1 different)" in stop
    as_floats = [f"7.7000000000000{k % CUSTOMERS:02}e+18" for k in range(120)]  # as Parquet's are
    assert "(40 different)" in refusal(firm({"orders": orders_of(customer_id=as_floats)}))


def test_ids_that_a_spreadsheet_cut_to_fifteen_digits_stop(firm):
    long = [f"{483920175536284193 + 7_654_321_987 * (k % CUSTOMERS)}" for k in range(120)]
    cut = [id[:15] + "000" for id in long]
    orders = {"orders": orders_of(customer_id=cut, order_id=[f"1{k:017}" for k in range(120)])}
    answers = {"responses": answers_of(customer_id=long[:80])}
    stop = refusal(firm(orders | answers))
    assert f"120 of its 120 rows have a customer_id such as '{min(cut)}' (40 different)" in stop
    plain = {"responses": answers_of(customer_id=cut[:80])}
    assert "rounded" not in told(firm(orders | plain, match_ids={"numbers": "plain"}))
    whole = {"orders": orders_of(customer_id=long)}
    assert told(firm(whole | answers)) == {}


def test_a_table_without_rows_is_no_doubt(firm):
    assert told(firm({"responses": answers_of().head(0)})) == {}
    assert told(by_halves(firm(), "responses", answers_of().head(0), answers_of())) == {}


def test_rounded_ids_of_orders_are_told(firm):
    ids = [f"{483920175536284 + k}000" for k in range(120)]
    says = told(firm({"orders": orders_of(order_id=ids)}))["rounded"]
    assert "120 of 120 rows of `orders` have a rounded `order_id`" in says
    some = [id if k < 30 else id[:-3] + f"{k:03}" for k, id in enumerate(ids)]
    assert "rounded" not in told(firm({"orders": orders_of(order_id=some)}))  # a quarter


def test_customers_in_two_spellings_are_told(firm):
    ids = [f"{k % CUSTOMERS:05}" if k < 60 else f"{k % CUSTOMERS}" for k in range(120)]
    answers = {"responses": answers_of(customer_id=ids[:80])}
    zeros = {"orders": orders_of(customer_id=ids)} | answers
    says = told(firm(zeros))["spelt_twice"]
    assert "39 of 78 customers have the id of another" in says  # 00000 and 0 name nobody
    assert "`match_ids: {leading_zeros: strip}`" in says
    assert "spelt_twice" not in told(firm(zeros, match_ids={"leading_zeros": "strip"}))
    case = [f"c{k % CUSTOMERS}" if k < 60 else f"C{k % CUSTOMERS}" for k in range(120)]
    answers = {"responses": answers_of(customer_id=case[:80])}
    says = told(firm({"orders": orders_of(customer_id=case)} | answers))
    assert "{case: ignore}" in says["spelt_twice"]
    two = [id.upper() if k in (1, 2) else id.lower() for k, id in enumerate(case)]
    answers = {"responses": answers_of(customer_id=two[:80])}
    assert "spelt_twice" not in told(firm({"orders": orders_of(customer_id=two)} | answers))


def test_one_id_for_many_is_told(firm):
    ids = ["777777" if k % 3 else f"{1000 + k % CUSTOMERS}" for k in range(120)]
    says = told(firm({"orders": orders_of(customer_id=ids)}))
    assert "One of 41 customers has 80 of 120 rows of `orders`" in says["one_customer"]


def test_an_order_of_somebody_else_is_told(firm):
    orders = [f"O{k + (k == 7)}" for k in range(80)]
    says = told(firm({"responses": answers_of(order_id=orders)}))
    assert "1 of 80 answers is about an order of another customer" in says["others_order"]
    far = [f"O{k}" if k < 40 else f"X{k}" for k in range(80)]
    says = told(firm({"responses": answers_of(order_id=far)}))
    assert "40 of 80 answers are about orders that `orders` does not have" in says["unknown_order"]


@pytest.mark.parametrize(
    ("text", "match", "same"),
    [
        (" 100.0", {}, " 100.0"),  # blanks at the ends are stripped before
        ("100.0", {}, "100"),
        ("1.0.0", {}, "1.0.0"),
        ("A.B@Mail.Example", {}, "a.b@mail.example"),
        ("AbC", {}, "AbC"),
        ("AbC", {"case": "ignore"}, "abc"),
        ("0012", {"leading_zeros": "strip"}, "12"),
        ("0", {"leading_zeros": "strip"}, "0"),
        ("1.002E+5", {"numbers": "plain"}, "100200"),
        ("12E4", {"numbers": "plain"}, "12E4"),  # a code, or a number: not in a spreadsheet's form
        ("a b\u00a0c", {"blanks": "strip"}, "abc"),
    ],
)
def test_an_id_has_one_form(text, match, same):
    column = ibis.literal(text)
    value = tidy_id(column, MatchIds(**match), embedded=True)
    assert ibis.duckdb.connect().execute(value) == same


@pytest.mark.parametrize(
    "text", ["guest", "#N/A", "NULL", "0", "0000", "-", "匿名", "访客", "noreply@shop.example"]
)
def test_words_that_name_nobody_are_no_customer(text):
    assert pd.isna(ibis.duckdb.connect().execute(somebody(ibis.literal(text))))


@pytest.mark.parametrize("text", ["guestrow", "100", "Nullmeyer", "anna@guest.example", "O-0"])
def test_words_like_them_are_customers(text):
    assert ibis.duckdb.connect().execute(somebody(ibis.literal(text))) == text


def test_in_form_leaves_ids_alone_unless_told():
    assert ibis.duckdb.connect().execute(in_form(ibis.literal("0A b"), MatchIds())) == "0A b"


# --- rows ----------------------------------------------------------------------------------------


def test_rows_set_aside_in_heaps_stop_unless_the_firm_says_otherwise(firm):
    revenue = ["n.v." if k < 12 else "20.50" for k in range(120)]
    tables = {"orders": orders_of(revenue=revenue)}
    stop = refusal(firm(tables))
    assert "12 of its 120 rows (10%) can't be used" in stop
    assert "limits: {set_aside: 0.11}" in stop
    says = told(firm(tables, limits={"set_aside": 0.11}))
    assert "12 of 120 rows of `orders` could not be used" in says["set_aside"]


def test_money_set_aside_is_told(firm):
    late = ["someday" if k < 6 else START + timedelta(hours=18 * k) for k in range(120)]
    says = told(firm({"orders": orders_of(ordered_at=late)}, limits={"set_aside": 0.1}))
    assert "6 of 120 rows of `orders` could not be used, and €138 of revenue" in str(says)


def test_a_row_an_item_stops_with_its_query(firm):
    items = orders_of(order_id=[f"O{k // 2}" for k in range(120)])
    items["customer_id"], items["ordered_at"] = items.order_id, START
    items["revenue"] = [f"{k + 1}" for k in range(120)]
    stop = refusal(firm({"orders": items, "responses": answers_of()[:3]}))
    assert "120 of its 120 rows share their order_id with another row of the same customer" in stop
    assert "sum(CAST(revenue AS DECIMAL(18, 2))) AS revenue FROM export GROUP BY ALL" in stop


def test_numbers_that_two_shops_share_stop(firm):
    stop = refusal(firm({"orders": orders_of(order_id=[f"O{k % 60}" for k in range(120)])}))
    assert "60 of its 120 rows have the same order_id as a row of another customer" in stop


def test_versions_of_a_row_are_told(firm):
    twice = pd.concat([answers_of(), answers_of()[:9].assign(nps=10)])
    says = told(firm({"responses": twice}))
    assert "rows of `responses` share their `response_id` with another" in says["versions"]


def test_a_double_click_is_told(firm):
    again = answers_of()[:9].assign(response_id=[f"S{k}" for k in range(9)])
    again["responded_at"] += timedelta(seconds=3)
    says = told(firm({"responses": pd.concat([answers_of(), again])}))
    assert "9 of 89 answers were given twice within a minute" in says["answered_twice"]


def test_a_total_is_no_order(firm):
    names = ["TOTAL", "Grand total", "合计"]
    total = orders_of(3, order_id=names, revenue="9999")
    intake = opened(firm({"orders": pd.concat([orders_of(), total])}))
    assert [doubt.kind for doubt in intake.doubts] == ["total_rows"]
    assert intake.tables["orders"].count().execute() == 120


# --- statuses ------------------------------------------------------------------------------------


SALES = ("completed", "wc-processing", "Shipped - Delivered to Buyer", "交易成功", "geliefert")
NO_SALES = ("refunded", "failed", "wc-cancelled", "Cancelled by customer", "已取消", "退款成功")


def test_statuses_are_known_in_three_languages(firm):
    words = (*SALES, *NO_SALES, "Partially_Refunded")
    status = [words[k % len(words)] for k in range(120)]
    intake = opened(firm({"orders": orders_of(status=status)}))
    assert intake.tables["orders"].count().execute() == 60
    doubts = {doubt.kind: doubt.values for doubt in intake.doubts}
    assert doubts["left_out"]["n"] == 60
    assert doubts["partly_refunded"]["words"] == "Partially_Refunded (10)"
    assert "已取消 10 (left out)" in intake.notes[0]


def test_a_refund_in_a_row_of_its_own_counts(firm):
    status = ["refunded" if k < 6 else "paid" for k in range(120)]
    revenue = ["-10" if k < 6 else "20" for k in range(120)]
    intake = opened(firm({"orders": orders_of(status=status, revenue=revenue)}))
    assert intake.tables["orders"].count().execute() == 120
    assert not intake.doubts


def test_an_unknown_status_asks(firm):
    status = ["lila" if k < 6 else "paid" for k in range(120)]
    tables = {"orders": orders_of(status=status)}
    stop = refusal(firm(tables))
    assert "'lila' (6 orders)" in stop
    assert "statuses: {counted: [lila], left_out: [lila]}" in stop
    for said, n in (("counted", 120), ("left_out", 114)):
        intake = opened(firm(tables, statuses={said: ["Lila"]}))
        assert intake.tables["orders"].count().execute() == n


def test_what_the_firm_says_of_a_status_goes_first(firm):
    company = firm(statuses={"counted": ["Refunded", "voided"], "left_out": ["paid"]})
    words = status_words(company)
    assert {one_form("Refunded"), "voided"} <= words.counted
    assert "paid" in words.left_out
    assert not words.counted & (words.left_out | words.refunded)


# --- money ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("sign", "currency", "fits"),
    [
        ("$", "TWD", True), ("$", "USD", True), ("€", "EUR", True), ("¥", "CNY", True),
        ("¥", "JPY", True), ("￥", "CNY", True), ("EUR", "EUR", True), ("KR", "SEK", True),
        ("US$", "TWD", False), ("¥", "EUR", False), ("USD", "EUR", False), ("元", "JPY", False),
    ],
)  # fmt: skip
def test_a_sign_may_mean_several_currencies(sign, currency, fits):
    assert (currency in currencies_of(sign)) == fits


def test_what_is_no_sign_of_money_means_none():
    assert currencies_of("N/A") == currencies_of("ABC") == ()


@pytest.mark.parametrize("sign", ["¥", "US$", "USD "])
def test_another_money_than_the_declared_one_stops(firm, sign):
    revenue = [f"{sign if k % 3 == 0 else '€'}{20 + k % 7}.50" for k in range(120)]
    stop = refusal(firm({"orders": orders_of(revenue=revenue)}))
    assert "other money than EUR" in stop
    assert f"'{sign.strip()}' (40 rows)" in stop
    assert "€" not in stop


@pytest.mark.parametrize("name", ["currency", "币种", "Ccy", "order_curr."])
def test_a_column_of_currencies_beside_revenue_is_looked_at(firm, name):
    codes = ["JPY" if k % 3 == 0 else "EUR" for k in range(120)]
    assert "'JPY' (40 rows)" in refusal(firm({"orders": orders_of(**{name: codes})}))


def test_orders_in_several_currencies_are_counted_at_the_rate_of_their_day(firm):
    codes = ["jpy" if k % 3 == 0 else "" if k % 3 == 1 else "EUR" for k in range(120)]
    rates = Frame(
        {"currency": "JPY", "from_date": [date(2025, 1, 1), date(2026, 2, 1)], "rate": [0.5, 0.25]}
    )
    lines = Frame({"order_id": ["O0", "O1"], "product_id": "P", "revenue": "20.50"})
    tables = {"orders": orders_of(currency=codes), "rates": rates, "order_lines": lines}
    intake = opened(firm(tables))
    orders = intake.tables["orders"].to_pandas().set_index("order_id")
    plain = orders_of().set_index("order_id")["revenue"].astype(float) * 100
    assert orders.loc["O0", "revenue"] == plain["O0"] / 2
    assert orders.loc["O1", "revenue"] == plain["O1"]
    assert orders.loc["O117", "revenue"] == round(plain["O117"] / 4)
    assert set(intake.tables["order_lines"].to_pandas()["revenue"]) == {1025, 2050}
    late = rates.assign(from_date=[date(2026, 3, 1), date(2026, 3, 2)])
    assert "no rate for its currency" in refusal(firm(tables | {"rates": late}))


def test_orders_that_cost_nothing_are_told_and_can_be_left_out(firm):
    tables = {"orders": orders_of(revenue=["0" if k < 12 else "20" for k in range(120)])}
    assert "12 of 120 orders cost nothing" in told(firm(tables))["free_orders"]
    assert told(firm(tables, free_orders="counted")) == {}
    intake = opened(firm(tables, free_orders="left_out"))
    assert intake.tables["orders"].count().execute() == 108


def test_one_order_that_outweighs_all_is_told(firm):
    revenue = ["99999" if k == 5 else "20" for k in range(120)]
    assert (
        "One order brings 97.7% of all revenue"
        in told(firm({"orders": orders_of(revenue=revenue)}))["one_order"]
    )


# --- days and scores -----------------------------------------------------------------------------


@pytest.mark.parametrize("far", ["2062-06-30", "1970-01-01", "1900-01-01"])
def test_a_day_far_from_all_others_decides_nothing(firm, far):
    at = [pd.Timestamp(far) if k == 50 else START + timedelta(hours=18 * k) for k in range(120)]
    company = firm({"orders": orders_of(ordered_at=at)})
    assert last_period(company) == Q1
    assert far in told(company)["far_days"]


@pytest.mark.parametrize("nothing", ["1970-01-01", "2099-12-31", "1900-01-01"])
def test_a_day_that_systems_write_for_none_is_told_however_many_rows_have_it(firm, nothing):
    at = [pd.Timestamp(nothing) if k % 20 == 1 else START + timedelta(hours=18 * k)
          for k in range(120)]  # fmt: skip
    company = firm({"orders": orders_of(ordered_at=at)})
    assert last_period(company) == Q1
    assert nothing in told(company)["far_days"]


def pauses(days: list[date], rows: list[int]) -> Frame:
    """What `pauses_of` gives of so many rows a day."""
    number = [(day - date(1970, 1, 1)).days for day in days]
    frame = Frame({"day": number, "n": rows})
    frame["pause"] = frame["day"].diff().fillna(0).astype(int)
    frame["below"] = frame["n"].cumsum() - frame["n"]
    frame = frame.assign(total=sum(rows), first=number[0], last=number[-1])
    return frame.sort_values("pause", ascending=False, kind="stable")


def test_a_stretch_without_orders_amid_days_that_have_some_is_told(firm):
    at = [START + timedelta(hours=18 * k + (24 * 28 if k > 40 else 0)) for k in range(80)]
    at += [pd.Timestamp(at[-1]) + timedelta(hours=k) for k in range(40)]
    says = told(firm({"orders": orders_of(ordered_at=at)}))["quiet"]
    assert "No order is of the 28 days from 2026-02-01 to 2026-02-28**, beside 37 in" in says


def test_a_stretch_that_only_begins_by_the_end_of_the_period_is_not_told(firm):
    at = [START + timedelta(hours=18 * k + (24 * 28 if k > 100 else 0)) for k in range(120)]
    assert "quiet" not in told(firm({"orders": orders_of(ordered_at=at)}))


def days_but(*without: tuple[date, date], since: date = date(2023, 1, 1)) -> list[date]:
    """All days up to the end of 2025 but those of some stretches, first and last day of each."""
    days = [since + timedelta(days=k) for k in range((date(2026, 1, 1) - since).days)]
    return [day for day in days if not any(first <= day <= last for first, last in without)]


@pytest.mark.parametrize(
    ("without", "months"),
    [
        ([], []),
        ([(date(2025, 3, 1), date(2025, 3, 31))], [3]),
        ([(date(2025, 3, 1), date(2025, 3, 31)), (date(2025, 6, 1), date(2025, 6, 30))], [3, 6]),
        ([(date(2025, 3, 1), date(2025, 3, 13))], []),
        ([(date(2025, 3, 1), date(2025, 3, 15)), (date(2025, 9, 1), date(2025, 9, 4))], []),
        ([(date(year, 8, 1), date(year, 8, 25)) for year in (2024, 2025)], []),  # a season's
        ([(date(2023, 3, 1), date(2023, 3, 31))], []),  # long ago
    ],
)
def test_stretches_that_stand_out(without, months):
    days = days_but(*without)
    frame = pauses(days, [3] * len(days))
    until = [date(1970, 1, 1) + timedelta(days=day - 1)
             for day, _ in long_pauses(frame, usual_days(frame))]  # fmt: skip
    assert [day.month for day in until] == months


def test_a_season_is_no_slip():
    days = [date(year, 12, k) for year in (2023, 2024, 2025) for k in range(1, 25)]
    assert last_usual_day(pauses(days, [40] * 72)) == days[-1]


def test_a_slow_beginning_is_no_slip():
    days = [date(2025, 9, 1), *(date(2026, 1, k) for k in range(1, 29))]
    first, _ = usual_days(pauses(days, [1] + [40] * 28)) or (None, None)
    assert first == (days[0] - date(1970, 1, 1)).days


def test_the_last_usual_day_may_be_a_pause_before_the_slip():
    days = [date(2026, 6, k) for k in (1, 4, 9, 12, 17, 21, 26)] + [date(2062, 6, 30)]
    assert last_usual_day(pauses(days, [20] * 7 + [1])) == date(2026, 7, 1)


def test_scores_that_never_rise_above_another_scale_are_told(firm):
    says = told(firm({"responses": answers_of(nps=[1 + k % 5 for k in range(80)])}))
    assert "No answer to `nps` is above 5, though its scale runs to 10" in says["never_above"]


def test_zeros_that_may_mean_not_rated_are_told(firm):
    asked = {"stars": {"column": "nps", "kind": "rating", "scale": [0, 5]}}
    many, spread = [0 if k % 2 else 3 + k % 3 for k in range(80)], [k % 6 for k in range(240)]
    says = told(firm({"responses": answers_of(nps=many)}, questions=asked))["zero_unrated"]
    assert says.startswith("**40 answers to `nps` are 0, and only 0 are 1 or 2**")
    assert "`missing: {nps: [0]}`" in says
    assert "zero_unrated" not in told(
        firm({"responses": answers_of(240, nps=spread)}, questions=asked)
    )


def test_a_scale_that_changed_is_told_and_can_be_declared(firm):
    scores = [1 + k % 5 if k < 40 else k % 11 for k in range(80)]
    tables = {"responses": answers_of(nps=scores)}
    says = told(firm(tables))["scale_changed"]
    day = (START + timedelta(hours=18 * 40 + 51)).date()
    assert f"`scale_since: {day}`" in says
    intake = opened(firm(tables, questions={"nps": {"kind": "nps", "scale_since": day}}))
    used = intake.tables["responses"].to_pandas()
    assert used["nps"].notna().sum() == pytest.approx(40, abs=1)
    assert not intake.doubts


def test_an_older_scale_that_breaks_the_contract_stops_with_its_day(firm):
    scores = [10 + 10 * (k % 9) if k < 40 else k % 11 for k in range(80)]
    stop = refusal(
        firm(
            {
                "responses": answers_of(
                    nps=[max(s, 20) if k < 40 else s for k, s in enumerate(scores)]
                )
            }
        )
    )
    assert "questions: nps: scale_since: 2026-02-0" in stop


def test_scores_turned_round_are_told(firm):
    scores = [(9 if k % 3 else 10) if k < 40 else (1 if k % 3 else 0) for k in range(80)]
    says = told(firm({"responses": answers_of(nps=scores)}))
    assert "`nps` seems to be turned round since 2026-02-01" in says["scale_turned"]


def contracts_of(ends: list[date | None]) -> Frame:
    """One row a contract: each began 20 days after the one before."""
    starts = [date(2024, 1, 1) + timedelta(days=20 * k) for k in range(len(ends))]
    customers = [f"c{k}" for k in range(len(ends))]
    return Frame({"customer_id": customers, "started_on": starts, "ended_on": ends})


def test_contracts_that_all_ended_on_one_day_are_a_snapshot(firm):
    left = [date(2026, 3, 1)] * 30 + [None] * 10
    words = told(firm({"subscriptions": contracts_of(left)}))["ends_alike"]
    assert words.startswith("**All 30 contracts that ended did so on 2026-03-01**: a snapshot?")
    left[0] = date(2026, 2, 1)
    assert "ends_alike" not in told(firm({"subscriptions": contracts_of(left)}))


def test_a_column_that_sorts_customers_is_not_taken_for_one_that_names_them(firm):
    answers = answers_of().drop(columns="customer_id").assign(**{"Customer type": "Member"})
    intake = opened(firm({"responses": answers}))
    assert intake.tables["responses"].count().execute() == 80
    intake.close()


# --- names ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("other", "sign"),
    [
        ("Caf\u00e9\u200b Nord", "U+200B ZERO WIDTH SPACE"),
        ("Cafe\u0301 Nord", "U+0301 COMBINING ACUTE ACCENT"),
        ("Caf\u00e9 N\u043erd", "U+043E CYRILLIC SMALL LETTER O"),
        ("Caf\u00e9\u00a0Nord", "U+00A0 NO-BREAK SPACE"),
        ("Caf\u00e9  Nord", "blanks"),
    ],
)
def test_names_that_look_alike_are_told_with_what_parts_them(firm, other, sign):
    channel = [other if k % 20 == 7 else ("Caf\u00e9 Nord", "Web")[k % 2] for k in range(120)]
    says = told(firm({"orders": orders_of(channel=channel)}))["look_alike"]
    assert "6 rows of `channel` look like “Caf\u00e9 Nord”" in says and sign in says


def test_names_of_one_script_and_rare_ones_are_not_told_to_look_alike(firm):
    words = ["Nord", "nord", "Норд", "север", "北", "北部", "Nord 2", "N\u043erd"]
    channel = [words[k % 7] for k in range(119)] + [words[7]]
    assert "look_alike" in told(firm({"orders": orders_of(channel=channel)}))
    assert "look_alike" not in told(firm({"orders": orders_of(channel=[*channel[:119], "Nord"])}))
    rare = ["Web"] * 110 + ["Nord"] * 5 + ["N\u043erd"] * 5
    assert "look_alike" not in told(firm({"orders": orders_of(channel=rare)}))


def test_a_segment_that_holds_whole_texts_stops_the_run(firm):
    channel = ["z" * 2_000_000 if k % 20 == 7 else "Web" for k in range(120)]
    tables = {"orders": orders_of(channel=channel), "responses": answers_of(order_id="O1")}
    assert "holds a text of 2,000,000 letters" in refusal(firm(tables, segments=["channel"]))
    assert "look_alike" not in told(firm(tables))
