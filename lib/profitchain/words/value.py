"""Who carries the business: what the page may say of value groups, the Lorenz curve, guests."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import reduce

import numpy as np
import pandas as pd

from profitchain.core.estimates import Estimate, MaybeEstimate, NotEstimable
from profitchain.core.formats import TOO_FEW, digits, plain
from profitchain.core.i18n import N_, _, ngettext
from profitchain.measures.concentration import TOP
from profitchain.measures.rfm import Thirds, ValueGroups, ordered
from profitchain.measures.satisfaction import measures_of
from profitchain.panel.edition import Edition
from profitchain.stats.disclosure_control import too_small
from profitchain.words import measures, reasons
from profitchain.words.captions import drawn_from
from profitchain.words.catalogue import words_of
from profitchain.words.presentation import Presentation, Said, lookback_words, source
from profitchain.words.prose import listed
from profitchain.words.worth import assumed_clause, assumed_share

DASH = "–"
CUSTOMERS, WHO_ORDERED = N_("Customers"), N_("Customers who ordered")
NEARLY_ALL = N_("All but the season and the formulas with retention")
MEASURES = {"recency": N_("recency"), "frequency": N_("the number of orders")}
RULES = words_of("value", "rules")  # of the value groups; the first that holds is the customer's


def carried(shares: Mapping[str, MaybeEstimate], edition: Edition) -> Said:
    """Return what the top tenth of the period's customers carries."""
    revenue, margin = (shares.get(f"top_decile_{money}_share") for money in ("revenue", "margin"))
    if isinstance(revenue, NotEstimable):
        return Said("unsaid", {"why": reasons.text(revenue)})
    values = {"revenue": revenue, "assumed": assumed_clause(edition, "margin")}
    if isinstance(margin, Estimate):
        return Said("carried_both", values | {"margin": margin})
    return Said("carried", values)


def longer(shares: Mapping[str, MaybeEstimate], *, edition: Edition) -> list[Said]:
    """Return the same over the lookback, and the Gini indices of the period."""
    of = {name: one for name, one in shares.items() if "lookback" in name or "gini" in name}
    if why := next((one for one in of.values() if isinstance(one, NotEstimable)), None):
        return [Said("no_longer", {"why": reasons.text(why)})]
    key = "longer_both" if "margin_gini" in of else "longer"
    short = {name.replace("top_decile_", "").removesuffix("_share_lookback"): one
             for name, one in of.items()}  # fmt: skip
    return [Said(key, short)]


def value_groups(table: pd.DataFrame, groups: ValueGroups, *, edition: Edition) -> Presentation:
    """Return the groups, the score under the question's own name, and who brings most of all."""
    rows, main, column = table.drop(columns="orders_per_customer"), edition.company.main, ""
    if main is not None:
        label = measures.label(measures_of(main)[0])
        column = "NPS" if main.kind == "nps" else label.replace(" ", "_")
        parts = ("value", "low", "high", "why", "unit")
        hidden = rows["customers"].isna()  # a cell has room for "too few", or for a dash
        rows = rows.assign(score_why=np.where(hidden, DASH, ""))
        rows = rows.rename(columns={f"score_{part}": f"{column}_{part}" for part in parts})
    money, says, values = groups.money, "none", dict[str, str]()
    bring = table[table[f"share_of_{money}"] > 0]
    if len(bring):
        top, says = bring.loc[bring[f"share_of_{money}"].idxmax()], "most"
        values = {"group": _(top["group"]), "share": f"{top[f'share_of_{money}']:.0%}"}
        values |= {"many": f"{top['share_of_customers']:.0%}"}
    note = with_assumption(source(CUSTOMERS, len(groups.now)), edition, money)
    values |= {
        "money": _(money),
        "source": note,
        "few": few_clause(table[["customers"]], edition, mark=TOO_FEW),
    }
    return Presentation(rows, says, values, {"money": money})


def lorenz(
    curves: pd.DataFrame, shares: Mapping[str, MaybeEstimate], *, edition: Edition
) -> Presentation:
    """Return the Lorenz curves of the period's customers."""
    share, says = shares["top_decile_revenue_share"], "few"
    rows = with_assumption(source(WHO_ORDERED, share.n, edition.period), edition, "margin")
    dips = _("; above 100%: the last customers' sums are negative")
    values: dict[str, object] = {"source": rows}
    values["dips"] = dips if (curves["value"] > 1).any() else ""
    if isinstance(share, Estimate):
        says, values["revenue"] = "most", share
    return Presentation(curves, says, values, {"mark": TOP})


def rules_sentence() -> str:
    """Return the rules of the groups, the first that holds being the customer's."""
    return _("The first rule that holds: {rules}.", rules=named_rules(RULES))


def limits_sentence(groups: ValueGroups, edition: Edition) -> str:
    """Return where the thirds end, so that anybody can place a customer."""
    n = len(ordered(groups.now))
    if n < edition.smallest:
        why = reasons.text(too_small(n, edition.smallest))
        return _("Where the thirds end: {why}", why=why)
    ends, currency = groups.ends, edition.company.currency
    recency, orders, money = ends["recency"], ends["frequency"], ends[groups.money]
    lately = [
        _("{third} below {end}", third=third, end=digits(-end, 0))
        for third, end in ((3, recency.second), (2, recency.first))
        if np.isfinite(end)
    ]
    return _(
        "The thirds (1, 2, 3; ties together; of customers who ordered in {when}): {ends}. The "
        "snapshot before is cut at the same ends.",
        when=lookback_words(edition),
        ends=beside(
            _ends(_("days since the last order"), lately),
            _up_to(_("orders"), orders, lambda end: digits(end, 0)),
            _up_to(_(groups.money), money, lambda end: plain(end, currency, bare=True)),
        ),
    )


def ties_sentence(groups: ValueGroups) -> str:
    """Return a warning where a measure can't part the customers; "" where all do."""
    tied = [
        _("{measure} ({share} share one value)", measure=_(MEASURES.get(name, name)),
          share=f"{ends.most_common:.0%}")
        for name, ends in groups.ends.items()
        if not ends.parts_them
    ]  # fmt: skip
    if not tied:
        return ""
    return _(
        "**Hardly any difference in {measures}**: customers with the same value share the middle "
        "third, so groups rest on the other measures.",
        measures=listed(tied),
    )


def left_out_sentence(facts: Mapping[str, int]) -> str:
    """Return how many orders so far are in no number of a page on customers, or ""."""
    guests = facts.get("guest_orders", 0)
    if not guests:
        return ""
    return ngettext(
        "{n} order so far was a guest's: nobody knows whose it is, so no number of this page "
        "counts it.",
        "{n} orders so far were guests': nobody knows whose they are, so no number of this page "
        "counts them.",
        guests,
        n=digits(guests, 0),
    )


def beside(*clauses: str) -> str:
    """Return clauses one beside the other, parted as the language parts them; "" is none."""
    words = filter(None, clauses)
    return reduce(lambda first, second: _("{first}; {second}", first=first, second=second), words)


def named_rules(rules: Mapping[str, str]) -> str:
    """Return names with what each of them stands for (messages, as in `RULES`)."""
    named = (_("**{name}**: {rule}", name=_(name), rule=_(rule)) for name, rule in rules.items())
    return beside(*named)


def with_assumption(rows: str, edition: Edition, money: str) -> str:
    """Return a source note with who is drawn, and margin's assumption where orders carry none."""
    rows = drawn_from(rows, edition.stands_for)
    share = assumed_share(edition, money)
    if not share:
        return rows
    return _("{source}; margin is assumed at {share} of revenue", source=_(rows), share=share)


def few_clause(table: pd.DataFrame, edition: Edition, *, mark: str = DASH) -> str:
    """Return what an empty cell of counts means, to stand behind a measure; "" without any.

    `mark` is a message: what stands there.
    """
    counts = [name for name in ("n", "customers", "change", "answers", "moved") if name in table]
    if not table[counts].isna().any(axis=None):
        return ""
    return ngettext(
        "; {mark}: fewer than {n} customer, or hidden so that so few can't be worked out",
        "; {mark}: fewer than {n} customers, or hidden so that so few can't be worked out",
        edition.smallest,
        mark=_(mark),
    )


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
