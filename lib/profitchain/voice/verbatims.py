"""Which texts are proposed for release: at most three a topic, by rule, masked, one a customer.

Typical: nearest to the mean of its topic's texts (character n-grams), 40 to 220 letters. Telling:
the most phrases that set the topic's texts apart. Newest: the last of the last period. Nothing is
proposed of a topic that fewer customers than the smallest group speak of, and nothing that another
customer wrote alike.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pandas as pd

from profitchain.voice import new_phrases, phrases
from profitchain.voice.masking import masked
from profitchain.voice.mood import SHORT, hashed_ngrams, scaled
from profitchain.voice.shares import Texts, speaks

SHORTEST, LONGEST = 40, 220  # letters
READ = 2_000  # texts of a topic that are looked at, the newest
RULES = ("typical", "telling", "newest")


def propose(texts: Texts, *, smallest: int) -> pd.DataFrame:
    """Return texts to read and, if they may be shown, to release.

    Returns
    -------
    One row a text: topic, rule, key (of the answer), source, period, group, text (masked).
    """
    rows = texts.rows[texts.rows["period"].isin(texts.span)]
    rows = rows.sort_values(["period", "month", "key"])
    alone = ~rows["folded"].duplicated(keep=False)
    fit = rows[alone & rows["text"].str.len().between(SHORTEST, LONGEST)]
    found, taken = [], set()
    for topic in texts.topics:
        spoken = rows[rows[speaks(topic)] == 1]
        if spoken["customer"].nunique() < smallest:
            continue
        several = fit[fit[speaks(topic)] == 1].tail(READ)
        for rule, order in _orders(several, rows[rows[speaks(topic)] == 0]):
            row = next((r for r in order if r.customer not in taken), None)
            if row is not None:
                taken.add(row.customer)
                found.append((topic, rule, row.key, row.source, row.period, row.group,
                              masked(row.text)))  # fmt: skip
    columns = ["topic", "rule", "key", "source", "period", "group", "text"]
    return pd.DataFrame(found, columns=columns)


def _orders(several: pd.DataFrame, others: pd.DataFrame) -> Iterator[tuple[str, list]]:
    """Yield each rule with a topic's texts, those that it likes best first."""
    if several.empty:
        return
    rows = list(several.itertuples())
    counts = hashed_ngrams(several["folded"].tolist(), SHORT)
    vectors = scaled(counts, np.ones(counts.shape[1]))
    near = vectors @ np.asarray(vectors.mean(axis=0)).ravel()
    yield "typical", [rows[at] for at in np.argsort(-near, kind="stable")]
    inside = phrases.counts(phrases.documents(several))
    outside = phrases.counts(phrases.documents(others.tail(READ)))
    names = [name for name in inside if phrases.is_content(name)]
    odds, _error = new_phrases.log_odds(
        np.array([inside[name] for name in names], float),
        np.array([outside[name] for name in names], float),
    )
    weight = dict(zip(names, np.clip(odds, 0, None), strict=True))
    telling = [sum(weight.get(p, 0.0) for p in sorted(set(phrases.phrases_of(row.folded))))
               for row in rows]  # fmt: skip
    yield "telling", [rows[at] for at in np.argsort(-np.array(telling), kind="stable")]
    yield "newest", rows[::-1]
