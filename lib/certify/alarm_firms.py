"""How often quiet firms raise an alarm, and how soon a drop of the score is found."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from profitchain.core.periods import Period
from profitchain.watch.alarms import Alarms, Look, alarms
from profitchain.watch.series import Series

GROUPS = (("", "", 1.0), *(("region", str(g), 0.25) for g in range(4)), ("tier", "a", 0.6),
          ("tier", "b", 0.4))  # fmt: skip
SPREADS = {"nps": (30.0, 75.0), "csat": (0.7, 0.45), "ces": (5.3, 1.4)}
LAST = Period("2026Q4")
LOOKED_AT = 8  # the last periods of a quiet firm
DROP, FOUND_WITHIN = 10.0, 2  # NPS points; periods
FALSE_AT_MOST, FOUND_AT_LEAST = 0.10, 0.80


@dataclass(frozen=True, slots=True, kw_only=True)
class QuietFirm:
    """A firm of 1,000 answers a quarter; `moves` and `season` are standard deviations, NPS points.

    All its customers share what moves a measure from quarter to quarter.
    """

    moves: float = 0.0
    season: float = 0.0
    quarters: int = 18
    answers: int = 1000


QUIET = (
    QuietFirm(),
    QuietFirm(moves=1.0),
    QuietFirm(moves=3.0),
    QuietFirm(moves=1.0, season=3.0),
    QuietFirm(moves=1.0, quarters=13),
    QuietFirm(moves=3.0, quarters=13),
)


def measures_of(kind: QuietFirm, rng: np.random.Generator, *, drop: float = 0.0) -> list[Series]:
    """Return three scores of all customers and of six groups; `drop` is in the last two quarters.

    It lowers the NPS of all groups alike. Other measures move as much for their spread.
    """
    several, many = [], kind.quarters
    names = [period.name for period in LAST.last(many)]
    for id, (mean, sd) in SPREADS.items():
        unit = sd / SPREADS["nps"][1]
        course = mean + rng.normal(0, kind.moves * unit, many)
        course += rng.normal(0, kind.season * unit, 4)[np.arange(many) % 4]
        course[-FOUND_WITHIN:] -= drop * (id == "nps")
        for split, group, share in GROUPS:
            size = int(kind.answers * share)
            error = sd / np.sqrt(size)
            frame = pd.DataFrame(
                {"period": names, "value": course + rng.normal(0, error, many),
                 "variance": error**2, "n": size, "customers": size}
            )  # fmt: skip
            several.append(Series(id=id, split=split, group=group, unit="points", frame=frame))
    return several


def false_share(kind: QuietFirm, firms: int, *, looked_at: int = LOOKED_AT, seed: int = 7) -> float:
    """Return in which share of the last quarters of quiet firms anything stands out."""
    rng, false = np.random.default_rng(seed), 0
    for _ in range(firms):
        series = measures_of(kind, rng)
        for period in LAST.last(looked_at):
            false += bool(_raised(series, period))
    return false / (firms * looked_at)


def found_share(kind: QuietFirm, firms: int, *, drop: float = DROP, seed: int = 8) -> float:
    """Return of which share of firms a drop of the score is found within two quarters."""
    rng, hits = np.random.default_rng(seed), 0
    for _ in range(firms):
        series = measures_of(kind, rng, drop=drop)
        hits += any(
            look.series.id == "nps" and look.change < 0
            for period in LAST.last(FOUND_WITHIN)
            for look in _raised(series, period)
        )
    return hits / firms


def _raised(series: list[Series], period: Period) -> tuple[Look, ...]:
    found = alarms(series, period)
    assert isinstance(found, Alarms)
    return found.raised


def certify_alarms(firms: int) -> pd.DataFrame:
    """Return one row a kind of firm: moves, season, quarters, firms, false, found (shares)."""
    return pd.DataFrame([
        {
            "moves": kind.moves, "season": kind.season, "quarters": kind.quarters, "firms": firms,
            "false": false_share(kind, firms), "found": found_share(kind, firms),
        }
        for kind in QUIET
    ])  # fmt: skip


def section(tried: pd.DataFrame) -> str:
    """Return the certificate's part on alarms."""
    lines = [
        f"| {row.moves:g} | {row.season:g} | {row.quarters} | {row.firms} "
        f"| {100 * row.false:.1f} | {100 * row.found:.1f} |"
        for row in tried.itertuples()
    ]
    return _SECTION.format(rows="\n".join(lines), looks=len(SPREADS) * len(GROUPS), drop=DROP)


_SECTION = """
## Alarms

Firms of 1,000 answers a quarter: three scores of all customers and of six groups, {looks} looks a
quarter. A measure moves from quarter to quarter, and with the season, by so many NPS points
(standard deviations), alike in all groups. False: the share of a quiet firm's last eight quarters
in which anything stands out (goal: at most 10%). Found: the share of firms in which a drop of the
NPS by {drop:g} points is found within two quarters (goal: at least 80%, where the score is quiet or
moves by one point).

| moves | season | quarters known | firms | false, in percent | found, in percent |
| ---: | ---: | ---: | ---: | ---: | ---: |
{rows}
"""
