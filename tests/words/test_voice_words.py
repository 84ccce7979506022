"""The page on what customers write says what its numbers earn, and shows text as text."""

from __future__ import annotations

from types import SimpleNamespace

import pandas as pd
import pytest

from profitchain.core import group_names
from profitchain.core.estimates import NotEstimable
from profitchain.core.i18n import speaking
from profitchain.core.periods import Period
from profitchain.sources.company import Company
from profitchain.sources.settings import Privacy
from profitchain.voice.new_phrases import PhraseComparison
from profitchain.voice.proposals import TopicProposals
from profitchain.words import catalogue, contacts, presentation, voice

TABLES = {"orders": {"file": "o.csv"}, "responses": {"file": "r.csv"}}
GIFTS = {"en": "Gifts", "zh-Hans": "礼品"}
QUALITY = {"kind": "driver", "label": {"en": "Quality", "zh-Hans": "质量"}}
FIRM = Company(
    name="A", currency="EUR", tables=TABLES, questions={"nps": {"kind": "nps"}, "quality": QUALITY},
    main_question="nps",
    labels={"topic": {"values": {"R1": {"en": "Repairs", "zh-Hans": "维修"}}}},
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


def test_a_contact_s_own_topic_goes_by_its_label_or_the_question_of_its_name():
    group_names.call(FIRM.group_names)
    try:
        with speaking("zh-Hans"):
            mine = SimpleNamespace(company=FIRM.in_language("zh-Hans"))
            names = [voice.name_of(topic, mine) for topic in ("quality", "R1", "delivery", "a_b")]
        assert names == ["质量", "维修", "配送", "A b"]
    finally:
        group_names.call({})


COMPARED = ["segment", "topic", "group", "value", "others", "p", "clear"]


@pytest.mark.parametrize(("value", "key"), [(0.3, "more"), (0.02, "less")])
def test_the_surest_difference_between_groups_names_the_message(value, key):
    rows = pd.DataFrame(
        [("region", "delivery", "n", value, 0.1, 1e-6, True),
         ("region", "delivery", "s", 0.1, 0.12, 0.4, False),
         ("tier", "gifts", "gold", 0.1, 0.1, 0.9, False)],
        columns=COMPARED,
    ).assign(why="")  # fmt: skip
    shown = contacts.by_segment(rows, TEXTS, edition=EDITION)
    assert (shown.says, shown.values["topic"], shown.values["group"]) == (key, "Delivery", "n")
    assert shown.rows.columns.tolist() == ["topic", "n", "s"]
    none = contacts.by_segment(rows.assign(clear=False), TEXTS, edition=EDITION)
    assert none.says == "alike" and none.rows.empty
    assert contacts.by_segment(rows.iloc[:0], TEXTS, edition=EDITION).says == "alike"


def test_proposals_are_silent_where_the_firm_shows_nobody_s_words():
    found = TopicProposals(
        phrases=pd.DataFrame(
            [("box leaks", (), 40, 0.03, "box_leaks: [box leaks]")],
            columns=["phrase", "also", "customers", "share", "setting"],
        ),
        customers=1_300, tested=90,
    )  # fmt: skip
    assert contacts.proposals(found, edition=EDITION).says == "some"
    private = FIRM.model_copy(update={"privacy": Privacy(verbatims="none")})
    silent = SimpleNamespace(**{**vars(EDITION), "company": private})
    shown = contacts.proposals(found, edition=silent)
    assert shown.says == "none" and shown.rows.empty and "box" not in str(shown.values)
    few = NotEstimable("too_few_unfitted", n=3, texts=3, needed=1_000)
    assert "1,000" in contacts.proposals(few, edition=EDITION).values["how"]


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
