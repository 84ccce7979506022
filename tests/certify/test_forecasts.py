"""Forecasts on series whose future is known: intervals hold what came, no less and not far more."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from certify import forecasts
from certify.forecasts import FIRMS, INVENTED, NOTHING, PUBLIC, certify_forecasts, judged, section

SERIES = 3  # of a kind and length
NEVER_MISSED = 0.97  # an 80% interval that holds more is too wide to be one


@pytest.mark.worlds
@pytest.mark.parametrize("per", forecasts.MONTHS_OF_PERIODS)
def test_intervals_hold_what_came_on_public_and_invented_series(per):
    assert_held(certify_forecasts(SERIES, per=per))


@pytest.mark.slow
@pytest.mark.parametrize("per", forecasts.MONTHS_OF_PERIODS)
def test_intervals_hold_what_came_as_the_certificate_says(per):
    """1,600 invented series and 240 cuts of public ones, a few seconds each."""
    tried = certify_forecasts(per=per)
    assert_held(tried)
    assert_held(tried, by="known")
    first = judged(tried[(tried["group"] == INVENTED) & (tried["ahead"] == 1)]).iloc[0]
    assert first["in80"] <= 0.80 + first["chance80"] and first["in95"] <= 0.95 + first["chance95"]
    assert first["error"] < 0.9


def assert_held(tried: pd.DataFrame, by: str = "ahead") -> None:
    found = judged(tried, by).set_index("group").loc[[INVENTED, PUBLIC]]
    assert (found["in80"] >= 0.80 - found["chance80"]).all(), found
    assert (found["in95"] >= 0.95 - found["chance95"]).all(), found
    assert (found["in80"] <= NEVER_MISSED).all(), found
    quiet = judged(tried[tried["name"] == NOTHING], "name").iloc[0]
    assert quiet["in80"] < 0.93 and quiet["in95"] < 1


def test_orders_of_two_known_shops_stay_within_their_intervals(shared_data, monkeypatch):
    for name in ("cdnow", "olist"):
        monkeypatch.setenv(f"{name.upper()}_DATA", str(shared_data(name)))
    orders = forecasts.orders_of_firms()
    assert [len(months) for months in orders.values()] == [18, 20]
    assert orders["CDNOW"].sum() == 69_659
    tried = certify_forecasts(0, per=1)
    found = judged(tried[tried["group"] == FIRMS], "name").set_index("name")
    assert found["cuts"].to_dict() == {"CDNOW": 5, "Olist": 7}
    assert (found["in95"] >= 0.85).all() and (found["in80"] >= 0.60).all()


def test_coverage_and_its_chance_are_those_of_a_count_by_hand():
    inside = [[1, 1], [1, 0], [0, 0], [1, 1]]  # of four cuts, two periods each
    tried = pd.DataFrame(
        [(INVENTED, "s", 24, cut, at + 1, held, 1, 2.0, 4.0)
         for cut, several in enumerate(inside) for at, held in enumerate(several)],
        columns=["group", "name", "known", "cut", "ahead", "in80", "in95", "missed", "naive"],
    )  # fmt: skip
    row = judged(tried, "known").iloc[0]
    assert (row["cuts"], row["in80"], row["in95"], row["error"]) == (4, 0.625, 1.0, 0.5)
    shares = np.array([1, 0.5, 0, 1])
    assert row["chance80"] == pytest.approx(2.58 * shares.std(ddof=1) / 2)
    assert "| invented | quarter | 1 | 4 | 75.0 | 100.0 | 0.50 |" in section({3: tried})


def test_a_break_lies_where_its_kind_says():
    for kind, before, last_known, end in (("l", 6.0, 6.3, 6.3), ("b", 6.0, 6.0, 6.3)):
        drawn = [forecasts.monthly(kind, 36, np.random.default_rng(seed), known=24)
                 for seed in range(300)]  # fmt: skip
        means = np.log(drawn).mean(axis=0)
        assert means[[0, 23, 35]] == pytest.approx([before, last_known, end], abs=0.03)
