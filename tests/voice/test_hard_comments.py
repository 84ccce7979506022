"""Hard comments, labelled: what lists of words catch, what shares cover, what mood tells apart."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from demo.behaviour import NEVER
from demo.comments import IRONY_KIND, LABELS, MIXED_KIND, PLAIN, comment_facts, comment_text
from demo.world import simulate
from profitchain.sources.settings import Question
from profitchain.stats.forecast_scores import auc
from profitchain.voice import cleaning, mood, shares, topics

EXAMPLE = Path(__file__).parents[2] / "data" / "example"
NPS = Question(name="nps", kind="nps")
SEED = 4
YEAR = 2_200  # answers, as the example has in a year


@pytest.fixture(scope="module")
def answered() -> pd.DataFrame:
    orders = simulate(12_000, seed=SEED).orders
    return orders[(orders["answered"] < NEVER) & orders["scored"]].reset_index(drop=True)


@pytest.fixture(scope="module")
def comments(answered) -> pd.DataFrame:
    """One row a comment: its facts, labels, score, customer and folded text."""
    facts = comment_facts(answered, SEED).assign(
        score=answered["score"], customer=answered["customer"]
    )
    facts = facts[facts["written"]].reset_index(drop=True)
    texts = [comment_text(fact) for fact in facts.itertuples(index=False)]
    return facts.assign(folded=[cleaning.folded(cleaning.cleaned(text)) for text in texts])


@pytest.fixture(scope="module")
def hits(comments) -> tuple[np.ndarray, np.ndarray]:
    """What the starter list finds, and what a reader would."""
    words = {name: topic.words for name, topic in topics.starter("shop").items()}
    found = topics.marks(comments["folded"], words)[list(LABELS)].to_numpy() == 1
    return found, comments[list(LABELS)].to_numpy()


def test_a_starter_list_catches_about_six_mentions_in_ten_and_is_right_in_nine(hits):
    found, true = hits
    assert (found & true).sum() / true.sum() == pytest.approx(0.57, abs=0.06)
    assert (found & true).sum() / found.sum() == pytest.approx(0.93, abs=0.04)
    by_topic = (found & true).sum(axis=0) / true.sum(axis=0)
    assert by_topic.min() < 0.4 and by_topic.max() > 0.9  # levels of topics aren't comparable
    assert (~found.any(axis=1)).mean() > 3 * (~true.any(axis=1)).mean()


def test_misspellings_and_other_languages_hide_topics_from_a_list(comments, hits):
    found, true = hits
    plain = (comments["kind"] == PLAIN) & (comments["second"] < 0)

    def recall(rows: pd.Series) -> float:
        return (found & true)[rows].sum() / true[rows].sum()

    assert recall(plain & comments["misspelt"]) < recall(plain & ~comments["misspelt"]) - 0.1
    assert recall(comments["kind"] == MIXED_KIND) < recall(plain & ~comments["misspelt"])


@pytest.mark.worlds
@pytest.mark.parametrize("worlds", [30, pytest.param(400, marks=pytest.mark.slow)])
def test_intervals_of_shares_cover_what_all_answers_would_speak_of(answered, worlds):
    """As a reader labels them: 95% at least, since commenters are a large part of all answers."""
    year = answered.tail(YEAR).reset_index(drop=True)
    rows = year[["score", "customer"]].astype({"score": float})
    rows = rows.assign(period="p", source="responses", group=shares.groups_of(rows["score"], NPS))
    answers = rows.groupby(["period", "score", "group"], as_index=False).size()
    inside, plain = [], []
    for seed in range(worlds):
        facts = comment_facts(year, seed)
        spoken = facts[list(LABELS)].astype(int).set_axis(map(shares.speaks, LABELS), axis=1)
        texts = shares.Texts(
            rows=pd.concat([rows, spoken], axis=1)[facts["written"]], question=NPS, topics=LABELS,
            answers=answers.rename(columns={"size": "n"}), came=0, span=("p",), before=(),
        )  # fmt: skip
        written = texts.comments(("p",))
        for label in LABELS:
            truth = facts[label].mean()
            given = shares.share(written, label, smallest=1)
            inside.append(given.low <= truth <= given.high)
            given = shares.share(written.assign(weight=1.0), label, smallest=1)
            plain.append(given.low <= truth <= given.high)
    assert np.mean(inside) >= 0.95 - 2 * 0.0141  # two errors of the smaller run
    assert np.mean(plain) < np.mean(inside)


def test_mood_holds_for_words_that_it_never_read_but_not_for_irony(comments):
    """Learnt without a fifth of the texts' cores, judged on texts made of these alone.

    Where all words are new, pairs are still ranked, but chances are off by about a tenth.
    """
    low, new = (comments["score"] <= 6).astype(int).to_numpy(), comments["variant"] == 4
    second = comments["second"] >= 0
    held = new | (second & (comments["second_variant"] == 4))
    alone = new & (~second | (comments["second_variant"] == 4)) & (comments["kind"] == PLAIN)
    learnt, judged = comments[~held], comments[alone]
    model = mood.learn(learnt["folded"].tolist(), low[~held], learnt["customer"].to_numpy())
    chances = model.chances(judged["folded"].tolist())
    assert auc(low[alone], chances, np.arange(alone.sum())).value > 0.9
    assert mood.calibration_gap(chances, low[alone]) < 0.12
    plain = learnt[learnt["kind"] != IRONY_KIND]
    model = mood.learn(plain["folded"].tolist(), low[plain.index], plain["customer"].to_numpy())
    ironic = comments[(comments["kind"] == IRONY_KIND) & ~second]
    assert model.chances(ironic["folded"].tolist()).mean() < 0.8  # all of them are of low scores


def test_the_truth_names_the_example_s_comments():
    truth = json.loads((EXAMPLE / "truth.json").read_text(encoding="utf-8"))["comments"]
    answers = pd.read_csv(EXAMPLE / "responses.csv", dtype=str, keep_default_na=False)
    texts = answers.set_index("response_id")["comment"]
    labelled = {part: set(ids.split()) for part, ids in truth["speak_of"].items()}
    hard = {part: set(ids.split()) for part, ids in truth["hard"].items()}
    assert set(labelled) == set(LABELS)
    written = set(texts.index[texts != ""])
    assert set().union(*labelled.values(), *hard.values()) <= written
    assert set().union(*labelled.values()) | hard["no_topic"] == written
    assert not hard["no_topic"] & set().union(*labelled.values())
    assert texts[sorted(hard["markup"])].str.startswith("<p>").all()
    assert {part for part, ids in hard.items() if len(ids) < 20} == set()
    assert texts[texts != ""].nunique() > 0.6 * len(written)
