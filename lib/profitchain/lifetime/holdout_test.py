"""Whether the model of lifetimes predicts: fitted on the past, tried on what came after.

As in Fader, Hardie and Lee (2005): the models see a firm's customers as they stood some time ago;
what they expected since then is compared with what happened. Of two models of purchases the one is
used that gave what happened the higher likelihood.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
import pandas as pd
from scipy import signal, stats

from profitchain.core.estimates import Estimate, MaybeEstimate, NotEstimable, to_frame
from profitchain.lifetime import bgnbd_gammagamma, expected_value
from profitchain.lifetime.expected_value import (
    CARRIED,
    DAYS_A_YEAR,
    MONTHS_A_YEAR,
    Expectation,
    LifetimeModels,
)
from profitchain.stats.ratios import Linearised, ratio
from profitchain.stats.sampling_weights import factor, of_all

SILENT_DAYS = (30, 90, 180, 365)  # ends of the bands of silence; the last band has no end
MOST_REPEATS = 7  # those who came back as often or more are one group
FEWEST_EVENTS = 30  # below so many purchase days to predict, a ratio says nothing
CLOSE = 0.15  # a model that is off by no more serves
FAR = 1.5  # times: a model that is off by so much for customers silent as long does not serve
LARGE = 0.1  # of the customers: smaller groups of silence refute no model
TRACKED = 26  # places of the tracking curve
NEVER_SEEN = -np.log(0.025)  # events that 0 seen may stand for, at the 95% interval's end


@dataclass(frozen=True, slots=True, kw_only=True)
class HoldoutTest:
    """What was expected of customers known at `calibrated_to`, and what they did since.

    `by_repeats`: one row a number of earlier repeats: repeats, customers, expected and happened
    (mean purchase days a customer since), each with its interval. `by_silence`: the same by how
    long customers had been silent: silent_from, silent_to (days), and `is_off`, whether the
    intervals of expected and happened lie apart. `gain`: by how much the log-likelihood of what
    customers did since is above the rival model's (0 without one). `ratio` is expected by happened,
    of all; `ratio_with_new` counts those too who came since. `money_ratio` is of what was paid.
    `tracking`: one row a place in time: weeks (since the firm's first purchase), value, low, high
    (repeat purchase days expected by then, all customers together, newcomers as they came), n
    (customers), and `came`, what came.
    """

    models: LifetimeModels
    calibrated_to: str
    days: int
    by_repeats: pd.DataFrame
    by_silence: pd.DataFrame
    gain: float
    ratio: MaybeEstimate
    ratio_with_new: MaybeEstimate
    money_ratio: MaybeEstimate
    tracking: pd.DataFrame


MaybeHoldout = HoldoutTest | NotEstimable
Verdict = Literal["fits", "unsure", "slightly too many", "slightly too few", "too many", "too few"]


def compare_with_holdout(
    then: pd.DataFrame,
    now: pd.DataFrame,
    repeat_days: pd.DataFrame,
    *,
    currency: str,
    smallest: int = 0,
) -> MaybeHoldout:
    """Return how well the models, fitted to an earlier snapshot, predicted what came after it.

    Parameters
    ----------
    then : one row a customer known at the earlier instant: as `fit_models` reads, and `row`,
        `holdout_days`, `calibrated_to`.
    now : the same customers and newer ones now: `row`, `repeats`, `repeat_revenue`, `age_days`.
    repeat_days : one row a day since the firm's first purchase: `day`, `new`, `repeats`.
    smallest : the fewest customers of whom a number of repeats, or a band of silence, may tell.
    """
    models = expected_value.fit_models(then, float(then["revenue"].sum()), currency=currency)
    if isinstance(models, NotEstimable):
        return models
    days = int(then["holdout_days"].iloc[0])
    read = ["repeats", "repeat_revenue", "last_age_days", "age_days"]
    later = then[["row"]].merge(now[["row", *read]], on="row", how="left")
    models, gain = _better(models, later)
    came = (later["repeats"] - then["repeats"].to_numpy()).to_numpy(float)
    months = days * MONTHS_A_YEAR / DAYS_A_YEAR
    expected = expected_value.orders(expected_value.alive(models), months=months)
    paid = (later["repeat_revenue"] - then["repeat_revenue"].to_numpy()).to_numpy(float)
    daily = repeat_days.set_index("day").reindex(range(int(now["age_days"].max()) + 1)).fillna(0)
    tracking = tracking_curve(models, daily)
    repeats = tracking[["value", "low", "high", "came"]]
    return HoldoutTest(
        models=models,
        calibrated_to=str(then["calibrated_to"].iloc[0]),
        days=days,
        by_repeats=_by_repeats(expected, came, smallest),
        by_silence=_by_silence(expected, came, smallest),
        gain=gain,
        ratio=_off_by(expected, came, events=came.sum()),
        ratio_with_new=_with_new(models, daily, days),
        money_ratio=models.spend
        if isinstance(models.spend, NotEstimable)
        else _off_by(
            expected.times(expected_value.payment_expected(models)), paid, events=came.sum()
        ),
        tracking=tracking.assign(**of_all(repeats, factor(now), squares=tracking["came"])),
    )


def _better(models: LifetimeModels, later: pd.DataFrame) -> tuple[LifetimeModels, float]:
    """Return the models with the purchase model that did better, and by how much.

    It is the one that gave a higher likelihood to what customers did later, given what was known.
    """
    other = expected_value.using_rival(models)
    if other is None:
        return models, 0.0
    gain = float(np.sum(later_log_likelihood(models, later) - later_log_likelihood(other, later)))
    return (models, gain) if gain >= 0 else (other, -gain)


def later_log_likelihood(models: LifetimeModels, later: pd.DataFrame) -> np.ndarray:
    """Return the log-likelihood of what each customer did after the models' snapshot.

    How many purchase days came and when, given those before: what a model says of the whole life
    (`later`: `repeats`, `last_age_days`, `age_days` of the same customers, later) by what it says
    of its first part. A proper score (Gneiting and Raftery 2007, JASA 102: 359-378).
    """

    def of(rows: pd.DataFrame) -> np.ndarray:
        repeats = rows["repeats"].to_numpy(float)
        last, age = (
            rows[name].to_numpy(float) / bgnbd_gammagamma.DAYS_A_WEEK
            for name in ("last_age_days", "age_days")
        )
        likelihood = bgnbd_gammagamma.purchase_likelihood(repeats, last, age, models.purchases.name)
        values, _slopes = likelihood(models.purchases.logs.values)
        return values

    return np.asarray(of(later) - of(models.customers))


def holdout_verdict(ratio: MaybeEstimate) -> Verdict:
    """Return what a ratio of expected to happened says.

    A model "fits" whose whole interval lies within 15% of what happened. Else it is "unsure" where
    the interval holds 1; it expects "too many" or "too few" where not, "slightly" where the ratio
    itself is within 15%.
    """
    low, high = 1 - CLOSE, 1 + CLOSE
    if isinstance(ratio, NotEstimable):
        return "unsure"
    if low <= ratio.low and ratio.high <= high:
        return "fits"
    if ratio.low <= 1 <= ratio.high:
        return "unsure"
    if low <= ratio.value <= high:
        return "slightly too many" if ratio.value > 1 else "slightly too few"
    return "too many" if ratio.value > 1 else "too few"


def failure(trial: MaybeHoldout) -> NotEstimable | None:
    """Return why nothing that the model expects is to be believed, or None.

    It fails that expects too many or too few purchase days, by more than 15%; or of customers
    silent for as long, a tenth of all or more, 1.5 times as many as came or came 1.5 times as many.
    Both only beyond the intervals.
    """
    if isinstance(trial, NotEstimable):
        return None
    n, words = len(trial.models.customers), {"model": trial.models.purchases.name}
    is_off = holdout_verdict(trial.ratio) in ("too many", "too few")
    if is_off and isinstance(trial.ratio, Estimate):
        return NotEstimable("lifetime_model_is_off", n=n, ratio=trial.ratio.value, **words)
    rows = trial.by_silence
    expected, came = rows["expected_value"], rows["happened_value"]
    is_far = (expected > FAR * came) | (came > FAR * expected)
    off = rows[rows["is_off"] & is_far & (rows["customers"] >= LARGE * n)]
    if off.empty:
        return None
    worst = off.loc[(expected - came)[off.index].abs().idxmax()]
    days = silence(worst["silent_from"], worst["silent_to"])
    means = {name: float(worst[f"{name}_value"]) for name in ("expected", "happened")}
    return NotEstimable("lifetime_model_is_off_by_silence", n=n, days=days, **means, **words)


def silence(first: float, last: float) -> str:
    """Return a band of days as numbers: "31–90", or "366+" where it has no end."""
    return f"{first:.0f}–{last:.0f}" if np.isfinite(last) else f"{first:.0f}+"


def enough_together(sizes: Sequence[int], smallest: int) -> list[int]:
    """Return, for each group in order, the first of those that it is one with, to be enough.

    Examples
    --------
    >>> enough_together([30, 12, 8, 1, 2], 10), enough_together([3, 20, 0, 15, 4], 10)
    ([0, 1, 2, 2, 2], [0, 0, 2, 3, 3])
    """
    starts: list[int] = []
    for place in range(len(sizes)):
        held = sum(sizes[starts[-1] : place]) if starts else 0
        is_new = not starts or held == 0 or held >= smallest
        starts.append(place if is_new else starts[-1])
    if starts and 0 < sum(sizes[starts[-1] :]) < smallest:
        before = next((s for s in reversed(starts) if s < starts[-1] and sizes[s]), starts[-1])
        starts = [before if start >= before else start for start in starts]
    return starts


def _by_repeats(expected: Expectation, came: np.ndarray, smallest: int) -> pd.DataFrame:
    """Return one row a number of earlier repeats: expected and happened, a customer.

    From the first number on that too few customers had, those with as many or more are one group.
    """
    group = expected.models.customers["repeats"].clip(upper=MOST_REPEATS).to_numpy(int)
    starts = enough_together(np.bincount(group).tolist(), smallest)
    most = next((at for at, start in zip(starts[1:], starts, strict=False) if at == start), None)
    group = group if most is None else group.clip(max=most)
    return _by_group(expected, came, group).rename(columns={"group": "repeats"})


def _by_silence(expected: Expectation, came: np.ndarray, smallest: int) -> pd.DataFrame:
    """Return one row a band of days since the last purchase: expected and happened.

    Bands of too few customers are one with their neighbours.
    """
    customers = expected.models.customers
    silent = (customers["age_days"] - customers["last_age_days"]).to_numpy()
    band = np.searchsorted(SILENT_DAYS, silent)
    starts = np.array(
        enough_together(np.bincount(band, minlength=len(SILENT_DAYS) + 1).tolist(), smallest)
    )
    rows = _by_group(expected, came, starts[band])
    first, ends = rows.pop("group"), np.array([0, *(day + 1 for day in SILENT_DAYS), np.inf])
    last = np.array([np.flatnonzero(starts == start).max() for start in first])
    more, fewer = (
        rows[f"{one}_low"] > rows[f"{other}_high"]
        for one, other in (("expected", "happened"), ("happened", "expected"))
    )
    rows.insert(0, "silent_to", ends[last + 1] - 1)
    rows.insert(0, "silent_from", ends[first])
    return rows.assign(is_off=more | fewer)


def _by_group(expected: Expectation, came: np.ndarray, group: np.ndarray) -> pd.DataFrame:
    customers, groups = expected.models.customers, np.unique(group)
    members = [group == place for place in groups]
    model = [expected_value.mean_estimate(expected, "orders", inside) for inside in members]
    happened = [_happened(customers["cluster"][inside], came[inside]) for inside in members]
    frames = [
        to_frame(means)[["value", "low", "high", "why"]].add_prefix(f"{name}_")
        for name, means in (("expected", model), ("happened", happened))
    ]
    start = pd.DataFrame({"group": groups, "customers": [mean.n for mean in model]})
    return pd.concat([start, *frames], axis=1)


def _happened(clusters: pd.Series, came: np.ndarray) -> MaybeEstimate:
    """Return the mean number of purchase days; where none was seen, up to how many may be."""
    n = len(came)
    if not came.any():
        high = NEVER_SEEN / n
        return Estimate(value=0.0, low=0.0, high=high, n=n, unit="orders", method="Poisson")
    sums = pd.DataFrame({"cluster": clusters, "came": came, "n": 1})
    return ratio(sums, numerator="came", denominator="n", unit="orders")


def _off_by(expected: Expectation, happened: np.ndarray, *, events: float) -> MaybeEstimate:
    """Return expected by happened (all customers), with an interval even in its logarithm."""
    total, seen = float(expected.values.sum()), float(happened.sum())
    if seen <= 0 or total <= 0:
        return NotEstimable("nothing_happened", n=len(happened))
    weights = np.full(len(happened), 1 / total)
    own = expected.values / total - happened / seen
    linear = expected_value.linearised_sum(expected, weights, own=own, n=len(happened))
    return _exponential(linear, np.log(total / seen), events)


def tracking_curve(models: LifetimeModels, daily: pd.DataFrame) -> pd.DataFrame:
    """Return expected and actual repeats, cumulated over time, as `HoldoutTest.tracking`.

    The band holds the error of the parameters alone: chance around the expectation is not in it.

    Parameters
    ----------
    daily : one row a day from the firm's first purchase on: `new`, `repeats`.
    """
    new = daily["new"].to_numpy(float)
    places = np.unique(np.linspace(0, len(new) - 1, TRACKED + 1).astype(int))[1:]
    expected, errors = _in_logs(models, lambda logs: _cumulated(models, logs, new)[places])
    logs = models.purchases.logs
    half = stats.t.ppf(0.975, max(logs.effective - 1, 1)) * np.sqrt((errors**2).sum(axis=0))
    return pd.DataFrame({
        "weeks": places / bgnbd_gammagamma.DAYS_A_WEEK,
        "value": expected,
        "low": expected * np.exp(-half),
        "high": expected * np.exp(half),
        "n": new.cumsum()[places].astype(int),
        "came": daily["repeats"].to_numpy().cumsum()[places],
    })  # fmt: skip


def _with_new(models: LifetimeModels, daily: pd.DataFrame, days: int) -> MaybeEstimate:
    """Return expected by happened of all repeats of the last days, newcomers' included."""
    seen, new = float(daily["repeats"].iloc[-days:].sum()), daily["new"].to_numpy(float)

    def total(logs: np.ndarray) -> np.ndarray:
        repeats = _cumulated(models, logs, new)
        return np.asarray(repeats[-1:] - repeats[-days - 1])

    value, errors = _in_logs(models, total)
    logs = models.purchases.logs
    errors = pd.Series(errors[:, 0], index=logs.errors.index)
    linear = Linearised(value=0.0, errors=errors, n=int(new.sum()), effective=logs.effective)
    return _exponential(linear, np.log(float(value[0]) / max(seen, 1)), seen)


def _cumulated(models: LifetimeModels, logs: np.ndarray, new: np.ndarray) -> np.ndarray:
    """Return the repeats expected by the end of each day, from first purchases by day."""
    days = np.arange(len(new), dtype=float)
    by_age = expected_value.purchases_of_new(logs, days, models.purchases.name)
    return np.asarray(signal.fftconvolve(new, by_age)[: len(new)])


def _in_logs(
    models: LifetimeModels, total: Callable[[np.ndarray], np.ndarray]
) -> tuple[np.ndarray, np.ndarray]:
    """Return positive numbers and the errors of their logarithms (clusters x numbers)."""
    logs, value = models.purchases.logs, total(models.purchases.logs.values)
    steps = bgnbd_gammagamma.STEP * np.eye(len(logs.values))
    slopes = [total(logs.values + step) - total(logs.values - step) for step in steps]
    return value, logs.errors.to_numpy() @ (np.array(slopes) / (2 * bgnbd_gammagamma.STEP) / value)


def _exponential(linear: Linearised, log: float, events: float) -> MaybeEstimate:
    """Return a ratio from its logarithm; the errors are the logarithm's."""
    if events < FEWEST_EVENTS:
        counts = {"days": round(events), "needed": FEWEST_EVENTS}
        return NotEstimable("too_few_purchase_days", n=linear.n, **counts)
    half = float(stats.t.ppf(0.975, linear.df) * np.sqrt(linear.variance))
    value, low, high = np.exp([log, log - half, log + half])
    return Estimate(value=value, low=low, high=high, n=linear.n, unit="ratio", method=CARRIED)
