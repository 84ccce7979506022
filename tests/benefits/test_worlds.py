"""Invented worlds whose truth is known: intervals hold it, and traps are not walked into."""

from __future__ import annotations

import json

import numpy as np
import pandas as pd
import pytest

import profitchain as pc
from profitchain.benefits import after_scores, complaint_handling, offers, prices
from profitchain.stats.event_rates import event_rate, rate_slope


def referring(draw: np.random.Generator, slope: float) -> pd.DataFrame:
    """Return answers of 400 customers, three each, whose own eagerness moves all their counts."""
    who = np.repeat(np.arange(400), 3)
    eager = draw.gamma(2, 0.5, 400)[who]
    score, time = draw.integers(0, 11, len(who)).astype(float), draw.uniform(0.2, 2, len(who))
    events = draw.poisson(eager * time * (0.05 + slope * score))
    return pd.DataFrame({"cluster": who, "score": score, "time": time, "events": events})


def test_intervals_of_rates_and_slopes_hold_where_customers_repeat_themselves():
    draw, slope, held = np.random.default_rng(5), 0.02, np.zeros(2)
    how = {"events": "events", "exposure": "time"}
    for _world in range(200):
        cells = referring(draw, slope)
        found = rate_slope(cells, **how), event_rate(cells[cells["score"] == 10], **how)
        truths = (slope, 0.05 + 10 * slope)
        held += [one.low <= truth <= one.high for one, truth in zip(found, truths, strict=True)]
    assert (held / 200 >= 0.91).all(), held


def test_who_stayed_longer_had_longer_to_refer_and_that_is_no_effect():
    draw = np.random.default_rng(6)
    score = draw.integers(0, 11, 3_000).astype(float)
    time = 0.2 + score / 5  # the pleased are followed for longer
    cells = pd.DataFrame({"cluster": range(3_000), "score": score, "time": time, "answers": 1.0})
    cells["events"] = draw.poisson(0.1 * time)
    fair = rate_slope(cells, events="events", exposure="time")
    naive = rate_slope(cells, events="events", exposure="answers")
    assert fair.low <= 0 <= fair.high and naive.low > 0


@pytest.mark.worlds
def test_the_lift_of_offers_holds_the_truth_and_the_raw_rate_overstates():
    draw, held, worlds = np.random.default_rng(7), 0, 200
    for _world in range(worlds):
        lot = np.where(draw.random(800) < 0.5, "offered", "held out")
        who = draw.integers(0, 500, 800)
        chance = draw.beta(1, 15, 500)[who] + 0.05 * (lot == "offered")
        cells = pd.DataFrame({"lot": lot, "cluster": who, "n": 1})
        cells["accepted"] = (draw.random(800) < chance).astype(int)
        found = offers.offer_lift(cells, kind="upsell", margin=(0.4, 50.0), currency="EUR")
        held += found.lift.low <= 0.05 <= found.lift.high
    assert held / worlds >= 0.91
    assert found.rate.value > 0.05 + 0.03  # by a rate alone, all would count


@pytest.mark.slow
def test_what_was_planted_in_the_example_is_found(example):
    truth = json.loads((example / "truth.json").read_text(encoding="utf-8"))
    edition = pc.open_edition(example)
    for one in offers.offer_lifts(edition):
        assert one.lift.low <= truth["offers"][one.kind]["uplift"] <= one.lift.high
    told, planted = after_scores.referrals(edition), truth["referrals"]["propensity"]
    assert told.apart.low <= planted["9-10"] / planted["0-6"] <= told.apart.high
    price = prices.price_difference(edition)
    assert price.low <= truth["benefits"]["price_difference_loyal"] <= price.high


@pytest.mark.slow
def test_complaints_refunds_and_handling_of_the_example_hold_their_truth(example):
    truth = json.loads((example / "truth.json").read_text(encoding="utf-8"))["benefits"]
    edition = pc.open_edition(example)
    complaints, refunds = after_scores.complaints(edition), after_scores.refunds(edition)
    for group, expected in truth["complaints_per_100_orders"].items():
        assert complaints.rates[group].low <= expected <= complaints.rates[group].high, group
    for rate in refunds.rates.values():
        assert rate.low <= truth["refunds_per_100_orders"] <= rate.high
    assert refunds.slope.low <= truth["refunds_slope"] <= refunds.slope.high
    handled = complaint_handling.complaint_handling(edition).difference
    assert handled.low <= truth["complaint_handling_difference"] <= handled.high
