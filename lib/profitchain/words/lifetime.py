"""The sentences on what customers are worth from now on, and on the model behind it."""

from __future__ import annotations

from datetime import date

from babel.dates import format_date

from profitchain.core.estimates import Estimate, NotEstimable
from profitchain.core.formats import digits, plain
from profitchain.core.i18n import N_, _, following, locale, ngettext, pgettext
from profitchain.lifetime.by_group import ScoreGroupComparison
from profitchain.lifetime.customer_value import Prospects, spend_by_repeats
from profitchain.lifetime.expected_value import RATE, Outlook
from profitchain.lifetime.holdout_test import CLOSE, HeldOut, fits
from profitchain.panel.edition import Edition
from profitchain.stats.sampling_weights import factor
from profitchain.words import reasons
from profitchain.words.prose import listed, period_word, sentence

EDGES = {  # the first that holds counts; what it explains is not told again
    frozenset({"a low", "b low"}): N_("some leave with the first return, the others never"),
    frozenset({"a high", "b high"}): N_("all leave with the same chance"),
    frozenset({"a low"}): N_("nobody ever leaves"),
    frozenset({"b low"}): N_("everybody leaves with the first return"),
    frozenset({"r high"}): N_("all buy at the same rate"),
}
WITHOUT_END = {"low": N_("{name} low without end"), "high": N_("{name} high without end")}
EXPLAINED = {"a low": "b high", "b low": "a high", "r high": "alpha high"}
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
VERDICTS = {
    "fits": N_("**The model fits.**"),
    "unsure": N_("**Whether the model fits is unsure.**"),
    "too many": N_("**The model does not fit:** it expects too many purchases."),
    "too few": N_("**The model does not fit:** it expects too few purchases."),
}


def value_sentence(ahead: Prospects, edition: Edition) -> str:
    """Return the answer: what a known customer, and all of them, are worth from now on."""
    firm, months = edition.company, ahead.horizon_months
    return sentence(
        WHILE_IT_LASTS if firm.contractual else AHEAD,
        otherwise="What customers are worth from now on can't be said: {why}",
        mean=ahead.mean, money=_(ahead.money), total=ahead.total,
        months=ngettext("{n} month", "{n} months", months),
        rate=plain(firm.discount_rate, "share"), count=digits(count(ahead) * stands_for(ahead), 0),
        assumed=assumed_clause(edition, ahead),
    )  # fmt: skip


def groups_sentence(
    compared: ScoreGroupComparison | None, money: str, *, or_nothing: bool = False
) -> str:
    """Return by how much the best score group's value differs from the worst one's, both alike.

    `or_nothing`: say nothing rather than why it can't be said.
    """
    if compared is None:
        nothing = _("There are no answers by which value could be told apart.")
        return "" if or_nothing else nothing
    words = {"best": _(compared.best), "worst": _(compared.worst), "money": _(money)}
    apart = compared.difference
    if isinstance(apart, NotEstimable):
        why = _("Value by score group can't be compared: {why}", why=reasons.text(apart))
        return "" if or_nothing else why
    if apart.spans_zero:
        return sentence(
            "**No clear difference** in expected {money} between customers whose latest answer was "
            "“{best}” and like customers with “{worst}”: {apart}, an interval that "
            "spans zero.", apart=apart, **words,
        )  # fmt: skip
    if apart.value > 0:
        return sentence(WORTH_MORE, apart=apart, **words)
    return sentence(WORTH_LESS, apart=apart.times(-1), **words)


def alive_sentence(ahead: Prospects) -> str:
    """Return how many are alive, and for how many the model can't know."""
    view = ahead.view
    if isinstance(view, NotEstimable):
        return _("Who is still a customer is not inferred here: {why}", why=reasons.text(view))
    never = float((view.customers["repeats"] == 0).mean())
    head = sentence("The mean chance to be still a customer is {share}.", share=ahead.share_alive)
    known = _(
        "For {share} of them, who never came back, the model says 1 by construction: a customer "
        "can leave only after a repeat purchase.",
        share=plain(never, "share"),
    )
    most = _(
        "So the share alive says little here, and the value of most customers is the small chance "
        "of a first return."
    )
    return following(head, known if never else "", most if never > 0.5 else "")


def rate_sentence(ahead: Prospects, edition: Edition) -> str:
    """Return how money is told from what customers pay."""
    view = ahead.view
    if not isinstance(view, Outlook) or view.no_money or edition.company.contractual:
        return ""
    left = plain(view.parameters.values[RATE], view.currency)
    one = plain(1, view.currency, places=0)
    months = edition.company.lookback_months
    within = _("all of the history")
    if months:
        within = ngettext("the last {n} month", "the last {n} months", months)
    known = _("each purchase is taken to leave the same share")
    if view.money == "revenue":
        known = _("no margin is known, so value is revenue")
    told = _(
        "Of {one} that customers pay, {left} is left as {money} once refunds are off: the rate of "
        "{within}; {known}.",
        one=one, left=left, money=_(view.money), within=within, known=known,
    )  # fmt: skip
    zero = view.spend.left_out
    free = _(
        "{count} who came back paid nothing then and are left out.", count=digits(zero, 0)
    )  # fmt: skip
    return following(told, free if zero else "")


def edges_sentence(view: Outlook | NotEstimable, when: str = "") -> str:
    """Return what the purchase model says where its parameters ran to an edge; "" where none.

    `when`: the day whose model it is, where it isn't the page's own.
    """
    if isinstance(view, NotEstimable) or not view.purchases.edges:
        return ""
    edges, told = set(view.purchases.edges), []
    for parts, words in EDGES.items():
        if parts <= edges:
            edges -= parts | {EXPLAINED[part] for part in parts}
            told.append(_(words))
    for name, way in (edge.split() for edge in sorted(edges)):
        told.append(_(WITHOUT_END[way], name=name))
    head = _("**The model stands at an edge:** {named}.", named=listed(told))
    if when:
        head = _("**The model of {day} stands at an edge:** {named}.", day=when, named=listed(told))
    tail = _(
        "The data can't tell this from a less extreme case; the parameters concerned are held "
        "there and carry no error."
    )
    return following(head, tail)


def edges_of_trial(tried: HeldOut | NotEstimable) -> str:
    """Return the same of the model that was tried on the past; "" where there is nothing."""
    if isinstance(tried, NotEstimable):
        return ""
    return edges_sentence(tried.view, day_words(tried.calibrated_to))


def independence_sentence(ahead: Prospects) -> str:
    """Return whether those who come back more often also spend more, which the model excludes."""
    view = ahead.view
    if isinstance(view, NotEstimable):
        return ""
    told = spend_by_repeats(view.customers, view.currency)
    clear = isinstance(told["apart"], Estimate) and not told["apart"].spans_zero
    verdict = _("so it does not quite hold here") if clear else _("no clear difference")
    return sentence(
        "Gamma-Gamma takes what customers pay for independent of how often they come back. Those "
        "who came back once paid {once:number} on that day ({once:interval}), the others "
        "{more:number} a day ({more:interval}); apart by {apart}, {verdict}.",
        otherwise="Whether those who come back more often pay more can't be said: {why}",
        verdict=verdict, **told,
    )  # fmt: skip


def verdict_sentence(tried: HeldOut | NotEstimable, *, or_nothing: bool = False) -> str:
    """Return whether the model, fitted on the past, foresaw what then came.

    `or_nothing`: say nothing rather than why it can't be said.
    """
    if isinstance(tried, NotEstimable):
        untried = _("The model was not tried on the past: {why}", why=reasons.text(tried))
        return "" if or_nothing else untried
    if isinstance(tried.ratio, NotEstimable):
        return _("What the model expected can't be judged: {why}", why=reasons.text(tried.ratio))
    found = sentence(
        "Fitted on what was known on {day}, it expected {ratio:number} times the purchase days "
        "that came in the {days} days since ({ratio:evidence}).",
        day=day_words(tried.calibrated_to), days=tried.days, ratio=tried.ratio,
    )  # fmt: skip
    return following(_(VERDICTS[fits(tried.ratio)]), found)


def rule_sentence(tried: HeldOut | NotEstimable) -> str:
    """Return the rule of the verdict, and two further ratios; "" where there is no verdict."""
    if isinstance(tried, NotEstimable):
        return ""
    newcomers = sentence(
        "With the purchases of newcomers the ratio is {said:number} ({said:interval}).",
        said=tried.ratio_with_new,
    )
    money = sentence(
        "In what customers paid it is {said:number} ({said:interval}).", said=tried.money_ratio
    )
    rule = _(
        "The model fits if the ratio's whole interval lies within {share} of 1, and does not fit "
        "if the whole of it lies beyond; else it is unsure.",
        share=f"{CLOSE:.0%}",
    )
    return following(
        newcomers if isinstance(tried.ratio_with_new, Estimate) else "",
        money if isinstance(tried.money_ratio, Estimate) else "",
        rule,
    )


def day_words(iso: str) -> str:
    """Return a day as a reader says it.

    Examples
    --------
    >>> day_words("2025-09-30")
    '30 September 2025'
    """
    return format_date(date.fromisoformat(iso), "long", locale=locale())


def formulas_sentence(ahead: Prospects, edition: Edition) -> str:
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


def stands_for(ahead: Prospects) -> float:
    """Return for how many customers each of those stands whom a value rests on."""
    return factor(ahead.view.customers) if isinstance(ahead.view, Outlook) else 1.0


def count(ahead: Prospects) -> int:
    """Return how many customers a value rests on."""
    if isinstance(ahead.view, Outlook) and ahead.value is not None:
        return len(ahead.view.customers)
    return ahead.contract.active if isinstance(ahead.mean, Estimate) else ahead.mean.n


def assumed_clause(edition: Edition, ahead: Prospects) -> str:
    """Return the assumption on margin, or "" where orders carry their own."""
    rate = edition.assumed_margin
    if not rate or ahead.money != "margin":
        return ""
    return _("; margin is assumed at {share} of revenue", share=f"{rate:.0%}")
