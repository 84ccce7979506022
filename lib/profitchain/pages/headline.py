"""What the summary says first, from the findings of the other pages."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from profitchain.core.estimates import Estimate, MaybeEstimate
from profitchain.core.formats import digits, number, period_label
from profitchain.core.i18n import _, listed, pgettext
from profitchain.core.periods import Period
from profitchain.exhibits.findings import EditionFindings
from profitchain.measures.satisfaction import public_id
from profitchain.panel.edition import Edition
from profitchain.words.data import part_sentence
from profitchain.words.nonresponse import weighted_beside
from profitchain.words.prose import (
    change_on,
    clauses,
    following,
    on_the,
    period_word,
    scale_of,
    sentence,
)
from profitchain.words.repeat_effect import reversed_sentence
from profitchain.words.worth import worth_sentence

FIGURES = (
    "worth_of_a_point", "repeat_rate", "repeat_effect_per_point", "retention_rate",
    "average_order_value", "active_customers", "revenue",
)  # fmt: skip
WITHOUT_ANSWERS = (
    "revenue", "orders", "active_customers", "retention_rate", "average_order_value",
    "purchase_frequency",
)  # fmt: skip
MOST = 7  # questions that have a card where there are answers alone


def sentences(findings: EditionFindings, edition: Edition) -> list[str]:
    """Return the edition's answer: what happened, what a point is worth, how sure that is.

    Where answers and orders can't be brought together, how each of them stands.
    """
    unit = "answers" if edition.company.asks_only else "orders"
    part = part_sentence(edition.facts["days_uncovered"], edition.period, unit=unit)
    scores = findings.answers.get("03_satisfaction", [])
    if unit == "answers":
        return [*scores[:2], part]
    before = happened(findings, edition)
    loyalty = findings.answers.get("05_loyalty", [])
    loyalty = loyalty[-1:] if edition.facts.get("no_customers") else loyalty[:1]
    if edition.company.main is None:
        return [before, *(loyalty or [_("No survey answers were given.")]), part]
    if edition.facts.get("unlinked"):
        return [*scores[:1], *loyalty, part]
    evidence = next(iter(findings.answers.get("09_sensitivity", [])), None)
    if edition.facts.get("no_money"):
        first = findings.answers.get("07_repeat_purchase", [""])[0]
        return [before, first or _("Orders carry no amounts."), evidence or "", part]
    worth = _worth(findings, edition, str(edition.company.main.label))
    link = findings.get("repeat_effect_per_point")
    worth = following(worth, reversed_sentence(link, edition.company.main))
    return [before, worth, _caution(findings) if evidence is None else evidence, part]


def happened(findings: EditionFindings, edition: Edition) -> str:
    """Return revenue (else orders), the main score and retention, each with its two changes."""
    main, ids = edition.company.main, ["revenue", "retention_rate"]
    if main is not None:
        ids.insert(1, public_id(main, edition.company.all_questions))
    if edition.facts.get("no_money"):
        ids[0] = "orders"
    parts = [words for id in ids if (words := _with_moves(findings, id, edition.period))]
    label = period_label(edition.period)
    return _("In {period}: {parts}.", period=label, parts=clauses(parts, "；")) if parts else ""


def _with_moves(findings: EditionFindings, id: str, period: Period) -> str:
    """Return a finding with its verdicts on the period before and on the year; "" without one."""
    now, moves = findings.get(id), _moves_of(findings, id, period)
    if not isinstance(now, Estimate):
        return ""
    words = {"label": findings.label(id), "value": number(now)}
    if not moves:
        return _("{label} **{value}**", **words)
    return _("{label} **{value}** ({moves})", moves=listed(moves), **words)


def _moves_of(findings: EditionFindings, id: str, period: Period) -> list[str]:
    ons = {period.every: "change"} | ({"year": "change_on_year"} if period.every != "year" else {})
    changes = {on: findings.get(f"{id}_{end}") for on, end in ons.items()}
    sure = {on: change for on, change in changes.items() if isinstance(change, Estimate)}
    if len(sure) == 2 and all(change.spans_zero for change in sure.values()):
        return [_("no clear change on the {part} or the year", part=period_word(period))]
    if sure:
        return [change_on(change, on) for on, change in sure.items()]
    course = findings.trend(id).drop_duplicates("period").set_index("period")["value"]
    steps = {period.every: period.previous, "year": period.year_before}
    known = {on: then.name for on, then in steps.items() if course.get(then.name, 0) > 0}
    return [_grown(course[period.name] / course[name] - 1, on) for on, name in known.items()]


def _grown(share: float, on: Any) -> str:
    """Return how much of itself an amount counted in full has grown or shrunk."""
    size = f"{abs(share):.0%}"
    words = _("up {size}", size=size) if share >= 0 else _("down {size}", size=size)
    return _("{change} {on}", change=words, on=on_the(on))


def key_figures(edition: Edition) -> list[str]:
    """Return the ids of the key figures, the main score first where there is one."""
    main, questions = edition.company.main, edition.company.all_questions
    lacking = _lacking(edition)
    if main is None:
        return [id for id in WITHOUT_ANSWERS if id not in lacking]
    if edition.company.asks_only:
        others = [question for question in questions if question is not main]
        return [*(public_id(each, questions) for each in [main, *others][:MOST]), "responses"]
    ids = [*FIGURES, "orders"] if "revenue" in lacking else list(FIGURES)
    if edition.facts.get("unlinked"):
        ids = list(WITHOUT_ANSWERS)
    elif edition.assumed_margin is not None:
        ids[0] = f"{FIGURES[0]}_revenue"
    return [public_id(main, questions), *(id for id in ids if id not in lacking)]


def _lacking(edition: Edition) -> set[str]:
    """Return which key figures a firm can't have: of money, or of customers, that nobody knows."""
    in_money = {"revenue", "average_order_value", FIGURES[0]}
    of_customers = {"active_customers", "retention_rate", "purchase_frequency"}
    lacking = in_money if edition.facts.get("no_money") else set()
    return lacking | of_customers if edition.facts.get("no_customers") else lacking


def about(edition: Edition, findings: EditionFindings | None = None) -> dict[str, tuple[str, ...]]:
    """Return what a key figure's card says above and below the figure, where its label needs help.

    By finding: the words above the figure, and those below it. With `findings` the main score has
    the weighted one below its interval, where they differ clearly.
    """
    days, main = digits(edition.company.repeat_within_days, 0), edition.company.main
    point = ""
    if main is not None:
        point = _(
            "One more point on “{label}” ({scale}) goes with",
            label=main.label,
            scale=scale_of(main),
        )
    everywhere = _("The year, had every experience been one point better")
    more = _("more answers followed by an order in {days} days", days=days)
    within = _("of answers, within {days} days", days=days)
    before = _("of the previous {part}'s customers", part=period_word(edition.period))
    cards: dict[str, tuple[str, ...]] = {
        "repeat_effect_per_point": (point, more),
        "worth_of_a_point": (everywhere, _("more margin in that year")),
        "worth_of_a_point_revenue": (everywhere, _("more revenue in that year")),
        "repeat_rate": (_("Repeat purchase rate"), within),
        "retention_rate": (_("Retention rate"), before),
        "average_order_value": (_("Average order value"), ""),
    }
    if findings is None:
        return cards
    guests = findings.get("guest_revenue")
    if isinstance(guests, Estimate):
        below = _("of it {revenue} from guests", revenue=number(guests))
        cards["revenue"] = (findings.label("revenue"), below)
    return cards | _weighted(findings, edition) | _turned(findings, cards, days)


def quality(findings: EditionFindings) -> str:
    """Return how many rows the edition rests on and how many were set aside as broken."""
    return sentence(
        "{used:number} could be used; {broken:number} broke the data contract and were set aside, "
        "with their reasons on the data page.",
        otherwise="What came in is not known: {why}",
        used=findings.get("rows_used"),
        broken=findings.get("rows_broken"),
    )


def _turned(
    findings: EditionFindings, cards: Mapping[str, tuple[str, ...]], days: str
) -> dict[str, tuple[str, ...]]:
    """Return the words below those figures of a point that are less than nothing."""
    below = {
        "repeat_effect_per_point": _("in answers followed by an order in {days} days", days=days),
        "worth_of_a_point": _("in margin of that year"),
        "worth_of_a_point_revenue": _("in revenue of that year"),
    }
    numbers = {id: findings.get(id) for id in below}
    return {
        id: (cards[id][0], below[id])
        for id, number in numbers.items()
        if isinstance(number, Estimate) and number.value < 0
    }


def _weighted(findings: EditionFindings, edition: Edition) -> dict[str, tuple[str, ...]]:
    """Return the words about the main score where who answered clearly moved it, else none."""
    main = edition.company.main
    if main is None:
        return {}
    id = public_id(main, edition.company.all_questions)
    weighted, moved = (findings.get(f"{id}_{end}") for end in ("weighted", "weighted_difference"))
    ends = [findings.get(f"{id}_bound", case) for case in ("unhappy", "happy")]
    words = weighted_beside(weighted, moved, ends, main)
    return {id: (findings.label(id), "", words)} if words else {}


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
