"""company.yml: what it may say, and what is said back when it can't be used."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml

from profitchain.core.errors import CompanyError
from profitchain.sources.company import environment_names, load_company, redacted
from profitchain.sources.company_file import expand

PLAIN = {
    "name": "Tiny",
    "currency": "EUR",
    "tables": {"orders": {"file": "orders.csv"}, "responses": {"file": "responses.csv"}},
    "questions": {"nps": {"kind": "nps"}},
}
SECRET = "hunter2-swordfish"


def folder_of(tmp_path: Path, **changes: object) -> Path:
    given = {key: value for key, value in (PLAIN | changes).items() if value is not None}
    (tmp_path / "company.yml").write_text(yaml.safe_dump(given), encoding="utf-8")
    return tmp_path


def refusal(tmp_path: Path, **changes: object) -> str:
    with pytest.raises(CompanyError) as refused:
        load_company(folder_of(tmp_path, **changes))
    return str(refused.value)


def test_what_is_left_out_has_the_usual_value(tmp_path):
    company = load_company(folder_of(tmp_path))
    assert (company.time_zone, company.report_every, company.language) == ("UTC", "quarter", "en")
    assert (company.repeat_within_days, company.lookback_months) == (90, 12)
    assert company.controls == ["prior_orders", "recency", "tenure", "month"]
    assert company.cancelled_statuses == ["cancelled", "canceled", "voided"]
    assert company.privacy.smallest_group == 10
    assert company.folder == tmp_path
    assert company.slug == tmp_path.name


@pytest.mark.parametrize(
    ("question", "scale", "satisfied_at"),
    [
        ({"kind": "nps"}, (0, 10), 9),
        ({"kind": "csat"}, (1, 5), 4),
        ({"kind": "csat", "satisfied_from": 5}, (1, 5), 5),
        ({"kind": "ces", "easy_is": "high"}, (1, 7), 6),
        ({"kind": "ces", "easy_is": "low"}, (1, 7), 2),
        ({"kind": "driver", "scale": [1, 10]}, (1, 10), 9),
    ],
)
def test_a_question_takes_its_scale_and_threshold_from_its_kind(
    tmp_path, question, scale, satisfied_at
):
    company = load_company(folder_of(tmp_path, questions={"q_one": question}))
    found = company.question("q_one")
    assert company.main is found
    assert (found.scale, found.satisfied_at) == (scale, satisfied_at)
    assert (found.column, found.label) == ("q_one", "Q one")


def test_money_keeps_at_least_two_decimals(tmp_path):
    units = {
        code: load_company(folder_of(tmp_path, currency=code)).minor_units
        for code in ("EUR", "JPY", "KWD")
    }
    assert units == {"EUR": 100, "JPY": 100, "KWD": 1000}


def test_a_firm_without_answers_has_no_main_question(tmp_path):
    tables = {"orders": {"file": "orders.csv"}}
    company = load_company(folder_of(tmp_path, tables=tables, questions=None))
    assert company.main is None
    assert not company.has("responses")
    assert company.has("orders")


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({"curency": "EUR"}, "curency is unknown. Did you mean 'currency'?"),
        ({"tables": {"ordes": {"file": "x"}}}, "tables.ordes is unknown. Did you mean 'orders'?"),
        (
            {"tables": {"orders": {"fiel": "x"}}},
            "tables.orders.fiel is unknown. Did you mean 'file'?",
        ),
        (
            {"questions": {"nps": {"kind": "nps", "scales": [0, 10]}}},
            "questions.nps.scales is unknown. Did you mean 'scale'?",
        ),
        ({"privacy": {"smalest_group": 5}}, "Did you mean 'smallest_group'?"),
        ({"currency": "EURO"}, "'EURO' is no currency"),
        ({"time_zone": "Europe/Berln"}, "Did you mean 'Europe/Berlin'?"),
        ({"questions": {"ces": {"kind": "ces"}}}, "needs easy_is: high (7 = very easy)"),
        ({"questions": {"nps": {"kind": "nps", "easy_is": "high"}}}, "belongs to kind: ces"),
        ({"questions": {"a": {"kind": "csat", "scale": [5, 1]}}}, "from its lowest to its highest"),
        ({"questions": {"a": {"kind": "csat", "satisfied_from": 6}}}, "outside the scale 1 to 5"),
        ({"questions": {"a": {"kind": "csat", "name": "b"}}}, "name is its key"),
        (
            {"questions": {"a": {"kind": "nps"}, "b": {"kind": "csat"}}},
            "main_question is missing. Say which one: a, b.",
        ),
        ({"main_question": "npss"}, "Did you mean 'nps'?"),
        ({"questions": {"a": {"kind": "nps", "blank": "not_applicable"}}}, "blank: belongs to"),
        ({"questions": {"a": {"kind": "expectation"}}}, "of: says of which driver"),
        (
            {"questions": {"a": {"kind": "driver"}, "b": {"kind": "importance", "of": "aa"}}},
            "questions.b.of: 'aa' is no question of kind: driver. Did you mean 'a'?",
        ),
        ({"drivers": ["nps"]}, "drivers: 'nps' is the main question"),
        (
            {
                "questions": {"nps": {"kind": "nps"}, "a": {"kind": "csat", "column": "q1"}},
                "main_question": "nps",
                "drivers": ["q1"],
            },
            "drivers: 'q1' is the column of a question. Write 'a'.",
        ),
        (
            {
                "questions": {"nps": {"kind": "nps"}, "a": {"kind": "driver"}},
                "main_question": "nps",
                "drivers": ["a"],
            },
            "drivers: 'a' counts by its kind already",
        ),
        ({"blocks": {"x": {"questions": ["nsp"]}}}, "blocks.x.questions: 'nsp' is unknown."),
        (
            {
                "blocks": {
                    "x": {"questions": ["nps"]},
                    "y": {"questions": ["nps"], "follows": ["z"]},
                }
            },
            "blocks.y.follows: 'z' is unknown.",
        ),
        (
            {"blocks": {"x": {"questions": ["nps"]}, "y": {"questions": ["nps"]}}},
            "blocks: 'nps' stands in two blocks. Keep it in one.",
        ),
        ({"blocks": {"x": {"question": ["nps"]}}}, "Did you mean 'questions'?"),
        ({"controls": ["prior_order"]}, "Did you mean 'prior_orders'?"),
        (
            {"tables": {"events": {"file": "e.csv"}}},
            "none of orders, subscriptions, responses is there",
        ),
        ({"questions": None}, "no questions"),
        (
            {"questions": {f"q{number}": {"kind": "csat"} for number in range(300)}},
            "questions: 300 are given; a report follows 60 at most",
        ),
        ({"tables": {"orders": {"file": "a", "query": "b"}}}, "exactly one of file:, table: or"),
        ({"tables": {"orders": {"table": "orders"}}}, "table: needs database:"),
        ({"tables": {"orders": {"query": "SELECT 1"}}}, "query: needs files:"),
        ({"tables": {"orders": {"file": "a", "date_format": "dd/mm/yyyy"}}}, "Write a pattern"),
        ({"gross_margin": 42}, "gross_margin: it should be less than or equal to 1"),
        ({"repeat_within_days": "soon"}, "repeat_within_days: it should be a valid integer"),
        ({"name": None}, "name is missing"),
        ({"repeat_within_days": 10**9}, "should be less than or equal to 3660"),
        ({"lookback_months": 10**6}, "should be less than or equal to 600"),
        ({"connect": {"backend": "duckdb", "extension_directory": "/x"}}, "is no option for DuckD"),
        ({"connect": {"backend": "pyspark", "spark.jars": "x.jar"}}, "spark.jars: is no option"),
        ({"connect": {"backend": "postgres", "hots": "db"}}, "Did you mean 'host'?"),
    ],
)
def test_a_fault_is_told_in_plain_words(tmp_path, changes, told):
    assert told in refusal(tmp_path, **changes)


def test_all_faults_are_told_at_once(tmp_path):
    told = refusal(tmp_path, curency="EUR", currency="EURO", repeat_within_days=0)
    assert told.startswith("company.yml has 3 faults:")
    assert all(word in told for word in ("curency", "EURO", "repeat_within_days"))


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("name: a\nname: b\n", "line 2: 'name' stands there twice"),
        ("name: [a\ncurrency: EUR\n", "can't be read at line"),
        ("- a\n- b\n", "holds no settings"),
        ("", "holds no settings"),
    ],
)
def test_broken_yaml_is_told_with_its_line(tmp_path, text, told):
    (tmp_path / "company.yml").write_text(text, encoding="utf-8")
    with pytest.raises(CompanyError, match=told):
        load_company(tmp_path)


def test_a_folder_without_company_yml_is_named_without_its_path(tmp_path):
    with pytest.raises(CompanyError) as refused:
        load_company(tmp_path / "shop")
    assert "'shop'" in str(refused.value)
    assert str(tmp_path) not in str(refused.value)


def test_a_name_from_the_environment_must_be_set(tmp_path, monkeypatch):
    monkeypatch.delenv("SHOP_DATA", raising=False)
    told = refusal(tmp_path, tables=PLAIN["tables"] | {"orders": {"file": "${SHOP_DATA}/o.csv"}})
    assert "export SHOP_DATA=" in told


def test_what_comes_from_the_environment_is_never_shown(tmp_path, monkeypatch):
    monkeypatch.setenv("SHOP_DATA", SECRET)
    tables = PLAIN["tables"] | {"orders": {"file": "${SHOP_DATA}/o.csv"}}
    company = load_company(folder_of(tmp_path, tables=tables))
    assert environment_names(company) == {"SHOP_DATA"}
    assert expand(company.tables["orders"].file) == f"{SECRET}/o.csv"
    for shown in (repr(company), str(company), company.model_dump_json()):
        assert SECRET not in shown
    assert redacted(f"no such file {SECRET}/o.csv", company) == "no such file ${SHOP_DATA}/o.csv"


def test_a_wrong_question_name_is_answered_with_the_nearest(tmp_path):
    with pytest.raises(CompanyError, match="Did you mean 'nps'"):
        load_company(folder_of(tmp_path)).question("nsp")
