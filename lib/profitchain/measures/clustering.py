"""Whether groups found in the data predict the next period better than simple rules do.

Customers who buy alike are put into clusters (k-means: Lloyd 1982; started as in Arthur and
Vassilvitskii 2007), found in one snapshot and tried on the next, against groups made by rule
(recency, frequency, money). Clusters that predict no better are not worth a reader's time.
"""

from __future__ import annotations

import warnings
from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy.cluster.vq import ClusterError, kmeans2, vq

from profitchain.core.estimates import Estimate, MaybeEstimate, NotEstimable, to_frame
from profitchain.stats.disclosure_control import too_small, withheld
from profitchain.stats.ratios import ratio
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
Traits = tuple[tuple[str, bool], ...]  # features, and whether they are high


@dataclass(frozen=True, slots=True, kw_only=True)
class Clusters:
    """Clusters of customers: `centres`, one row a cluster, in standardised log features.

    `middle` and `scale` standardise a feature; all three have its names. The first cluster's
    customers brought most in the next period.
    """

    centres: pd.DataFrame
    middle: pd.Series
    scale: pd.Series


@dataclass(frozen=True, slots=True, kw_only=True)
class ClusteringTrial:
    """How well groups predicted what each customer of a later snapshot brought in its next period.

    `table`: one row a way of grouping: way, groups, then saved_ value, low, high, why (share of
    squared error that they save against one mean for all, out of time), n; `gain`: of the clusters
    over the groups by rule, in the same share, paired by customer; `clusters`: as tried.
    """

    table: pd.DataFrame
    gain: MaybeEstimate
    clusters: Clusters

    @property
    def is_worth_showing(self) -> bool:
        """Whether the clusters predict better than the rule and than one mean for all, surely."""
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
    columns = {
        "recency_days": snapshot["age_days"] - snapshot["last_age_days"],
        "orders": snapshot["orders"],
        "money": snapshot["margin" if "margin" in snapshot else "revenue"],
        "tenure_days": snapshot["age_days"],
    }
    if "discount" in snapshot:
        list_price = (snapshot["revenue"] + snapshot["discount"]).clip(lower=1e-9)
        columns["discount_share"] = (snapshot["discount"] / list_price).clip(0, 1)
    if "contacts" in snapshot:
        columns["contacts"] = snapshot["contacts"]
    return pd.DataFrame(columns).astype(float).clip(lower=0)


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
    fitted = rng.permutation(len(logs))[:MOST_FITTED]
    centres = _best_centres(standardised[fitted], k, rng)
    if centres is None:
        return NotEstimable("no_clusters", n=len(logs), k=k)
    place = pd.Series(vq(standardised, centres)[0], index=snapshot.index)
    earned = outcome_of(snapshot).groupby(place).mean().reindex(range(k)).fillna(-np.inf)
    order = earned.sort_values(ascending=False, kind="stable").index
    ordered = pd.DataFrame(centres[order], columns=logs.columns)
    return Clusters(centres=ordered, middle=middle, scale=scale)


def assigned(snapshot: pd.DataFrame, clusters: Clusters) -> pd.Series:
    """Return each customer's cluster (from 0): the nearest centre."""
    logs = np.log1p(features(snapshot))[clusters.centres.columns]
    points = ((logs - clusters.middle) / clusters.scale).to_numpy()
    return pd.Series(vq(points, clusters.centres.to_numpy())[0], index=snapshot.index)


def chosen(snapshot: pd.DataFrame, most: int) -> Clusters | NotEstimable:
    """Return the clusters, 2 to `most`, that predict best within the snapshot they are found in.

    Their number is chosen by cross-validation over customers, so that what comes later has no say.
    """
    results = [find(snapshot, k) for k in range(2, most + 1)]
    candidates = [result for result in results if isinstance(result, Clusters)]
    if not candidates:
        return results[0]
    outcome = outcome_of(snapshot)
    fold = np.random.default_rng(SEED).integers(FOLDS, size=len(snapshot))
    errors = [_cross_validated(outcome, assigned(snapshot, c), fold) for c in candidates]
    return candidates[int(np.argmin(errors))]


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
    most = len(np.unique(rules[0]))
    if most < 2:
        return NotEstimable("one_group_by_rule")
    clusters = chosen(trained, most)
    if isinstance(clusters, NotEstimable):
        return clusters
    places = [assigned(rows, clusters).to_numpy() for rows in (trained, tried)]
    learnt, came = outcome_of(trained), outcome_of(tried).to_numpy()
    errors = [(came - _predicted(learnt, before, after)) ** 2 for before, after in (rules, places)]
    one_mean = (came - learnt.mean()) ** 2
    sums = tried[["cluster"]].assign(n=1, spread=one_mean)
    table = to_frame(
        [_saved(sums, error, one_mean) for error in errors],
        way=[BY_RULE, CLUSTERS],
        groups=[len(np.unique(groups[0])) for groups in (rules, places)],
    ).rename(columns={name: f"saved_{name}" for name in ("value", "low", "high", "why")})
    return ClusteringTrial(
        table=table.assign(saved_unit="share"),
        gain=_saved(sums, errors[1], errors[0]),
        clusters=clusters,
    )


def profile(
    customers: pd.DataFrame, clusters: Clusters, *, unit: str, smallest: int = 0
) -> pd.DataFrame:
    """Return what the customers of each cluster are like, in the snapshot that they were tried on.

    Returns
    -------
    One row a cluster: cluster (1 the first), traits (as `distinct_traits` returns), customers (of
    all), customers_share (0..1), the means of `features`, then next_period_ value, low, high, why,
    unit: what they brought after it, each.
    """
    tried = customers[customers["back"] == TRIED]
    place, natural = assigned(tried, clusters), features(tried)
    sizes = place.value_counts().sort_index()
    means = natural.groupby(place).mean()
    logs = np.log1p(natural)
    centres = ((logs - logs.mean()) / _positive(logs.std(ddof=0))).groupby(place).mean()
    times = means / _positive(natural.mean())
    customers_of_all = of_all(sizes, factor(tried))
    hidden = withheld(sizes, smallest)
    head = pd.DataFrame({"customers": customers_of_all, "customers_share": sizes / len(tried)})
    table = pd.concat([head, means], axis=1).mask(hidden)
    table.insert(0, "cluster", range(1, len(table) + 1))
    table.insert(1, "traits", [distinct_traits(centres.loc[k], times.loc[k]) for k in sizes.index])
    sums = tried[["cluster"]].assign(value=outcome_of(tried), n=1)
    brought = [
        too_small(len(part), smallest)
        if hidden[which]
        else ratio(part, numerator="value", denominator="n", unit=unit, smallest=smallest)
        for which, part in sums.groupby(place)
    ]
    columns = to_frame(brought).drop(columns="n").assign(unit=unit).add_prefix("next_period_")
    return pd.concat([table.reset_index(drop=True), columns], axis=1)


def distinct_traits(centre: pd.Series, times: pd.Series) -> Traits:
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


def _positive(numbers: pd.Series) -> pd.Series:
    return numbers.where(numbers > 0, 1.0)


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


def _saved(sums: pd.DataFrame, errors: np.ndarray, than: np.ndarray) -> MaybeEstimate:
    """Return the share of squared error that one way saves over another, of one mean's error."""
    if not sums["spread"].sum():
        return NotEstimable("nothing_varies")
    rows = sums.assign(saved=than - errors)
    return ratio(rows, numerator="saved", denominator="spread", counts="n", unit="share")


def _predicted(learnt: pd.Series, before: np.ndarray, after: np.ndarray) -> np.ndarray:
    """Return each later customer's group mean as learnt before; that of all for a new group."""
    means = learnt.groupby(before).mean()
    predicted: np.ndarray = pd.Series(after).map(means).fillna(learnt.mean()).to_numpy(float)
    return predicted
