"""The list of claims is whole, and a firm's own are taken or refused with the mend."""

from __future__ import annotations

import inspect
import math
import re
from types import SimpleNamespace

import pytest
from invented import NPS, edition_of

from profitchain.claims import judged
from profitchain.claims.estimands import DIRECTIONAL, ESTIMANDS, UNITS
from profitchain.claims.registry import ILL_POSED, own_claim, own_claims, shipped_claims
from profitchain.claims.verdicts import EARNS, Figure
from profitchain.core.errors import CompanyError
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


def test_every_estimand_is_asked_for_by_a_claim():
    assert set(ESTIMANDS) == {claim.estimand for claim in CLAIMS if claim.estimand}


@pytest.mark.parametrize("name", ESTIMANDS)
def test_a_firm_with_nothing_gives_reasons_and_no_crash(name):
    for main in (None, NPS):
        found = ESTIMANDS[name].figure(edition_of({}, main=main))
        assert isinstance(found, NotEstimable)


GOOD = "V01:\n  says: Our vendor says so.\n  estimand: repeat_gain_per_10_nps\n  low: 10\n"


def own(tmp_path, text):
    (tmp_path / "claims.yml").write_text(text, encoding="utf-8")
    return own_claims(tmp_path)


def test_a_firm_without_a_file_has_none_and_an_empty_one_neither(tmp_path):
    assert own_claims(tmp_path) == () == own(tmp_path, "# none yet\n")


def test_a_firms_own_claim_is_tried_like_any_other(tmp_path, monkeypatch):
    (claim,) = own(tmp_path, GOOD)
    assert (claim.id, claim.subject, claim.unit, claim.kind) == ("V01", "own", "percent", "effect")
    assert (claim.low, claim.high) == (10, math.inf)
    figure = Figure(readings={"own": NotEstimable("nothing_counted")}, design="adjusted")
    monkeypatch.setitem(
        judged.ESTIMANDS, claim.estimand, SimpleNamespace(figure=lambda edition: figure)
    )
    (one,) = judged.judged_by(edition_of({}), [claim])
    assert one.verdict == "not_testable" and one.own is None


def test_what_kind_a_claim_is_follows_the_number_unless_it_is_said(tmp_path):
    (claim,) = own(tmp_path, GOOD.replace("repeat_gain_per_10_nps", "price_of_loyal"))
    assert claim.kind == "description"


def test_own_words_may_be_given_by_language_and_are_taken_as_text(tmp_path):
    text = GOOD.replace("Our vendor says so.", "{en: '<b>{n} & 10%</b>', zh-Hans: 说法}")
    (claim,) = own(tmp_path, text)
    assert claim_in_words(claim) == "<b>{n} & 10%</b>"


BAD = {
    "estimand: repeat_gain_per_10_np\n": "Did you mean 'repeat_gain_per_10_nps'?",
    "estimand: 5\n": "no estimand '5'",
    "estimand: [repeat_by_score]\n": "no estimand",
    "unit: [percent]\n": "doesn't fit",
    "kind: {}\n": "kind '{}' is not known",
    "lo: 3\n": "no key 'lo'. Did you mean 'low'?",
    "low: many\n": "low 'many' is no number",
    "low: .nan\n": "low 'nan' is no number",
    "low: true\n": "low 'True' is no number",
    "low: 9\n  high: 3\n": "low 9 lies above high 3. Swap them.",
    "says: ''\n": "says holds no text",
    "says: [a]\n": "says holds no text",
    "says: " + "a" * 301 + "\n": "longer than 300 letters",
    "unit: ratio\n": "Write 'percent' or 'directional'.",
    "kind: efect\n": "Did you mean 'effect'?",
}


@pytest.mark.parametrize("line, mend", BAD.items(), ids=[line[:14] for line in BAD])
def test_what_is_wrong_in_an_entry_is_said_with_the_mend(tmp_path, line, mend):
    key = line.partition(":")[0]
    kept = [one for one in GOOD.splitlines()[1:] if not one.strip().startswith(f"{key}:")]
    with pytest.raises(CompanyError, match=r"claims\.yml, V01") as refused:
        own(tmp_path, "\n".join(["V01:", *kept, f"  {line}"]))
    assert mend in str(refused.value)


@pytest.mark.parametrize("text, said", [
    (GOOD + GOOD, "line 5: 'V01' stands there twice"),
    ("- a\n", "names no claims"),
    ("V01: [\n", "can't be read at line"),
    ("C07:\n  says: mine\n", "no id of your own"),
    ("V01:\n", "says nothing"),
    ("V01:\n  says: so\n  estimand: repeat_by_score\n", "claims no range"),
    ("".join(GOOD.replace("V01", f"V{at}") for at in range(101)), "100 at most"),
    ("a: \x01\n", "can't be typed"),
])  # fmt: skip
def test_a_file_that_cant_be_used_says_why(tmp_path, text, said):
    with pytest.raises(CompanyError) as refused:
        own(tmp_path, text)
    assert said in str(refused.value)


def test_a_file_that_is_not_utf8_says_so(tmp_path):
    (tmp_path / "claims.yml").write_bytes(b"V01: \xff\xfe")
    with pytest.raises(CompanyError, match=r"not UTF-8"):
        own_claims(tmp_path)


def test_an_id_of_the_suites_own_is_refused():
    with pytest.raises(CompanyError, match="no id"):
        own_claim("X3", {})
