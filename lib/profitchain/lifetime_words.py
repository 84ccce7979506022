"""The sentences on what customers are worth from now on, and on the model behind it."""

from __future__ import annotations

from datetime import date

from babel.dates import format_date

from profitchain.estimates import Estimate, Unsaid
from profitchain.expectancy import RATE, Outlook
from profitchain.formats import digits, plain
from profitchain.holdouts import CLOSE, HeldOut, fits
from profitchain.languages import locale
from profitchain.lifetime_groups import Compared
from profitchain.lifetime_value import Prospects, spend_by_repeats
from profitchain.store import Edition
from profitchain.wording import listed, sentence

EDGES = {  # the first that holds counts; what it explains is not told again
    frozenset({"a low", "b low"}): "some leave with the first return, the others never",
    frozenset({"a high", "b high"}): "all leave with the same chance",
    frozenset({"a low"}): "nobody ever leaves",
    frozenset({"b low"}): "everybody leaves with the first return",
    frozenset({"r high"}): "all buy at the same rate",
}
EXPLAINED = {"a low": "b high", "b low": "a high", "r high": "alpha high"}
VERDICTS = {
    "fits": "**The model fits.**",
    "unsure": "**Whether the model fits is unsure.**",
    "too many": "**The model does not fit:** it expects too many purchases.",
    "too few": "**The model does not fit:** it expects too few purchases.",
}


def value_sentence(ahead: Prospects, edition: Edition) -> str:
    """Return the answer: what a known customer, and all of them, are worth from now on."""
    firm, span = edition.company, f"in the next {ahead.horizon_months} months"
    who = "A known customer"
    if firm.contractual:
        who, span = "An active customer", "for as long as the contract lasts"
    return sentence(
        "{who} is expected to bring **{mean:number} of {money} {span}** ({mean:evidence}), "
        "discounted at {rate} a year; all {count} together {total:number} ({total:interval})"
        "{assumed}.",
        otherwise="What customers are worth from now on can't be said: {why}",
        who=who, mean=ahead.mean, money=ahead.money, span=span, total=ahead.total,
        rate=plain(firm.discount_rate, "share"), count=digits(count(ahead), 0),
        assumed=assumed_clause(edition, ahead),
    )  # fmt: skip


def groups_sentence(compared: Compared | None, money: str, *, or_nothing: bool = False) -> str:
    """Return by how much the best score group's value differs from the worst one's, both alike.

    `or_nothing`: say nothing rather than why it can't be said.
    """
    if compared is None:
        return "" if or_nothing else "There are no answers by which value could be told apart."
    words = {"best": compared.best, "worst": compared.worst, "money": money}
    apart = compared.difference
    if isinstance(apart, Unsaid):
        why = f"Value by score group can't be compared: {apart.why}"
        return "" if or_nothing else why
    if apart.spans_zero:
        return sentence(
            "**No clear difference** in expected {money} between customers whose latest answer was "
            "“{best}” and like customers with “{worst}”: {apart}, an interval that "
            "spans zero.", apart=apart, **words,
        )  # fmt: skip
    return sentence(
        "A latest answer “{best}” rather than “{worst}” goes with **{apart:number} {way} expected "
        "{money}** ({apart:evidence}) among like customers.",
        apart=apart if apart.value > 0 else apart.times(-1),
        way="more" if apart.value > 0 else "less", **words,
    )  # fmt: skip


def alive_sentence(ahead: Prospects) -> str:
    """Return how many are alive, and for how many the model can't know."""
    view = ahead.view
    if isinstance(ahead.share_alive, Unsaid) or isinstance(view, Unsaid):
        return f"Who is still a customer is not inferred here: {ahead.share_alive.why}"
    never = float((view.customers["repeats"] == 0).mean())
    head = sentence("The mean chance to be still a customer is {share}.", share=ahead.share_alive)
    known = (
        f" For {plain(never, 'share')} of them, who never came back, the model says 1 by "
        "construction: a customer can leave only after a repeat purchase."
    )
    most = (
        " So the share alive says little here, and the value of most customers is the small chance "
        "of a first return."
    )
    return head + (known if never else "") + (most if never > 0.5 else "")


def rate_sentence(ahead: Prospects, edition: Edition) -> str:
    """Return how money is told from what customers pay."""
    view = ahead.view
    if not isinstance(view, Outlook) or view.no_money or edition.company.contractual:
        return ""
    left = plain(view.parameters.values[RATE], view.currency)
    one = plain(1, view.currency, places=0)
    months = edition.company.lookback_months
    within = f"the last {months} months" if months else "all of the history"
    known = "no margin is known, so value is revenue" if view.money == "revenue" else (
        "each purchase is taken to leave the same share"
    )  # fmt: skip
    zero = view.spend.left_out
    free = f" {digits(zero, 0)} who came back paid nothing then and are left out." if zero else ""
    return (
        f"Of {one} that customers pay, {left} is left as {view.money} once refunds are off: the "
        f"rate of {within}; {known}.{free}"
    )


def edges_sentence(view: Outlook | Unsaid, when: str = "") -> str:
    """Return what the purchase model says where its parameters ran to an edge; "" where none.

    `when`: the day whose model it is, where it isn't the page's own.
    """
    if isinstance(view, Unsaid) or not view.purchases.edges:
        return ""
    edges, told = set(view.purchases.edges), []
    for parts, words in EDGES.items():
        if parts <= edges:
            edges -= parts | {EXPLAINED[part] for part in parts}
            told.append(words)
    named = listed([*told, *(f"{edge} without end" for edge in sorted(edges))])
    whose = f"The model of {when}" if when else "The model"
    return (
        f"**{whose} stands at an edge:** {named}. The data can't tell this from a less extreme "
        "case; the parameters concerned are held there and carry no error."
    )


def edges_of_trial(tried: HeldOut | Unsaid) -> str:
    """Return the same of the model that was tried on the past; "" where there is nothing."""
    if isinstance(tried, Unsaid):
        return ""
    return edges_sentence(tried.view, day_words(tried.calibrated_to))


def independence_sentence(ahead: Prospects) -> str:
    """Return whether those who come back more often also spend more, which the model excludes."""
    view = ahead.view
    if isinstance(view, Unsaid):
        return ""
    told = spend_by_repeats(view.customers, view.currency)
    clear = isinstance(told["apart"], Estimate) and not told["apart"].spans_zero
    verdict = "so it does not quite hold here" if clear else "no clear difference"
    return sentence(
        "Gamma-Gamma takes what customers pay for independent of how often they come back. Those "
        "who came back once paid {once:number} on that day ({once:interval}), the others "
        "{more:number} a day ({more:interval}); apart by {apart}, {verdict}.",
        otherwise="Whether those who come back more often pay more can't be said: {why}",
        verdict=verdict, **told,
    )  # fmt: skip


def verdict_sentence(tried: HeldOut | Unsaid, *, or_nothing: bool = False) -> str:
    """Return whether the model, fitted on the past, foresaw what then came.

    `or_nothing`: say nothing rather than why it can't be said.
    """
    if isinstance(tried, Unsaid):
        return "" if or_nothing else f"The model was not tried on the past: {tried.why}"
    if isinstance(tried.ratio, Unsaid):
        return f"What the model expected can't be judged: {tried.ratio.why}"
    return sentence(
        "{told} Fitted on what was known on {day}, it expected {ratio:number} times the purchase "
        "days that came in the {days} days since ({ratio:evidence}).",
        told=VERDICTS[fits(tried.ratio)], day=day_words(tried.calibrated_to), days=tried.days,
        ratio=tried.ratio,
    )  # fmt: skip


def rule_sentence(tried: HeldOut | Unsaid) -> str:
    """Return the rule of the verdict, and two further ratios; "" where there is no verdict."""
    if isinstance(tried, Unsaid):
        return ""
    parts = {
        "With the purchases of newcomers the ratio is": tried.ratio_with_new,
        "In what customers paid it is": tried.money_ratio,
    }
    told = [
        sentence(f"{name} {{said:number}} ({{said:interval}}).", said=said)
        for name, said in parts.items()
        if isinstance(said, Estimate)
    ]
    rule = (
        f"The model fits if the ratio's whole interval lies within {CLOSE:.0%} of 1, and does not "
        "fit if the whole of it lies beyond; else it is unsure."
    )
    return " ".join([*told, rule])


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
    period = edition.period.every
    if edition.company.contractual:
        when = {"next": f"with the next {period}", "now": "now"}[edition.company.first_payment]
        return (
            "company.yml says that customers are under contract, so leaving is seen and the "
            f"formula with retention holds; the first payment comes {when}."
        )
    return sentence(
        "Retention is {kept} a {period}. Nobody signs off here, so a customer who skips a {period} "
        "may still return: the formulas with retention count such a customer as lost and are shown "
        "for comparison only.",
        kept=ahead.contract.retention, period=period,
        otherwise="Retention can't be counted: {why}",
    )  # fmt: skip


def count(ahead: Prospects) -> int:
    """Return how many customers a value speaks of."""
    if isinstance(ahead.view, Outlook) and ahead.value is not None:
        return len(ahead.view.customers)
    return ahead.contract.active if isinstance(ahead.mean, Estimate) else ahead.mean.n


def assumed_clause(edition: Edition, ahead: Prospects) -> str:
    """Return the assumption on margin, or "" where orders carry their own."""
    rate = edition.assumed_margin
    return (
        f"; margin is assumed at {rate:.0%} of revenue" if rate and ahead.money == "margin" else ""
    )
