"""Which phrases customers use more than before, or some more than others, beyond chance.

Each phrase is tested by the exact upper tail of the hypergeometric distribution on documents: given
how many customers used it in all, chance alone would put as many or more among the first group.
False discoveries are held at 5% (Benjamini and Hochberg 1995, JRSS B 57: 289-300). What passes is
ordered by the lower bound of its log-odds (Monroe, Colaresi and Quinn 2008, Political Analysis
16: 372-403), so that rare chance finds don't lead.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy import stats

from profitchain.core.estimates import NotEstimable
from profitchain.stats.ratios import benjamini_hochberg
from profitchain.voice import phrases
from profitchain.voice.masking import would_cover
from profitchain.voice.shares import FEWEST_TEXTS, Texts, is_low

FEWEST_NOW, FEWEST_BEFORE = 250, 750  # customers with texts; below, the test finds next to nothing
FALSE_DISCOVERIES = 0.05
FEWEST_USERS = 5  # of a phrase that is tested at all
PRIOR = 500.0  # phrases that Monroe's prior stands for
SURELY = 1.959964
MOST_SHOWN, MOST_FOLDED = 10, 50
DRAWN, SEED = 50_000, 7  # comments of a side that are read at most
OVERLAP, NEARLY_ALL = 0.5, 0.8
USUALLY_BEFORE = 0.002  # share of a phrase before, in what is said of phrases that would be missed


@dataclass(frozen=True, slots=True, kw_only=True)
class PhraseComparison:
    """Phrases that some documents have more than others.

    `phrases` has one row a phrase, the surest first: phrase, also (what folded into it), now,
    before (customers who used it), share_now, share_before, log_odds, log_odds_low,
    p_adjusted. `tested` phrases were looked at in `documents_now` and `documents_before`;
    `missed_below` is the share among the first under which a rare phrase would usually be missed.
    """

    phrases: pd.DataFrame
    tested: int
    documents_now: int
    documents_before: int
    missed_below: float


def new_in(texts: Texts, *, smallest: int) -> PhraseComparison | NotEstimable:
    """Return the phrases of comments that are new: in the period, else in the span, against before.

    Of more than `DRAWN` comments on a side, so many are drawn, by `SEED`.
    """
    rows = texts.rows[texts.rows["source"] == "responses"]
    for periods in (texts.span[-1:], texts.span):
        recent = rows["period"].isin(periods)
        if rows.loc[recent, "customer"].nunique() >= FEWEST_NOW:
            break
    return more_in(_documents(rows[recent]), _documents(rows[~recent]), smallest=smallest)


def of_low_scores(texts: Texts, *, smallest: int) -> PhraseComparison | NotEstimable:
    """Return the phrases that low scores use more than others, in the span and before."""
    rows = texts.comments([*texts.before, *texts.span])
    low = is_low(rows, texts.question)
    fewest = (FEWEST_TEXTS // 2, FEWEST_TEXTS)
    return more_in(_documents(rows[low]), _documents(rows[~low]), smallest=smallest, fewest=fewest)


def _documents(rows: pd.DataFrame) -> list[set[str]]:
    drawn = rows.sample(DRAWN, random_state=SEED) if len(rows) > DRAWN else rows
    return phrases.documents(drawn)


def more_in(
    now: Sequence[set[str]],
    before: Sequence[set[str]],
    *,
    smallest: int,
    fewest: tuple[int, int] = (FEWEST_NOW, FEWEST_BEFORE),
) -> PhraseComparison | NotEstimable:
    """Return the phrases that documents have more often now than before.

    Parameters
    ----------
    now, before : one set of phrases a customer, as `phrases.documents` gives them.
    smallest : customers now who must have used a phrase that is shown.
    fewest : documents needed of each.
    """
    if len(now) < fewest[0]:
        return NotEstimable("too_few_new_texts", n=len(now), texts=len(now), needed=fewest[0])
    if len(before) < fewest[1]:
        return NotEstimable(
            "too_few_earlier_texts", n=len(before), texts=len(before), needed=fewest[1]
        )
    table = _counted(now, before, max(FEWEST_USERS, smallest))
    table["p"] = upper_tail(table["now"], table["before"], len(now), len(before))
    table["p_adjusted"] = benjamini_hochberg(table["p"])
    table["log_odds"], error = log_odds(table["now"].to_numpy(), table["before"].to_numpy())
    table["log_odds_low"] = table["log_odds"] - SURELY * error
    found = table[(table["p_adjusted"] <= FALSE_DISCOVERIES) & (table["now"] >= smallest)]
    found = found[~found["phrase"].map(would_cover).astype(bool)]
    found = found.sort_values(["log_odds_low", "phrase"], ascending=[False, True]).head(MOST_FOLDED)
    return PhraseComparison(
        phrases=folded_together(found, now).head(MOST_SHOWN).reset_index(drop=True),
        tested=len(table),
        documents_now=len(now),
        documents_before=len(before),
        missed_below=missed_below(len(now), len(before), max(1, len(table)), smallest),
    )


def _counted(now: Sequence[set[str]], before: Sequence[set[str]], fewest: int) -> pd.DataFrame:
    """Return the phrases that enough customers used, whenever: phrase, now, before, shares."""
    first, second = phrases.counts(now), phrases.counts(before)
    sizes = len(now) + len(before)
    names = sorted(name for name in first.keys() | second if first[name] + second[name] >= fewest)
    common = {n: (first[n] + second[n]) / sizes for n in names if " " not in n}
    kept = [name for name in names if phrases.is_content(name, common)]
    table = pd.DataFrame({"phrase": pd.Series(kept, dtype="str")})
    table["now"] = [first[name] for name in kept]
    table["before"] = [second[name] for name in kept]
    table[["now", "before"]] = table[["now", "before"]].astype(int)
    table["share_now"], table["share_before"] = (
        table["now"] / len(now), table["before"] / len(before),
    )  # fmt: skip
    return table


def upper_tail(now: pd.Series, before: pd.Series, many_now: int, many_before: int) -> np.ndarray:
    """Return the chance of as many users now or more, were all documents drawn alike.

    Examples
    --------
    >>> float(upper_tail(pd.Series([2]), pd.Series([0]), 2, 2)[0].round(6))
    0.166667
    """
    users = (now + before).to_numpy()
    tail = stats.hypergeom.sf(now.to_numpy() - 1, many_now + many_before, users, many_now)
    return np.asarray(np.clip(tail, 0.0, 1.0))


def log_odds(now: np.ndarray, before: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return each phrase's log-odds ratio, drawn to the mean by a prior, and its standard error.

    Monroe, Colaresi and Quinn's equations 16 and 20; the prior is as all phrases are in both
    together, worth `PRIOR` uses.
    """
    total = float(now.sum() + before.sum()) or 1.0
    prior = PRIOR * (now + before) / total
    sides = []
    for count in (now, before):
        mass = count.sum() + PRIOR
        sides.append(np.log((count + prior) / (mass - count - prior)))
    error = np.sqrt(1 / (now + prior) + 1 / (before + prior))
    return sides[0] - sides[1], error


def folded_together(found: pd.DataFrame, now: Sequence[set[str]]) -> pd.DataFrame:
    """Return phrases without those that mean the same documents as a surer one: they go `also`.

    A phrase folds into a surer one with which it shares a word and half of its customers. Of those
    folded together the longest that nearly all of them used gives the name and the numbers.
    """
    users = {name: {at for at, document in enumerate(now) if name in document}
             for name in found["phrase"]}  # fmt: skip
    groups: list[list[str]] = []
    for name in found["phrase"]:
        alike = (group for group in groups if any(_same(name, one, users) for one in group))
        group = next(alike, None)
        groups.append([name]) if group is None else group.append(name)
    leads, others = [], []
    for group in groups:
        enough = [name for name in group if len(users[name]) >= NEARLY_ALL * len(users[group[0]])]
        leads.append(max(enough, key=len))
        others.append(tuple(name for name in group if name != leads[-1]))
    also = pd.Series(others, index=leads, name="also", dtype=object)
    return found.set_index("phrase").loc[leads].join(also).rename_axis("phrase").reset_index()


def _same(name: str, surer: str, users: dict[str, set[int]]) -> bool:
    words = (set(name.split()), set(surer.split()))
    if not words[0] & words[1] and name not in surer and surer not in name:
        return False
    both = len(users[name] & users[surer])
    return both >= OVERLAP * min(len(users[name]), len(users[surer]))


def missed_below(many_now: int, many_before: int, tested: int, smallest: int) -> float:
    """Return the share of documents now from which on a phrase, rare before, is usually found.

    Found means it would pass were it the only one: Bonferroni's bound, which the step-up rule never
    falls below, at a phrase that 0.2% used before.
    """
    before = round(USUALLY_BEFORE * many_before)
    users = np.arange(smallest, many_now + 1)
    tail = upper_tail(pd.Series(users), pd.Series(np.full(len(users), before)), many_now,
                      many_before)  # fmt: skip
    passes = users[tail <= FALSE_DISCOVERIES / tested]
    return float(passes[0] / many_now) if len(passes) else 1.0
