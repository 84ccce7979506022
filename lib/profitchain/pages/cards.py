"""Which figures the first page shows on cards, and the words above and below them."""

from __future__ import annotations

from profitchain.core.estimates import Estimate
from profitchain.core.formats import digits, number
from profitchain.core.i18n import _
from profitchain.exhibits.findings import EditionFindings
from profitchain.measures.satisfaction import public_id
from profitchain.pages.restatements import restatements
from profitchain.panel.edition import Edition
from profitchain.words.nonresponse import weighted_beside
from profitchain.words.prose import period_word
from profitchain.words.restated import caution

FIGURES = (
    "revenue", "retention_rate", "repeat_rate", "average_order_value", "active_customers", "orders",
)  # fmt: skip
WITHOUT_ANSWERS = (
    "revenue", "orders", "active_customers", "retention_rate", "average_order_value",
    "purchase_frequency",
)  # fmt: skip
MOST = 6  # cards


def key_figures(edition: Edition) -> list[str]:
    """Return the ids of the key figures, the main score first where there is one."""
    main, questions = edition.company.main, edition.company.all_questions
    lacking = _lacking(edition)
    if main is None:
        return [id for id in WITHOUT_ANSWERS if id not in lacking]
    if edition.company.asks_only:
        others = [question for question in questions if question is not main]
        return [*(public_id(each, questions) for each in [main, *others][: MOST - 1]), "responses"]
    ids = WITHOUT_ANSWERS if edition.facts.get("unlinked") else FIGURES
    shown = [id for id in ids if id not in lacking]
    return [*shown[:1], public_id(main, questions), *shown[1:]][:MOST]


def _lacking(edition: Edition) -> set[str]:
    """Return which key figures a firm can't have: of money, or of customers, that nobody knows."""
    in_money = {"revenue", "average_order_value"}
    of_customers = {"active_customers", "retention_rate", "purchase_frequency"}
    lacking = in_money if edition.facts.get("no_money") else set()
    return lacking | of_customers if edition.facts.get("no_customers") else lacking


def about(edition: Edition, findings: EditionFindings) -> dict[str, tuple[str, str]]:
    """Return what a card says above its figure, and below it, where its label needs help."""
    days = digits(edition.company.repeat_within_days, 0)
    cards = {
        "repeat_rate": (_("Ordered again"), _("within {days} days of an answer", days=days)),
        "retention_rate": (
            _("Came back"),
            _("of the previous {part}'s customers", part=period_word(edition.period)),
        ),
        "average_order_value": (_("Average order value"), ""),
    }
    guests = findings.get("guest_revenue")
    if isinstance(guests, Estimate):
        below = _("of it {revenue} from guests", revenue=number(guests))
        cards["revenue"] = (findings.label("revenue"), below)
    return cards


def cautions(findings: EditionFindings, edition: Edition) -> list[str]:
    """Return what a reader of the cards must know: restated figures, a score that weights move."""
    restated = caution(restatements(edition))
    main = edition.company.main
    if main is None:
        return [restated]
    id = public_id(main, edition.company.all_questions)
    weighted, moved = (findings.get(f"{id}_{end}") for end in ("weighted", "weighted_difference"))
    ends = [findings.get(f"{id}_bound", case) for case in ("unhappy", "happy")]
    return [weighted_beside(weighted, moved, ends, main), restated]
