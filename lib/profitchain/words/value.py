"""The words on value today: who carries the business, by groups, curve and seven dimensions."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import reduce

import numpy as np
import pandas as pd

from profitchain.core.estimates import Estimate, MaybeEstimate, NotEstimable
from profitchain.core.formats import digits, interval, number, period_label, plain
from profitchain.core.i18n import N_, _, ngettext
from profitchain.measures.concentration import TOP
from profitchain.measures.rfm import Thirds, ValueGroups, ordered
from profitchain.measures.satisfaction import measures_of
from profitchain.panel.edition import Edition
from profitchain.stats.disclosure_control import too_small
from profitchain.words import captions, measures, reasons
from profitchain.words.captions import Caption, drawn_from, source
from profitchain.words.prose import clauses, following, listed, sentence
from profitchain.words.worth import assumed_clause, assumed_share

DASH = "–"
CUSTOMERS, WHO_ORDERED = N_("Customers"), N_("Customers who ordered")
NEARLY_ALL = N_("All but the season and the formulas with retention")
MEASURES = {"recency": N_("recency"), "frequency": N_("the number of orders")}
RULES = {  # of the value groups; the first that holds is the customer's
    "Lapsed": N_("no order in the lookback"),
    "New": N_("first order within this period, whatever it was"),
    "Champions": N_("lately, often and much: top third in all three"),
    "Regulars": N_("often: top third in orders, not long ago"),
    "Big spenders": N_("much but not often: top third in money, not long ago"),
    "Gone quiet": N_("long ago: last third in recency, though top third in orders or money"),
    "Cooling": N_("long ago, and neither often nor much before"),
    "Occasional": N_("not long ago, neither often nor much"),
}


def lookback_words(edition: Edition) -> str:
    """Return the lookback in words."""
    months = edition.company.lookback_months
    if not months:
        return _("all months known")
    return ngettext("the last month", "the last {n} months", months)


def beside(*clauses: str) -> str:
    """Return clauses one beside the other, parted as the language parts them; "" is none."""
    words = filter(None, clauses)
    return reduce(lambda first, second: _("{first}; {second}", first=first, second=second), words)


def named_rules(rules: Mapping[str, str]) -> str:
    """Return names with what each of them stands for (messages, as in `RULES`)."""
    named = (_("**{name}**: {rule}", name=_(name), rule=_(rule)) for name, rule in rules.items())
    return beside(*named)


def carried_sentence(shares: Mapping[str, MaybeEstimate], edition: Edition) -> str:
    """Return the page's answer: what the top tenth of the period's customers carries."""
    revenue, margin = (shares.get(f"top_decile_{money}_share") for money in ("revenue", "margin"))
    if isinstance(revenue, NotEstimable):
        why = reasons.text(revenue)
        return _("What the top tenth of customers carries can't be said: {why}", why=why)
    assumed = assumed_clause(edition, "margin")
    if isinstance(margin, Estimate):
        return sentence(
            "**The top tenth of customers carried {revenue:number} of revenue** in {period:short} "
            "({revenue:evidence}) and {margin:number} of its margin ({margin:interval}){assumed}.",
            margin=margin, revenue=revenue, period=edition.period, assumed=assumed,
        )  # fmt: skip
    return sentence(
        "**The top tenth of customers carried {revenue:number} of revenue** in {period:short} "
        "({revenue:evidence}){assumed}.",
        revenue=revenue, period=edition.period, assumed=assumed,
    )  # fmt: skip


def longer_sentence(shares: Mapping[str, MaybeEstimate], edition: Edition) -> str:
    """Return the same over the lookback, and the Gini indices."""
    when = lookback_words(edition)
    lookback = {name: share for name, share in shares.items() if name.endswith("_lookback")}
    carried = [
        _("{share} of {money} ({interval})", share=number(share), **_of_money(name, share))
        for name, share in lookback.items()
        if isinstance(share, Estimate)
    ]
    if not carried:
        whys = [reasons.text(why) for why in lookback.values() if isinstance(why, NotEstimable)]
        return _("Over {when}: {why}", when=when, why=whys[0])
    ginis = [
        _("{index} for {money} ({interval})", index=number(gini), **_of_money(name, gini))
        for name, gini in shares.items()
        if name.endswith("_gini") and isinstance(gini, Estimate)
    ]
    first = _("Over {when} the top tenth carried {shares}.", when=when, shares=listed(carried))
    if not ginis:
        return first
    index = _(
        "The Gini index of the period (0: all alike; 1: one has all) is {indices}.",
        indices=clauses(ginis, "，"),
    )
    return following(first, index)


def limits_sentence(groups: ValueGroups, edition: Edition) -> str:
    """Return where the thirds end, so that anybody can place a customer."""
    n = len(ordered(groups.now))
    if n < edition.smallest:
        why = reasons.text(too_small(n, edition.smallest))
        return _("Where the thirds end: {why}", why=why)
    ends, currency = groups.ends, edition.company.currency
    recency, orders, money = ends["recency"], ends["frequency"], ends[groups.money]
    return _(
        "The thirds (1, 2, 3; ties together; of customers who ordered in {when}): {ends}. The "
        "snapshot before is cut at the same ends.",
        when=lookback_words(edition),
        ends=beside(
            _ends(
                _("days since the last order"),
                [
                    _("{third} below {end}", third=third, end=digits(-end, 0))
                    for third, end in ((3, recency.second), (2, recency.first))
                    if np.isfinite(end)
                ],
            ),
            _up_to(_("orders"), orders, lambda end: digits(end, 0)),
            _up_to(_(groups.money), money, lambda end: plain(end, currency, bare=True)),
        ),
    )


def rules_sentence() -> str:
    """Return the rules of the groups, the first that holds being the customer's."""
    return _("The first rule that holds: {rules}.", rules=named_rules(RULES))


def drawn_sentences(edition: Edition) -> tuple[str, ...]:
    """Return from how many of all customers the page is told; nothing where from all."""
    return captions.drawn_sentences(NEARLY_ALL, edition.facts)


def ties_sentence(groups: ValueGroups) -> str:
    """Return a warning where a measure can't part the customers; "" where all do."""
    tied = [
        _(
            "{measure} ({share} share one value)",
            measure=_(MEASURES.get(name, name)),
            share=f"{ends.most_common:.0%}",
        )
        for name, ends in groups.ends.items()
        if not ends.parts_them
    ]
    if not tied:
        return ""
    return _(
        "**Hardly any difference in {measures}**: customers with the same value share the middle "
        "third, so groups rest on the other measures.",
        measures=listed(tied),
    )


def with_assumption(rows: str, edition: Edition, money: str) -> str:
    """Return a source note with who is drawn, and margin's assumption where orders carry none."""
    rows = drawn_from(rows, edition.stands_for)
    share = assumed_share(edition, money)
    if not share:
        return rows
    return _("{source}; margin is assumed at {share} of revenue", source=_(rows), share=share)


def few_clause(table: pd.DataFrame, edition: Edition, *, mark: str = DASH) -> str:
    """Return what an empty cell of counts means; "" where there is none.

    `mark` is a message: what stands there.
    """
    counts = [name for name in ("n", "customers", "change", "answers", "moved") if name in table]
    if not table[counts].isna().any(axis=None):
        return ""
    return ngettext(
        "{mark}: fewer than {n} customer, or not shown so that so few can't be told by subtraction",
        "{mark}: fewer than {n} customers, or not shown so that so few can't be told by "
        "subtraction",
        edition.smallest, mark=_(mark),
    )  # fmt: skip


def groups_caption(table: pd.DataFrame, groups: ValueGroups, edition: Edition) -> Caption:
    """Return the caption of the value groups."""
    main, score = edition.company.main, ""
    if main:
        label = measures.label(measures_of(main)[0])
        score = _("{measure}: latest answers, 95% intervals", measure=label)
    counted = N_(
        "All customers known at the end of {period}; money and orders of {when}, counted in full"
    )
    if edition.stands_for > 1:
        counted = N_(
            "All customers known at the end of {period}, told from those drawn; money and orders "
            "of {when}"
        )
    period, when = period_label(edition.period), lookback_words(edition)
    before = _("change: since the snapshot before") if "change" in table else ""
    few = few_clause(table, edition)
    shares = [name for name in table if name.startswith("share_of")]
    return {
        "message": _groups_message(table, groups),
        "measure": beside(_(counted, period=period, when=when), before, score, few),
        "source": with_assumption(source(CUSTOMERS, len(groups.now)), edition, groups.money),
        "units": dict.fromkeys(shares, "share") | {"customers": "count", "change": "count"},
        "empty": _("No customer is known."),
    }


def groups_table(table: pd.DataFrame, edition: Edition) -> pd.DataFrame:
    """Return the table of groups with the score under the question's own name, to be shown."""
    main = edition.company.main
    table = table.drop(columns="orders_per_customer")
    if main is None:
        return table
    name = "NPS" if main.kind == "nps" else measures.label(measures_of(main)[0]).replace(" ", "_")
    hidden = table["customers"].isna()  # a cell has room for "too few", or for a dash
    parts = ("value", "low", "high", "why", "unit")
    return table.assign(score_why=np.where(hidden, DASH, "")).rename(
        columns={f"score_{part}": f"{name}_{part}" for part in parts}
    )


def lorenz_caption(
    curves: pd.DataFrame, shares: Mapping[str, MaybeEstimate], edition: Edition
) -> Caption:
    """Return the caption of the Lorenz curves."""
    share = shares["top_decile_revenue_share"]
    message = _("Too few customers to say how much the top ones carry")
    if isinstance(share, Estimate):
        message = _("The top tenth carries {share} of revenue", share=number(share))
    measure = _(
        "Share of net revenue and margin that the top customers of {period} bring, the largest "
        "first (Lorenz curve); bands: 95% intervals",
        period=period_label(edition.period),
    )
    above = bool((curves["value"] > 1).any())
    dips = _("above 100%: the last customers' sums are negative") if above else ""
    return {
        "message": message,
        "measure": beside(measure, dips),
        "source": with_assumption(source(WHO_ORDERED, share.n, edition.period), edition, "margin"),
        "description": _(
            "{message}. The line lies above the diagonal on which all would bring the same; its "
            "values stand in the table.",
            message=message,
        ),
        "mark": TOP,
    }


def _up_to(what: str, ends: Thirds, in_words: Callable[[float], str]) -> str:
    thirds = ((1, ends.first), (2, ends.second))
    finite_ends = [(third, end) for third, end in thirds if np.isfinite(end)]
    return _ends(
        what, [_("{third} up to {end}", third=k, end=in_words(end)) for k, end in finite_ends]
    )


def _ends(what: str, ends: list[str]) -> str:
    if not ends:
        return _("{measure}, all alike", measure=what)
    return reduce(lambda head, end: _("{head}, {end}", head=head, end=end), [what, *ends])


def _of_money(name: str, estimate: Estimate) -> dict[str, str]:
    """Return which money a finding's id speaks of, and its interval, in words."""
    money = _("margin") if "margin" in name else _("revenue")
    return {"money": money, "interval": interval(estimate)}


def _groups_message(table: pd.DataFrame, groups: ValueGroups) -> str:
    column = f"share_of_{groups.money}"
    rows = table[table[column] > 0]
    if rows.empty:
        return _("No group is large enough to show")
    top = rows.loc[rows[column].idxmax()]
    share, many = f"{top[column]:.0%}", f"{top['share_of_customers']:.0%}"
    return _(
        "{group}: {many} of customers, {share} of {money}",
        group=_(top["group"]), many=many, share=share, money=_(groups.money),
    )  # fmt: skip
