"""What the summary says first, from the findings of the other pages."""

from __future__ import annotations

from profitchain.estimates import Estimate, Said
from profitchain.findings import Found
from profitchain.formats import number
from profitchain.store import Edition
from profitchain.wording import sentence

FIGURES = (
    "repeat_rate", "repeat_effect_per_point", "margin_effect_per_point", "retention_rate",
    "average_order_value", "active_customers", "revenue",
)  # fmt: skip


def sentences(found: Found, edition: Edition) -> list[str]:
    """Return the edition's answer: money, repeat orders, the score; at most three sentences."""
    main = edition.company.main
    told = [_money(found, edition), _repeats(found, edition)] if main else [_orders(found, edition)]
    if main:
        told.append(_score(found, edition))
    return [text for text in told if text]


def key_figures(edition: Edition) -> list[str]:
    """Return the ids of the key figures, the main score first where there is one."""
    main = edition.company.main
    if main is None:
        return ["revenue", "orders", "active_customers", *FIGURES[3:5], "purchase_frequency"]
    return [_score_id(edition), *FIGURES]


def quality(found: Found) -> str:
    """Return how many rows the edition rests on and how many were set aside as broken."""
    return sentence(
        "{used:number} could be used; {broken:number} broke the data contract and were set aside, "
        "with their reasons on the data page.",
        otherwise="What came in is not known: {why}",
        used=found.get("rows_used"),
        broken=found.get("rows_broken"),
    )


def _money(found: Found, edition: Edition) -> str:
    """Return the headline: what one more point goes with in margin, or else in spend."""
    margin, spend = (found.get(f"{name}_effect_per_point") for name in ("margin", "spend"))
    effect, what = (margin, "margin") if isinstance(margin, Estimate) else (spend, "spend")
    days, label = edition.company.repeat_within_days, edition.company.main.label
    if isinstance(effect, Estimate) and effect.spans_zero:
        return sentence(
            "One more point on “{label}” goes with **no clear difference** in {what}: {effect} for "
            "each answer, within {days} days.",
            label=label, what=what, days=days, effect=effect,
        )  # fmt: skip
    return sentence(
        "One more point on “{label}” goes with **{size} {way} {what}** for each answer within {days} "
        "days (95% interval {effect:interval}; n = {n}).",
        otherwise="What one more point goes with in money can't be said: {why}",
        label=label, what=what, days=days, effect=effect, size=_size(effect), way=_way(effect),
        n=effect.n,
    )  # fmt: skip


def _repeats(found: Found, edition: Edition) -> str:
    return next(iter(found.answers.get("07_repeat_purchase", [])), "")


def _score(found: Found, edition: Edition) -> str:
    return next(iter(found.answers.get("03_satisfaction", [])), "")


def _orders(found: Found, edition: Edition) -> str:
    return next(iter(found.answers.get("05_loyalty", [])), "No survey answers were given.")


def _score_id(edition: Edition) -> str:
    main = edition.company.main
    return main.kind if main.kind in ("nps", "csat", "ces") else f"{main.name}_mean"


def _size(effect: Said) -> str:
    if not isinstance(effect, Estimate):
        return ""
    return number(effect.times(-1) if effect.value < 0 else effect)


def _way(effect: Said) -> str:
    return "less" if isinstance(effect, Estimate) and effect.value < 0 else "more"
