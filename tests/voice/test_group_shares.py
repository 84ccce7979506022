"""Groups are told apart only beyond chance, and small ones are not given away."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from profitchain.sources.settings import Question
from profitchain.voice import group_shares, shares

STARS = Question(name="stars", kind="csat", scale=(1, 5))
REGIONS, TOPICS = np.array(["east", "north", "south", "west"]), ("late", "price", "rude")


def texts_of(rows: pd.DataFrame) -> shares.Texts:
    rows = rows.assign(period="2026Q1", source="responses")
    rows["group"] = shares.groups_of(rows["score"], STARS)
    answers = rows.groupby(["period", "score", "group"], as_index=False).size()
    return shares.Texts(
        rows=rows, answers=answers.rename(columns={"size": "n"}), question=STARS, topics=TOPICS,
        came=len(rows), span=("2026Q1",), before=(),
    )  # fmt: skip


def world(
    draw: np.random.Generator, many: int = 800, *, late_in_north: float = 0.1
) -> pd.DataFrame:
    rows = pd.DataFrame({"customer": range(many), "region": draw.choice(REGIONS, many)})
    rows["score"] = draw.choice(np.arange(1.0, 6), many)
    for topic in TOPICS:
        rows[shares.speaks(topic)] = (draw.random(many) < 0.1).astype(int)
    north = rows["region"] == "north"
    rows.loc[north, shares.speaks("late")] = (draw.random(north.sum()) < late_in_north).astype(int)
    return rows


@pytest.mark.parametrize(
    ("worlds", "most"), [(12, 2), pytest.param(400, 28, marks=pytest.mark.slow)]
)
def test_groups_that_are_alike_are_told_apart_in_few_worlds(worlds, most):
    """5% of worlds are allowed, and two errors more; the exact test stays below."""
    draw = np.random.default_rng(1)
    false = sum(
        group_shares.by_segment(texts_of(world(draw)), ["region"], smallest=5)["clear"].any()
        for _world in range(worlds)
    )
    assert false <= most


def test_a_group_that_speaks_more_of_a_topic_is_named_and_no_other():
    rows = world(np.random.default_rng(2), late_in_north=0.35)
    found = group_shares.by_segment(texts_of(rows), ["region", "absent"], smallest=5)
    clear = found[found["clear"] & (found["value"] > found["others"])]
    assert list(zip(clear["topic"], clear["group"], strict=True)) == [("late", "north")]
    north, late = rows["region"] == "north", rows[shares.speaks("late")] == 1
    table = [[(north & late).sum(), (north & ~late).sum()],
             [(~north & late).sum(), (~north & ~late).sum()]]  # fmt: skip
    outside = stats.fisher_exact(table, alternative="greater").pvalue
    assert clear["p"].iloc[0] == pytest.approx(2 * outside)


def test_a_group_with_few_speakers_is_hidden_with_another_that_would_tell_it():
    rows = world(np.random.default_rng(3))
    hits = [n for region, many in zip(REGIONS, (4, 30, 12, 20), strict=True)
            for n in rows.index[rows["region"] == region][:many]]  # fmt: skip
    rows[shares.speaks("late")] = rows.index.isin(hits).astype(int)
    found = group_shares.by_segment(texts_of(rows), ["region"], smallest=10)
    late = found[found["topic"] == "late"].set_index("group")["value"]
    assert late.isna().to_dict() == {"east": True, "north": False, "south": True, "west": False}


def test_no_segment_and_no_comment_say_nothing():
    rows = world(np.random.default_rng(4))
    assert group_shares.by_segment(texts_of(rows), [], smallest=5).empty
    empty = group_shares.by_segment(texts_of(rows.head(30)), ["region"], smallest=5)
    assert empty["value"].isna().all() and not empty["clear"].any()
