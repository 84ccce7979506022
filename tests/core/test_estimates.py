"""Rows and estimates turn into each other without loss; a reason is said in words."""

from __future__ import annotations

import pytest

from profitchain.core.estimates import (
    Estimate,
    NotEstimable,
    counted,
    to_columns,
    to_frame,
    with_n,
)
from profitchain.words.reasons import in_words, text

SHARE = Estimate(value=0.2, low=0.1, high=0.4, n=30, unit="share")
UNSAID = NotEstimable("group_too_small", smallest=10, n=4)


@pytest.mark.parametrize("estimate", [SHARE, UNSAID], ids=["estimate", "reason"])
def test_a_row_turns_back_into_what_it_was_made_from(estimate):
    frame = to_frame([SHARE, estimate], group=["a", "b"])
    assert Estimate.of(list(frame.itertuples())[1], unit="share") == estimate
    assert Estimate.of(frame.iloc[1], unit="share") == estimate
    columns = to_columns([SHARE, estimate], "now").assign(n=[SHARE.n, estimate.n])
    row = list(columns.rename(columns={"now_unit": "unit"}).itertuples())[1]
    assert Estimate.of(row, prefix="now_") == estimate


def test_a_row_without_number_and_reason_is_too_little_to_say():
    frame = to_frame([SHARE]).assign(value=float("nan"))
    assert text(Estimate.of(frame.iloc[0], unit="share")) == "Too few to say."


def test_reasons_in_a_frame_are_said_and_the_rest_stays():
    frame = in_words(to_frame([SHARE, UNSAID], group=["a", "b"]))
    few = "Not shown: it, or a group beside it, has fewer than 10 customers."
    assert frame["why"].tolist() == ["", few]
    assert frame["group"].tolist() == ["a", "b"]


def test_another_count_leaves_the_number_as_it_is():
    assert with_n(counted(3, unit="orders"), 5) == counted(3, unit="orders", n=5)
    assert with_n(UNSAID, 5) == NotEstimable("group_too_small", smallest=10, n=5)
