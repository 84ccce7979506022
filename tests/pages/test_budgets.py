"""An edition is short: words, exhibits and bytes of its pages, before anything is opened."""

from __future__ import annotations

from pathlib import Path

import pytest
from budgets import (
    MOST_BYTES,
    MOST_BYTES_OF_INDEX,
    MOST_EXHIBITS,
    MOST_WORDS,
    MOST_WORDS_OF_ALL,
    exhibits,
    sizes,
    words,
)

EXAMPLE = Path(__file__).resolve().parents[2] / "reports" / "example" / "2026Q3"


@pytest.fixture(scope="module")
def counted() -> dict[str, tuple[int, int, int]]:
    return sizes(EXAMPLE)


def test_no_page_of_the_example_is_long(counted):
    long = {
        name: size
        for name, size in counted.items()
        if size[0] > MOST_WORDS or size[1] > MOST_EXHIBITS
        or size[2] > (MOST_BYTES_OF_INDEX if name == "index" else MOST_BYTES)
    }  # fmt: skip
    assert not long


def test_the_whole_of_it_is_read_in_half_an_hour(counted):
    assert sum(count for count, _, _ in counted.values()) <= MOST_WORDS_OF_ALL


def test_what_is_folded_away_is_not_counted_and_its_heading_is():
    page = (
        '<main id="main"><p>one two</p><details class="fold"><summary><h2>three</h2></summary>'
        '<figure class="exhibit"><details><summary>data</summary>x</details>y</figure></details>'
        '<figure class="exhibit"><svg><text>drawn</text></svg></figure></main>'
    )
    assert (words(page), exhibits(page)) == (3, 1)
