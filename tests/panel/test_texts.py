"""What customers wrote is kept by its source and period, and who wrote it as a hash alone."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pandas as pd
import pytest
from editions import write_company

from profitchain.core.errors import NotMeasured
from profitchain.pages import verbatims
from profitchain.panel.edition import Edition, open_edition
from profitchain.press import customer_lists
from profitchain.voice import rates, shares

QUESTIONS = {"nps": {"kind": "nps"}, "ces": {"kind": "ces", "easy_is": "high"}}
FIRM = {"questions": QUESTIONS, "main_question": "nps", "segments": ["region"]}
EITHER = ["responses.comment | contacts.text | mentions.platform"]


def tables() -> dict[str, pd.DataFrame]:
    """Return a firm of 40 customers who wrote of a late parcel, two of them twice."""
    many = 42
    orders = pd.DataFrame({"order_id": [f"O{k}" for k in range(many)]})
    orders["customer_id"] = [f"C{k % 40}" for k in range(many)]
    orders["ordered_at"] = "2026-01-10T10:00:00"
    orders["revenue"] = 10.0
    responses = orders[["order_id", "customer_id"]].assign(responded_at="2026-02-01T10:00:00")
    responses.insert(0, "response_id", [f"R{k:02d}" for k in range(many)])
    responses["nps"], responses["ces"] = [k % 11 for k in range(many)], 5
    names = ["Zoe Miller" if k == 1 else f"word{k:02d}" for k in range(many)]
    responses["comment"] = [f"The parcel came very late again, says {n}, sadly." for n in names]
    responses.loc[5, "comment"], responses.loc[6, "comment"] = "  ", None
    responses.loc[7, "customer_id"] = None
    responses.loc[8, "responded_at"] = "2020-01-01T10:00:00"
    customers = pd.DataFrame({"customer_id": [f"C{k}" for k in range(40)], "region": "North"})
    customers["full_name"] = ["Zoe Miller" if k == 1 else "" for k in range(40)]
    contacts = pd.DataFrame({"contact_id": ["K1", "K2", "K3"], "customer_id": ["C1", "C1", "C2"]})
    contacts["opened_at"], contacts["topic"] = "2026-02-03T10:00:00", ["bill", "bill", "app"]
    contacts["text"], contacts["is_complaint"] = ["no bill came", None, "app crashes"], True
    mentions = pd.DataFrame({"mention_id": ["M1", "M2"], "customer_id": [None, "C1"]})
    mentions["posted_at"], mentions["platform"] = "2026-03-01T10:00:00", "forum"
    mentions["polarity"], mentions["text"] = ["Positive", "negative"], ["nice", "never again"]
    return {"orders": orders, "responses": responses, "customers": customers,
            "contacts": contacts, "mentions": mentions}  # fmt: skip


@pytest.fixture(scope="module")
def edition(tmp_path_factory) -> Edition:
    firm = write_company(tmp_path_factory.mktemp("texts") / "firm", tables(), **FIRM)
    return open_edition(firm, "2026Q1", needs=EITHER)


def test_each_text_of_the_trend_is_kept_once_and_names_nobody(edition):
    texts = edition.table("texts")
    assert texts["source"].value_counts().to_dict() == {
        "responses": 39, "contacts": 2, "mentions": 2,
    }  # fmt: skip
    assert set(texts["period"]) == {"2026Q1"}
    assert texts["customer"].str.fullmatch("[0-9a-f]{16}").all()
    by_key = texts.set_index("key")
    assert by_key.loc["R01", "customer"] == by_key.loc["K1", "customer"]
    assert by_key.loc["R01", "customer"] == by_key.loc["M2", "customer"]
    assert by_key.loc["R00", "customer"] == by_key.loc["R40", "customer"]
    assert by_key.loc["R01", ["score", "effort", "region"]].tolist() == [1, 5, "North"]
    assert pd.isna(by_key.loc["K1", "score"]) and by_key.loc["K1", "topic"] == "bill"
    assert len({by_key.loc[key, "customer"] for key in ("R07", "R03", "M1")}) == 3


def test_contacts_and_mentions_are_counted_with_how_often_one_customer_calls(edition):
    calls = rates.contacts_of(edition, shares.texts_of(edition)).set_index("topic")
    assert calls.loc["bill", ["is_complaint", "contacts", "squares"]].tolist() == [1, 2, 4]
    assert calls.loc["app", ["contacts", "squares"]].tolist() == [1, 1]
    said = rates.mentions_of(edition).set_index("polarity")["mentions"].to_dict()
    assert said == {1: 1, -1: 1}


def test_texts_are_proposed_masked_and_shown_only_when_released(edition, tmp_path):
    told = customer_lists.propose_verbatims(edition, verbatims.place_of(edition))
    place = verbatims.place_of(edition)
    assert place.stat().st_mode & 0o777 == 0o600 and str(place) in told
    rows = pd.read_csv(place, keep_default_na=False)
    assert rows["topic"].tolist() == ["delivery"] * 3
    assert not rows["text"].str.contains("Zoe|Miller|R0").any()
    assert verbatims.released(edition).empty
    rows.loc[0, ["released", "text"]] = "Yes", "<b>late</b>"
    rows.to_csv(place, index=False)
    shown = verbatims.released(edition)
    assert shown[["topic", "text"]].values.tolist() == [["delivery", "<b>late</b>"]]
    assert "stay as they are" in customer_lists.propose_verbatims(edition, place)
    privacy = edition.company.privacy.model_copy(update={"verbatims": "none"})
    firm = edition.company.model_copy(update={"privacy": privacy})
    silent = replace(edition, company=firm)
    assert verbatims.released(silent).empty
    assert "verbatims: none" in customer_lists.propose_verbatims(silent, place)


def test_a_page_that_needs_either_is_left_out_only_without_both(tmp_path: Path, edition):
    assert len(shares.texts_of(edition).rows) == 43
    alone = {name: rows for name, rows in tables().items() if name in ("orders", "mentions")}
    assert open_edition(write_company(tmp_path / "a", alone), "2026Q1", needs=EITHER).has("texts")
    bare = {"orders": tables()["orders"], "contacts": tables()["contacts"].drop(columns="text")}
    firm = write_company(tmp_path / "b", bare)
    with pytest.raises(NotMeasured, match="responses"):
        open_edition(firm, "2026Q1", needs=EITHER)
    untold = tables()["contacts"].drop(columns="topic").assign(text="it came late")
    spoken = open_edition(write_company(tmp_path / "c", {**bare, "contacts": untold}), "2026Q1")
    by_words = rates.contacts_of(spoken, shares.texts_of(spoken)).set_index("topic")
    assert by_words.loc["delivery", ["contacts", "squares", "of_all"]].tolist() == [2, 2, False]
    assert by_words.loc["", "contacts"] == 3  # the same text of one customer counts once
    assert not open_edition(firm, "2026Q1", needs=["contacts.text | contacts.topic"]).has("texts")
