"""What the first page says first, from the findings of the other pages."""

from __future__ import annotations

from typing import Any

from profitchain.core.estimates import Estimate, MaybeEstimate
from profitchain.core.formats import number, period_label
from profitchain.core.i18n import N_, _, clauses, pgettext
from profitchain.core.periods import Period
from profitchain.exhibits.findings import EditionFindings
from profitchain.measures.satisfaction import public_id
from profitchain.pages.decision import decide
from profitchain.panel.edition import Edition
from profitchain.words.data import part_sentence
from profitchain.words.prose import (
    Prose,
    answer,
    change_words,
    following,
    period_word,
    scale_of,
    sentence,
)
from profitchain.words.repeat_effect import reversed_sentence, upward
from profitchain.words.scores import in_sentence
from profitchain.words.worth import worth_sentence

HEADS = {
    "happened": N_("What happened"),
    "unknown": N_("What can't be known"),
    "worth": N_("What a point is worth"),
    "decide": N_("What to decide"),
}


def opening(findings: EditionFindings, edition: Edition) -> Prose:
    """Return the edition's answer: what happened, what a point is worth, what to decide.

    Where answers and orders can't be brought together, how each of them stands.
    """
    said = {
        "happened": happened(findings, edition),
        "unknown": _apart(findings, edition),
        "worth": _linked(findings, edition),
        "decide": decide(findings, edition),
    }
    said = {head: words for head, words in said.items() if words}
    said = said or {"happened": _("Nothing was measured.")}
    return answer(*said.values(), heads=[HEADS[head] for head in said])


def _apart(findings: EditionFindings, edition: Edition) -> str:
    """Return what is said of coming back where answers and orders meet no customer."""
    said = findings.answers.get("05_loyalty", [""])
    if edition.facts.get("no_customers"):
        return said[-1]
    return said[0] if edition.facts.get("unlinked") else ""


def _linked(findings: EditionFindings, edition: Edition) -> str:
    """Return what answers and later orders say together, and how good the evidence is."""
    facts, main = edition.facts, edition.company.main
    if main is None or edition.company.asks_only or facts.get("unlinked"):
        return ""
    evidence = next(iter(findings.answers.get("09_sensitivity", [])), _caution(findings))
    if facts.get("no_money"):
        first = findings.answers.get("07_repeat_purchase", [""])[0]
        return _below(first or _("Orders carry no amounts."), evidence)
    link = findings.get("repeat_effect_per_point")
    worth = following(_worth(findings, edition, str(main.label)), reversed_sentence(link, main))
    return _below(worth, evidence)


def _below(words: str, more: str) -> str:
    """Return a sentence with small print below it, behind what stands there already."""
    first, _break, small = words.partition("\n")
    small = following(small, more)
    return f"{first}\n{small}" if small else first


def happened(findings: EditionFindings, edition: Edition) -> str:
    """Return revenue (else orders), the main score and retention with their changes.

    On the year, which takes the season out, in the sentence; on the period before, below it.
    """
    main, ids = edition.company.main, ["revenue", "retention_rate"]
    if main is not None:
        ids.insert(1, public_id(main, edition.company.all_questions))
    if edition.facts.get("no_money"):
        ids[0] = "orders"
    period, every = edition.period, edition.period.every
    parts = [words for id in ids if (words := _on_the_year(findings, id, period))]
    unit = "answers" if edition.company.asks_only else "orders"
    part = part_sentence(edition.facts["days_uncovered"], period, unit=unit)
    if not parts:
        return part
    first = _("In {period}, {parts}.", period=period_label(period), parts=clauses(parts, "；"))
    moves = [] if every == "year" else [_on_the_period(findings, id) for id in ids]
    since = _(
        "On the {part} before: {moves}.",
        part=period_word(period),
        moves=clauses(filter(None, moves), "；"),
    )
    return _below(first, following(since if any(moves) else "", part))


def _on_the_year(findings: EditionFindings, id: str, period: Period) -> str:
    """Return a finding with its verdict on the year, as a clause; "" without a number."""
    now, label = findings.get(id), in_sentence(findings.label(id))
    if not isinstance(now, Estimate):
        return ""
    words = {"label": label, "value": number(now), "size": ""}
    change = findings.change(id, on_year=period.every != "year")
    match change:
        case None:
            return _("{label} was **{value}**", **words)
        case Estimate() if change.verdict == "no clear change":
            return _("{label} was **{value}**, no clear change on the year", **words)
        case Estimate():
            words["size"] = number(upward(change), difference=True)
            rose = change.value > 0
        case share:
            words["size"], rose = f"{abs(share):.0%}", share >= 0
    if rose:
        return _("{label} **rose {size}** on the year to {value}", **words)
    return _("{label} **fell {size}** on the year to {value}", **words)


def _on_the_period(findings: EditionFindings, id: str) -> str:
    change, label = findings.change(id, on_year=False), in_sentence(findings.label(id))
    if change is None:
        return ""
    if isinstance(change, Estimate):
        return _("{label} {change}", label=label, change=change_words(change))
    return _("{label} {change}", label=label, change=_grown(change))


def _grown(share: float) -> str:
    """Return how much of itself an amount counted in full has grown or shrunk."""
    size = f"{abs(share):.0%}"
    return _("up {size}", size=size) if share >= 0 else _("down {size}", size=size)


def _worth(findings: EditionFindings, edition: Edition, label: str) -> str:
    """Return the headline: what the year would have brought, had each experience been better.

    As the page on worth says it where that can't be given; per answer where there is no such page.
    """
    id, money = _worth_id(findings), "margin"
    if id.endswith("revenue"):
        money = "spend"
    worth, said = findings.get(id), findings.answers.get("08_worth", [])
    if isinstance(worth, Estimate):
        return worth_sentence(worth, findings.get(f"{id}_share"), edition, money)
    return said[-1] if said else _money(findings, edition, label)


def _worth_id(findings: EditionFindings) -> str:
    """Return under which id the worth stands: in revenue where margin is not known or assumed."""
    in_revenue = isinstance(findings.get("worth_of_a_point_revenue"), Estimate)
    return "worth_of_a_point_revenue" if in_revenue else "worth_of_a_point"


def _money(findings: EditionFindings, edition: Edition, label: str) -> str:
    """Return what one more point goes with in margin an answer, in spend if margin is assumed."""
    effect, what = findings.get("margin_effect_per_point"), pgettext("more of it", "margin")
    if edition.assumed_margin is not None or not isinstance(effect, Estimate):
        effect, what = findings.get("spend_effect_per_point"), pgettext("more of it", "spend")
    days, main = edition.company.repeat_within_days, edition.company.main
    scale = scale_of(main) if main else ""
    if isinstance(effect, Estimate) and effect.spans_zero:
        return sentence(
            "One more point on “{label}” ({scale}) goes with **no clear difference** in {what}: "
            "{effect} for each answer within {days} days.",
            label=label, scale=scale, what=what, days=days, effect=effect,
        )  # fmt: skip
    return sentence(
        "One more point on “{label}” ({scale}) goes with **{size} {way} {what}** for each answer "
        "within {days} days ({effect:evidence}).",
        otherwise="What one more point goes with in money can't be said: {why}",
        label=label, scale=scale, what=what, days=days, effect=_upward(effect), **_size(effect),
    )  # fmt: skip


def _caution(findings: EditionFindings) -> str:
    """Return how the headline may be read, where there is one."""
    if not isinstance(findings.get("spend_effect_per_point"), Estimate):
        return ""
    return _(
        "This compares customers of the same recorded history whose answers lie a point apart. It "
        "is an association: whether raising the answers would bring the money is another question."
    )


def _upward(effect: MaybeEstimate) -> MaybeEstimate:
    """Return an effect without its sign, which the words carry."""
    return effect.times(-1) if isinstance(effect, Estimate) and effect.value < 0 else effect


def _size(effect: MaybeEstimate) -> dict[str, Any]:
    """Return how large an effect is and which way it goes, in words."""
    is_less = isinstance(effect, Estimate) and effect.value < 0
    way = pgettext("so much money", "less") if is_less else pgettext("so much money", "more")
    return {"size": number(_upward(effect)), "way": way}
