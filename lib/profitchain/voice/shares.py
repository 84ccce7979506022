"""How many of the comments speak of which topic, and how that moved.

Who comments is not who answers. Each comment therefore counts for w = answers with its score /
comments with its score, so that comments stand for the answers of their time; nothing repairs that
many never answered. Shares are ratios of weighted sums with errors by
customer (`stats.ratios`): Wilson's interval at the effective number of customers.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
import scipy

from profitchain.core.estimates import Estimate, MaybeEstimate, NotEstimable, to_columns, to_frame
from profitchain.core.periods import Period
from profitchain.measures.satisfaction import GROUPS, answers_to
from profitchain.panel.edition import Edition
from profitchain.sources.settings import Question
from profitchain.stats import ratios
from profitchain.stats.disclosure_control import too_small
from profitchain.voice.cleaning import counted_once
from profitchain.voice.topics import declared, marks

FEWEST_TEXTS = 200  # below, counts only: a judgement; at 15% a share is known to 5 points
NO_TOPIC = "no_topic"
NEEDS = ("responses.comment | contacts.topic | contacts.text | mentions.platform",)  # of a firm
SHARE = (0.0, 1.0)
SURE, NORMAL = 0.05, 1.959964
SPEAKS = "speaks of {topic}"  # a topic's column: the firm's own columns may be called like topics
FEWEST_OF_SCORE = 5  # comments with one score; below, the whole group of scores counts alike


@dataclass(frozen=True, slots=True, kw_only=True)
class Texts:
    """What customers wrote, read: one row a text that says something, each once a customer.

    `rows` has `source`, `customer`, `period`, `month`, `score`, `effort`, `group` (of the score,
    "" without one), segments, `text`, `folded` and for each topic, `no_topic` among them, a column
    of 0 and 1 (`speaks`). `answers` has `period`, `score`, `n`: all answers to the main question.
    `came` is how many texts came in, `span` the periods that shares are of, `before` as many before
    these (none where they aren't known).
    """

    rows: pd.DataFrame
    answers: pd.DataFrame
    question: Question | None
    topics: tuple[str, ...]
    came: int
    span: tuple[str, ...]
    before: tuple[str, ...]

    def comments(self, periods: Sequence[str]) -> pd.DataFrame:
        """Return the comments of answers with a score, in some periods, with their `weight`."""
        rows = self.rows[(self.rows["source"] == "responses") & self.rows["score"].notna()]
        rows = rows[rows["period"].isin(periods)]
        answers = self.answers[self.answers["period"].isin(periods)]
        return rows.assign(weight=comment_weights(rows, answers))


def texts_of(edition: Edition) -> Texts:
    """Return an edition's texts with the topics that they speak of."""
    firm, topics = edition.company, declared(edition.company)
    names = ["source", "customer", "period", "text", "score"]
    written = edition.table("texts") if edition.has("texts") else pd.DataFrame(columns=names)
    rows = counted_once(written).rename(columns={"topic": "contact_topic"})
    found = marks(rows["folded"], {name: topic.words for name, topic in topics.items()})
    found[NO_TOPIC] = (found.sum(axis=1) == 0).astype(np.int8)
    found.columns = [speaks(topic) for topic in found]
    rows = pd.concat([rows.assign(group=groups_of(rows["score"], firm.main)), found], axis=1)
    answers = pd.DataFrame(columns=["period", "score", "n", "group"])
    if firm.main is not None and edition.has("score_cells"):
        cells = edition.table("score_cells")
        cells = cells[cells["question"] == firm.main.name]
        answers = cells.groupby(["period", "score"], as_index=False)["n"].sum()
        answers["group"] = groups_of(answers["score"], firm.main)
    span = span_of(rows, edition.period)
    known = [str(period) for period in edition.period.reach()]
    before = [str(Period(name).shift(-len(span))) for name in span]
    return Texts(
        rows=rows, answers=answers, question=firm.main, topics=tuple(topics), came=len(written),
        span=span, before=tuple(before) if set(before) <= set(known) else (),
    )  # fmt: skip


def speaks(topic: str) -> str:
    """Return the column that says whether a text speaks of a topic."""
    return SPEAKS.format(topic=topic)


def span_of(rows: pd.DataFrame, now: Period) -> tuple[str, ...]:
    """Return the period, or the year that it ends where it has too few comments by itself."""
    commented = rows.loc[(rows["source"] == "responses") & rows["score"].notna(), "period"]
    if (commented == str(now)).sum() >= FEWEST_TEXTS:
        return (str(now),)
    return tuple(str(period) for period in now.last(max(1, round(now.per_year))))


def groups_of(scores: pd.Series, question: Question | None) -> pd.Series:
    """Return the group of each score, such as "detractors"; "" without one."""
    if question is None or not len(scores):
        return pd.Series("", index=scores.index, dtype="str")
    known = scores.dropna()
    cells = pd.DataFrame({"question": question.name, "score": known, "n": 1})
    groups = answers_to(cells, question)[list(GROUPS[question.kind])].idxmax(axis=1)
    return groups.reindex(scores.index).fillna("")


def is_low(rows: pd.DataFrame, question: Question | None) -> pd.Series:
    """Tell which scores are low: detractors', else those that aren't in the best group."""
    if question is None:
        return pd.Series(False, index=rows.index)
    worst, middle, _best = GROUPS[question.kind]
    return rows["group"].isin([worst] if question.kind == "nps" else [worst, middle])


def comment_weights(comments: pd.DataFrame, answers: pd.DataFrame) -> pd.Series:
    """Return for how many answers each comment stands: by score, by its group where few commented.

    Parameters
    ----------
    comments, answers : one row a comment; one row a period and score with `n` answers
        Both read `score` and `group`.

    Examples
    --------
    >>> comments = pd.DataFrame({"score": [1] * 15 + [5] * 5, "group": ""})
    >>> answers = pd.DataFrame({"score": [1, 5], "n": [30, 30], "group": ""})
    >>> comment_weights(comments, answers).round(3).unique().tolist()
    [2.0, 6.0]
    """
    by = "group" if (comments.groupby("score").size() < FEWEST_OF_SCORE).any() else "score"
    each = answers.groupby(by)["n"].sum() / comments.groupby(by).size()
    return comments[[by]].join(each.rename("weight"), on=by)["weight"]


def topic_shares(texts: Texts, *, smallest: int) -> pd.DataFrame:
    """Return what share of the span's comments, weighted to all answers, each topic has.

    Returns
    -------
    One row a topic, the largest first and `no_topic` last: topic, value, low, high (NaN where
    `why` says so), n (comments), texts (that speak of it), customers (who do), before_value, …,
    change_value, change_low, change_high, change_why,
    change_clear (whether it passes Holm at 5% over all topics).
    """
    rows, earlier = texts.comments(texts.span), texts.comments(texts.before)
    names = [*texts.topics, NO_TOPIC]
    hits = [rows[rows[speaks(name)] == 1] for name in names]
    counts = pd.DataFrame({
        "texts": [len(hit) for hit in hits],
        "customers": [hit["customer"].nunique() for hit in hits],
    })  # fmt: skip
    values = [share(rows, name, smallest=smallest) for name in names]
    before = [share(earlier, name, smallest=smallest) for name in names]
    changes = [
        share_change(rows, earlier, name) if known(value) and known(old) else too_few(value, old)
        for name, value, old in zip(names, values, before, strict=True)
    ]
    parts = [to_frame(values, topic=names), counts]
    parts += [to_columns(before, "before"), to_columns(changes, "change")]
    frame = pd.concat(parts, axis=1)
    frame["change_clear"] = ratios.holm([p_of(one) for one in changes]) <= SURE
    frame["last"] = frame["topic"] == NO_TOPIC
    frame = frame.sort_values(["last", "value", "texts"], ascending=[True, False, False])
    return frame.drop(columns="last").reset_index(drop=True)


def p_of(estimate: MaybeEstimate) -> float:
    """Return the two-sided p-value that a 95% interval implies, NaN where there is none."""
    if isinstance(estimate, NotEstimable) or estimate.high <= estimate.low:
        return np.nan
    error = (estimate.high - estimate.low) / 2 / NORMAL
    return float(2 * scipy.stats.norm.sf(abs(estimate.value) / error))


def known(estimate: MaybeEstimate) -> bool:
    """Tell whether a number is given."""
    return isinstance(estimate, Estimate)


def too_few(now: MaybeEstimate, before: MaybeEstimate) -> NotEstimable:
    """Return why two shares aren't compared: why the first that is missing is."""
    missing = next(one for one in (now, before) if isinstance(one, NotEstimable))
    return NotEstimable(missing.why, n=missing.n)


def share(
    rows: pd.DataFrame, topic: str, *, smallest: int, fewest: int = FEWEST_TEXTS
) -> MaybeEstimate:
    """Return the weighted share of comments that speak of a topic, with its interval.

    Parameters
    ----------
    rows : one row a comment; reads `customer`, `weight` and the topic's column.
    fewest : comments below which nothing but counts is said.
    """
    if len(rows) < fewest:
        return NotEstimable("too_few_texts", n=len(rows), texts=len(rows), needed=fewest)
    speakers = rows.loc[rows[speaks(topic)] == 1, "customer"].nunique()
    if 0 < speakers < smallest:
        return too_small(speakers, smallest)
    return ratios.ratio(
        _sums(rows, topic), numerator="hits", denominator="weight", unit="share", bounds=SHARE,
        counts="n", smallest=smallest,
    )  # fmt: skip


def share_change(now: pd.DataFrame, before: pd.DataFrame, topic: str) -> MaybeEstimate:
    """Return by how much a topic's share moved; customers found in both are allowed for."""
    sums = (_sums(rows, topic) for rows in (now, before))
    return ratios.change(
        *sums, numerator="hits", denominator="weight", unit="share", bounds=SHARE, counts="n"
    )


def _sums(rows: pd.DataFrame, topic: str) -> pd.DataFrame:
    weight = rows["weight"] / rows["weight"].mean()
    hits = weight * rows[speaks(topic)]
    return pd.DataFrame({"cluster": rows["customer"], "hits": hits, "weight": weight, "n": 1})


def comment_rates(texts: Texts, *, smallest: int) -> pd.DataFrame:
    """Return what share of the answers of the span carries a text: of all, and by score group.

    Wilson's interval at n_eff = answers x (customers who wrote / their texts).

    Returns
    -------
    group ("all" first), value, low, high, n (answers), why.
    """
    written = texts.comments(texts.span)
    answers = texts.answers[texts.answers["period"].isin(texts.span)]
    groups = GROUPS[texts.question.kind] if texts.question else ()
    values = [_rate(written, int(answers["n"].sum()), smallest)]
    for group in groups:
        given = answers.loc[answers["group"] == group, "n"].sum()
        values.append(_rate(written[written["group"] == group], int(given), smallest))
    return to_frame(values, group=["all", *groups])


def comment_rate(rates: pd.DataFrame) -> MaybeEstimate:
    """Return the share of all answers with a text, of `comment_rates`."""
    return Estimate.of(rates.iloc[0], unit="share")


def _rate(written: pd.DataFrame, answers: int, smallest: int) -> MaybeEstimate:
    if answers < smallest:
        return too_small(answers, smallest)
    texts, customers = len(written), written["customer"].nunique()
    effective = answers * (customers / texts if texts else 1.0)
    rate = min(texts / answers, 1.0)
    low, high = ratios.wilson(rate, effective, NORMAL)
    ends = {"low": min(low, rate), "high": max(high, rate)}
    return Estimate(value=rate, **ends, n=answers, unit="share", method="Wilson")
