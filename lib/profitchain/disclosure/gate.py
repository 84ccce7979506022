"""What an edition may show: groups put together, and sums of the past as they were published.

All that pages read of a firm passes here (`Edition.table`): whom no page can name is in no exhibit,
CSV, finding, workbook, sentence, tooltip or alternative text. Groups that would be too small, or
give such a group away beside all that was published before (`audit`), are put together. Sums of
published periods stay: what a customer's removal changes would tell of the customer.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pandas as pd

from profitchain.core.cache import remembered
from profitchain.core.periods import LENGTHS, Period
from profitchain.disclosure import published_windows
from profitchain.disclosure.audit import Release, audited
from profitchain.disclosure.ledger import Entry, entries_of, releases_in
from profitchain.disclosure.published_sums import changes_since, composed_of
from profitchain.disclosure.windows import BUYERS, FOLLOWED, audited_windows
from profitchain.sources.company import Company
from profitchain.stats.disclosure_control import OTHERS, pooled, withheld

GROUP_SIZES = "group_sizes"  # customers by period, segment and group: no page may read it
TWO_YEARS = "last year and this"
OF_THE_PERIOD = ("score_cells", "asked_cells")
OF_ANSWERS = ("link_cells", "return_times", "driver_segments", "texts", "past_sums")
OF_CUSTOMERS = ("customers", "holdout")
NOBODY_APART = -(10**9)  # the cluster of those of whom nothing must be shown
PUBLISHED = NOBODY_APART - 1  # the cluster of what has come or gone since its period was published

Pools = Mapping[str, frozenset[str]]


@dataclass(frozen=True, slots=True, kw_only=True)
class DisclosureGate:
    """What an edition may show: the releases of its periods, its own last.

    `together` are the groups of fewer customers than may be shown in the last year and this one;
    `groups` tells whether any are shown: not in periods shorter than the firm reports by.
    `windows` are what rolling windows show, by whom they are of. `changes` is what summaries lack
    of what was published of their periods.
    """

    period: Period
    smallest: int
    releases: tuple[Release, ...] = ()
    together: Pools = field(default_factory=dict)
    groups: bool = True
    windows: Mapping[str, Release] = field(default_factory=dict)
    changes: Mapping[str, pd.DataFrame] = field(default_factory=dict, repr=False, compare=False)

    @property
    def settings(self) -> dict[str, dict[str, str]]:
        """What pages may know of company.yml in another way than it says: no groups of months."""
        return {} if self.groups else {"named_segments": {}}

    def listed(self, segments: Sequence[str]) -> Sequence[str]:
        """Return those segments by which groups are shown."""
        return segments if self.groups else ()

    @property
    def own(self) -> Release:
        """What is shown of the edition's own period."""
        return self.releases[-1] if self.releases else Release(period=self.period)

    @property
    def hidden(self) -> list[str]:
        """The periods of which no answers are shown."""
        return [str(release.period) for release in self.releases if not release.total]

    @property
    def held_back(self) -> dict[str, int]:
        """How many groups of each segment are shown together alone, where any are."""
        pools = self.own.together if self.groups else {}
        return {segment: len(pool) for segment, pool in pools.items() if pool}

    @property
    def key(self) -> str:
        """All of it that what pages read depends on."""
        together = {name: sorted(groups) for name, groups in self.together.items()}
        rows = {name: frame.to_csv() for name, frame in sorted(self.changes.items())}
        return json.dumps([self.as_json(), together, self.groups, self.smallest, rows])

    def as_json(self) -> dict[str, Any]:
        """Return what is shown, as the ledger has it."""
        own = self.own
        return {
            "period": str(own.period),
            "total": own.total,
            "together": {name: sorted(groups) for name, groups in own.together.items()},
            "trend": {str(release.period): release.total for release in self.releases[:-1]},
            "windows": {
                of: {
                    "span": [day.isoformat() for day in window.span],
                    "together": {name: sorted(pool) for name, pool in window.together.items()},
                }
                for of, window in self.windows.items()
            },
        }

    def completed(self, name: str, frame: pd.DataFrame) -> pd.DataFrame:
        """Return a summary whose sums of published periods are those that were published."""
        changes, raw = self.changes.get(name), frame
        if name == published_windows.LINK and not frame.empty:
            if "cluster" not in frame:  # put together by bands
                return frame
            lacking = self.changes.get(published_windows.FOLLOWED)
            frame = frame if lacking is None else published_windows.completed(frame, lacking)
        if changes is None or frame.empty:
            return frame
        if frame is not raw:
            changes = published_windows.left_of(changes, raw, frame)
        if name == "cohorts":
            both = pd.concat([frame, changes], ignore_index=True)
            return both.groupby(["cohort", "period"], as_index=False, sort=False)["active"].sum()
        rows = frame.iloc[[0] * len(changes)].reset_index(drop=True)
        numbers = dict.fromkeys(rows.select_dtypes("number"), 0)
        rows = rows.assign(**numbers, **dict.fromkeys(rows.select_dtypes("bool"), False))
        given = {column: changes[column].fillna(rows[column]) for column in changes}
        rows = rows.assign(**given, cluster=PUBLISHED)
        return pd.concat([frame, rows.astype(frame.dtypes)], ignore_index=True)

    def applied(self, name: str, frame: pd.DataFrame) -> pd.DataFrame:
        """Return a summary as pages may read it: small groups as `OTHERS`."""
        if name in OF_THE_PERIOD and self.releases:
            own = [] if self.own.total else [str(self.period)]
            frame = _hidden(frame, self.hidden if name == "score_cells" else own)
            return put_together(frame, {**self.together, **self.own.together})
        if name in OF_ANSWERS:
            return put_together(frame, self._in_window(FOLLOWED))
        if name in OF_CUSTOMERS:
            now = frame[frame["back"] == 0] if "back" in frame else frame
            names = [segment for segment in self.together if segment in frame]
            small = {name: pooled(now, name, self.smallest) for name in names}
            beside = self._in_window(BUYERS)
            return put_together(frame, {n: small[n] | beside.get(n, frozenset()) for n in names})
        return frame

    def _in_window(self, of: str) -> Pools:
        return self.windows[of].together if of in self.windows else self.together


def gate_of(company: Company, period: Period, folder: Path) -> DisclosureGate:
    """Return what an edition may show, beside all that its shelf's ledger has.

    Parameters
    ----------
    folder : the edition's, with its summaries.
    """
    files = sorted((path.name, path.stat().st_mtime_ns) for path in folder.iterdir())
    return _gate(company, period, folder, entries_of(company), files)


@remembered
def _gate(
    company: Company, period: Period, folder: Path, entries: list[Entry], _files: list[Any]
) -> DisclosureGate:
    """Return the gate once for all pages that a process makes: `_files` say whether it holds."""
    smallest = company.privacy.smallest_group
    groups = LENGTHS.index(period.every) >= LENGTHS.index(company.report_every)
    how: dict[str, Any] = {"period": period, "smallest": smallest, "groups": groups}
    how["changes"] = _changes(company, folder, period, entries)
    path = folder / f"{GROUP_SIZES}.parquet"
    if not path.exists():  # no answers
        return DisclosureGate(**how, together=dict.fromkeys(company.segments, frozenset()))
    sizes = pd.read_parquet(path)
    lately = sizes[sizes["period"] == TWO_YEARS]
    together = {segment: _small(lately, segment, smallest) for segment in company.segments}
    counted = sizes[sizes["period"] != TWO_YEARS]
    known, releases = list(releases_in(entries)), []
    for each in period.reach():
        earlier = [release for release in known if release.period == each]
        new = earlier[-1] if earlier else Release(period=each)
        if each == period and groups and new.total and not new.together:
            new = Release(period=each, together=together)
        if new.total and (each == period or not earlier):
            new = audited(new, known, counted, smallest=smallest)
        known.append(new)
        releases.append(new)
    if groups:
        how["windows"] = audited_windows(company, period, folder, entries, together)
    return DisclosureGate(**how, releases=tuple(releases), together=together)


def put_together(frame: pd.DataFrame, together: Pools) -> pd.DataFrame:
    """Return rows with some groups of their segments as `OTHERS`."""
    names = {
        segment: frame[segment].where(~frame[segment].isin(list(pool)), OTHERS)
        for segment, pool in together.items()
        if pool and segment in frame
    }
    return frame.assign(**names)


def _changes(
    company: Company, folder: Path, period: Period, entries: Sequence[Any]
) -> dict[str, pd.DataFrame]:
    if not entries:
        return {}
    changes = dict(changes_since(folder, period, entries))
    lacking = published_windows.lacking_since(company, period, folder, entries)
    if len(lacking):
        changes[published_windows.FOLLOWED] = lacking
    own = composed_of(folder, period, entries)
    if own is not None:
        before = [changes["score_cells"]] if "score_cells" in changes else []
        own = own.assign(period=str(period))
        changes["score_cells"] = pd.concat([*before, own], ignore_index=True)
    return changes


def _small(lately: pd.DataFrame, segment: str, smallest: int) -> frozenset[str]:
    sizes = lately[lately["segment"] == segment].set_index("group")["customers"].sort_index()
    return frozenset(sizes.index[withheld(sizes, smallest)])


def _hidden(frame: pd.DataFrame, periods: list[str]) -> pd.DataFrame:
    """Return cells with those of some periods as one customer's, of whom nothing is shown."""
    inside = frame["period"].isin(periods)
    return frame.assign(cluster=frame["cluster"].mask(inside, NOBODY_APART))
