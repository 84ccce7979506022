"""What groups of customers write of: by their score, and by the firm's own segments.

Shares are weighted as those of all comments are. A group is told from the others of its segment
where it has more or fewer speakers of a topic than chance allows: exact test on customers (Fisher
1935, The Design of Experiments), false discoveries held at 5% over all topics and groups
(Benjamini and Hochberg 1995, JRSS B 57: 289-300).
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd

from profitchain.core.estimates import MaybeEstimate, to_frame
from profitchain.measures.satisfaction import GROUPS
from profitchain.stats.disclosure_control import unless_withheld, withheld
from profitchain.stats.ratios import benjamini_hochberg
from profitchain.voice.new_phrases import FALSE_DISCOVERIES, upper_tail
from profitchain.voice.shares import FEWEST_TEXTS, Texts, share, speaks

FEWEST_OF_GROUP = FEWEST_TEXTS // 4  # comments of a group, for its share to be given
COLUMNS = ("segment", "topic", "group", "value", "low", "high", "n", "why", "p", "others")


def by_score_group(texts: Texts, *, smallest: int) -> pd.DataFrame:
    """Return each topic's share within the groups of the score.

    Returns
    -------
    One row a topic and group, worst group first: topic, group, value, low, high, n, why.
    """
    groups = GROUPS[texts.question.kind] if texts.question else ()
    rows = texts.comments(texts.span)
    return _shares(rows, texts.topics, "group", groups, smallest=smallest)


def by_segment(texts: Texts, segments: Sequence[str], *, smallest: int) -> pd.DataFrame:
    """Return each topic's share within the groups of each segment, and which are beyond chance.

    Returns
    -------
    One row a segment, topic and group: segment, topic, group, value, low, high, n, why, others
    (the share of all other groups' comments), p, p_adjusted, clear.
    """
    rows = texts.comments(texts.span)
    parts = []
    for segment in [name for name in segments if name in rows]:
        known = rows.dropna(subset=[segment])
        groups = sorted(known[segment].unique())
        shares = _shares(known, texts.topics, segment, groups, smallest=smallest)
        parts.append(shares.assign(segment=segment, **_against_others(known, shares, segment)))
    if not parts:
        return pd.DataFrame(columns=[*COLUMNS, "p_adjusted", "clear"])
    frame = pd.concat(parts, ignore_index=True)[list(COLUMNS)]
    frame["p_adjusted"] = benjamini_hochberg(frame["p"])
    frame["clear"] = frame["p_adjusted"] <= FALSE_DISCOVERIES
    return frame


def _shares(
    rows: pd.DataFrame, topics: Sequence[str], by: str, groups: Sequence[str], *, smallest: int
) -> pd.DataFrame:
    """Return each topic's share by group; of few speakers none, nor of what would tell theirs."""
    inside = {group: rows[rows[by] == group] for group in groups}
    speakers, _customers = _counts(rows, topics, by)
    values: list[MaybeEstimate] = []
    for topic in topics:
        sizes = speakers[topic].reindex(groups, fill_value=0)

        def of_group(group: str, topic: str = topic) -> MaybeEstimate:
            return share(inside[group], topic, smallest=smallest, fewest=FEWEST_OF_GROUP)

        hidden = withheld(sizes, smallest)
        values += unless_withheld(hidden, sizes, smallest, of_group).values()
    keys = [(topic, group) for topic in topics for group in groups]
    labels = {"topic": [topic for topic, _g in keys], "group": [group for _t, group in keys]}
    return to_frame(values, **labels)


def _counts(rows: pd.DataFrame, topics: Sequence[str], by: str) -> tuple[pd.DataFrame, pd.Series]:
    """Return how many customers of each group speak of each topic, and how many there are."""
    spoken = rows[[speaks(topic) for topic in topics]].set_axis(list(topics), axis=1)
    each = spoken.groupby([rows[by], rows["customer"]]).max().groupby(level=0)
    return each.sum(), each.size()


def _against_others(
    rows: pd.DataFrame, shares: pd.DataFrame, segment: str
) -> dict[str, np.ndarray]:
    """Return for each share that is given the others' share, and the chance of speakers as odd.

    Twice the tail on the side to which the weighted share lies.
    """
    topics = list(shares["topic"].unique())
    speakers, customers = _counts(rows, topics, segment)
    hits = rows[[speaks(topic) for topic in topics]].mul(rows["weight"], axis=0)
    hits = hits.set_axis(topics, axis=1).groupby(rows[segment]).sum()
    weight = rows.groupby(segment)["weight"].sum()
    p, others = np.full(len(shares), np.nan), np.full(len(shares), np.nan)
    for at, row in enumerate(shares.itertuples()):
        many, rest = customers[row.group], customers.sum() - customers[row.group]
        if np.isnan(row.value) or not rest:
            continue
        left = hits[row.topic].sum() - hits.loc[row.group, row.topic]
        others[at] = left / (weight.sum() - weight[row.group])
        own = speakers.loc[row.group, row.topic]
        odd = (own, speakers[row.topic].sum() - own)
        if row.value < others[at]:
            odd = (many - odd[0], rest - odd[1])
        now, before = (pd.Series([count]) for count in odd)
        tail = upper_tail(now, before, many, rest)
        p[at] = min(1.0, 2 * float(tail[0]))
    return {"p": p, "others": others}
