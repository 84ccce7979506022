"""How often the suite's intervals hold the truth: every headline number, in firm after firm."""

from __future__ import annotations

import os
import re
import zlib
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import replace
from datetime import date
from importlib.metadata import version
from multiprocessing import get_context
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from certify import firms as trials
from certify.firms import CONTROLS, NOW, FirmTrial, firm
from profitchain.core.estimates import Estimate, MaybeEstimate
from profitchain.core.formats import MINUS
from profitchain.effects.nonresponse_weights import weighted_effect, weighted_score
from profitchain.effects.one_more_point import amount_per_point
from profitchain.effects.repeat_effect import repeat_effect
from profitchain.measures.loyalty import loyalty_measures
from profitchain.measures.satisfaction import answers_to, measures_of
from profitchain.sources.settings import Question
from profitchain.stats.comparisons import change_since
from profitchain.stats.compression import together
from profitchain.stats.glm import fit
from profitchain.stats.margins import average_effect, estimates
from profitchain.stats.model_design import build
from profitchain.stats.model_matrix import as_it_is
from profitchain.stats.ratios import ratio

CERTIFICATE = Path(__file__).parents[1] / "CERTIFICATE.md"
FIRMS = 1000
GOAL = (0.93, 0.97)
NAMED = ("numpy", "pandas", "scipy", "statsmodels")
REQUESTS_OF_TRUTH = 600_000
ONE_MORE, ITS_MARGIN = "one more point", "margin of one more point"
HOW: Mapping[str, Any] = {"scale": (0, 10), "controls": CONTROLS}
AT_ONCE = 20  # firms a worker tries before it reports
MANY_ANSWERS = FirmTrial(
    name="150,000 answers of 60,000 customers", requests=150_000, customers=60_000
)
BUCKETS = 256  # as `panel.customers`; customers are alike but for luck, so any 256 parts serve
REQUESTS_OF_MANY = 3_000_000  # what luck of habits is left then is a tenth of an error
CLUSTERS: dict[str, Callable[[np.ndarray], np.ndarray]] = {
    "every customer": lambda who: who,
    "256 buckets of customers": lambda who: who % BUCKETS,
    "none: each answer for itself": lambda who: np.arange(len(who)),
}
TOGETHER = "256 buckets, answers put together by bands"
QUESTIONS = (
    Question(name="nps", kind="nps"),
    Question(name="csat", kind="csat", scale=(1, 5)),
    Question(name="ces", kind="ces", scale=(1, 7), easy_is="high"),
)


def headline_numbers(requests: pd.DataFrame) -> dict[str, MaybeEstimate]:
    """Return every headline number of one firm, each by the function that the pages call.

    Parameters
    ----------
    requests : one row a request to answer, as `firms.firm` returns.
    """
    requested = _as_asked(requests)
    return {
        **_of_answers(requests[requests["answered"] == 1]),
        "slope, weighted": weighted_effect(requested, controls=CONTROLS),
        "nps, weighted": weighted_score(requested[requested["period"] == str(NOW)], QUESTIONS[0]),
    }


def true_numbers(trial: FirmTrial) -> dict[str, float]:
    """Return what a firm of this kind with very many answers, and no luck in buying, would find.

    The weighted numbers are those of everybody who was asked, whether they answered or not. What
    one more point brings is read from the mechanism: the same answers, each a point higher.
    """
    everybody = firm(trials.many(trial, REQUESTS_OF_TRUTH), np.random.default_rng(0), expected=True)
    estimates_of = _of_answers(everybody[everybody["answered"] == 1])
    estimates_of["slope, weighted"] = repeat_effect(
        everybody.assign(score=everybody["nps"]), controls=CONTROLS
    )
    estimates_of["nps, weighted"] = _scores(everybody)["nps"]
    truths = {name: estimate.value for name, estimate in estimates_of.items()}
    answered = everybody[everybody["answered"] == 1]
    causal = {ONE_MORE: answered["repeats_more"], ITS_MARGIN: answered["margin_more"]}
    return truths | {name: float(more.mean()) for name, more in causal.items()}


def certify(
    firms: int = FIRMS, *, kinds: Sequence[FirmTrial] = trials.TRIALS, workers: int = 0
) -> pd.DataFrame:
    """Try every headline number in so many invented firms of each kind.

    Returns
    -------
    One row a kind of firm and number: firm, number, truth, said (share of firms in which it was
    said at all), coverage (share of those whose 95% interval holds the truth; NaN if none), bias
    (mean less truth, in standard deviations of the estimates), width (mean width, in the same:
    3.92 for an exact normal interval).
    """
    jobs = [(kind, start, min(AT_ONCE, firms - start))
            for kind in kinds for start in range(0, firms, AT_ONCE)]  # fmt: skip
    with ProcessPoolExecutor(workers or os.cpu_count(), get_context("spawn")) as pool:
        truths = dict(
            zip([kind.name for kind in kinds], pool.map(true_numbers, kinds), strict=True)
        )
        tried = pd.concat(pool.map(_tried, *zip(*jobs, strict=True)), ignore_index=True)
    return _judged(tried, truths)


def certify_clusters(
    firms: int,
    *,
    kind: FirmTrial = MANY_ANSWERS,
    requests: int = REQUESTS_OF_MANY,
    workers: int = 0,
) -> pd.DataFrame:
    """Try the adjusted effect in so many firms by customer, by buckets and without clusters.

    And by buckets with answers put together, as those of a large firm are.

    Returns
    -------
    One row a way to cluster: clusters, coverage, width (mean width of the 95% interval, as a share
    of that by customer), noise (standard deviation of that share).
    """
    everybody = firm(trials.many(kind, requests), np.random.default_rng(0), expected=True)
    truth = repeat_effect(everybody.assign(score=everybody["nps"]), controls=CONTROLS).value
    with ProcessPoolExecutor(workers or os.cpu_count(), get_context("spawn")) as pool:
        tried = pd.concat(pool.map(_clustered, [kind] * firms, range(firms)), ignore_index=True)
    holds = (tried["low"] <= truth) & (truth <= tried["high"])
    widths = (tried["high"] - tried["low"]).to_numpy().reshape(firms, len(CLUSTERS) + 1)
    shares = widths / widths[:, :1]
    return pd.DataFrame(
        {
            "clusters": [*CLUSTERS, TOGETHER],
            "coverage": holds.to_numpy().reshape(shares.shape).mean(axis=0),
            "width": shares.mean(axis=0),
            "noise": shares.std(axis=0),
        }
    )


def _clustered(kind: FirmTrial, seed: int) -> pd.DataFrame:
    """Return the adjusted effect in one firm, one row a way to cluster: low, high."""
    rows = firm(kind, _luck_of(kind, seed))
    rows = rows.assign(score=rows["nps"])
    design = build(rows, as_it_is, controls=CONTROLS)
    models = [fit(replace(design, clusters=way(design.clusters))) for way in CLUSTERS.values()]
    buckets = rows.assign(cluster=rows["cluster"] % BUCKETS)
    groups, members = together(buckets, CONTROLS, "repeats")
    models.append(fit(build(groups, as_it_is, controls=CONTROLS, members=members)))
    effects = [estimates(average_effect(model), unit="share")[0] for model in models]
    return pd.DataFrame([_ends(effect)[1:] for effect in effects], columns=["low", "high"])


def _of_answers(answered: pd.DataFrame) -> dict[str, MaybeEstimate]:
    """Return the headline numbers that need the answers alone."""
    cells = answered.assign(score=answered["nps"])
    repeat = loyalty_measures("EUR")["repeat_rate"]
    return {
        **_scores(answered),
        "repeat rate": ratio(cells, **repeat.parts),
        "slope, raw": repeat_effect(cells),
        ONE_MORE: amount_per_point(cells, outcome="repeats", unit="share", **HOW),
        ITS_MARGIN: amount_per_point(cells, outcome="margin", unit="EUR", **HOW),
    }


def _scores(answered: pd.DataFrame) -> dict[str, MaybeEstimate]:
    """Return the three scores of this period and their changes on the one before."""
    scores: dict[str, MaybeEstimate] = {}
    for question in QUESTIONS:
        cells = answered[["period", "cluster", "n"]].assign(
            question=question.name, score=answered[question.name]
        )
        rows, measure = answers_to(cells, question), measures_of(question)[0]
        now = rows[rows["period"] == str(NOW)]
        scores[question.name] = ratio(now, **measure.parts)
        scores[f"{question.name}, change"] = change_since(rows, measure, NOW, NOW.previous)
    return scores


def _as_asked(requests: pd.DataFrame) -> pd.DataFrame:
    """Return requests as the summary `asked_cells` has them: unanswered ones without a score."""
    score = requests["nps"].where(requests["answered"] == 1)
    return requests.assign(score=score, in_lookback=True, closes=str(NOW))


def _tried(kind: FirmTrial, start: int, firms: int) -> pd.DataFrame:
    """Return the headline numbers of some firms: number, value, low, high (NaN where unsaid)."""
    rows = [
        (kind.name, name, *_ends(estimate))
        for seed in range(start, start + firms)
        for name, estimate in headline_numbers(firm(kind, _luck_of(kind, seed))).items()
    ]
    return pd.DataFrame(rows, columns=["firm", "number", "value", "low", "high"])


def _luck_of(kind: FirmTrial, seed: int) -> np.random.Generator:
    """Return one firm's random numbers; no two kinds of firm share theirs."""
    return np.random.default_rng([1 + seed, zlib.crc32(kind.name.encode())])


def _ends(estimate: MaybeEstimate) -> tuple[float, float, float]:
    if isinstance(estimate, Estimate):
        return estimate.value, estimate.low, estimate.high
    return np.nan, np.nan, np.nan


def _judged(tried: pd.DataFrame, truths: Mapping[str, Mapping[str, float]]) -> pd.DataFrame:
    """Return coverage and bias by kind of firm and number."""
    rows = [
        {"firm": kind, "number": name, **_score(group, truths[kind][name])}
        for (kind, name), group in tried.groupby(["firm", "number"], sort=False)
    ]
    return pd.DataFrame(rows)


def _score(rows: pd.DataFrame, truth: float) -> dict[str, float]:
    estimated = rows.dropna(subset=["value"])
    spread = estimated["value"].std() or np.nan
    holds = (estimated["low"] <= truth) & (truth <= estimated["high"])
    return {
        "truth": truth,
        "said": len(estimated) / len(rows),
        "coverage": holds.mean(),
        "bias": (estimated["value"].mean() - truth) / spread,
        "width": (estimated["high"] - estimated["low"]).mean() / spread,
    }


def write_certificate(page: str, path: Path = CERTIFICATE) -> None:
    """Write a part of the certificate: its sections take the place of those of the same heading.

    Parameters
    ----------
    page : Markdown; what stands before its first `##` takes the place of what the file begins with.
    """
    earlier = path.read_text(encoding="utf-8") if path.exists() else ""
    sections = _by_heading(earlier) | _by_heading(page)
    path.write_text("\n\n".join(sections.values()) + "\n", encoding="utf-8")


def _by_heading(page: str) -> dict[str, str]:
    parts = [part.strip() for part in re.split(r"^(?=## )", page, flags=re.M)]
    return {part.partition("\n")[0] if part[:3] == "## " else "": part for part in parts if part}


def certificate(judged: pd.DataFrame, firms: int) -> str:
    """Return the certificate's head: how it was made, what missed the goal, and every figure."""
    low, high = (f"{100 * end:.0f}" for end in GOAL)
    chance = 196 * np.sqrt(0.95 * 0.05 / firms)
    return _PAGE.format(
        firms=f"{firms:,}",
        low=low,
        high=high,
        chance=f"{chance:.1f}",
        day=date.today(),
        versions=", ".join(f"{name} {version(name)}" for name in NAMED),
        missed=_missed(judged),
        coverage=_grid(judged, "coverage", lambda share: f"{100 * share:.1f}"),
        bias=_grid(judged, "bias", lambda bias: f"{bias:+.2f}".replace("-", MINUS)),
        said=_grid(judged, "said", lambda share: f"{100 * share:.0f}"),
    )


def clusters_section(clustered: pd.DataFrame, firms: int) -> str:
    """Return the certificate's part on buckets of customers."""
    return _CLUSTERS.format(
        many=MANY_ANSWERS.name,
        firms=f"{firms:,}",
        chance=f"{196 * np.sqrt(0.95 * 0.05 / firms):.1f}",
        clustered=_by_clusters(clustered),
    )


def _by_clusters(clustered: pd.DataFrame) -> str:
    lines = [
        "| clusters | coverage, in percent | width | varies by |",
        "| --- | ---: | ---: | ---: |",
    ]
    for row in clustered.itertuples():
        share = f"{100 * row.coverage:.1f} | {100 * row.width:.1f}% | {100 * row.noise:.1f}%"
        lines.append(f"| {row.clusters} | {share} |")
    return "\n".join(lines)


def outside_goal(judged: pd.DataFrame) -> pd.DataFrame:
    """Return the rows whose coverage was measured and lies outside the goal."""
    return judged[judged["coverage"].notna() & ~judged["coverage"].between(*GOAL)]


def _missed(judged: pd.DataFrame) -> str:
    rows = outside_goal(judged)
    if rows.empty:
        return "None."
    return "\n".join(
        f"- {row.number}, {row.firm}: {100 * row.coverage:.1f}%" for row in rows.itertuples()
    )


def _grid(judged: pd.DataFrame, column: str, as_text: Callable[[float], str]) -> str:
    """Return one column of the results as a Markdown table: numbers down, kinds of firm across."""
    wide = judged.pivot(index="number", columns="firm", values=column)
    wide = wide.loc[judged["number"].unique(), judged["firm"].unique()]
    lines = [["number", *wide.columns], ["---", *["---:"] * len(wide.columns)]]
    for name, row in zip(wide.index, wide.to_numpy(), strict=True):
        lines.append([name, *("–" if np.isnan(cell) else as_text(cell) for cell in row)])
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


_PAGE = """# Certificate: how often the intervals hold the truth

`python3 lib certify` invents {firms} firms of each kind whose true numbers are known, lets the
functions behind the pages estimate each headline number, and counts. Made on {day} with
{versions}.

The goal is {low} to {high}% for every 95% interval. With {firms} firms, chance alone moves a
figure by {chance} points. The true number is what a firm of the same kind with some 600,000
requests, and chances in place of luck, would find; of the weighted numbers, that of everybody
who was asked; of one more point what the mechanism brings if every answer is a point higher and
none above the top. The last kinds of firm break what the intervals rest on, or strain it.

## Outside the goal

{missed}

## Coverage of 95% intervals, in percent

{coverage}

## Bias, in standard deviations of the estimate

A bias of 0.3 would cost about one point of coverage.

{bias}

## Firms in which the number was said at all, in percent

Elsewhere the page says "too few to say" and why.

{said}
"""

_CLUSTERS = """
## 256 buckets of customers in place of every customer

Above 200,000 customers a cluster is one of 256 buckets of them. In {firms} firms of
{many}, each with a mood and a habit of their own, the adjusted effect
was fitted once and its 95% interval formed in three ways; then once more on answers put together
by bands, as those of a large firm are. Width is the mean as a share of the interval by customer,
and by how much that share varies from firm to firm. Chance moves coverage by {chance}
points.

{clustered}
"""
