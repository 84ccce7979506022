"""Topics are proposed only where they come back, and never to name somebody."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
import yaml

from profitchain.core.estimates import NotEstimable
from profitchain.sources.settings import Topics
from profitchain.voice import cleaning, phrases, proposals, shares

WORDS = [f"word{number}" for number in range(80)]  # each used by nearly a tenth: no grammar


def texts_of(draw: np.random.Generator, many: int) -> pd.DataFrame:
    """Return comments of customers who put words together by chance."""
    words = draw.choice(WORDS, (many, 8))
    rows = pd.DataFrame({"customer": range(many), "folded": [" ".join(row) for row in words]})
    return rows.assign(source="responses", **{shares.speaks(shares.NO_TOPIC): 1})


def found_in(rows: pd.DataFrame, smallest: int = 10) -> proposals.TopicProposals | NotEstimable:
    texts = shares.Texts(
        rows=rows, answers=rows.iloc[:0], question=None, topics=(), came=len(rows), span=(),
        before=(),
    )  # fmt: skip
    return proposals.proposed(texts, smallest=smallest)


def test_words_put_together_by_chance_are_no_topic():
    found = found_in(texts_of(np.random.default_rng(1), 4_000), smallest=5)
    assert found.tested > 1_000 and len(found.phrases) <= 1


def test_a_topic_that_the_lists_lack_is_proposed_with_its_line_for_company_yml():
    rows = texts_of(np.random.default_rng(2), 1_200)
    rows.loc[:39, "folded"] += " gift wrap torn"
    rows.loc[40:59, "folded"] += ". lovely gift wrap"
    found = found_in(rows)
    row = found.phrases.iloc[0]
    assert (row["phrase"], row["customers"], found.customers) == ("gift wrap", 60, 1_200)
    assert row["share"] == pytest.approx(0.05)
    own = Topics.model_validate(yaml.safe_load(row["setting"])).lists["gift_wrap"]
    assert "gift wrap" in own.words and "wrap torn" in own.words


def test_what_fits_a_topic_a_customer_s_repetition_and_few_customers_count_for_nothing():
    rows = texts_of(np.random.default_rng(3), 1_300)
    rows.loc[:39, "folded"] += " gift wrap"
    fitted = rows.copy()
    fitted.loc[:39, shares.speaks(shares.NO_TOPIC)] = 0
    one_writer = rows.copy()
    one_writer.loc[:39, "customer"] = 0
    for other in (fitted, one_writer):
        assert "gift wrap" not in found_in(other).phrases["phrase"].tolist()
    assert "gift wrap" in found_in(rows, smallest=40).phrases["phrase"].tolist()
    assert "gift wrap" not in found_in(rows, smallest=41).phrases["phrase"].tolist()


@pytest.mark.parametrize("named", ["frau schmidt", "王小姐", "order ab12345"])
def test_a_phrase_that_names_somebody_is_not_proposed(named):
    rows = texts_of(np.random.default_rng(4), 1_000)
    rows.loc[:59, "folded"] += f" . {named}"
    rows.loc[60:99, "folded"] += " . gift wrap"
    assert found_in(rows).phrases["phrase"].tolist() == ["gift wrap"]


def test_too_few_customers_without_a_topic_say_so():
    found = found_in(texts_of(np.random.default_rng(5), proposals.FEWEST_UNFITTED - 1))
    assert isinstance(found, NotEstimable) and found.why.key == "too_few_unfitted"


def test_the_ratio_is_dunning_s_by_hand():
    counts = np.array([8, 2, 2, 8])
    codes = np.array([0, 0, 1, 1]), np.array([0, 1, 0, 1])
    by_hand = 2 * (2 * 8 * np.log(8 / 5) + 2 * 2 * np.log(2 / 5))
    assert proposals.log_likelihood(counts, *codes)[[0, 1]] == pytest.approx([by_hand, 0])


def test_proposals_from_real_reviews_come_back_among_other_customers(shared_data):
    reviews = pd.read_parquet(shared_data("olist") / "reviews.parquet")
    texts = reviews["review_comment_message"].dropna().map(cleaning.cleaned).map(cleaning.folded)
    order = np.random.default_rng(3).permutation(texts[texts != ""].to_numpy())
    halves = [
        proposals.stable_pairs([set(phrases.pairs_of(text)) for text in part], smallest=10)
        for part in (order[:2_000], order[2_000:4_000])
    ]
    first, second = (set(half.phrases["phrase"]) for half in halves)
    assert len(first) == proposals.MOST_SHOWN and len(first & second) >= 5
