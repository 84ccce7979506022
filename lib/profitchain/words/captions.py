"""Source notes of what is drawn by chance, followed to the end or assumed."""

from __future__ import annotations

from collections.abc import Mapping

from profitchain.core.formats import digits
from profitchain.core.i18n import N_, _
from profitchain.panel.edition import Edition
from profitchain.stats.sampling_weights import stands_for
from profitchain.words.presentation import source

PER_POINT = "percentage points"
FOLLOWED = N_("Answers followed to the end of their window")
ANSWERS = N_("Survey answers")


def drawn_from(note: str, stands_for: float) -> str:
    """Return a source note, and for how many customers each one stands where they are drawn."""
    if stands_for == 1:
        return note
    each = digits(stands_for, 1)
    return _("{source}, drawn by chance: each stands for {each}", source=_(note), each=each)


def followed_source(n: float, edition: Edition, money: str) -> str:
    """Return the source note of answers followed to the end, and what is assumed on margin."""
    rows, share = source(FOLLOWED, int(n)), assumed_share(edition, money)
    if not share:
        return rows
    return _("{source}; margin is assumed at {share} of revenue", source=rows, share=share)


def assumed_share(edition: Edition, money: str) -> str:
    """Return the share of revenue that is assumed to be margin, or "" where orders carry theirs."""
    rate = edition.assumed_margin
    return f"{rate:.0%}" if rate and money == "margin" else ""


def drawn_sentences(what: str, facts: Mapping[str, int]) -> tuple[str, ...]:
    """Return from how many of all customers some numbers are told; nothing where from all.

    Parameters
    ----------
    what : which numbers, a message that begins a sentence.
    facts : an edition's: `customers` and `customers_drawn`.
    """
    if stands_for(facts) == 1:
        return ()
    drawn = _(
        "**{what}: from {drawn} of {all} customers, drawn by chance**, the same in every edition. "
        "Shares, means and intervals rest on those; counts and sums of all are told from them.",
        what=_(what), drawn=digits(facts["customers_drawn"], 0), all=digits(facts["customers"], 0),
    )  # fmt: skip
    return (drawn,)
