"""What customers write and what is new: which of the page's words the evidence earns.

Phrases and topics come from customers and from company.yml: they are text, never markup.
"""

from __future__ import annotations

from collections.abc import Mapping

import pandas as pd

from profitchain.core.estimates import Estimate, NotEstimable
from profitchain.core.formats import digits, interval, number, period_label
from profitchain.core.group_names import group_name
from profitchain.core.i18n import N_, _, listed, spoken
from profitchain.core.periods import Period
from profitchain.panel.edition import Edition
from profitchain.stats.ratios import wilson
from profitchain.voice import shares
from profitchain.voice.new_phrases import PhraseComparison
from profitchain.voice.shares import NO_TOPIC, NORMAL, Texts
from profitchain.voice.topics import USUAL_STARTER, declared
from profitchain.words.captions import ANSWERS
from profitchain.words.presentation import Presentation, Said
from profitchain.words.prose import first_capital
from profitchain.words.reasons import text
from profitchain.words.repeat_effect import upward
from profitchain.words.worth import last_day

STARTERS = {"shop": N_("shop"), "bank": N_("bank"), "telecom": N_("telecom")}
MOST_LISTED = 5
MOST_LEADING = 3


def topic_names(edition: Edition) -> dict[str, str]:
    """Return what each topic is called in the spoken language.

    A contact's own topic goes by `labels: {topic: …}`, else as a list or a question of its name.
    """
    firm = edition.company
    names = {name: str(question.label) for name, question in firm.questions.items()}
    names |= {NO_TOPIC: _("none of the topics"), "all": _("all contacts")}
    for key, topic in declared(firm).items():
        label = topic.label
        if not isinstance(label, str):
            label = label.get(spoken()) or next(iter(label.values()), "")
        names[key] = label or first_capital(key.replace("_", " "))
    own = firm.labels.get("topic")
    return names | {key: group_name("topic", key) for key in (own.values if own else ())}


def answer(
    texts: Texts,
    shown: pd.DataFrame,
    scores: pd.DataFrame,
    phrases: PhraseComparison | NotEstimable,
    others: tuple[pd.DataFrame, pd.DataFrame],
    *,
    edition: Edition,
) -> list[Said]:
    """Return the topic with the lowest scores, what is new, and who writes, contacts or mentions.

    Parameters
    ----------
    others : contacts by topic, and the trend of net positive mentions.
    """
    said: list[Said] = []
    comments = len(texts.comments(texts.span))
    if comments:
        said += _topic_said(texts, shown, scores, edition)
        said += [_new_said(phrases)]
    calls, public_ones = others
    said += contacts_said(calls, texts, edition) + public_said(public_ones, edition)
    return said[:3] or [Said("nothing", {"span": span_words(texts, edition)})]


def _topic_said(
    texts: Texts, shown: pd.DataFrame, scores: pd.DataFrame, edition: Edition
) -> list[Said]:
    known = shown[shown["value"].notna() & (shown["topic"] != NO_TOPIC)]
    span = span_words(texts, edition)
    if known.empty:
        n = len(texts.comments(texts.span))
        needed = shares.FEWEST_TEXTS
        return [Said("counts", {"n": digits(n, 0), "count": n, "span": span, "needed": needed})]
    low = lowest(scores)
    row = known[known["topic"] == low] if low else known.head(1)
    row = row if len(row) else known.head(1)
    share = Estimate.of(next(row.itertuples()), unit="share")
    values = {
        "topic": name_of(row["topic"].iloc[0], edition), "share": number(share), "span": span,
        "ends": interval(share, bare=True), "n": digits(share.n, 0),
    }  # fmt: skip
    return [Said("lowest" if low == row["topic"].iloc[0] else "largest", values)]


def lowest(scores: pd.DataFrame) -> str:
    """Return the topic that goes most clearly with lower scores, "" if none does."""
    clear = scores[scores["clear"] & (scores["value"] < 0)]
    return str(clear.iloc[0]["topic"]) if len(clear) else ""


def _new_said(phrases: PhraseComparison | NotEstimable) -> Said:
    if isinstance(phrases, NotEstimable):
        return Said("not_told", {"why": text(phrases)})
    if phrases.phrases.empty:
        return Said("nothing_new", {"limit": _limit(phrases)})
    first = phrases.phrases.iloc[0]
    values = {
        "many": len(phrases.phrases), "phrase": first["phrase"], "now": digits(first["now"], 0),
        "before": digits(first["before"], 0), "all_now": digits(phrases.documents_now, 0),
        "all_before": digits(phrases.documents_before, 0),
    }  # fmt: skip
    return Said("one_new" if len(phrases.phrases) == 1 else "new", values)


def _limit(phrases: PhraseComparison) -> str:
    return f"{phrases.missed_below:.0%}"


def contacts_said(calls: pd.DataFrame, texts: Texts, edition: Edition) -> list[Said]:
    """Return how often customers got in touch; nothing where it isn't known."""
    every = calls[(calls["topic"] == "all") & calls["value"].notna()]
    if every.empty:
        return []
    rate = Estimate.of(next(every.itertuples()), unit="ratio")
    values = {"rate": number(rate), "ends": interval(rate, bare=True), "n": digits(rate.n, 0)}
    return [Said("contacts", values | {"span": span_words(texts, edition)})]


def public_said(trend: pd.DataFrame, edition: Edition) -> list[Said]:
    """Return by how much good public mentions outweigh bad ones; nothing where few."""
    now = trend[(trend["period"] == str(edition.period)) & trend["value"].notna()]
    if now.empty:
        return []
    net = Estimate.of(next(now.itertuples()), unit="ratio")
    assert isinstance(net, Estimate)  # its value is known
    key = "public_even" if net.spans_zero else "public_good" if net.value > 0 else "public_bad"
    net = net if net.spans_zero else upward(net)
    values = {"net": number(net), "ends": interval(net, bare=True), "n": digits(net.n, 0)}
    return [Said(key, values)]


def span_words(texts: Texts, edition: Edition) -> str:
    """Return the span of the shares in words: the period, or the year that it ends."""
    if len(texts.span) == 1:
        return period_label(edition.period)
    return _("the year to {day}", day=last_day(edition))


def before_words(texts: Texts) -> str:
    """Return what the span is compared with."""
    if len(texts.span) == 1:
        return period_label(Period(texts.span[0]).previous)
    return _("the year before")


def topics(texts: Texts, shown: pd.DataFrame, *, edition: Edition) -> Presentation:
    """Return each topic's share of all answers; of few texts, how many customers speak of it."""
    shown = shown[shown["topic"] != NO_TOPIC]
    known = shown[shown["value"].notna()]
    values: dict[str, object] = {
        "span": span_words(texts, edition), "what": _("Share of comments, weighted to all answers"),
        "comments": digits(len(texts.comments(texts.span)), 0), "topics": "",
    }  # fmt: skip
    if known.empty:
        many = shown[shown["customers"] >= edition.smallest]
        ends, customers = ("value", "low", "high"), many["customers"].astype(float)
        values["what"] = _("Customers whose comments speak of it")
        rows = named(many.assign(**dict.fromkeys(ends, customers)), edition)
        return _dots(rows, "counts" if len(rows) else "none", values, unit="customers")
    leading = known[known["high"] >= known["low"].iloc[0]].head(MOST_LEADING)
    values["topics"] = listed(
        _("“{topic}”", topic=name_of(one, edition)) for one in leading["topic"]
    )
    return _dots(named(shown, edition), "most", values, unit="share")


def _dots(
    rows: pd.DataFrame, says: str, values: Mapping[str, object], *, unit: str
) -> Presentation:
    listing = listing_of(rows, unit)
    return Presentation(rows.assign(unit=unit), says, {**values, "listing": listing})


def listing_of(rows: pd.DataFrame, unit: str) -> str:
    """Return the first rows in words, for those who can't see the drawing."""
    known = rows.dropna(subset=["value", "low", "high"]).head(MOST_LISTED)
    parts = [
        _("{label} {figure}", label=row[0], figure=number(Estimate.of(row, unit=unit)))
        for row in known.itertuples(index=False)
    ]
    return _("{list}.", list=listed(parts)) if parts else _("The values stand in the table.")


def named(rows: pd.DataFrame, edition: Edition) -> pd.DataFrame:
    """Return label, value, low, high, n, why, before of rows of topics."""
    names = topic_names(edition)
    labels = [names.get(topic, first_capital(str(topic))) for topic in rows["topic"]]
    kept = [c for c in ("value", "low", "high", "n", "why", "before") if c in rows]
    return pd.concat([pd.Series(labels, index=rows.index, name="topic"), rows[kept]], axis=1)


def name_of(topic: str, edition: Edition) -> str:
    """Return what a topic, the firm's or a contact's own, is called."""
    return topic_names(edition).get(topic, first_capital(topic.replace("_", " ")))


def topic_changes(texts: Texts, shown: pd.DataFrame, *, edition: Edition) -> Presentation:
    """Return each topic's share now and before, and whether one clearly moved."""
    shown = shown[shown["topic"] != NO_TOPIC]
    both = shown[shown["value"].notna() & shown["before_value"].notna()]
    rows = named(both.assign(before=both["before_value"]), edition)
    values = {
        "span": span_words(texts, edition), "before": before_words(texts), "topic": "",
        "listing": listing_of(rows, "share"),
    }  # fmt: skip
    if both.empty:
        return Presentation(rows, "none", values)
    clear = both[both["change_clear"]]
    if clear.empty:
        return Presentation(rows, "unclear", values)
    largest = clear.loc[clear["change_value"].abs().idxmax()]
    values["topic"] = name_of(largest["topic"], edition)
    return Presentation(rows, "up" if largest["change_value"] > 0 else "down", values)


def new_phrases(found: PhraseComparison | NotEstimable, *, edition: Edition) -> Presentation:
    """Return the phrases that are new, the surest first."""
    return _phrases(found, ("single", "several", "nothing"))


def low_score_phrases(found: PhraseComparison | NotEstimable, *, edition: Edition) -> Presentation:
    """Return the phrases that low scores use more than others."""
    return _phrases(found, ("some", "some", "nothing"))


def _phrases(found: PhraseComparison | NotEstimable, says: tuple[str, str, str]) -> Presentation:
    listing = _("The values stand in the table.")
    if isinstance(found, NotEstimable):
        nothing = {"phrase": [""], "before": [float("nan")], "value": [float("nan")]}
        rows = pd.DataFrame({**nothing, "n": [found.n], "why": [found.why]})
        return Presentation(rows, "none", {"source": _(ANSWERS), "listing": text(found)})
    source = _(
        "Comments of {now} customers, before or others: {before}",
        now=digits(found.documents_now, 0), before=digits(found.documents_before, 0),
    )  # fmt: skip
    rows, many = found.phrases, found.documents_now
    ends = [wilson(share, many, NORMAL) for share in rows["share_now"]]
    shown = pd.DataFrame({
        "phrase": rows["phrase"], "before": rows["share_before"], "value": rows["share_now"],
        "low": [low for low, _high in ends], "high": [high for _low, high in ends],
        "n": rows["now"],
    })  # fmt: skip
    values = {"phrase": "", "many": len(rows), "listing": listing, "source": source}
    if rows.empty:
        return Presentation(shown, says[2], values)
    values["phrase"] = rows["phrase"].iloc[0]
    return Presentation(shown, says[0] if len(rows) == 1 else says[1], values)


def new_how(found: PhraseComparison | NotEstimable, *, edition: Edition) -> list[Said]:
    """Return what was tested, and what would be missed."""
    if isinstance(found, NotEstimable):
        return []
    return [Said("new_how", {"tested": digits(found.tested, 0), "limit": _limit(found)})]


def lists(texts: Texts, shown: pd.DataFrame, *, edition: Edition) -> list[Said]:
    """Return whose lists of words were used, how much they fit, and how many texts count."""
    counts = {"came": digits(texts.came, 0), "read": digits(len(texts.rows), 0)}
    said = [Said("dropped", counts)]
    rest = shown[(shown["topic"] == NO_TOPIC) & shown["value"].notna()]
    if rest.empty:
        return [Said("list_few"), *said]
    topics_named = edition.company.topics
    starter = topics_named.starter or ("" if topics_named.lists else USUAL_STARTER)
    values = {"fits": f"{1 - rest['value'].iloc[0]:.0%}", "starter": _(STARTERS.get(starter, ""))}
    return [Said("list_starter" if starter else "list_own", values), *said]


def comment_rates(rows: pd.DataFrame, texts: Texts, *, edition: Edition) -> Presentation:
    """Return what share of answers carries a text, of all and by group of the score."""
    named = rows.assign(group=[_group(name) for name in rows["group"]])
    ends = _least_and_most(rows)
    values = {"group": "", "span": span_words(texts, edition), "n": digits(rows["n"].iloc[0], 0)}
    if ends is None:
        return Presentation(named, "none", values)
    least, most = ends
    values["group"] = _group(most["group"])
    return Presentation(named, "worst" if most["low"] > least["high"] else "alike", values)


def _least_and_most(rows: pd.DataFrame) -> tuple[pd.Series, pd.Series] | None:
    """Return the groups that comment least and most, None where no group is known."""
    groups = rows[rows["group"] != "all"].dropna(subset=["value"]).sort_values("value")
    return (groups.iloc[0], groups.iloc[-1]) if len(groups) else None


def _group(name: str) -> str:
    return _("all answers") if name == "all" else _(name.replace("_", " "))


def who_writes(rows: pd.DataFrame, *, edition: Edition) -> list[Said]:
    """Return that those who comment score otherwise than those who answer, where it is so."""
    ends = _least_and_most(rows)
    if ends is None or ends[1]["low"] <= ends[0]["high"]:
        return []
    values = {
        "worst": _group(ends[1]["group"]), "most": f"{ends[1]['value']:.0%}",
        "best": _group(ends[0]["group"]), "least": f"{ends[0]['value']:.0%}",
    }  # fmt: skip
    return [Said("who_writes", values)]
