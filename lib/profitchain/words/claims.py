"""What is said of loyalty, and what a firm's own numbers say of it: what its page may say."""

from __future__ import annotations

import math
from collections.abc import Sequence
from functools import partial, reduce

import pandas as pd

from profitchain.claims.formulas import Formula
from profitchain.claims.judged import JudgedClaim, is_directional, tried, verdict_counts, weightiest
from profitchain.claims.registry import OWN, Claim
from profitchain.claims.verdicts import VERDICTS, Verdict
from profitchain.core.estimates import Estimate, MaybeEstimate, NotEstimable
from profitchain.core.formats import digits, interval, number, plain
from profitchain.core.i18n import _, spoken
from profitchain.panel.edition import Edition
from profitchain.words import catalogue
from profitchain.words.catalogue import words_of
from profitchain.words.presentation import Presentation, Said
from profitchain.words.prose import listed
from profitchain.words.reasons import text

VERDICT_NAMES = words_of("claims", "verdict_names")
READINGS = words_of("claims", "readings")
SHOWN_AS = {"percent": "share", "points": "percentage points", "correlation": "ratio"}


def verdict_in_words(verdict: Verdict) -> str:
    """Return what a verdict is called."""
    return _(VERDICT_NAMES[verdict])


def claim_in_words(claim: Claim) -> str:
    """Return what a claim says: a firm's own in its own words, in the spoken language if given."""
    if isinstance(claim.says, str):
        return claim.says or _(catalogue.read("claims")["claims"][claim.id])
    return claim.says.get(spoken()) or next(iter(claim.says.values()))


def answer(every: Sequence[JudgedClaim], *, edition: Edition) -> list[Said | str]:
    """Return how many of the claims can be tried here, and how they fell."""
    counts, testable = verdict_counts(every), tried(every)
    values: dict[str, object] = {str(name): digits(count, 0) for name, count in counts.items()}
    values |= {"all": digits(len(every), 0), "tried": digits(len(testable), 0)}
    if not testable:
        return [Said("none_tried", values)]
    first = "most_fall" if counts["contradicted"] > counts["supported"] else "fell"
    return [Said(first, values), Said("untried", values)]


def weightiest_claims(every: Sequence[JudgedClaim], *, edition: Edition) -> Presentation:
    """Return the claims that matter most to decisions, of those with a clear verdict."""
    chosen = weightiest(every)
    fallen = sum(one.verdict == "contradicted" for one in chosen)
    says = "none" if not chosen else "against" if fallen == len(chosen) else "mixed"
    says = "fewer" if 0 < len(chosen) < 3 else says
    rows = _rows(chosen).drop(columns=["remarks", "stands in"])
    rows["claim"] = [claim_in_words(one.claim) for one in chosen]
    if says == "against":  # as the message says
        rows = rows.drop(columns="verdict")
    return Presentation(rows, says, {"n": len(every)})


def claims_of(every: Sequence[JudgedClaim], *, subject: str, edition: Edition) -> Presentation:
    """Return the claims of one subject, by verdict, each with its own number beside it."""
    own = [one for one in every if one.claim.subject == subject]
    ordered = sorted(own, key=lambda one: VERDICTS.index(one.verdict))
    counts = verdict_counts(own)
    values = {name: digits(count, 0) for name, count in counts.items()}
    says = "what" if own else "none"
    return Presentation(_rows(ordered), says, values | {"n": len(own), "all": digits(len(own), 0)})


spend_claims, cost_claims, offer_claims, referral_claims = (
    partial(claims_of, subject=subject) for subject in ("spend", "costs", "offers", "referrals")
)
loyal_claims, service_claims, value_claims, firms_own_claims = (
    partial(claims_of, subject=subject) for subject in ("loyal", "service", "value", OWN)
)


def formulas(found: Sequence[Formula], *, edition: Edition) -> Presentation:
    """Return formulas that go round, what each gives here, and the right ones."""
    words = catalogue.read("claims")["formulas"]
    rows = pd.DataFrame({
        "id": [one.id for one in found],
        "as given": [_(words[one.id]["given"]) for one in found],
        "gives here": [_figure(one.given) for one in found],
        "right": [_(words[one.id]["right"]) for one in found],
        "is here": [_figure(one.right) for one in found],
    })  # fmt: skip
    return Presentation(rows, "what")


def errors(every: Sequence[JudgedClaim], *, edition: Edition) -> Presentation:
    """Return what else is wrong in what is said, and in which claims."""
    words = catalogue.read("claims")["errors"]
    ids = {name: [one.claim.id for one in every if name in one.claim.errors] for name in words}
    rows = pd.DataFrame({
        "id": list(words),
        "error": [_(says) for says in words.values()],
        "claims_": [", ".join(ids[name]) for name in words],
    })  # fmt: skip
    return Presentation(rows, "what")


def _rows(every: Sequence[JudgedClaim]) -> pd.DataFrame:
    """Return claims as a table: id, claim, claimed, here (99% interval), verdict; where and why."""
    return pd.DataFrame(
        {
            "claim": [
                _("{id}: {claim}", id=one.claim.id, claim=claim_in_words(one.claim))
                for one in every
            ],
            "claimed": [_claimed(one.claim) for one in every],
            "here": [_here(one) for one in every],
            "verdict": [_verdict(one) for one in every],
            "remarks": [_remarks(one) for one in every],
            "stands in": ["; ".join(filter(None, one.claim.where)) for one in every],
        }
    )


def _verdict(one: JudgedClaim) -> str:
    name = _capital(verdict_in_words(one.verdict))
    if one.read_as is None:
        return name
    return _(
        "{verdict}; read literally, {other}", verdict=name, other=verdict_in_words(one.read_as)
    )


def _claimed(claim: Claim) -> str:
    """Return the claimed range: "5 to 10", "20%", more, less; a dash where no number is given."""
    low, high = claim.low, claim.high
    if low is None or high is None:
        return "–"
    if claim.unit == "p":
        return _("differs")
    if is_directional(claim):
        end = high if math.isinf(low) else low
        side = _("less") if math.isinf(low) else _("more")
        if not end:
            return side
        return _("{end} or {side}", end=_plain(end, claim.unit), side=side)
    ends = [_plain(end, claim.unit) for end in (low, high)]
    said = ends[0] if low == high else _("{low} to {high}", low=ends[0], high=ends[1])
    return _("{number} times", number=said) if claim.unit == "ratio" else said


def _plain(value: float, unit: str) -> str:
    shown = SHOWN_AS.get(unit, unit)
    places = 0 if float(value).is_integer() else 1
    return plain(value / 100 if unit == "percent" else value, shown, places=places, bare=True)


def _here(one: JudgedClaim) -> str:
    """Return the firm's own number, each way of reading it where they part."""
    if isinstance(one.figure, NotEstimable):
        return text(one.figure)
    if not one.readings:
        return "–"
    if one.own is not None and not one.parts and set(one.readings) != {"raw"}:
        return _figure(one.own)
    each = [
        _("{reading}: {figure}", reading=_(READINGS[name]), figure=_figure(figure))
        for name, figure in one.readings.items()
    ]
    return _parted(each)


def _figure(figure: MaybeEstimate | None) -> str:
    """Return a figure and its interval."""
    if figure is None:
        return "–"
    if isinstance(figure, NotEstimable):
        return text(figure)
    figure = _shown(figure)
    if figure.low == figure.high:
        return number(figure)
    return f"{number(figure)} ({interval(figure, bare=True)})"


def _shown(figure: Estimate) -> Estimate:
    factor = 0.01 if figure.unit == "percent" else 1.0
    return figure.times(factor, unit=SHOWN_AS.get(figure.unit, figure.unit))


def _remarks(one: JudgedClaim) -> str:
    """Return what is wrong as stated, what is needed, who said it first."""
    words, claim = catalogue.read("claims"), one.claim
    said = [_(words["wrong"][claim.wrong])] if claim.wrong else []
    if one.verdict == "not_testable" and one.figure is None:
        needs = [
            _(words["needs"][need]) if need in words["needs"] else need for need in claim.needs
        ]
        said.append(_("needs {tables}", tables=listed(needs)))
    if claim.said_by:
        said.append(_("said by {name}", name=claim.said_by))
    if claim.origin:
        said.append(_("first: {name}", name=claim.origin))
    return _parted(said)


def _parted(parts: Sequence[str]) -> str:
    """Return parts one after the other, with the mark that parts them in the language."""
    return reduce(lambda one, other: _("{one}; {other}", one=one, other=other), parts or [""])


def _capital(words: str) -> str:
    return words[:1].upper() + words[1:]
