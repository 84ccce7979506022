"""Whether a text without a score sounds like those of low scores, learnt on the firm's own.

Counts of character n-grams, hashed into 2^18 columns (Weinberger et al. 2009, ICML), as sublinear
TF-IDF of length one; a logistic model with an L2 penalty, by L-BFGS; its margin turned into a
chance by Platt's sigmoid (1999) on margins from five folds of customers. What is said of its error
comes from those same folds, each judged by what the others taught, texts alike left out. It is
never news about the scores that it was learnt from.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd
from scipy import optimize, sparse
from scipy.special import expit, log_expit

from profitchain.core.estimates import MaybeEstimate, NotEstimable, to_frame
from profitchain.stats import ratios
from profitchain.stats.forecast_scores import auc
from profitchain.voice.shares import Texts, is_low
from profitchain.voice.topics import UNSPACED

FEWEST_LABELLED, FEWEST_OF_A_CLASS = 300, 50  # the second is a judgement
LEARNT_FROM = 5_000  # texts at most; more teach little
DRAWN = 100_000  # texts without a score that are read at most
COLUMNS = 2**18
PENALTY = 0.1  # 1 / C
FOLDS = 5
SEED = 7
BINS = 10
BLOCK = 5_000
SHORT, LONG = (2, 4), (1, 4)  # letters of an n-gram; where words aren't spaced
_UNSPACED = re.compile(f"[{UNSPACED}]")
_STEP = np.uint64(0x9E3779B97F4A7C15)  # 2^64 / golden ratio: spreads neighbours (Knuth 6.4)


@dataclass(frozen=True, slots=True, kw_only=True)
class MoodModel:
    """What low scores sound like, and how often that is wrong.

    `auc` (0.5: a coin, 1: never wrong) and `gap` (mean difference between what was predicted and
    what came, in ten groups, as a share) are of customers and texts that the model had not read.
    `n` texts, `low` of them with low scores.
    """

    weights: np.ndarray
    offset: float
    idf: np.ndarray
    columns: np.ndarray
    sigmoid: tuple[float, float]
    lengths: tuple[int, int]
    auc: MaybeEstimate
    gap: float
    n: int
    low: int

    def chances(self, texts: Sequence[str]) -> np.ndarray:
        """Return each text's chance to come with a low score (folded texts)."""
        parts = [
            expit(self.sigmoid[0] * self._margins(texts[start : start + BLOCK]) + self.sigmoid[1])
            for start in range(0, len(texts), BLOCK)
        ]
        return np.concatenate(parts) if parts else np.zeros(0)

    def _margins(self, texts: Sequence[str]) -> np.ndarray:
        counts = hashed_ngrams(texts, self.lengths)[:, self.columns]
        return np.asarray(scaled(counts, self.idf) @ self.weights + self.offset)


def learn(
    texts: Sequence[str], is_low: np.ndarray, customers: np.ndarray
) -> MoodModel | NotEstimable:
    """Return a model of which texts come with low scores, or why none can be learnt.

    Parameters
    ----------
    texts : folded texts with a score; of more than `LEARNT_FROM` so many are drawn, by `SEED`.
    is_low : 1 for a low score, else 0.
    customers : who wrote each.
    """
    low = int(np.sum(is_low))
    if len(texts) < FEWEST_LABELLED:
        return NotEstimable(
            "too_few_labelled_texts", n=len(texts), texts=len(texts), needed=FEWEST_LABELLED
        )
    if min(low, len(texts) - low) < FEWEST_OF_A_CLASS:
        n = min(low, len(texts) - low)
        return NotEstimable("too_few_of_a_mood", n=n, texts=n, needed=FEWEST_OF_A_CLASS)
    rows = np.arange(len(texts))
    rng = np.random.default_rng(SEED)
    if len(rows) > LEARNT_FROM:
        rows = np.sort(rng.choice(rows, LEARNT_FROM, replace=False))
    read, labels, who = [texts[int(row)] for row in rows], is_low[rows], customers[rows]
    lengths = LONG if np.mean([bool(_UNSPACED.search(text)) for text in read]) > 0.5 else SHORT
    counts = hashed_ngrams(read, lengths)
    folds = folds_of(who, labels, rng)
    margins = _judged_apart(counts, labels, folds, pd.factorize(np.array(read, dtype=object))[0])
    weights, offset, idf, columns = _fitted(counts, labels)
    quality = auc(labels, margins, who)
    return MoodModel(
        weights=weights, offset=offset, idf=idf, columns=columns, lengths=lengths,
        sigmoid=platt(margins, labels),
        auc=quality if isinstance(quality, NotEstimable) else ratios.stated(
            quality, unit="ratio", bounds=(0.0, 1.0)),
        gap=calibration_gap(_crossed(margins, labels, folds), labels),
        n=len(labels), low=int(labels.sum()),
    )  # fmt: skip


def _judged_apart(
    counts: sparse.csr_array, labels: np.ndarray, folds: np.ndarray, texts: np.ndarray
) -> np.ndarray:
    """Return each text's margin by a model that read neither its customer nor the same text.

    Parameters
    ----------
    texts : a code a text, the same where others wrote alike.
    """
    margins = np.empty(len(labels))
    for fold in range(FOLDS):
        apart = folds == fold
        read = ~apart & ~np.isin(texts, texts[apart])
        if len(np.unique(labels[read])) < 2:  # hardly anybody writes in words of their own
            read = ~apart
        weights, offset, idf, columns = _fitted(counts[read], labels[read])
        margins[apart] = scaled(counts[apart][:, columns], idf) @ weights + offset
    return margins


def learn_from(texts: Texts) -> MoodModel | NotEstimable:
    """Return the model that comments with a score teach, if there are texts without to read."""
    if not (texts.rows["score"].isna() & texts.rows["period"].isin(texts.span)).any():
        return NotEstimable("no_unscored_texts")
    rows = texts.rows[texts.rows["score"].notna()]
    low = is_low(rows, texts.question).to_numpy(np.int64)
    return learn(rows["folded"].tolist(), low, rows["customer"].to_numpy())


def of_unscored(texts: Texts, model: MoodModel | NotEstimable, *, smallest: int) -> pd.DataFrame:
    """Return what share of the texts without a score sounds like low scores, in the span.

    Of more than `DRAWN` texts so many are drawn. The interval is that of the mean chance, by
    customer, wider by the model's own gap to either side.

    Returns
    -------
    source (responses, contacts, mentions), value, low, high, n, why.
    """
    rows = texts.rows[texts.rows["score"].isna() & texts.rows["period"].isin(texts.span)]
    groups = [(source, rows[rows["source"] == source]) for source in rows["source"].unique()]
    estimates = [_share_low(of.tail(DRAWN), model, smallest) for _source, of in groups]
    return to_frame(estimates, source=[source for source, _of in groups])


def _share_low(rows: pd.DataFrame, model: MoodModel | NotEstimable, smallest: int) -> MaybeEstimate:
    if isinstance(model, NotEstimable):
        return model
    sums = pd.DataFrame({"cluster": rows["customer"], "n": 1})
    sums["low"] = model.chances(rows["folded"].tolist())
    share = ratios.ratio(
        sums, numerator="low", denominator="n", unit="share", bounds=(0.0, 1.0), smallest=smallest
    )
    if isinstance(share, NotEstimable):
        return share
    low, high = max(0.0, share.low - model.gap), min(1.0, share.high + model.gap)
    return replace(share, low=low, high=high)


def hashed_ngrams(texts: Sequence[str], lengths: tuple[int, int]) -> sparse.csr_array:
    """Return how often n-grams of each column stand in each text (texts x 2^18).

    N-grams are of `lengths[0]` to `lengths[1]` letters, and run over blanks; a blank stands before
    and after each text.
    """
    padded = [f" {text} " for text in texts]
    sizes = np.fromiter(map(len, padded), np.int64, len(padded))
    letters = np.frombuffer("".join(padded).encode("utf-32-le"), np.uint32).astype(np.uint64)
    owner = np.repeat(np.arange(len(padded)), sizes)
    left = np.repeat(np.cumsum(sizes), sizes) - np.arange(len(letters))  # letters to the text's end
    rows: list[np.ndarray] = []
    columns: list[np.ndarray] = []
    value = np.zeros(len(letters), np.uint64)
    for length in range(1, lengths[1] + 1):
        ahead = np.zeros(len(letters), np.uint64)
        ahead[: max(0, len(letters) - length + 1)] = letters[length - 1 :]
        value = (value ^ ahead) * _STEP
        value ^= value >> np.uint64(29)
        if length >= lengths[0]:
            inside = left >= length
            rows.append(owner[inside])
            columns.append(((value[inside] * _STEP) >> np.uint64(46)).astype(np.int64))
    at, column = np.concatenate(rows), np.concatenate(columns)
    ones = np.ones(len(at), np.float32)
    return sparse.coo_array((ones, (at, column)), shape=(len(padded), COLUMNS)).tocsr()


def scaled(counts: sparse.csr_array, idf: np.ndarray) -> sparse.csr_array:
    """Return (1 + log count) x idf, each text of length one."""
    values = counts.astype(np.float64)
    values.data = 1 + np.log(values.data)
    values = values.multiply(idf[None, :]).tocsr()
    length = np.sqrt(np.asarray(values.multiply(values).sum(axis=1)).ravel())
    return sparse.diags_array(1 / np.where(length > 0, length, 1)).dot(values).tocsr()


def _fitted(
    counts: sparse.csr_array, labels: np.ndarray
) -> tuple[np.ndarray, float, np.ndarray, np.ndarray]:
    """Return weights, offset, idf and which columns they are of: those that the texts have."""
    frequency = np.bincount(counts.indices, minlength=COLUMNS)
    columns = np.flatnonzero(frequency)
    idf = 1 + np.log((1 + counts.shape[0]) / (1 + frequency[columns]))
    weights, offset = logistic(scaled(counts[:, columns], idf), labels)
    return weights, offset, idf, columns


def logistic(rows: sparse.csr_array, labels: np.ndarray) -> tuple[np.ndarray, float]:
    """Return weights and offset of the largest likelihood less an L2 penalty on the weights.

    Parameters
    ----------
    rows : texts x columns.
    labels : 0 or 1 each.
    """
    sign, turned = 2.0 * labels - 1, rows.T.tocsr()

    def loss(values: np.ndarray) -> tuple[float, np.ndarray]:
        margin = sign * (rows @ values[:-1] + values[-1])
        pull = -sign * expit(-margin)
        slope = np.append(turned @ pull + PENALTY * values[:-1], pull.sum())
        return float(-log_expit(margin).sum() + PENALTY / 2 * values[:-1] @ values[:-1]), slope

    start = np.zeros(rows.shape[1] + 1)
    found = optimize.minimize(loss, start, jac=True, method="L-BFGS-B", options={"maxiter": 200})
    return found.x[:-1], float(found.x[-1])


def platt(margins: np.ndarray, labels: np.ndarray) -> tuple[float, float]:
    """Return slope and offset of Platt's sigmoid, with his targets a little off 0 and 1."""
    many, few = float(labels.sum()), float(len(labels) - labels.sum())
    target = np.where(labels == 1, (many + 1) / (many + 2), 1 / (few + 2))

    def loss(values: np.ndarray) -> tuple[float, np.ndarray]:
        chance = values[0] * margins + values[1]
        left = expit(chance) - target
        cost = -(target * log_expit(chance) + (1 - target) * log_expit(-chance)).sum()
        return float(cost), np.array([left @ margins, left.sum()])

    found = optimize.minimize(loss, np.array([1.0, 0.0]), jac=True, method="L-BFGS-B")
    return float(found.x[0]), float(found.x[1])


def folds_of(customers: np.ndarray, labels: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Return each text's fold: all of a customer's in one, low scores in all folds alike.

    Else a fold with more low scores would leave fewer to learn from, and pooled margins would tell
    the one from the other.
    """
    codes, names = pd.factorize(customers)
    mean = np.bincount(codes, labels) / np.bincount(codes)
    order = np.lexsort((rng.random(len(names)), mean))
    folds = np.empty(len(names), int)
    folds[order] = np.arange(len(names)) % FOLDS
    return folds[codes]


def _crossed(margins: np.ndarray, labels: np.ndarray, folds: np.ndarray) -> np.ndarray:
    """Return chances by a sigmoid that the fold itself had no part in."""
    chances = np.empty(len(margins))
    for fold in range(FOLDS):
        apart = folds == fold
        slope, offset = platt(margins[~apart], labels[~apart])
        chances[apart] = expit(slope * margins[apart] + offset)
    return chances


def calibration_gap(chances: np.ndarray, labels: np.ndarray) -> float:
    """Return the mean gap between chance and outcome in ten groups of one size (ECE).

    Examples
    --------
    >>> calibration_gap(np.array([0.5] * 20), np.array([0, 1] * 10))
    0.0
    """
    order = np.argsort(chances, kind="stable")
    parts = [part for part in np.array_split(order, BINS) if len(part)]
    gaps = [abs(chances[part].mean() - labels[part].mean()) * len(part) for part in parts]
    return float(sum(gaps) / len(labels))
