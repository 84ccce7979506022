"""The rule by hand: what supports, what contradicts, what stays open, and at which level."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
import scipy
from invented import cost_tables, edition_of

from profitchain.claims import formulas, from_books, from_customers, judged
from profitchain.claims.registry import shipped_claims
from profitchain.claims.verdicts import (
    VERDICTS,
    Figure,
    all_of,
    at_99,
    percent_of,
    reading_verdicts,
    verdict_of,
    weaker,
)
from profitchain.core.errors import NotMeasured
from profitchain.core.estimates import Estimate, NotEstimable
from profitchain.exhibits.findings import Record
from profitchain.exhibits.record_ids import findings_of
from profitchain.words.claims import claims_of

CLAIMS = {claim.id: claim for claim in shipped_claims()}


def own(low, high, unit="percent", level=0.99):
    return Estimate(value=(low + high) / 2, low=low, high=high, n=100, unit=unit, level=level)


def figure(*readings, design="followed", all_judged=False):
    names = ["raw", "adjusted", "lot"]
    each = dict(zip(names, readings, strict=False))
    return Figure(readings=each, design=design, all_judged=all_judged)


@pytest.mark.parametrize("ends, low, high, verdict", [
    ((16, 24), 20, 20, "supported"),  # within 15 to 25
    ((14, 24), 20, 20, "open"),
    ((15, 25), 20, 20, "supported"),  # the ends of the widened range belong to it
    ((20.5, 24), 20, 20, "supported"),  # outside the range, yet within it widened
    ((20.5, 26), 20, 20, "contradicted"),
    ((-4, 19), 20, 20, "contradicted"),
    ((-4, 21), 20, 20, "open"),
    ((0.1, 9), 0, math.inf, "supported"),  # a side
    ((-9, -0.1), 0, math.inf, "contradicted"),
    ((-1, 1), 0, math.inf, "open"),
    ((-9, -0.1), -math.inf, 0, "supported"),
    ((-60, -30), -50, -25, "supported"),  # widened outwards below zero too: -62.5 to -18.75
    ((-64, -30), -50, -25, "open"),
    ((0.2, 9), -50, -25, "contradicted"),
])  # fmt: skip
def test_the_rule_by_hand(ends, low, high, verdict):
    assert verdict_of(figure(own(*ends)), low, high, "description") == verdict


@pytest.mark.parametrize("design, inside, outside", [
    ("lot", "supported", "contradicted"),
    ("adjusted", "open", "contradicted"),
    ("arithmetic", "open", "contradicted"),
    ("followed", "open", "open"),  # who chose says nothing of an effect, either way
    ("same_answers", "open", "open"),
])  # fmt: skip
def test_an_effect_is_earned_by_a_lot_alone(design, inside, outside):
    said = figure(own(18, 22), design=design), figure(own(1, 2), design=design)
    assert [verdict_of(one, 20, 20, "effect") for one in said] == [inside, outside]


def test_the_adjusted_reading_is_judged_and_the_raw_one_shown_where_they_part():
    both = figure(own(14, 16), own(1, 2), design="adjusted")
    one = judged.judged(CLAIMS["C42"], both)
    assert one.verdict == "contradicted" and one.own == own(1, 2) and one.parts
    assert not judged.judged(CLAIMS["C42"], figure(own(1, 2), own(1, 3), design="adjusted")).parts


def test_where_nobody_can_say_which_is_meant_all_must_agree():
    agree = figure(own(1, 2), own(2, 3), all_judged=True)
    part = figure(own(1, 2), own(18, 22), all_judged=True)
    assert verdict_of(agree, 20, 20, "description") == "contradicted"
    assert verdict_of(part, 20, 20, "description") == "open"
    each = reading_verdicts(part, 20, 20, "description")
    assert each == {"raw": "contradicted", "adjusted": "supported"}


def test_an_ill_posed_claim_is_never_tried_but_its_number_and_reading_are_kept():
    ratio = own(1, 2, "ratio")
    one = judged.judged(CLAIMS["C45"], figure(ratio, design="counted"))
    assert (one.verdict, one.read_as, one.own) == ("ill_posed", "contradicted", ratio)
    assert judged.judged(CLAIMS["C53"], None).verdict == "ill_posed"


def test_what_has_no_number_is_not_testable_and_says_why():
    why = NotEstimable("needs_table", table="costs")
    for given in (why, figure(why, design="counted")):
        one = judged.judged(CLAIMS["C08"], given)
        assert one.verdict == "not_testable" and one.figure == why and one.own is None
    assert judged.judged(CLAIMS["C05"], None).verdict == "not_testable"


def test_a_p_value_supports_below_one_in_a_hundred_and_contradicts_never():
    for p, verdict in ((0.009, "supported"), (0.011, "open"), (0.99, "open")):
        one = Estimate(value=p, low=p, high=p, n=9, unit="p", level=0.99)
        assert verdict_of(figure(one), 0, 0.01, "description") == verdict


def test_intervals_widen_to_those_that_the_normal_distribution_gives():
    half = {level: scipy.stats.norm.ppf((1 + level) / 2) for level in (0.95, 0.99)}
    given = Estimate(value=5, low=5 - half[0.95], high=5 + half[0.95], n=9, unit="points")
    wide = at_99(given)
    assert wide.low == pytest.approx(5 - half[0.99]) and wide.level == 0.99
    assert at_99(wide) == wide
    times = Estimate(value=2, low=2 / np.exp(half[0.95]), high=2 * np.exp(half[0.95]), n=9,
                     unit="ratio")  # fmt: skip
    assert at_99(times).high == pytest.approx(2 * np.exp(half[0.99]))
    slope = Estimate(value=5, low=1, high=9, n=9, unit="ratio")  # of a rate: even on its own scale
    assert at_99(slope).low == pytest.approx(5 - 4 * half[0.99] / half[0.95])
    exact = replace(given, low=5, high=5)
    assert (at_99(exact).low, at_99(exact).high) == (5, 5)


def test_less_and_percent_turn_the_ends_as_they_must():
    fewer = percent_of(own(0.3, 0.5, "ratio"), less=1, factor=-100)
    assert (fewer.low, fewer.high) == pytest.approx((50, 70)) and fewer.unit == "percent"


def test_of_two_the_less_clear_one_speaks():
    clear, unclear = own(2, 3), own(-1, 2)
    assert weaker(clear, unclear) is unclear
    lacking = NotEstimable("nothing_counted")
    assert weaker(clear, lacking) is lacking


LACKING = NotEstimable("no_new_products")


@pytest.mark.parametrize("feedback, products, verdict", [
    (own(2, 3), own(1, 2), "supported"),
    (own(2, 3), own(-1, 2), "open"),
    (own(-3, -2), own(1, 2), "contradicted"),
    (own(2, 3), LACKING, "not_testable"),
    (own(-3, -2), LACKING, "contradicted"),  # whatever the other half may be
])  # fmt: skip
def test_of_two_halves_each_must_hold_and_both_are_shown_where_they_part(
    feedback, products, verdict
):
    readings = {"feedback": feedback, "new products": products}
    one = judged.judged(CLAIMS["C66"], all_of(readings, design="followed"))
    assert one.verdict == verdict
    here = claims_of([one], subject="loyal", edition=edition_of({})).rows["here"].iloc[0]
    assert ("feedback:" in here and "new products:" in here) == (verdict != "supported")


def test_two_halves_that_cant_be_told_are_a_reason():
    assert all_of({"feedback": LACKING, "new products": LACKING}, design="followed") == LACKING


def test_counts_by_verdict_add_up_and_are_recorded():
    every = [judged.judged(claim, None) for claim in CLAIMS.values()]
    counts = judged.verdict_counts(every)
    assert sum(counts.values()) == len(CLAIMS) == 68 and set(counts) == set(VERDICTS)
    numbers = judged.claims_recorded(every)
    assert numbers["claims_testable"].value == 0 and numbers["claim"].empty


def test_a_summary_that_is_not_there_is_a_reason_and_no_crash():
    def refuse(_name):
        raise NotMeasured("no such table")

    edition = edition_of({}, given=("orders",))
    edition.has, edition.table = lambda _name: True, refuse
    every = judged.judged_by(edition, CLAIMS.values())
    assert {one.verdict for one in every} == {"ill_posed", "not_testable"}


def test_percents_are_recorded_as_shares():
    one = judged.judged(CLAIMS["C49"], figure(own(12, 18)))
    row = judged.claims_recorded([one])["claim"].iloc[0]
    assert (row["claim"], row["value"], row["low"], row["unit"]) == ("C49", 0.15, 0.12, "share")


def test_the_record_says_that_a_claims_interval_is_at_99_percent():
    numbers = judged.claims_recorded([judged.judged(CLAIMS["C49"], figure(own(12, 18)))])
    labels = {"claim": {"label": "A number", "group": "{claim}"}}
    (recorded,) = findings_of({"claim": numbers["claim"]}, labels)
    assert "99% interval 12.0% to 18.0%" in Record((recorded,))._repr_mimebundle_()["text/html"]


def test_formulas_stand_at_99_percent_as_claims_do(monkeypatch):
    ratios = {"left out": Estimate(value=2, low=1, high=4, n=9, unit="ratio")}
    monkeypatch.setattr(formulas.acquisition, "winning_to_keeping", lambda _: ratios)
    lacking = {"net_revenue_retention": NotEstimable("no_year_before")}
    monkeypatch.setattr(formulas.growth, "growth", lambda _: lacking)
    found = {one.id: one for one in formulas.formulas(edition_of({}))}
    assert found["X7"].right.level == 0.99 and found["X7"].right.low < 1


def test_the_weightiest_are_clear_and_of_different_numbers():
    alike = [judged.judged(CLAIMS[id], figure(own(1, 2, "ratio"))) for id in ("C08", "C21", "C32")]
    unclear = judged.judged(CLAIMS["C49"], figure(own(-50, 60)))
    clear = judged.judged(CLAIMS["C47"], figure(own(-9, 1)))
    chosen = judged.weightiest([unclear, *alike, clear])
    assert [one.claim.id for one in chosen] == ["C08", "C47"]


def test_retention_by_hand_at_points_and_at_percent():
    cells = cost_tables(np.random.default_rng(1), 2.0)["growth_cells"].assign(before=0)
    cells.loc[cells["came"] == "kept", ["customers", "before"]] = [600, 1_000]
    found = from_books.value_of_retention_of(cells, discount=0.1)
    # r / (1.1 - r) at 0.6, 0.65 and 0.63
    assert found.readings["points"].value == pytest.approx(100 * ((0.65 / 0.45) / (0.6 / 0.5) - 1))
    assert found.readings["relative"].value == pytest.approx(100 * ((0.63 / 0.47) / 1.2 - 1))


def test_winning_by_keeping_by_hand():
    tables = cost_tables(np.random.default_rng(1), 3.0)
    new = tables["growth_cells"]["customers"].iloc[:2].sum()
    kept = tables["growth_cells"]["customers"].iloc[2]
    found = from_books.winning_by_keeping(edition_of(tables)).readings["left out"]
    assert found.value == pytest.approx((10 * 3 * 2_400 / new) / (10 * 3_000 / kept))


def test_formulas_of_a_firm_without_numbers_say_why(monkeypatch):
    lacking = NotEstimable("no_year_before")
    monkeypatch.setattr(formulas.growth, "growth", lambda _: {"net_revenue_retention": lacking})
    found = formulas.formulas(edition_of({}))
    assert [one.id for one in found] == [f"X{at}" for at in range(1, 8)]
    assert not any(isinstance(one.given, Estimate) for one in found)


@pytest.mark.parametrize(("doubtful", "verdict"), [(False, "contradicted"), (True, "open")])
def test_what_joining_does_says_nothing_against_an_effect_while_it_is_doubtful(doubtful, verdict):
    raw, did = (
        Estimate(value=v, low=v - 0.05, high=v + 0.05, n=900, unit="share") for v in (0.9, 0)
    )
    rows = pd.DataFrame({"design": ["raw", "did"], "relative": [raw, did]})
    found = from_customers.spend_of_members_of(rows.assign(doubtful=[False, doubtful]))
    assert list(found.readings) == ["raw", "did"]
    assert judged.judged(CLAIMS["C30"], found).verdict == verdict
