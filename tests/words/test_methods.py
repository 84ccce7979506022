"""How each number is made: every id has its definition, and the page holds for every firm."""

from __future__ import annotations

import json
from pathlib import Path
from types import SimpleNamespace

import pytest

from profitchain.core.i18n import length
from profitchain.core.periods import Period
from profitchain.exhibits.notebook_page import page
from profitchain.measures.loyalty import loyalty_measures
from profitchain.measures.response_rate import rate_of
from profitchain.sources.company import Question
from profitchain.words import methods

EXAMPLE = Path(__file__).resolve().parents[2] / "reports" / "example" / "2026Q3" / "findings.json"
NPS = Question(name="nps", kind="nps", label="Would recommend")
DEFINED = {id: text for name in methods.SECTIONS for id, text in methods.DEFINITIONS[name].items()}


def edition_of(**settings: object) -> SimpleNamespace:
    usual = {
        "main": NPS, "all_questions": [NPS], "asks_only": False, "currency": "EUR",
        "repeat_within_days": 90, "lookback_months": 12, "report_every": "quarter",
        "controls": ["prior_orders", "month"], "segments": [], "gross_margin": None,
        "discount_rate": 0.1, "control_tolerance": 0.005,
    }  # fmt: skip
    firm = SimpleNamespace(**usual | settings)
    return SimpleNamespace(company=firm, period=Period("2026Q3"), smallest=10, facts={})


def test_every_finding_has_a_definition():
    labels = page("18_methods", edition_of()).labels
    lacking = set(labels) - set(DEFINED)
    assert not lacking, "write how it is made into words/definitions.yml"
    assert set(DEFINED) <= set(labels), "defined, and never recorded"


def test_no_number_is_defined_twice():
    ids = [id for name in methods.SECTIONS for id in methods.DEFINITIONS[name]]
    assert sorted(ids) == sorted(set(ids))


def test_every_id_of_the_example_is_defined():
    ids = {finding["id"] for finding in json.loads(EXAMPLE.read_text(encoding="utf-8"))}
    measured = [*loyalty_measures("EUR").values(), rate_of(invited=True)]
    questions = ("nps", "csat", "ces", "quality", "delivery", "service", "price")
    known = {*DEFINED, *(measure.id for measure in measured)}
    ids = {id for id in ids if not id.endswith(("_change", "_change_on_year", "_shrunk"))}
    assert not {id for id in ids - known if not id.startswith(questions)}


def test_definitions_are_one_short_sentence_or_two():
    for id, text in DEFINED.items():
        assert text.endswith("."), id
        assert length(text) <= 35, id


def test_the_parameters_are_those_of_the_code():
    rows = methods.fixed(edition=edition_of()).rows
    assert len(rows) == len(methods.DEFINITIONS["fixed"]) and (rows["value"] != "").all()
    assert "28 days" in rows["value"].tolist() and "1.65" in rows["value"].tolist()


def test_a_term_parts_from_its_meaning():
    rows = methods.glossary(edition=edition_of()).rows
    assert (rows["term"].str.len() < 25).all() and rows["definition"].str.endswith(".").all()
    assert rows["term"].str.lower().tolist() == sorted(rows["term"].str.lower())


@pytest.mark.parametrize(
    ("settings", "keys"),
    [
        ({}, ["defined", "followed", "effects"]),
        ({"lookback_months": 0}, ["defined", "followed_all", "effects"]),
        ({"main": None, "all_questions": []}, ["defined", "effects"]),
        ({"asks_only": True}, ["defined", "effects"]),
    ],
)
def test_every_kind_of_firm_is_told_what_holds_for_it(settings, keys):
    edition = edition_of(**settings)
    shown = page("18_methods", edition)
    assert [said.key for said in methods.answer(shown.labels, edition=edition)] == keys
    assert shown.answer(shown.labels).sentences[0].startswith("**")
    for name in methods.SECTIONS:
        rows = shown.show(name, shown.labels).data
        assert len(rows) and not rows["id"].str.match("_").any()
    values = shown.show("settings").data.set_index("field")["value"]
    assert values["lookback_months"] == (
        "all" if settings.get("lookback_months") == 0 else "12 months"
    )
