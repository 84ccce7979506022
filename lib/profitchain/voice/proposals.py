"""Which phrases might be topics that no list has: they come back in texts that fit none.

Pairs of neighbouring words, by how far they stand together beyond chance (log-likelihood ratio:
Dunning 1993, Computational Linguistics 19: 61-74), each customer counted once. A pair is proposed
if it is among the strongest in nearly all halves of the customers, drawn many times (stability
selection: Meinshausen and Bühlmann 2010, JRSS B 72: 417-473; both halves of each draw: Shah and
Samworth 2013, JRSS B 75: 55-80). Proposals are for whoever writes the lists: no share rests on them
before a person has taken them up.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass

import numpy as np
import pandas as pd
import yaml
from scipy.special import xlogy

from profitchain.core.estimates import NotEstimable
from profitchain.voice import phrases
from profitchain.voice.masking import would_cover
from profitchain.voice.new_phrases import DRAWN, FEWEST_USERS, folded_together
from profitchain.voice.shares import NO_TOPIC, Texts, speaks

FEWEST_UNFITTED = 1_000  # customers whose texts fit no topic; below, halves agree on too little
DRAWS, SEED = 25, 7  # of two halves each
STRONGEST = 30  # pairs of a half that are held against those of others
STABLE = 0.9  # of the halves
MOST_SHOWN = 10


@dataclass(frozen=True, slots=True, kw_only=True)
class TopicProposals:
    """Phrases that might be topics, the most frequent first.

    `phrases` has one row a proposal: phrase, also (others of the same customers), customers (who
    used any of them), share (of `customers`), setting (the line for company.yml). `customers` wrote
    texts that fit no topic, `tested` pairs were compared.
    """

    phrases: pd.DataFrame
    customers: int
    tested: int


def proposed(texts: Texts, *, smallest: int) -> TopicProposals | NotEstimable:
    """Return the phrases of comments without a topic that are stable enough to be proposed.

    Of more than `DRAWN` comments so many are drawn, by `SEED`.
    """
    rows = texts.rows[(texts.rows["source"] == "responses") & (texts.rows[speaks(NO_TOPIC)] == 1)]
    rows = rows.sample(DRAWN, random_state=SEED) if len(rows) > DRAWN else rows
    wrote: dict[object, set[tuple[str, str]]] = {}
    for customer, text in zip(rows["customer"], rows["folded"], strict=True):
        wrote.setdefault(customer, set()).update(phrases.pairs_of(text))
    if len(wrote) < FEWEST_UNFITTED:
        n = len(wrote)
        return NotEstimable("too_few_unfitted", n=n, texts=n, needed=FEWEST_UNFITTED)
    return stable_pairs(list(wrote.values()), smallest=smallest)


def stable_pairs(documents: list[set[tuple[str, str]]], *, smallest: int) -> TopicProposals:
    """Return the pairs that are among the strongest in nearly all halves of the documents.

    Parameters
    ----------
    documents : one set of pairs of words a customer.
    smallest : customers who must have used a pair that is shown.
    """
    names = sorted({pair for document in documents for pair in document})
    code = {pair: at for at, pair in enumerate(names)}
    holds = np.array([code[pair] for document in documents for pair in document], int)
    of = np.repeat(np.arange(len(documents)), [len(document) for document in documents])
    users = np.bincount(holds, minlength=len(names))
    tested = (users >= FEWEST_USERS) & _of_content(names, documents)
    first, second = (pd.factorize(np.array(side))[0] for side in zip(*names, strict=True))
    often, rng = np.zeros(len(names)), np.random.default_rng(SEED)
    for _draw in range(DRAWS):
        half = rng.permutation(len(documents)) < len(documents) // 2
        for inside in (half, ~half):
            counts = np.bincount(holds[inside[of]], minlength=len(names))
            strength = np.where(tested, log_likelihood(counts, first, second), 0.0)
            best = np.argsort(-strength, kind="stable")[:STRONGEST]
            often[best[strength[best] > 0]] += 1
    stable = np.flatnonzero((often >= STABLE * 2 * DRAWS) & (users >= smallest))
    stable = stable[np.argsort(-users[stable], kind="stable")]
    found = [phrases.joined(*names[at]) for at in stable]
    return TopicProposals(
        phrases=_stated([phrase for phrase in found if not would_cover(phrase)], documents),
        customers=len(documents),
        tested=int(tested.sum()),
    )


def log_likelihood(counts: np.ndarray, first: np.ndarray, second: np.ndarray) -> np.ndarray:
    """Return Dunning's ratio for each pair of words, 0 where they stand together by chance or less.

    Parameters
    ----------
    counts : how many customers used each pair.
    first, second : the codes of its words.

    Examples
    --------
    >>> pairs = np.array([8, 2, 2, 8])
    >>> codes = np.array([0, 0, 1, 1]), np.array([0, 1, 0, 1])
    >>> log_likelihood(pairs, *codes).round(3).tolist()
    [7.71, 0.0, 0.0, 7.71]
    """
    total = counts.sum()
    of_first, of_second = (np.bincount(code, counts)[code] for code in (first, second))
    cells = [
        (counts, of_first, of_second),
        (of_first - counts, of_first, total - of_second),
        (of_second - counts, total - of_first, of_second),
        (total - of_first - of_second + counts, total - of_first, total - of_second),
    ]
    ratio = 2 * sum(xlogy(n, n * total / np.maximum(row * column, 1)) for n, row, column in cells)
    return np.where(counts * total > of_first * of_second, ratio, 0.0)


def _of_content(names: list[tuple[str, str]], documents: list[set[tuple[str, str]]]) -> np.ndarray:
    """Tell which pairs are of two words that are more than grammar."""
    users = Counter(word for one in documents for word in {w for pair in one for w in pair})
    common = {word: many / len(documents) for word, many in users.items()}
    content = {word: phrases.is_content(word, common) for word in users}
    return np.array([content[first] and content[second] for first, second in names], bool)


def _stated(found: list[str], documents: list[set[tuple[str, str]]]) -> pd.DataFrame:
    """Return proposals, phrases of the same customers as one: phrase, also, customers, …."""
    used = [{phrases.joined(*pair) for pair in document} for document in documents]
    frame = folded_together(pd.DataFrame({"phrase": pd.Series(found, dtype="str")}), used)
    words = [[name, *also] for name, also in zip(frame["phrase"], frame["also"], strict=True)]
    customers = [sum(not document.isdisjoint(of) for document in used) for of in words]
    frame = frame.assign(
        customers=pd.Series(customers, dtype=int),
        setting=pd.Series([setting_of(of) for of in words], dtype="str"),
    )
    frame["share"] = frame["customers"] / len(documents)
    frame = frame.sort_values(["customers", "phrase"], ascending=[False, True])
    return frame.head(MOST_SHOWN).reset_index(drop=True)


def setting_of(words: list[str]) -> str:
    """Return the line that makes phrases a topic, to paste under `topics:` of company.yml.

    Examples
    --------
    >>> setting_of(["box leaks", "leaks badly"])
    'box_leaks: [box leaks, leaks badly]'
    """
    topic = {words[0].replace(" ", "_"): words}
    return yaml.safe_dump(topic, default_flow_style=None, allow_unicode=True, width=10**6).strip()
