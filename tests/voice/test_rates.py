"""Contacts and mentions by orders, with intervals of counts."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from profitchain.core.periods import Period
from profitchain.voice import rates

NONE = float("nan")


def mentions(*rows: tuple) -> pd.DataFrame:
    columns = ["period", "platform", "polarity", "rating", "mentions"]
    return pd.DataFrame(rows, columns=columns)


def test_net_positive_is_by_hand_and_stars_stand_in_where_no_word_is_given():
    said = mentions(
        ("2026Q1", "forum", 1, NONE, 30), ("2026Q1", "forum", -1, NONE, 8),
        ("2026Q1", "shop", NONE, 5, 5), ("2026Q1", "shop", NONE, 2, 3),
        ("2026Q1", "shop", NONE, 3, 9), ("2026Q1", "blog", NONE, NONE, 99),
    )  # fmt: skip
    estimate = rates.net_positive(said, 2_000)
    assert (estimate.value, estimate.n) == ((35 - 11) / 2, 46)
    plain = 1.96 * np.sqrt(46) / 2  # Skellam's, near by these counts
    assert estimate.high - estimate.value == pytest.approx(plain, rel=0.15)


def test_the_interval_of_a_difference_of_counts_holds():
    draw = np.random.default_rng(8)
    inside = 0
    for _world in range(300):
        good, bad = draw.poisson([25, 10])
        said = mentions(("2026Q1", "x", 1, NONE, good), ("2026Q1", "x", -1, NONE, bad))
        estimate = rates.net_positive(said, 1_000)
        inside += estimate.low <= 15 <= estimate.high
    assert inside / 300 >= 0.93


def test_a_customer_who_calls_often_widens_the_interval():
    calls = pd.DataFrame({"period": "2026Q1", "topic": ["bill"], "is_complaint": 1, "of_all": True})
    orders = pd.Series({"2026Q1": 1_000})
    widths = []
    for squares in (60, 600):
        rows = calls.assign(contacts=60, squares=squares)
        row = rates.contacts_by_topic(rows, orders, ["2026Q1"], [], smallest=10).iloc[1]
        assert row["value"] == 6 and row["topic"] == "bill" and row["complaints"] == 1
        widths.append(row["high"] - row["low"])
    assert widths[1] / widths[0] == pytest.approx(np.sqrt(10), rel=0.1)


def test_few_calls_no_orders_and_few_mentions_are_no_numbers():
    calls = pd.DataFrame({"period": "2026Q1", "topic": ["bill"], "is_complaint": -1, "of_all": True,
                          "contacts": 9, "squares": 9})  # fmt: skip
    by_topic = rates.contacts_by_topic(
        calls, pd.Series({"2026Q1": 50}), ["2026Q1"], [], smallest=10
    )
    assert by_topic["value"].isna().all() and by_topic["complaints"].isna().all()
    assert rates.net_positive(mentions(), 0).why.key == "no_orders"
    few = mentions(("2026Q1", "x", 1, NONE, 9))
    assert rates.net_positive(few, 100).why.key == "too_few_mentions"
    trend = rates.net_positive_trend(few, pd.Series(dtype=float), [Period("2026Q1")])
    assert trend["value"].isna().all()


def test_stars_are_the_mean_of_those_given_by_platform():
    said = mentions(("2026Q1", "a", 1, 5, 30), ("2026Q1", "a", -1, 2, 10), ("2026Q1", "b", 1, 5, 3))
    stars = rates.stars_by_platform(said, ["2026Q1"], smallest=10).set_index("platform")
    assert stars.loc["a", "value"] == pytest.approx(4.25)
    assert np.isnan(stars.loc["b", "value"])
