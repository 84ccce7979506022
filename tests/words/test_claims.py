"""No page claims more than its designs earn, in any edition of the invented firms."""

from __future__ import annotations

import pytest
from claims import STRONG, numbers_of, unearned, words_of

SAID = {  # a sentence, and the findings with which it may stand (None: with none)
    "Satisfaction raises repeat orders.": {"evidence_grade": STRONG},
    "A stronger design confirms it.": {"evidence_grade": STRONG},
    "The evidence that satisfied customers come back more is **strong**.": {
        "evidence_grade": STRONG
    },
    "They order more because they are satisfied.": {"evidence_grade": STRONG},
    "Groups truly differ.": None,
    "Expected profit of calling the first tenth.": None,
    "There is no sign that they moved apart.": None,
}
HARMLESS = (
    "Whether raising the answers would bring the money is another question.",
    "It is an association: going with is not causing.",
    "There is no sign that they moved apart; but only a drift of 1.2 points would have been seen.",
    "This is no proof that all points count the same.",
)


@pytest.mark.parametrize("sentence", SAID)
def test_a_claim_stands_only_with_its_design(sentence):
    earned = SAID[sentence]
    assert list(unearned(sentence, {"evidence_grade": 2.0})) == [sentence]
    assert (earned is None) or not list(unearned(sentence, earned))


@pytest.mark.parametrize("sentence", HARMLESS)
def test_what_denies_or_doubts_is_no_claim(sentence):
    assert not list(unearned(sentence, {}))


def test_no_page_of_the_example_claims_more_than_it_earns(example_reports):
    for edition in sorted((example_reports / "example").glob("2026Q?")):
        numbers = numbers_of(edition)
        for page in sorted(edition.glob("*.html")):
            assert not list(unearned(words_of(page), numbers)), page.name
