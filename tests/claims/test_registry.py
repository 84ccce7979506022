"""The list of claims is whole."""

from __future__ import annotations

import inspect
import math
import re

import pytest
from invented import NPS, edition_of

from profitchain.claims.estimands import DIRECTIONAL, ESTIMANDS, UNITS
from profitchain.claims.registry import ILL_POSED, shipped_claims
from profitchain.claims.verdicts import EARNS
from profitchain.core.estimates import NotEstimable
from profitchain.words import catalogue
from profitchain.words.claims import claim_in_words

SUBJECTS = ("spend", "costs", "offers", "referrals", "loyal", "service", "value")

CLAIMS = shipped_claims()
LINE = re.compile(r"00[0-4] L\d+")
TABLES = {"orders", "responses", "contacts", "costs", "offers", "referrals", "memberships",
          "invitations", "order_lines", "customers"}  # fmt: skip


def test_every_claim_of_the_inventory_stands_there_once_and_in_order():
    assert [claim.id for claim in CLAIMS] == [f"C{at:02}" for at in range(1, 69)]


@pytest.mark.parametrize("claim", CLAIMS, ids=lambda claim: claim.id)
def test_every_row_is_complete(claim):
    words = catalogue.read("claims")
    assert claim.where and all(LINE.fullmatch(line) for line in claim.where)
    assert claim.subject in SUBJECTS and claim.kind in EARNS and 0 <= claim.weight <= 9
    assert claim.unit in (*UNITS, DIRECTIONAL) and claim.needs
    assert claim_in_words(claim) == words["claims"][claim.id]
    assert not claim.wrong or claim.wrong in words["wrong"]
    assert set(claim.errors) <= {*words["errors"], *words["formulas"]}
    for need in claim.needs:
        assert need.split(".")[0] in TABLES or need in words["needs"], need
    if claim.estimand:
        function, unit = ESTIMANDS[claim.estimand]
        assert inspect.isfunction(function) and claim.unit in (unit, DIRECTIONAL)
    else:  # nothing here can try it: what it takes is named, or what is wrong with it
        assert claim.is_ill_posed or any(need in words["needs"] or "." in need
                                         for need in claim.needs)  # fmt: skip
    if claim.low is None:
        assert claim.high is None and claim.wrong == "no_number"
    else:
        assert claim.low <= claim.high
    if claim.unit == DIRECTIONAL:
        assert {claim.low, claim.high} in ({0, math.inf}, {0, -math.inf})


def test_no_words_are_left_over():
    words = catalogue.read("claims")
    assert set(words["claims"]) == {claim.id for claim in CLAIMS}
    assert set(words["wrong"]) == {claim.wrong for claim in CLAIMS if claim.wrong}
    assert set(words["wrong"]) >= ILL_POSED
    needed = {need for claim in CLAIMS for need in claim.needs}
    assert set(words["needs"]) <= needed
    assert [*words["formulas"], *words["errors"]] == [f"X{at}" for at in range(1, 29)]


def test_every_estimand_is_asked_for_by_a_claim_or_is_part_of_one_that_is():
    parts = {"feedback_of_loyal", "new_products_of_loyal"}  # of C66: a firm may try each
    assert set(ESTIMANDS) - parts == {claim.estimand for claim in CLAIMS if claim.estimand}


@pytest.mark.parametrize("name", ESTIMANDS)
def test_a_firm_with_nothing_gives_reasons_and_no_crash(name):
    for main in (None, NPS):
        found = ESTIMANDS[name].figure(edition_of({}, main=main))
        assert isinstance(found, NotEstimable)
