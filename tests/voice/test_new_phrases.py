"""What is new is new beyond chance: the exact test, its false discoveries, and its order."""

from __future__ import annotations

from math import comb, log, sqrt

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from profitchain.core.estimates import NotEstimable
from profitchain.voice import new_phrases, phrases

VOCABULARY = 400
ZIPF = 1 / np.arange(2, VOCABULARY + 2)


def documents(draw: np.random.Generator, many: int) -> list[set[str]]:
    """Return customers' words as a Zipf law has them, no time different from another."""
    words = draw.choice(VOCABULARY, (many, 8), p=ZIPF / ZIPF.sum())
    return [{f"word{word}" for word in row} for row in words]


@pytest.mark.parametrize(("now", "before"), [(3, 1), (0, 4), (5, 0), (2, 9)])
def test_the_tail_is_the_hypergeometric_one(now, before):
    chance = new_phrases.upper_tail(pd.Series([now]), pd.Series([before]), 10, 30)[0]
    by_hand = sum(
        comb(now + before, k) * comb(40 - now - before, 10 - k)
        for k in range(now, min(10, now + before) + 1)
    ) / comb(40, 10)
    assert chance == pytest.approx(by_hand)
    table = [[now, before], [10 - now, 30 - before]]
    assert chance == pytest.approx(stats.fisher_exact(table, alternative="greater").pvalue)


def test_log_odds_are_monroe_s_by_hand():
    odds, error = new_phrases.log_odds(np.array([10.0, 90.0]), np.array([10.0, 290.0]))
    prior = 500 * 20 / 400
    first = log((10 + prior) / (100 + 500 - 10 - prior))
    second = log((10 + prior) / (300 + 500 - 10 - prior))
    assert odds[0] == pytest.approx(first - second)
    assert error[0] == pytest.approx(sqrt(2 / (10 + prior)))


def test_nothing_new_lists_nothing_in_nearly_all_worlds():
    draw = np.random.default_rng(11)
    false = sum(
        len(new_phrases.more_in(documents(draw, 250), documents(draw, 750), smallest=5).phrases) > 0
        for _world in range(40)
    )
    assert false <= 5  # 5% of worlds are allowed, and the exact test is below it


def test_a_planted_phrase_is_found_and_names_its_documents():
    draw = np.random.default_rng(2)
    now, before = documents(draw, 300), documents(draw, 900)
    for document in now[:24]:
        document |= {"box", "leaks", "box leaks"}
    now[24] |= {"leaks"}
    for document in before[:2]:
        document |= {"leaks"}
    result = new_phrases.more_in(now, before, smallest=10)
    row = result.phrases.iloc[0]
    assert (row["phrase"], row["now"], row["before"]) == ("box leaks", 24, 0)
    assert set(row["also"]) == {"box", "leaks"}
    assert len(result.phrases) == 1
    assert 0.02 < result.missed_below < 0.06


def test_a_phrase_of_fewer_customers_than_may_be_shown_is_not():
    draw = np.random.default_rng(3)
    now, before = documents(draw, 300), documents(draw, 900)
    for document in now[:12]:
        document.add("leaks")
    assert "leaks" in new_phrases.more_in(now, before, smallest=12).phrases["phrase"].tolist()
    assert "leaks" not in new_phrases.more_in(now, before, smallest=13).phrases["phrase"].tolist()


def test_a_phrase_at_the_stated_limit_passes_and_one_below_does_not():
    limit = new_phrases.missed_below(400, 1200, 200, 5)
    before = round(new_phrases.USUALLY_BEFORE * 1200)
    for users, passes in ((round(limit * 400), True), (round(limit * 400) - 1, False)):
        tail = new_phrases.upper_tail(pd.Series([users]), pd.Series([before]), 400, 1200)[0]
        assert (tail <= new_phrases.FALSE_DISCOVERIES / 200) == passes


@pytest.mark.parametrize(
    ("now", "before", "why"),
    [(249, 750, "too_few_new_texts"), (250, 749, "too_few_earlier_texts")],
)
def test_too_few_texts_say_so(now, before, why):
    draw = np.random.default_rng(1)
    result = new_phrases.more_in(documents(draw, now), documents(draw, before), smallest=5)
    assert isinstance(result, NotEstimable) and result.why.key == why


@pytest.mark.parametrize(
    ("text", "held", "missing"),
    [
        ("the box leaks. broken", ["box leaks", "broken"], ["leaks broken", "leaks. broken"]),
        ("01 2018 paid 3x", ["paid"], ["01", "2018", "01 2018"]),
        ("waited 9 days, 8月30日", ["waited", "days"], ["waited days", "月日"]),
        ("包裝盒漏油，很快", ["包裝盒漏油", "漏油"], ["油很"]),
        ("so late 😡", ["so late", "😡"], []),
        ("don't go", ["don't go"], ["don"]),
    ],
)
def test_phrases_are_words_and_pairs_within_a_clause(text, held, missing):
    found = set(phrases.phrases_of(text))
    assert set(held) <= found and not set(missing) & found


def test_a_customer_is_one_document_and_grammar_alone_is_no_news():
    texts = pd.DataFrame({"customer": ["a", "a", "b"], "folded": ["late box", "late", "it was"]})
    assert phrases.counts(phrases.documents(texts))["late"] == 1
    assert [phrases.is_content(p) for p in ("it was", "late box", "的", "漏油", "ok")] == [
        False, True, False, True, False,
    ]  # fmt: skip
    assert not phrases.is_content("nao", {"nao": 0.4})
