"""How often forecasts' intervals hold what came, period by period, beside the seasonal naive.

Series end before what is predicted; some are invented, some public, some are orders of firms whose
folders CDNOW_DATA and OLIST_DATA name. The method is that of page 16 without the customers' model,
which needs more than a series.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
import statsmodels.api as sm
from statsmodels.datasets import elec_equip

from profitchain.outlook import rolling
from profitchain.outlook.rolling import Forecast, Steps

SEASON = 12
LENGTHS = (24, 36, 48, 60)
KINDS = ("", "s", "t", "st", "sa", "sw", "w", "sl", "stwa", "ta")
BREAK_AHEAD = "sb"
NOTHING = "none"
PUBLIC_FROM = 12  # places of a public series that are tried, of each length
INVENTED, BROKEN, PUBLIC, FIRMS = "invented", "invented, a break ahead", "public", "orders of firms"
CHANCE = 2.58  # standard errors
FEWEST_FOR_CHANCE = 20  # cuts of one series are too alike below
MONTHS_OF_PERIODS = (1, 3)
EACH = 40  # invented series of a kind and length


@dataclass(frozen=True, slots=True, kw_only=True)
class Cut:
    """A series and how many of its months are known when it's predicted."""

    group: str
    name: str
    values: np.ndarray
    known: int


def monthly(
    kind: str, months: int, rng: np.random.Generator, *, known: int | None = None
) -> np.ndarray:
    """Return an invented series of so many months.

    `kind` names what is in it: s(eason), t(rend), w(alk), a(utoregressive errors), l (a level that
    shifts by 0.3 within what is known), b (one that does so afterwards).
    """
    at, known = np.arange(months), known or months
    logs = np.full(months, 6.0)
    if "s" in kind:
        logs += 0.25 * np.sin(2 * np.pi * at / 12 + rng.uniform(0, 6)) + 0.15 * (at % 12 == 11)
    if "t" in kind:
        logs += 0.01 * at
    if "w" in kind:
        logs += np.cumsum(rng.normal(0, 0.03, months))
    if "l" in kind:
        logs += 0.3 * (at > rng.integers(known // 3, known))
    if "b" in kind:
        logs += 0.3 * (at >= rng.integers(known, months))
    errors = rng.normal(0, 0.08, months)
    for place in range(1, months if "a" in kind else 0):
        errors[place] += 0.6 * errors[place - 1]
    return np.exp(logs + errors)


def public() -> dict[str, np.ndarray]:
    """Return statsmodels' public series, those by years read as if by months."""
    data = sm.datasets
    co2 = data.co2.load_pandas().data["co2"].resample("MS").mean().interpolate()
    elnino = data.elnino.load_pandas().data.set_index("YEAR").to_numpy().ravel()
    return {
        "carbon dioxide": co2.to_numpy(),
        "sea temperature": elnino[np.isfinite(elnino)],
        "electrical equipment": elec_equip.load().data.iloc[:, 0].to_numpy(float),
        "sunspots": data.sunspots.load_pandas().data["SUNACTIVITY"].to_numpy() + 1,
        "nile": data.nile.load_pandas().data["volume"].to_numpy(float),
    }


def orders_of_firms() -> dict[str, np.ndarray]:
    """Return whole months' orders of CDNOW (18) and Olist (20), of those whose folder is named."""
    found = {}
    if folder := os.environ.get("CDNOW_DATA"):
        rows = pd.read_csv(Path(folder) / "CDNOW_master.txt", sep=r"\s+")
        found["CDNOW"] = _by_month(pd.to_datetime(rows["date"].astype(str), format="%Y%m%d"))
    if folder := os.environ.get("OLIST_DATA"):
        orders = pd.read_parquet(Path(folder) / "orders.parquet")
        days = pd.to_datetime(orders["order_purchase_timestamp"])
        found["Olist"] = _by_month(days[days.between("2017-01-01", "2018-08-31 23:59:59")])
    return found


def _by_month(days: pd.Series) -> np.ndarray:
    return days.dt.to_period("M").value_counts().sort_index().to_numpy(float)


def cuts(each: int, *, per: int, seed: int = 16) -> Iterator[Cut]:
    """Yield so many invented series of each kind and length, then cuts of all others."""
    rng, ahead = np.random.default_rng(seed), rolling.PERIODS * per
    for kind in (*KINDS, BREAK_AHEAD):
        group = BROKEN if kind == BREAK_AHEAD else INVENTED
        for known in LENGTHS:
            for _ in range(each):
                values = monthly(kind, known + ahead, rng, known=known)
                yield Cut(group=group, name=kind or NOTHING, values=values, known=known)
    for name, values in public().items():
        for known in LENGTHS:
            last = len(values) - known - ahead
            for place in np.unique(np.linspace(0, last, PUBLIC_FROM).astype(int)):
                part = values[place : place + known + ahead]
                yield Cut(group=PUBLIC, name=name, values=part, known=known)
    for name, values in orders_of_firms().items():
        for known in range(rolling.needed_steps(per), len(values) - ahead + 1):
            yield Cut(group=FIRMS, name=name, values=values, known=known)


def certify_forecasts(each: int = EACH, *, per: int) -> pd.DataFrame:
    """Predict the four periods, each of `per` months, after so many series; see what came.

    Returns
    -------
    One row a cut and period ahead: group, name, known, cut (its number), ahead, in80, in95, missed
    and naive (absolute errors by the mean period).
    """
    rows = []
    for number, cut in enumerate(cuts(each, per=per)):
        found = rolling.predict(Steps(values=cut.values[: cut.known], per=per, season=SEASON))
        assert isinstance(found, Forecast)
        usual = per * cut.values[: cut.known].mean()
        came = cut.values[cut.known :][: rolling.PERIODS * per].reshape(rolling.PERIODS, per)
        for at, sum_of in enumerate(came.sum(axis=1)):
            held = [
                found.low[level][at] <= sum_of <= found.high[level][at] for level in rolling.LEVELS
            ]
            errors = [abs(said[at] - sum_of) / usual for said in (found.values, found.naive)]
            rows.append((cut.group, cut.name, cut.known, number, at + 1, *held, *errors))
    columns = ["group", "name", "known", "cut", "ahead", "in80", "in95", "missed", "naive"]
    return pd.DataFrame(rows, columns=columns)


def judged(tried: pd.DataFrame, by: str = "ahead") -> pd.DataFrame:
    """Return how often intervals held what came, by group and one more column.

    Returns
    -------
    One row a group and value of `by`: cuts, in80, in95, chance80, chance95 (what chance may take
    from a coverage: `CHANCE` standard errors, a cut a cluster), error (mean absolute error by that
    of the seasonal naive).
    """
    rows = []
    for (group, value), part in tried.groupby(["group", by], sort=False):
        each = part.groupby("cut")[["in80", "in95"]].mean()
        chance = CHANCE * each.std(ddof=1) / np.sqrt(len(each))
        rows.append({
            "group": group, by: value, "cuts": len(each),
            "in80": each["in80"].mean(), "in95": each["in95"].mean(),
            "chance80": chance["in80"], "chance95": chance["in95"],
            "error": part["missed"].sum() / part["naive"].sum(),
        })  # fmt: skip
    return pd.DataFrame(rows)


def section(tried: dict[int, pd.DataFrame]) -> str:
    """Return the certificate's part on forecasts, from what was tried by months of a period."""
    ahead, length, named = [], [], []
    for per, rows in tried.items():
        ahead += _rows(rows[rows["group"] != FIRMS], "ahead", per)
        length += _rows(rows[rows["group"] == INVENTED], "known", per)
        named += _rows(rows[rows["group"].isin([PUBLIC, FIRMS])], "name", per)
    tables = {"ahead": ahead, "length": length, "named": named}
    texts = {name: "\n".join(lines) for name, lines in tables.items()}
    return _SECTION.format(**texts, each=EACH, kinds=len(KINDS))


def _rows(tried: pd.DataFrame, by: str, per: int) -> list[str]:
    lines, period = [], "month" if per == 1 else "quarter"
    for row in judged(tried, by).to_dict("records") if len(tried) else []:
        held = [f"{100 * row[f'in{level}']:.1f}" for level in (80, 95)]
        if row["cuts"] >= FEWEST_FOR_CHANCE:
            held = [f"{share} ± {100 * row[f'chance{level}']:.1f}"
                    for share, level in zip(held, (80, 95), strict=True)]  # fmt: skip
        what = f"{row[by]} months" if by == "known" else row[by]
        cells = [row["group"], period, what, row["cuts"], *held, f"{row['error']:.2f}"]
        lines.append("| " + " | ".join(map(str, cells)) + " |")
    return lines


_SECTION = """
## Forecasts beside what came

The method of page 16 (without the customers' model, which needs more than a series) predicts the
four months, or quarters, after {each} invented series of each of {kinds} kinds (none, season,
trend, walk, errors that last, a shift of level, and mixtures) and of 24, 36, 48 and 60 months;
after up to twelve cuts of each such length from five public series; and after every month from the
tenth on of the orders of two shops, which are known for 18 and 20 months (where CDNOW_DATA and
OLIST_DATA name their folders). Held: the share of periods that fell inside the interval; ± what
chance may take, 2.58 standard errors, a cut a cluster. Error: mean absolute error by that of the
seasonal naive (below two years: of the last period over and over). The goal is that intervals hold
no less than they promise, less chance.

One period ahead intervals are as wide as they should be. Further ahead they hold more than they
promise, because few errors that don't overlap are known and early ones are larger. **A break of
level that no past showed is not foreseen**: intervals then hold as little as shown.

| series | period | ahead | cuts | held by 80%, in percent | held by 95%, in percent | error |
| --- | --- | --- | ---: | ---: | ---: | ---: |
{ahead}

| series | period | known | cuts | held by 80%, in percent | held by 95%, in percent | error |
| --- | --- | --- | ---: | ---: | ---: | ---: |
{length}

| series | period | name | cuts | held by 80%, in percent | held by 95%, in percent | error |
| --- | --- | --- | ---: | ---: | ---: | ---: |
{named}
"""
