"""What customers are worth from now on, in words: sentences, tables and captions."""

from __future__ import annotations

import pandas as pd

from profitchain.core.estimates import Estimate, MaybeEstimate, NotEstimable, to_columns
from profitchain.core.formats import digits, number, plain
from profitchain.core.i18n import N_, _, following, ngettext, pgettext
from profitchain.lifetime.bgnbd_gammagamma import PURCHASE_MODELS, FittedModel
from profitchain.lifetime.by_group import ScoreGroupComparison
from profitchain.lifetime.customer_value import CustomerValue
from profitchain.lifetime.expected_value import RATE, LifetimeModels
from profitchain.panel.edition import Edition
from profitchain.stats.sampling_weights import factor
from profitchain.words import reasons
from profitchain.words.captions import Caption, drawn_from, source
from profitchain.words.presentation import lookback_words
from profitchain.words.prose import first_capital, period_word, periods_word, sentence
from profitchain.words.worth import assumed_clause

CUSTOMERS = N_("Customers known at the period's end")
GROUPS = (  # of customers, in exhibits
    *(N_("Latest answer"), N_("Repeats so far"), N_("Latest answer, among like customers")),
    *(N_("no answer"), N_("never came back"), N_("came back once"), N_("came back more often")),
)
AHEAD = N_(
    "A known customer is expected to bring **{mean:number} of {money} in the next {months}** "
    "({mean:evidence}), discounted at {rate} a year; all {count} together {total:number} "
    "({total:interval}){assumed}."
)
WHILE_IT_LASTS = N_(
    "An active customer is expected to bring **{mean:number} of {money} for as long as the "
    "contract lasts** ({mean:evidence}), discounted at {rate} a year; all {count} together "
    "{total:number} ({total:interval}){assumed}."
)
WORTH_MORE = N_(
    "A latest answer “{best}” rather than “{worst}” goes with **{apart:number} more expected "
    "{money}** ({apart:evidence}) among like customers."
)
WORTH_LESS = N_(
    "A latest answer “{best}” rather than “{worst}” goes with **{apart:number} less expected "
    "{money}** ({apart:evidence}) among like customers."
)


def value_sentence(ahead: CustomerValue, edition: Edition) -> str:
    """Return the answer: what a known customer, and all of them, are worth from now on."""
    firm, months = edition.company, ahead.horizon_months
    customers, expansion = _customers(ahead)
    return sentence(
        WHILE_IT_LASTS if firm.contractual else AHEAD,
        otherwise="What customers are worth from now on can't be said: {why}",
        mean=ahead.mean, money=_(ahead.money), total=ahead.total,
        months=ngettext("{n} month", "{n} months", months),
        rate=plain(firm.discount_rate, "share"), count=digits(customers * expansion, 0),
        assumed=assumed_clause(edition, ahead.money),
    )  # fmt: skip


def score_groups_sentence(comparison: ScoreGroupComparison | None, ahead: CustomerValue) -> str:
    """Return by how much the best score group's value differs from the worst one's, both alike."""
    if ahead.value is None:
        return ""
    if comparison is None:
        return _("There are no answers by which value could be told apart.")
    words = {"best": _(comparison.best), "worst": _(comparison.worst), "money": _(ahead.money)}
    apart = comparison.difference
    if isinstance(apart, NotEstimable):
        return _("Value by score group can't be compared: {why}", why=reasons.text(apart))
    if apart.spans_zero:
        return sentence(
            "**No clear difference** in expected {money} between customers whose latest answer was "
            "“{best}” and like customers with “{worst}”: {apart}, an interval that "
            "spans zero.", apart=apart, **words,
        )  # fmt: skip
    if apart.value > 0:
        return sentence(WORTH_MORE, apart=apart, **words)
    return sentence(WORTH_LESS, apart=apart.times(-1), **words)


def alive_sentence(ahead: CustomerValue) -> str:
    """Return how many are alive, and that only models say so; "" where no model is believed."""
    models, share = ahead.models, ahead.share_alive
    if isinstance(models, NotEstimable):
        return _("Who is still a customer is not inferred here: {why}", why=reasons.text(models))
    if isinstance(share, NotEstimable):
        return ""
    head = sentence(
        "The mean chance to be still a customer is {share:number} by {model}, and anything from "
        "{share:interval} by one model or the other.",
        share=share, model=models.purchases.name,
    )  # fmt: skip
    rest = _("Nobody sees who has left, so that no trial can tell which is right.")
    return following(head, rest)


def rate_sentence(ahead: CustomerValue, edition: Edition) -> str:
    """Return how money follows from what customers pay."""
    models = ahead.models
    if (
        isinstance(models, NotEstimable)
        or ahead.value is None
        or not isinstance(models.spend, FittedModel)
    ):
        return ""
    assumption = _("each purchase is taken to leave the same share")
    if models.money == "revenue":
        assumption = _("no margin is known, so only revenue can be expected")
    rate = _(
        "Of {one} that customers pay, {left} is left as {money} once refunds are off: the rate of "
        "{within}; {known}.",
        one=plain(1, models.currency, places=0),
        left=plain(models.parameters.values[RATE], models.currency),
        money=_(models.money), within=lookback_words(edition), known=assumption,
    )  # fmt: skip
    free = _(
        "{count} who came back paid nothing then and are left out.",
        count=digits(models.spend.left_out, 0),
    )
    return following(rate, free if models.spend.left_out else "")


def formulas_sentence(ahead: CustomerValue, edition: Edition) -> str:
    """Return which of the formulas holds for this firm, and why."""
    period = period_word(edition.period)
    if edition.company.contractual:
        when = _("with the next {period}", period=period)
        if edition.company.first_payment == "now":
            when = pgettext("when the first payment comes", "now")
        return _(
            "company.yml says that customers are under contract, so leaving is seen and the "
            "formula with retention holds; the first payment comes {when}.",
            when=when,
        )
    return sentence(
        "Retention is {kept} a {period}. Nobody signs off here, so a customer who skips a {period} "
        "may still return: the formulas with retention count such a customer as lost and are shown "
        "for comparison only.",
        kept=ahead.contract.retention, period=period,
        otherwise="Retention can't be counted: {why}",
    )  # fmt: skip


def value_table(ahead: CustomerValue) -> dict[str, MaybeEstimate]:
    """Return what is expected of customers, by what each figure is."""
    money, months = _(ahead.money), ahead.horizon_months
    if ahead.under_contract:
        return {
            N_("kept from one period to the next"): ahead.contract.retention,
            _("{money} a period", money=money): ahead.contract.margin,
            _("{money} to come, discounted", money=money): ahead.mean,
            _("{money} to come, discounted: all customers", money=money): ahead.total,
        }
    if isinstance(ahead.share_alive, NotEstimable):
        return {_("{money} to come", money=money): ahead.mean}
    figures: dict[str, MaybeEstimate] = {N_("alive (range of both models)"): ahead.share_alive}
    for span, days in ahead.orders.items():
        figures[_("days with an order in {months} months", months=span)] = days
    for span, brought in ahead.brought.items():
        figures[_("{money} in {months} months", money=money, months=span)] = brought
    words = {"money": money, "months": months}
    return figures | {
        _("{money} in {months} months, discounted", **words): ahead.mean,
        _("{money} in {months} months, discounted: all customers", **words): ahead.total,
        _("{money} in {months} months, discounted: a new customer", **words): ahead.new_customer,
    }


def formulas_table(ahead: CustomerValue, edition: Edition) -> pd.DataFrame:
    """Return the ways to count a customer's value, with what each one counts."""
    contract = ahead.contract
    silent = _(
        "{money}, discounted, {months} months; leaving is told from silence",
        money=_(ahead.money), months=ahead.horizon_months,
    )  # fmt: skip
    endless = _(
        "{money}, discounted, without end; a skipped {period} is lost",
        money=_(contract.money), period=period_word(edition.period),
    )  # fmt: skip
    undiscounted = _(
        "revenue, nothing discounted; r/(1 − churn) is 1 whatever r, so only the lifetime "
        "(1/churn) moves"
    )
    rows = [
        (_("{model} and Gamma-Gamma", model=_name(ahead)), ahead.of_active, silent),
        (N_("m r/(1 + d − r), first payment next"), contract.next_payment, endless),
        (N_("m (1 + d)/(1 + d − r), first payment now"), contract.payment_now, endless),
        (N_("revenue × r/(1 − churn) × lifetime"), contract.source, undiscounted),
    ]
    ways, values, counts = zip(*rows[edition.company.contractual :], strict=True)
    numbers = to_columns(values, "").rename(columns=lambda name: name.strip("_"))
    numbers.insert(0, "way", ways)
    return numbers.assign(counts=counts, n=[value.n for value in values])


def value_caption(ahead: CustomerValue, edition: Edition) -> Caption:
    """Return the caption of what is expected of customers."""
    words = {"money": _(ahead.money)}
    message = _("What a customer's {money} to come is worth can't be said", **words)
    if isinstance(ahead.mean, Estimate):
        words |= {"value": number(ahead.mean)}
        message = _("A customer is expected to bring {value} of {money}", **words)
    return {
        "message": message,
        "measure": _(
            "Means over customers, 95% intervals; discounted at {rate} a year where said",
            rate=plain(edition.company.discount_rate, "share"),
        ),
        "source": _of_customers(ahead, edition),
    }


def _name(ahead: CustomerValue) -> str:
    """Return the name of the model of purchases in use."""
    models = ahead.models
    return models.purchases.name if isinstance(models, LifetimeModels) else PURCHASE_MODELS[0]


def value_by_group_caption(
    groups: pd.DataFrame,
    comparison: ScoreGroupComparison | None,
    ahead: CustomerValue,
    edition: Edition,
) -> Caption:
    """Return the caption of value by group."""
    money = _(ahead.money)
    message = _("No expected {money} by group", money=money)
    if len(groups):
        message = _("Expected {money} by how often customers came back", money=money)
    message = message if comparison is None else _comparison_message(comparison, money)
    return {
        "message": message,
        "measure": _(
            "Expected {money} a customer in {months} months, discounted; 95% intervals",
            money=_(ahead.money), months=ahead.horizon_months,
        ),
        "source": _of_customers(ahead, edition),
        "description": _("{message}. Each group's value stands in the table.", message=message),
    }  # fmt: skip


def _comparison_message(comparison: ScoreGroupComparison, money: str) -> str:
    apart, words = comparison.difference, {"best": _(comparison.best), "worst": _(comparison.worst)}
    words |= {"money": money}
    if isinstance(apart, NotEstimable) or apart.spans_zero:
        return _("No clear difference in {money} to come between {best} and {worst}", **words)
    words |= {"best": first_capital(words["best"])}
    if apart.value > 0:
        return _("{best} are expected to bring more {money} than like {worst}", **words)
    return _("{best} are expected to bring less {money} than like {worst}", **words)


def _of_customers(ahead: CustomerValue, edition: Edition) -> str:
    n, stands_for = _customers(ahead)
    return drawn_from(source(_(CUSTOMERS), n), stands_for) + assumed_clause(edition, ahead.money)


def formulas_caption(ahead: CustomerValue, edition: Edition) -> Caption:
    """Return the caption of the formulas side by side."""
    return {
        "message": _("The same customers by other formulas"),
        "measure": _(
            "Value of a customer who bought in the period; retention and margin a {period} from "
            "the {periods} of the last year; 95% intervals",
            period=period_word(edition.period),
            periods=periods_word(edition.period),
        ),
        "source": source(_("Orders; customers of the periods before"), ahead.contract.retention.n),
    }


def _customers(ahead: CustomerValue) -> tuple[int, float]:
    """Return how many customers a value rests on, and for how many each of them stands."""
    if isinstance(ahead.models, LifetimeModels):
        n = ahead.mean.n if ahead.value is None else len(ahead.models.customers)
        return n, factor(ahead.models.customers)
    return (ahead.contract.active if isinstance(ahead.mean, Estimate) else ahead.mean.n), 1.0
