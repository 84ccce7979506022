"""Whether groups found in the data foretell the next period better than simple rules do.

Customers who buy alike are put into clusters (k-means: Lloyd 1982; started as in Arthur and
Vassilvitskii 2007), found in one snapshot and tried on the next, against groups made by rule
(recency, frequency, money). Clusters that foretell no better are not worth a reader's time.
"""

from __future__ import annotations

import warnings
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy.cluster.vq import ClusterError, kmeans2, vq

from profitchain.core.estimates import Estimate, MaybeEstimate, NotEstimable
from profitchain.stats.ratios import ratio, said_frame
from profitchain.stats.sampling_weights import factor, of_all

SEED = 20260930
STARTS = 5
ITERATIONS = 50
MOST_FITTED = 20_000  # customers that clusters are found in; all are then assigned
FOLDS = 5
FEWEST = 50  # customers, below which no clusters are looked for
TRAINED, TRIED = 2, 1  # snapshots: learnt from the older, whose next period the younger opens
WORTH_NAMING = 0.5  # a trait so many standard deviations from the mean of all, on the log scale,
TIMES_APART = 1.5  # and so many times as much, or as little, in natural units
BY_RULE, CLUSTERS = "groups by rule (RFM)", "clusters"


@dataclass(frozen=True, slots=True, kw_only=True)
class Clusters:
    """Clusters as found: `centres`, one row a cluster, in standardised log features.

    `middle` and `scale` standardise a feature; all three have its names. The first cluster's
    customers brought most in the next period.
    """

    centres: pd.DataFrame
    middle: pd.Series
    scale: pd.Series


@dataclass(frozen=True, slots=True, kw_only=True)
class ClusteringTrial:
    """How well groups foretold what each customer of a later snapshot brought in its next period.

    `table`: one row a way of grouping: way, groups, then saved_ value, low, high, why (share of
    squared error that they save against one mean for all, out of time), n; `gain`: of the clusters
    over the groups by rule, in the same share, paired by customer; `clusters`: as tried.
    """

    table: pd.DataFrame
    gain: MaybeEstimate
    clusters: Clusters

    @property
    def is_worth_showing(self) -> bool:
        """Whether the clusters foretell better than the rule and than one mean for all, surely."""
        better = isinstance(self.gain, Estimate) and self.gain.low > 0
        return better and bool(self.table["saved_low"].iloc[-1] > 0)


def features(snapshot: pd.DataFrame) -> pd.DataFrame:
    """Return what customers are grouped by, in natural units; one row a customer.

    Parameters
    ----------
    snapshot : one row a customer
        Reads `last_age_days`, `age_days`, `orders`, `margin` (else `revenue`), and `discount` and
        `contacts` where present.

    Returns
    -------
    recency_days, orders, money (of the lookback, not below 0), tenure_days; discount_share (0..1 of
    list price), contacts where known.
    """
    money = snapshot["margin"] if "margin" in snapshot else snapshot["revenue"]
    found = {
        "recency_days": snapshot["age_days"] - snapshot["last_age_days"],
        "orders": snapshot["orders"],
        "money": money,
        "tenure_days": snapshot["age_days"],
    }
    if "discount" in snapshot:
        listed = (snapshot["revenue"] + snapshot["discount"]).clip(lower=1e-9)
        found["discount_share"] = (snapshot["discount"] / listed).clip(0, 1)
    if "contacts" in snapshot:
        found["contacts"] = snapshot["contacts"]
    return pd.DataFrame(found).astype(float).clip(lower=0)


def outcome_of(snapshot: pd.DataFrame) -> pd.Series:
    """Return what each customer brought in the next period: margin, revenue if that is unknown."""
    return snapshot["next_margin" if "next_margin" in snapshot else "next_revenue"].astype(float)


def find(snapshot: pd.DataFrame, k: int) -> Clusters | NotEstimable:
    """Return `k` clusters of a snapshot's customers, or why there are none."""
    logs = np.log1p(features(snapshot))
    scale = logs.std(ddof=0)
    logs = logs.loc[:, scale > 1e-9]
    if len(logs) < FEWEST or logs.empty or len(logs.drop_duplicates()) < k:
        return NotEstimable("too_few_different_customers", n=len(logs), k=k)
    middle, scale = logs.mean(), scale[logs.columns]
    standardised = ((logs - middle) / scale).to_numpy()
    rng = np.random.default_rng(SEED)
    chosen = rng.permutation(len(logs))[:MOST_FITTED]
    centres = _best_centres(standardised[chosen], k, rng)
    if centres is None:
        return NotEstimable("no_clusters", n=len(logs), k=k)
    place = pd.Series(vq(standardised, centres)[0], index=snapshot.index)
    earned = outcome_of(snapshot).groupby(place).mean().reindex(range(k)).fillna(-np.inf)
    order = earned.sort_values(ascending=False, kind="stable").index
    ordered = pd.DataFrame(centres[order], columns=logs.columns)
    return Clusters(centres=ordered, middle=middle, scale=scale)


def assigned(snapshot: pd.DataFrame, found: Clusters) -> pd.Series:
    """Return each customer's cluster (from 0): the nearest centre."""
    logs = np.log1p(features(snapshot))[found.centres.columns]
    places, _apart = vq(((logs - found.middle) / found.scale).to_numpy(), found.centres.to_numpy())
    return pd.Series(places, index=snapshot.index)


def chosen(snapshot: pd.DataFrame, most: int) -> Clusters | NotEstimable:
    """Return the clusters, 2 to `most`, that foretell best within the snapshot they are found in.

    Their number is chosen by cross-validation over customers, so that what comes later has no say.
    """
    outcome = outcome_of(snapshot)
    tried = [find(snapshot, k) for k in range(2, most + 1)]
    known = [one for one in tried if isinstance(one, Clusters)]
    if not known:
        return tried[0]
    fold = np.random.default_rng(SEED).integers(FOLDS, size=len(snapshot))
    errors = [_cross_validated(outcome, assigned(snapshot, one), fold) for one in known]
    return known[int(np.argmin(errors))]


def trial(
    customers: pd.DataFrame, by_rule: tuple[pd.Series, pd.Series]
) -> ClusteringTrial | NotEstimable:
    """Return how clusters found two periods ago fared in the last one, against groups by rule.

    Parameters
    ----------
    customers : one row a customer and snapshot, as the store keeps them.
    by_rule : the groups made by rule, of the snapshots two periods and one period back, each in the
        order of its rows in `customers`; at most as many clusters are looked for.
    """
    trained, tried = (customers[customers["back"] == back] for back in (TRAINED, TRIED))
    if trained.empty or tried.empty:
        return NotEstimable("three_periods_needed")
    rules = [series.astype(str).to_numpy() for series in by_rule]
    if len(np.unique(rules[0])) < 2:
        return NotEstimable("one_group_by_rule")
    found = chosen(trained, len(np.unique(rules[0])))
    if isinstance(found, NotEstimable):
        return found
    ways = {
        BY_RULE: rules,
        CLUSTERS: [
            assigned(trained, found).to_numpy(),
            assigned(tried, found).to_numpy(),
        ],
    }
    return _compared(trained, tried, ways, found)


def profile(
    customers: pd.DataFrame, found: Clusters, *, unit: str, smallest: int = 0
) -> pd.DataFrame:
    """Return what the customers of each cluster are like, in the snapshot that they were tried on.

    Returns
    -------
    One row a cluster: cluster (1 the first), traits (as `traits_of` returns them), customers (of
    all), customers_share (0..1), the means of `features`, then next_period_ value, low, high, why,
    unit: what they brought after it, each.
    """
    tried = customers[customers["back"] == TRIED]
    place = assigned(tried, found)
    natural = features(tried)
    traits = natural.groupby(place).mean()
    sizes = place.value_counts().reindex(traits.index)
    traits = traits.mask(sizes < smallest)
    sums = tried[["cluster"]].assign(value=outcome_of(tried), n=1)
    said = [
        ratio(part, numerator="value", denominator="n", unit=unit, smallest=smallest)
        for _place, part in sums.groupby(place)
    ]
    customers_of_all = of_all(sizes, factor(tried))
    head = pd.DataFrame({"customers": customers_of_all, "customers_share": sizes / len(tried)})
    head = head.mask(sizes < smallest)
    head.insert(0, "cluster", range(1, len(head) + 1))
    head.insert(1, "traits", traits_of(natural, place))
    told = said_frame(said).drop(columns="n").assign(unit=unit).add_prefix("next_period_")
    return pd.concat([pd.concat([head, traits], axis=1).reset_index(drop=True), told], axis=1)


def traits_of(found: pd.DataFrame, place: pd.Series) -> list[tuple[tuple[str, bool], ...]]:
    """Return what sets clusters most apart, first to last: features, and whether they are high.

    Parameters
    ----------
    found : one row a customer, as `features` returns.
    place : each customer's cluster, from 0.
    """
    logs = np.log1p(found)
    spread = logs.std(ddof=0).where(lambda every: every > 0, 1.0)
    centres = ((logs - logs.mean()) / spread).groupby(place).mean()
    times = found.groupby(place).mean() / found.mean().where(lambda every: every > 0, 1.0)
    return [distinct_traits(centres.loc[at], times.loc[at]) for at in centres.index]


def distinct_traits(centre: pd.Series, times: pd.Series) -> tuple[tuple[str, bool], ...]:
    """Return up to two features that set a cluster apart from the mean of all.

    On the log scale (`centre`, in standard deviations) and in natural units (`times` the mean).

    Examples
    --------
    >>> times = pd.Series({"orders": 2.1, "money": 1.1})
    >>> distinct_traits(pd.Series({"orders": 0.9, "money": 0.7}), times)
    (('orders', True),)
    """
    far = centre.abs() >= WORTH_NAMING
    far &= np.where(centre > 0, times >= TIMES_APART, times <= 1 / TIMES_APART)
    strongest = centre[far].abs().sort_values(ascending=False, kind="stable").index[:2]
    return tuple((name, bool(centre[name] > 0)) for name in strongest)


def _best_centres(points: np.ndarray, k: int, rng: np.random.Generator) -> np.ndarray | None:
    """Return the centres of the start that leaves the least spread; None if every start fails."""
    best, least = None, np.inf
    for _start in range(STARTS):
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("error", RuntimeWarning)
                centres, _places = kmeans2(
                    points, k, iter=ITERATIONS, minit="++", missing="raise", rng=rng
                )
        except (ClusterError, RuntimeWarning):
            continue
        spread = float((vq(points, centres)[1] ** 2).sum())
        if spread < least:
            best, least = centres, spread
    return best


def _cross_validated(outcome: pd.Series, group: pd.Series, fold: np.ndarray) -> float:
    """Return the squared error of group means, each learnt from the other folds' customers."""
    frame = pd.DataFrame({"y": outcome.to_numpy(), "group": group.to_numpy(), "fold": fold})
    cells = frame.groupby(["group", "fold"])["y"].agg(["sum", "size"])
    others = frame.groupby("group")["y"].agg(["sum", "size"]) - cells
    means = (others["sum"] / others["size"].where(others["size"] > 0)).rename("mean")
    joined = frame.join(means, on=["group", "fold"])
    return float(((joined["y"] - joined["mean"].fillna(frame["y"].mean())) ** 2).sum())


def _compared(
    trained: pd.DataFrame,
    tried: pd.DataFrame,
    ways: Mapping[str, list[np.ndarray]],
    found: Clusters,
) -> ClusteringTrial:
    """Return the trial of several ways of grouping; the last one's gain is over the one before."""
    learnt, came = outcome_of(trained), outcome_of(tried).to_numpy()
    one_mean = (came - learnt.mean()) ** 2
    errors = {
        way: (came - _foretold(learnt, before, after)) ** 2 for way, (before, after) in ways.items()
    }
    sums = tried[["cluster"]].assign(n=1, spread=one_mean)

    def saved(by: np.ndarray, than: np.ndarray) -> MaybeEstimate:
        rows = sums.assign(saved=than - by)
        how = {"numerator": "saved", "denominator": "spread", "counts": "n", "unit": "share"}
        return NotEstimable("nothing_varies") if not rows["spread"].sum() else ratio(rows, **how)

    rule, clusters = list(errors.values())
    said = [saved(error, one_mean) for error in errors.values()]
    groups = [len(np.unique(before)) for before, _after in ways.values()]
    table = said_frame(said, way=list(ways), groups=groups).rename(columns={
        name: f"saved_{name}" for name in ("value", "low", "high", "why")
    })  # fmt: skip
    table = table.assign(saved_unit="share")
    return ClusteringTrial(table=table, gain=saved(clusters, rule), clusters=found)


def _foretold(learnt: pd.Series, before: np.ndarray, after: np.ndarray) -> np.ndarray:
    """Return each later customer's group mean as learnt before; that of all for a new group."""
    means = learnt.groupby(before).mean()
    return pd.Series(after).map(means).fillna(learnt.mean()).to_numpy(float)
