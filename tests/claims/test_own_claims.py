"""A firm's own claims are taken, or refused with the line, the key and the mend."""

from __future__ import annotations

import math
from types import SimpleNamespace

import pandas as pd
import pytest
from editions import write_company
from invented import edition_of

from profitchain import cli
from profitchain.claims import judged
from profitchain.claims.own_claims import own_claims
from profitchain.claims.verdicts import Figure
from profitchain.core.errors import CompanyError
from profitchain.core.estimates import NotEstimable
from profitchain.press import publish
from profitchain.words.claims import claim_in_words

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
    "unit: points\n": "(42% in place of 40% is 5 percent). State the range so. Write 'percent'",
    "unit: '%'\n": "unit '%' is called otherwise here. Write 'percent'",
    "low: 10%\n": "low '10%' is text, and repeat_gain_per_10_nps is in percent",
    "low: 10 pp\n": "Write low as a number of percent",
    "low: 0.1\n": "Write 10 for the share 0.1, or add unit: percent if it is so.",
    "low: .inf\n": "low 'inf' is no number",
    "low: 5\n  unit: directional\n": "directional claims a side alone. Write low: 0 for more",
    "estimand: value_and_score\n": "low 10 can't be: value_and_score is in correlation",
}


@pytest.mark.parametrize("line, mend", BAD.items(), ids=[line[:14] for line in BAD])
def test_what_is_wrong_in_an_entry_is_said_with_the_mend(tmp_path, line, mend):
    key = line.partition(":")[0]
    kept = [one for one in GOOD.splitlines()[1:] if not one.strip().startswith(f"{key}:")]
    with pytest.raises(CompanyError, match=r"claims\.yml, line \d, V01") as refused:
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


def test_all_faults_are_said_at_once_each_with_its_line(tmp_path):
    wrong = "v2:\n  says: so\n  estimand: repeat_by_score\n  lo: 1\n  unit: '%'\n"
    with pytest.raises(CompanyError) as refused:
        own(tmp_path, f"{GOOD}X3:\n  says: so\n{wrong}")
    faults = [line.removeprefix("claims.yml, line ") for line in str(refused.value).splitlines()]
    assert [fault[:22] for fault in faults] == [
        "5, X3: no id of your o", "5, X3: names no estima", "10, v2: lo: no key 'lo",
        "11, v2: unit: unit '%'", "7, v2: claims no range",
    ]  # fmt: skip


CHECKED = """V01: {says: so, estimand: price_of_loyal, low: 15}
V02: {says: so, estimand: price_of_loyal, high: 30}
"""


def firm_with(folder):
    """Write a firm of one order, and return its folder."""
    order = {"order_id": ["1"], "customer_id": ["a"], "ordered_at": ["2026-01-05"], "revenue": [1]}
    return write_company(folder, {"orders": pd.DataFrame(order)})


def test_check_says_how_many_claims_it_read(tmp_path, capsys):
    (firm_with(tmp_path) / "claims.yml").write_text(CHECKED, encoding="utf-8")
    assert cli.main(["check", "2026Q1", "--company", str(tmp_path)]) == 0
    assert "claims.yml: 2 claims of your own can be tried" in capsys.readouterr().out


@pytest.mark.parametrize("command", ["check", "report"])
def test_faults_are_told_before_anything_runs(tmp_path, capsys, monkeypatch, command):
    monkeypatch.setattr(publish, "publish", lambda *_, **__: pytest.fail("it ran"))
    text = CHECKED.replace("low: 15", "low: '15%'")
    (firm_with(tmp_path) / "claims.yml").write_text(text, encoding="utf-8")
    assert cli.main([command, "2026Q1", "--company", str(tmp_path)]) == 1
    assert "claims.yml, line 1, V01: low: low '15%' is text" in capsys.readouterr().err
