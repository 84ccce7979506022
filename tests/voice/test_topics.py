"""Texts are cleaned, counted once a customer, and put to topics by declared words."""

from __future__ import annotations

import pandas as pd
import pytest

from profitchain.core.errors import CompanyError
from profitchain.sources.company import Company
from profitchain.voice import cleaning, topics

MINIMAL = {"name": "A", "currency": "EUR", "tables": {"orders": {"file": "orders.csv"}}}


@pytest.mark.parametrize(
    ("written", "left"),
    [
        ("<p>Late &amp; cold</p><script>alert(1)</script>", "Late & cold"),
        ("&lt;b&gt;bold&lt;/b&gt; words", "bold words"),
        ("I <3 it, 5 < 6", "I <3 it, 5 < 6"),
        ("So late 😡🚚", "So late 😡🚚"),
        ("Broken.\n-- \nAnn Lee\n+49 30 123", "Broken."),
        ("坏了\n发自我的iPhone", "坏了"),
        ("Where is it?\n> On Monday you wrote\nAnn", "Where is it? Ann"),
        ("Cafe\u0301\u200b good", "Café good"),
        ("8 / 10 !!", ""),
        (" - ", ""),
        ("👍", "👍"),
    ],
)
def test_what_says_nothing_goes_and_what_says_something_stays(written, left):
    assert cleaning.cleaned(written) == left


def test_a_text_counts_once_a_customer_and_period():
    texts = pd.DataFrame(
        [("a", "1", "Late!"), ("a", "1", "LATE!"), ("a", "2", "late!"), ("b", "1", "Late!"),
         ("b", "1", "..."), ("b", "1", None)],
        columns=["customer", "period", "text"],
    )  # fmt: skip
    assert cleaning.counted_once(texts)[["customer", "period"]].values.tolist() == [
        ["a", "1"], ["a", "2"], ["b", "1"],
    ]  # fmt: skip


WORDS = {
    "delivery": ["deliver", "late.", "entrega", "配送"],
    "praise": ["recommend", "推荐"],
    "warning": ["not recommend", "不推荐"],
    "thanks": ["thank you"],
    "panic": ["don't panic"],
}


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("Delivery was fine", "delivery"),
        ("undelivered", ""),
        ("later on", ""),
        ("too late.", "delivery"),
        ("ENTRÉGA rápida", "delivery"),
        ("这个配送好慢", "delivery"),
        ("I recommend it", "praise"),
        ("I would not  recommended it", "warning"),
        ("I do not recommend it, others recommend it", "praise warning"),
        ("完全不推荐", "warning"),
        ("不推荐这家，推荐那家", "praise warning"),
        ("不推荐这家推荐那家", "praise warning"),
        ("not recommend recommend", "praise warning"),
        ("late,late", "delivery"),
        ("don't panic", "panic"),
        ("我推荐，配送快", "delivery praise"),
        ("thank you.", "thanks"),
        ("a.b*(c", ""),
    ],
)
def test_a_text_has_the_topics_whose_words_it_holds(text, found):
    row = topics.marks(pd.Series([cleaning.folded(text)]), WORDS).iloc[0]
    assert " ".join(row.index[row == 1]) == found


def test_texts_read_in_blocks_are_read_alike(monkeypatch):
    texts = pd.DataFrame({"text": ["Delivery!", "", "<b>Late</b>.", "Delivery!", "不推荐", "x"]})
    texts = texts.assign(customer=list("aabacd"), period="1")

    def read() -> pd.DataFrame:
        rows = cleaning.counted_once(texts)
        return pd.concat([rows, topics.marks(rows["folded"], WORDS)], axis=1)

    whole = read()
    for module in (cleaning, topics):
        monkeypatch.setattr(module, "BLOCK", 2)
    pd.testing.assert_frame_equal(read(), whole)
    assert whole["customer"].tolist() == ["a", "b", "c", "d"] and whole["delivery"].sum() == 2


@pytest.mark.parametrize("name", ["shop", "bank", "telecom"])
def test_starter_lists_are_in_both_languages_and_match_their_own_words(name):
    lists = topics.starter(name)
    assert len(lists) == 8
    for key, topic in lists.items():
        assert set(topic.label) == {"en", "zh-Hant", "zh-Hans"}
        texts = pd.Series([cleaning.folded(word.rstrip(".")) for word in topic.words])
        assert topics.marks(texts, {key: topic.words})[key].all(), key
        assert any("\u4e00" < word[0] < "\u9fff" for word in topic.words)


def test_a_firm_s_own_words_stand_on_top_of_the_list_it_names():
    firm = Company(**MINIMAL, topics={"starter": "bank", "fees": ["fee"], "art": {"words": ["x"]}})
    declared = topics.declared(firm)
    assert declared["fees"].words == ["fee"] and "cards" in declared and "art" in declared
    assert list(topics.declared(Company(**MINIMAL, topics={"a": ["b"]}))) == ["a"]
    assert topics.declared(Company(**MINIMAL)) == topics.starter("shop")


def test_a_topic_without_words_is_a_fault_that_says_where(tmp_path):
    from profitchain.sources.company import load_company

    (tmp_path / "company.yml").write_text(
        "name: A\ncurrency: EUR\ntables: {orders: {file: o.csv}}\ntopics: {starter: bnak, fees: []}"
    )
    with pytest.raises(CompanyError, match=r"topics") as caught:
        load_company(tmp_path)
    assert "shop" in str(caught.value) and "fees" in str(caught.value)
