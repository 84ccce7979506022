"""What a firm calls its segments and groups: where readers look, in their language, only there."""

from __future__ import annotations

import html
import json
import re
from contextlib import closing
from pathlib import Path

import numpy as np
import openpyxl
import pandas as pd
import pytest
from editions import publish_here, write_company
from test_odd_firms import shop

from profitchain.core import i18n
from profitchain.core.errors import CompanyError
from profitchain.core.group_names import call, group_name, key_in_words, with_group_names
from profitchain.core.periods import Period
from profitchain.intake.intake import open_intake
from profitchain.sources.company import load_company
from profitchain.words.data import doubts_in_words

PLACES = {"Xnorth": "北区", "Xsouth": "南区", "Xboth": "两地"}
PLANS = {"Xplain": "普通", "Xgold": "金卡", "Xboth": "混合"}
SEGMENTS = {
    "xplace": {"label": {"en": "Area", "zh-Hans": "地方"},
               "values": {value: {"zh-Hans": label} for value, label in PLACES.items()}},
    "xplan": {"label": {"zh-Hans": "套餐"},
              "values": {value: {"zh-Hans": label} for value, label in PLANS.items()}},
}  # fmt: skip
LABELS = {
    "touchpoint": {
        "label": {"zh-Hans": "触点"},
        "values": {"Xshop": {"zh-Hans": "门店"}, "Xnet": {"zh-Hans": "网店"}},
    },
    "event": {"values": {"Xstrike": {"zh-Hans": "罢工"}}},
}
FIRM = {
    "questions": {"nps": {"kind": "nps", "label": {"en": "Likely", "zh-Hans": "推荐"}}},
    "controls": ["prior_orders", "xplan"],
    "labels": LABELS,
}
KIND = "names_of_nothing"
RAW = re.compile(r"(?<![A-Za-z])(?:[Xx](?:north|south|both|plain|gold|place|plan|shop|net|strike))")


def tables(customers: int = 150) -> dict[str, pd.DataFrame]:
    """A small shop with two segments, one value of which they share, touchpoints and an event."""
    rng, made = np.random.default_rng(5), shop(customers)
    known = pd.DataFrame({"customer_id": [f"C{number}" for number in range(customers)]})
    known["xplace"] = rng.choice(list(PLACES), customers)
    known["xplan"] = np.where(
        known.index % 3 == 0, "Xgold", rng.choice(["Xplain", "Xboth"], customers)
    )
    gold = set(known.loc[known["xplan"] == "Xgold", "customer_id"])
    answers = made["responses"]
    lower = (answers["nps"] - 5).clip(lower=0).where(~answers["customer_id"].isin(gold), 10)
    asked = answers[["customer_id", "response_id"]].assign(
        invited_at=answers["responded_at"] - pd.Timedelta(hours=3),
        touchpoint=rng.choice(["Xshop", "Xnet"], len(answers)),
    )
    silent = asked.sample(200, random_state=1).assign(response_id=None)
    silent["invited_at"] += pd.Timedelta(hours=1)
    events = {"event": ["Xstrike"], "happened_on": ["2025-10-01"], "xplace": ["Xnorth"]}
    return made | {
        "responses": answers.assign(nps=lower),
        "customers": known,
        "invitations": pd.concat([asked, silent]),
        "events": pd.DataFrame(events),
    }


@pytest.fixture(scope="module")
def edition(tmp_path_factory) -> Path:
    """A small firm's edition in English and Chinese, with names for its groups."""
    folder = tmp_path_factory.mktemp("named")
    company = write_company(folder / "firm", tables(), **FIRM, segments=SEGMENTS)
    only = ["02_response", "03_satisfaction", "06_value", "09_sensitivity"]
    return publish_here(company, "2026Q1", only=only, out=folder, spoken=["en", "zh-Hans"])


def shown_in(page: Path) -> str:
    text = re.sub(r"<style.*?</style>", " ", page.read_text(encoding="utf-8"), flags=re.S)
    return html.unescape(text)


def test_chinese_pages_and_workbook_name_no_group_in_english(edition):
    folder = edition / "zh-Hans"
    pages = sorted(folder.glob("*.html"))
    assert {page.name: RAW.findall(shown_in(page)) for page in pages} == {
        page.name: [] for page in pages
    }
    text = " ".join(map(shown_in, pages))
    for word in (*PLACES.values(), *PLANS.values(), "地方", "套餐", "门店", "网店", "罢工"):
        assert word in text, word
    book = openpyxl.load_workbook(folder / "edition.xlsx")
    cells = [str(cell.value) for sheet in book.worksheets[3:] for row in sheet for cell in row]
    assert not [cell for cell in cells if RAW.search(cell)]
    assert {"地方", "两地", "混合", "北区"} <= set(cells)


def test_keys_stay_as_they_stand_in_the_tables(edition):
    for folder in (edition, edition / "zh-Hans"):
        rows = json.loads((folder / "findings.json").read_text("utf-8"))
        assert {f"xplace: {place}" for place in PLACES} <= {row.get("group") for row in rows}
        scores = pd.read_csv(folder / "data" / "03_satisfaction-by-segment.csv")
        assert set(scores["segment"]) == set(SEGMENTS) and set(PLACES) <= set(scores["group"])
        groups = pd.read_csv(folder / "data" / "06_value-groups.csv")["group"]
        assert set(groups) >= {f"xplan: {plan}" for plan in PLANS}


def test_what_has_no_label_in_a_language_is_called_as_in_the_table(edition):
    page = shown_in(edition / "03_satisfaction.html")
    assert "Area" in page and "Xplan" in page and "Xnorth" in page and "地方" not in page


def test_one_value_of_two_segments_has_two_names():
    call({("a", ""): "", ("b", ""): "", ("a", "1"): "yes", ("b", "1"): {"zh-Hans": "金"}})
    rows = pd.DataFrame({"segment": ["a", "b", "c"], "group": ["1", "1", "1"], "n": [1, 2, 3]})
    assert with_group_names(rows)["group"].tolist() == ["yes", "1", "1"]
    with i18n.speaking("zh-Hans"):
        assert with_group_names(rows)["group"].tolist() == ["yes", "金", "1"]
        assert group_name("b", 1) == "金" and key_in_words("b: 1") == "b：金"
        assert key_in_words("1") == "1"  # two names: which one is not known
    assert rows["group"].tolist() == ["1", "1", "1"]
    call({})
    assert with_group_names(rows) is rows


@pytest.mark.parametrize(
    ("keys", "says"),
    [
        ({"segments": {"xplan": {"label": {"fr": "Plan"}}}},
         "segments.xplan.label.fr: There are no pages in 'fr'. Known: en, zh-Hans, zh-Hant."),
        ({"segments": {"xplan": {"values": {"Xgold": {"zh": "金"}}}}},
         "segments.xplan.values.Xgold.zh: There are no pages in 'zh'."),
        ({"segments": {"xplan": {"Xgold": "Gold"}}},
         "segments.xplan.Xgold is unknown. Known: label, values."),
        ({"segments": "xplan"}, "segments: Name the columns that part customers, as in"),
        ({"labels": {"reason": {"label": "Reason"}}},
         "it should be 'touchpoint', 'event' or 'topic'"),
    ],
)  # fmt: skip
def test_what_can_not_be_meant_is_refused_in_one_line(tmp_path, keys, says):
    company = write_company(tmp_path / "firm", {"orders": shop(30)["orders"]}, **keys)
    with pytest.raises(CompanyError) as refused:
        load_company(company)
    assert says in str(refused.value) and "has a fault:" in str(refused.value)


def test_segments_are_named_plainly_or_with_their_labels(tmp_path):
    orders = {"orders": shop(30)["orders"]}
    for given in (["a", "b"], {"a": None, "b": {}}, ["a", {"b": {"label": "B", "values": {1: 2}}}]):
        firm = load_company(write_company(tmp_path / "firm", orders, segments=given))
        assert firm.segments == ["a", "b"]
    assert firm.group_names == {("a", ""): "", ("b", ""): "B", ("b", "1"): "2"}


def test_labels_of_values_that_never_occur_are_told(tmp_path, edition):
    record = json.loads((edition / "record.json").read_text("utf-8"))
    assert not [warning for warning in record["warnings"] if warning["kind"] == KIND]
    misspelt = ["xplace", {"xplan": {"values": {"gold": "G", "Xgold": "H"}}}]
    firm = load_company(write_company(tmp_path / "firm", tables(), **FIRM, segments=misspelt))
    with closing(open_intake(firm, Period("2026Q1"))) as intake:
        doubts = doubts_in_words(intake.doubts, firm)
    (doubt,) = (doubt for doubt in doubts if doubt["kind"] == KIND)
    assert (doubt["table"], doubt["column"]) == ("customers", "xplan")
    assert doubt["says"] == (
        "**`xplan` never holds gold**, for which company.yml has a label. Is it spelt as in the "
        "table?"
    )
