"""The page on what customers write says what its numbers earn, and shows text as text."""

from __future__ import annotations

from types import SimpleNamespace

import pandas as pd
import pytest

from profitchain.core.estimates import NotEstimable
from profitchain.core.i18n import speaking
from profitchain.core.periods import Period
from profitchain.sources.company import Company
from profitchain.voice.new_phrases import PhraseComparison
from profitchain.words import catalogue, contacts, presentation, voice

TABLES = {"orders": {"file": "o.csv"}, "responses": {"file": "r.csv"}}
GIFTS = {"en": "Gifts", "zh-Hans": "礼品"}
FIRM = Company(
    name="A", currency="EUR", tables=TABLES, questions={"nps": {"kind": "nps"}},
    topics={"starter": "shop", "gifts": {"label": GIFTS, "words": ["x"]}},
)  # fmt: skip
EDITION = SimpleNamespace(company=FIRM, period=Period("2026Q3"), smallest=10)
TEXTS = SimpleNamespace(span=("2026Q3",), before=("2026Q2",), comments=lambda _periods: range(250))


def phrases(*rows: tuple) -> PhraseComparison:
    columns = ["phrase", "now", "before", "share_now", "share_before"]
    frame = pd.DataFrame(rows, columns=columns)
    return PhraseComparison(
        phrases=frame, tested=9, documents_now=310, documents_before=930, missed_below=0.04
    )


def scores(*rows: tuple) -> pd.DataFrame:
    frame = pd.DataFrame(rows, columns=["topic", "value", "low", "high", "clear"])
    return frame.assign(n=900, why="")


@pytest.mark.parametrize(
    ("found", "says", "key"),
    [
        (phrases(("box leaks", 14, 2, 0.05, 0.002)), "single", "one_new"),
        (phrases(("a b", 14, 2, 0.05, 0.0), ("c", 12, 1, 0.04, 0.0)), "several", "new"),
        (phrases(), "nothing", "nothing_new"),
        (NotEstimable("too_few_new_texts", n=3, texts=3, needed=250), "none", "not_told"),
    ],
)
def test_what_is_new_is_said_as_far_as_it_is_known(found, says, key):
    assert voice.new_phrases(found, edition=EDITION).says == says
    said = voice._new_said(found)
    assert said.key == key
    words = catalogue.page("12_voice")["answer"]
    assert presentation.text(words, said.key, said.values)


def test_the_clearest_topic_is_named_on_either_side():
    low = scores(("delivery", -2.0, -2.5, -1.5, True), ("gifts", 1.0, 0.4, 1.6, True))
    assert voice.lowest(low) == "delivery"
    shown = contacts.score_differences(low, edition=EDITION)
    assert (shown.says, shown.values["topic"]) == ("lower", "Delivery")
    unsure = scores(("delivery", -0.2, -0.9, 0.5, False), ("gifts", 1.0, 0.4, 1.6, True))
    assert voice.lowest(unsure) == ""
    assert contacts.score_differences(unsure, edition=EDITION).says == "unclear"
    easy = contacts.friction(unsure, edition=EDITION)
    assert (easy.says, easy.values["topic"]) == ("easier", "Gifts")


def test_topics_are_called_as_the_firm_calls_them_in_each_language():
    with speaking("zh-Hans"):
        assert voice.topic_names(EDITION)["gifts"] == "礼品"
        assert voice.topic_names(EDITION)["delivery"] == "配送"
    with speaking("zh-Hant"):
        assert voice.topic_names(EDITION)["gifts"] == "Gifts"


@pytest.mark.parametrize(
    ("low", "high", "key"),
    [(1.0, 5.0, "public_good"), (-5.0, -1.0, "public_bad"), (-1, 1, "public_even")],
)
def test_public_mentions_are_said_by_their_sign(low, high, key):
    trend = pd.DataFrame({"period": ["2026Q3"], "value": [(low + high) / 2], "low": [low]})
    trend = trend.assign(high=high, n=50, why="")
    said = voice.public_said(trend, EDITION)
    assert [one.key for one in said] == [key]
    assert "−" not in said[0].values["net"]


def test_none_of_it_is_said_of_nothing():
    nothing = pd.DataFrame(columns=["topic", "value", "low", "high", "n", "why", "before"])
    assert contacts.contacts(nothing, TEXTS, edition=EDITION).says == "none"
    empty = pd.DataFrame(columns=["period", "value", "low", "high", "n", "why"])
    assert contacts.public(empty, edition=EDITION).says == "none"
    assert (
        contacts.own_words(pd.DataFrame(columns=["topic", "text"]), edition=EDITION).says == "none"
    )
