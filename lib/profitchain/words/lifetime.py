"""What customers are worth from now on: the page's answer, groups, formulas."""

from __future__ import annotations

import pandas as pd

from profitchain.core.estimates import Estimate, MaybeEstimate, NotEstimable, to_columns
from profitchain.core.formats import digits, plain
from profitchain.core.i18n import N_, _, ngettext, pgettext
from profitchain.lifetime.bgnbd_gammagamma import PURCHASE_MODELS, FittedModel
from profitchain.lifetime.by_group import ALIKE, ANSWER, HISTORY, ScoreGroupComparison
from profitchain.lifetime.customer_value import CustomerValue
from profitchain.lifetime.expected_value import RATE, LifetimeModels
from profitchain.lifetime.holdout_test import MaybeHoldout
from profitchain.panel.edition import Edition
from profitchain.stats.sampling_weights import factor
from profitchain.words import reasons
from profitchain.words.captions import drawn_from
from profitchain.words.lifetime_model import edges_sentence, verdict
from profitchain.words.presentation import Presentation, Said, figure_rows, source
from profitchain.words.prose import first_capital, period_word, periods_word
from profitchain.words.worth import assumed_clause

CUSTOMERS = N_("Customers known at the period's end")
GROUPS = (  # of customers, in exhibits
    *(N_("Latest answer"), N_("Repeats so far"), N_("Latest answer, among like customers")),
    *(N_("no answer"), N_("never came back"), N_("came back once"), N_("came back more often")),
)


def answer(
    ahead: CustomerValue,
    comparison: ScoreGroupComparison | None,
    trial: MaybeHoldout,
    *,
    edition: Edition,
) -> list[Said]:
    """Return what a customer is worth from now on, by latest answer, and whether to believe it."""
    tried = verdict(trial)
    unsaid = tried.key in ("untried", "off_by_silence")  # the first says why, or the page below
    return [_worth(ahead, edition), *_apart(comparison, ahead), *([] if unsaid else [tried])]


def _worth(ahead: CustomerValue, edition: Edition) -> Said:
    firm, (customers, expansion) = edition.company, _customers(ahead)
    parts = (ahead.mean, ahead.total)
    if why := next((one for one in parts if isinstance(one, NotEstimable)), None):
        return Said("no_value", {"why": reasons.text(why)})
    values = {"mean": ahead.mean, "total": ahead.total, "money": _(ahead.money)}
    values |= {"months": ngettext("{n} month", "{n} months", ahead.horizon_months)}
    values |= {"rate": plain(firm.discount_rate, "share")}
    values |= {"count": digits(customers * expansion, 0)}
    values |= {"assumed": assumed_clause(edition, ahead.money)}
    return Said("while_it_lasts" if firm.contractual else "ahead", values)


def _apart(comparison: ScoreGroupComparison | None, ahead: CustomerValue) -> list[Said]:
    """Return by how much the best score group's value differs from the worst one's, both alike."""
    if ahead.value is None or comparison is None:
        return []
    apart, values = comparison.difference, _ends(comparison, ahead)
    if isinstance(apart, NotEstimable):
        return [Said("not_compared", {"why": reasons.text(apart)})]
    if apart.spans_zero:
        return [Said("no_difference", values | {"apart": apart})]
    if apart.value > 0:
        return [Said("bring_more", values | {"apart": apart})]
    return [Said("bring_less", values | {"apart": apart.times(-1)})]


def _ends(comparison: ScoreGroupComparison, ahead: CustomerValue) -> dict[str, object]:
    best, worst = _(comparison.best), _(comparison.worst)
    return {"Best": first_capital(best), "best": best, "worst": worst, "money": _(ahead.money)}


def lifetime_by_answer(
    groups: pd.DataFrame,
    comparison: ScoreGroupComparison | None,
    ahead: CustomerValue,
    *,
    edition: Edition,
) -> Presentation:
    """Return value by latest answer among like customers, or by repeats where nobody answered."""
    known = set(groups["segment"])
    segment = next((name for name in (ALIKE, ANSWER, HISTORY) if name in known), HISTORY)
    rows = groups[groups["segment"] == segment].drop(columns="segment").reset_index(drop=True)
    values: dict[str, object] = _of_groups(ahead, edition)
    if not len(rows):
        rows = pd.DataFrame(
            [{"group": "", "value": float("nan"), "why": getattr(ahead.mean, "why", "")}]
        )
        return Presentation(rows, "nothing", values)
    if comparison is None:
        return Presentation(rows, "by_repeats", values)
    (said,) = _apart(comparison, ahead)
    return Presentation(rows, said.key, values | _ends(comparison, ahead))


def lifetime_groups(
    groups: pd.DataFrame, ahead: CustomerValue, *, edition: Edition
) -> Presentation:
    """Return value by every group that is known."""
    return Presentation(groups, "groups", _of_groups(ahead, edition))


def _of_groups(ahead: CustomerValue, edition: Edition) -> dict[str, object]:
    months = ngettext("{n} month", "{n} months", ahead.horizon_months)
    note = _of_customers(ahead, edition)
    return {"money": _(ahead.money), "months": months, "source": note}


def lifetime_now(ahead: CustomerValue, *, edition: Edition) -> Presentation:
    """Return all that is expected of customers, by what each figure is."""
    rows = figure_rows(value_table(ahead), "a customer").drop(columns="n")
    values = {"money": _(ahead.money), "rate": plain(edition.company.discount_rate, "share")}
    values |= {"source": _of_customers(ahead, edition)}
    if isinstance(ahead.mean, Estimate):
        return Presentation(rows, "brings", {**values, "value": ahead.mean})
    return Presentation(rows, "unsaid", values)


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


def inferred(ahead: CustomerValue, *, edition: Edition) -> list[Said | str]:
    """Return what the chance to be alive can't say, how money follows, and a model at an edge."""
    models, share = ahead.models, ahead.share_alive
    if isinstance(models, NotEstimable):
        return [Said("not_inferred", {"why": reasons.text(models)})]
    said: list[Said | str] = []
    if isinstance(share, Estimate):
        said.append(Said("alive", {"share": share, "model": models.purchases.name}))
    if ahead.value is not None and isinstance(models.spend, FittedModel):
        left = plain(models.parameters.values[RATE], models.currency)
        values = {
            "one": plain(1, models.currency, places=0),
            "left": left,
            "money": _(models.money),
        }
        said.append(Said("revenue_rate" if models.money == "revenue" else "margin_rate", values))
        if models.spend.left_out:
            said.append(Said("paid_nothing", {"count": digits(models.spend.left_out, 0)}))
    return [*said, edges_sentence(models)]


def holds(ahead: CustomerValue, *, edition: Edition) -> list[Said]:
    """Return which of the formulas holds for this firm, and why."""
    if not edition.company.contractual:
        kept = ahead.contract.retention
        if isinstance(kept, NotEstimable):
            return [Said("no_formula", {"why": reasons.text(kept)})]
        return [Said("no_contract", {"kept": kept})]
    when = _("with the next {period}", period=period_word(edition.period))
    if edition.company.first_payment == "now":
        when = pgettext("when the first payment comes", "now")
    return [Said("contract", {"when": when})]


def lifetime_formulas(ahead: CustomerValue, *, edition: Edition) -> Presentation:
    """Return the ways to count a customer's value, with what each one counts."""
    contract, period = ahead.contract, edition.period
    silent = _(
        "{money}, discounted, {months} months; leaving is inferred from silence",
        money=_(ahead.money), months=ahead.horizon_months,
    )  # fmt: skip
    endless = _(
        "{money}, discounted, without end; a skipped {period} is lost",
        money=_(contract.money), period=period_word(period),
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
    note = source(_("Orders; customers of the periods before"), contract.retention.n)
    words = {"periods": periods_word(period), "source": note}
    shown = numbers.assign(counts=counts, n=[value.n for value in values])
    return Presentation(shown, "formulas", words)


def _name(ahead: CustomerValue) -> str:
    """Return the name of the model of purchases in use."""
    models = ahead.models
    return models.purchases.name if isinstance(models, LifetimeModels) else PURCHASE_MODELS[0]


def _of_customers(ahead: CustomerValue, edition: Edition) -> str:
    n, stands_for = _customers(ahead)
    return drawn_from(source(_(CUSTOMERS), n), stands_for) + assumed_clause(edition, ahead.money)


def _customers(ahead: CustomerValue) -> tuple[int, float]:
    """Return how many customers a value rests on, and for how many each of them stands."""
    if isinstance(ahead.models, LifetimeModels):
        n = ahead.mean.n if ahead.value is None else len(ahead.models.customers)
        return n, factor(ahead.models.customers)
    return (ahead.contract.active if isinstance(ahead.mean, Estimate) else ahead.mean.n), 1.0
