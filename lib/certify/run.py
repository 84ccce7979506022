"""The parts of the certificate, in order: each is tried by itself or with all others."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from pathlib import Path

from certify import (
    alarm_firms,
    certify,
    driver_answers,
    driver_shops,
    event_firms,
    forecasts,
    grades,
    worth,
)
from profitchain.press.fork_server import SINGLE

Part = Callable[[int], tuple[str, list[str]]]  # of how many firms: Markdown, what misses a goal


def _numbers(firms: int) -> tuple[str, list[str]]:
    judged = certify.certify(firms)
    missed = [f"{row.number}, {row.firm}" for row in certify.outside_goal(judged).itertuples()]
    return certify.certificate(judged, firms), missed


def _clusters(firms: int) -> tuple[str, list[str]]:
    many = max(2 * firms // 5, 1)
    return certify.clusters_section(certify.certify_clusters(many), many), []


def _worth(firms: int) -> tuple[str, list[str]]:
    shops = max(3 * firms // 10, 1)
    tried = worth.certify_worth(shops)
    return worth.section(tried, shops), worth.outside(tried)


def _drivers(firms: int) -> tuple[str, list[str]]:
    return driver_shops.section(driver_shops.certify_drivers(max(3 * firms // 10, 1))), []


def _naming(firms: int) -> tuple[str, list[str]]:
    return driver_answers.naming_section(driver_answers.certify_naming(firms)), []


def _grades(firms: int) -> tuple[str, list[str]]:
    graded = grades.certify_grades(max(firms // 10, 1))
    events = event_firms.certify_events(max(firms // 4, 1))
    return grades.section(graded, events), grades.outside(graded)


def _forecasts(_: int) -> tuple[str, list[str]]:
    tried = {per: forecasts.certify_forecasts(per=per) for per in forecasts.MONTHS_OF_PERIODS}
    return forecasts.section(tried), []


def _alarms(firms: int) -> tuple[str, list[str]]:
    return alarm_firms.section(alarm_firms.certify_alarms(max(firms // 5, 1))), []


PARTS: dict[str, Part] = {
    "numbers": _numbers, "clusters": _clusters, "worth": _worth, "drivers": _drivers,
    "naming": _naming, "grades": _grades, "forecasts": _forecasts, "alarms": _alarms,
}  # fmt: skip


def certify_parts(firms: int, parts: Sequence[str] = (), to: Path | None = None) -> int:
    """Try the parts in invented firms, write each into the certificate; return 1 if one misses.

    Parameters
    ----------
    firms : how many firms a number is tried in; the costlier parts take a share of them.
    parts : of `PARTS`; none are all.
    to : where it is written; by default beside the package. What other parts wrote stays.
    """
    to = to or certify.CERTIFICATE
    os.environ.update(SINGLE)  # workers with many threads each wait in turns
    missed = []
    for name in parts or PARTS:
        page, misses = PARTS[name](firms)
        certify.write_certificate(page, to)
        print(f"{name}: {'; '.join(misses) or 'nothing'} outside the goal", flush=True)
        missed += misses
    print(to)
    return int(len(missed) > 0)
