"""What a firm has published so far, and what a new edition may show beside it.

Each shelf of editions (`reports/`, or another folder after `--out`) has a ledger in the firm's own
folder: a line for each edition, only ever added to, of which groups it showed. With it a new
edition's groups are audited (`stats.disclosure_audit`), and in all that pages read the groups that
would be too small, or give such a group away, are put together before anybody can name them.
"""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import ibis
import pandas as pd
from ibis.expr.types import Table

from profitchain.core.periods import Every, Period
from profitchain.core.provenance import REPORTS
from profitchain.panel.context import Context
from profitchain.sources.casts import by_span
from profitchain.sources.company import Company, store_of
from profitchain.stats.disclosure_audit import TOTAL, Release, audited
from profitchain.stats.disclosure_control import OTHERS, pooled, withheld

LEDGER = "ledger"  # a folder of the store
GROUP_SIZES = "group_sizes"  # customers by period, segment and group: no page may read it
SHELF = "PROFITCHAIN_SHELF"  # the folder of editions that a report is made for
TWO_YEARS = "last year and this"
LENGTHS: tuple[Every, ...] = ("week", "month", "quarter", "year")
OF_THE_PERIOD = ("score_cells", "asked_cells")
OF_ANSWERS = ("link_cells", "return_times")
OF_CUSTOMERS = ("customers", "holdout")
NOBODY_APART = -1  # the cluster of those whose figures must not be shown


@dataclass(frozen=True, slots=True, kw_only=True)
class DisclosureGate:
    """What an edition may show: the releases of its periods, its own last.

    `together` are the groups of fewer customers than may be shown in the last year and this one;
    `groups` tells whether any are shown: not in periods shorter than the firm reports by.
    """

    period: Period
    smallest: int
    releases: tuple[Release, ...] = ()
    together: Mapping[str, frozenset[str]] = field(default_factory=dict)
    groups: bool = True

    @property
    def settings(self) -> dict[str, list[str]]:
        """What pages may know of company.yml in another way than it says."""
        return {} if self.groups else {"segments": []}

    @property
    def own(self) -> Release | None:
        """What is shown of the edition's own period; None of a firm without answers."""
        return self.releases[-1] if self.releases else None

    @property
    def hidden(self) -> list[str]:
        """The periods of which nothing is shown."""
        return [str(release.period) for release in self.releases if not release.total]

    @property
    def held_back(self) -> dict[str, int]:
        """How many groups of each segment are shown together alone, where any are."""
        if self.own is None or not self.groups:
            return {}
        return {segment: len(pool) for segment, pool in self.own.together.items() if pool}

    @property
    def key(self) -> str:
        """All that pages may read depends on of it."""
        together = {name: sorted(groups) for name, groups in self.together.items()}
        return json.dumps([self.as_json(), together, self.groups, self.smallest])

    def as_json(self) -> dict[str, Any]:
        """Return what is shown, as the ledger has it."""
        *trend, own = self.releases or (Release(period=self.period),)
        return {
            "period": str(own.period),
            "total": own.total,
            "together": {name: sorted(groups) for name, groups in own.together.items()},
            "trend": {str(release.period): release.total for release in trend},
        }

    def applied(self, name: str, frame: pd.DataFrame) -> pd.DataFrame:
        """Return a summary as pages may read it: small groups as `OTHERS`."""
        if name in OF_THE_PERIOD and self.own is not None:
            frame = _hidden(frame, self.hidden if name == "score_cells" else self.hidden[-1:])
            return _together(frame, {**self.together, **self.own.together})
        if name in OF_ANSWERS:
            return _together(frame, self.together)
        if name in OF_CUSTOMERS:
            now = frame[frame["back"] == 0] if "back" in frame else frame
            names = [segment for segment in self.together if segment in frame]
            return _together(frame, {name: pooled(now, name, self.smallest) for name in names})
        return frame


def gate_of(company: Company, period: Period, folder: Path) -> DisclosureGate:
    """Return what an edition may show, beside all that its shelf's ledger has.

    Parameters
    ----------
    folder : the edition's, with `GROUP_SIZES` where the firm has answers.
    """
    smallest = company.privacy.smallest_group
    groups = LENGTHS.index(period.every) >= LENGTHS.index(company.report_every)
    how: dict[str, Any] = {"period": period, "smallest": smallest, "groups": groups}
    path = folder / f"{GROUP_SIZES}.parquet"
    if not path.exists():
        return DisclosureGate(**how, together=dict.fromkeys(company.segments, frozenset()))
    sizes = pd.read_parquet(path)
    lately = sizes[sizes["period"] == TWO_YEARS]
    together = {segment: _small(lately, segment, smallest) for segment in company.segments}
    counted = sizes[sizes["period"] != TWO_YEARS]
    known = list(releases_in(ledger_of(company)))
    releases = []
    for each in period.reach():
        earlier = [release for release in known if release.period == each]
        new = earlier[-1] if earlier else Release(period=each)
        if each == period and not earlier:
            new = Release(period=each, together=together if groups else {})
        if new.total and (each == period or not earlier):
            new = audited(new, known, counted, smallest=smallest)
        known.append(new)
        releases.append(new)
    return DisclosureGate(**how, releases=tuple(releases), together=together)


def group_sizes(context: Context, answers: Table) -> Table:
    """Return period, segment, group, customers: who answered the main question, each once.

    Periods are those of every length since the year in which the trend begins; `TWO_YEARS` is the
    last whole year and what follows; the segment `TOTAL` has all in one group.
    """
    rows = answers.filter(answers[context.score_column].notnull())
    segments = context.company.segments
    names = {"responded_at": rows.responded_at, "cluster": rows.cluster}
    parts = [
        rows.select(segment=ibis.literal(segment), group=group, period=period, **names)
        for period in _period_names(context, rows)
        for segment, group in [(TOTAL, ibis.literal(TOTAL)), *((s, rows[s]) for s in segments)]
    ]
    every = ibis.union(*parts).filter(lambda t: t.period.notnull())
    sizes = every.group_by(["period", "segment", "group"])
    return sizes.aggregate(customers=lambda t: t.cluster.nunique())


def releases_in(ledger: Path) -> Iterator[Release]:
    """Yield what a ledger says was published, in the order in which it was."""
    if not ledger.exists():
        return
    for line in ledger.read_text(encoding="utf-8").splitlines():
        entry = json.loads(line)
        for name, total in entry["trend"].items():
            yield Release(period=Period(name), total=total)
        together = {name: frozenset(groups) for name, groups in entry["together"].items()}
        yield Release(period=Period(entry["period"]), together=together, total=entry["total"])


@contextmanager
def on_shelf(out: Path) -> Iterator[None]:
    """Let editions be opened, here and in processes started meanwhile, as of a shelf."""
    before = os.environ.get(SHELF)
    os.environ[SHELF] = str(out.resolve())
    try:
        yield
    finally:
        os.environ.pop(SHELF)
        if before is not None:
            os.environ[SHELF] = before


def write_down(company: Company, gate: DisclosureGate) -> None:
    """Add to the ledger what an edition has published, unless it says so already."""
    if gate.own is None:
        return
    ledger, at = ledger_of(company), datetime.now(UTC).isoformat(timespec="seconds")
    published = list(releases_in(ledger))
    if all(release in published for release in gate.releases):
        return
    entry = {**gate.as_json(), "at": at}
    ledger.parent.mkdir(exist_ok=True, mode=0o700)
    with ledger.open("a", encoding="utf-8") as file:
        file.write(json.dumps(entry, ensure_ascii=False) + "\n")


def ledger_of(company: Company) -> Path:
    """Return the ledger of the shelf that a report is made for, by default the project's."""
    shelf = str(Path(os.environ.get(SHELF) or REPORTS).resolve())
    name = hashlib.sha256(shelf.encode()).hexdigest()[:16]
    return store_of(company) / LEDGER / f"{name}.jsonl"


def _period_names(context: Context, rows: Table) -> Iterator[ibis.Value]:
    """Yield, for each length of periods, the name of the one in which each answer lies."""
    company, zone = context.company, context.company.time_zone
    first = Period.containing(context.periods[0].first_day, "year", company.year_starts)
    last = context.period.last_day
    for every in LENGTHS:
        if every == "week" and "week" not in (company.report_every, context.period.every):
            continue
        periods = [Period.containing(first.first_day, every, company.year_starts)]
        while periods[-1].last_day < last:
            periods.append(periods[-1].shift(1))
        starts = [*(p.starts_at(zone) for p in periods), context.period.ends_at(zone)]
        values = [None, *(p.name for p in periods), None]
        yield by_span(rows.responded_at, starts, values, kind="string")
    year = Period.containing(context.period.first_day, "year", company.year_starts).previous
    starts = [year.starts_at(zone), context.period.ends_at(zone)]
    yield by_span(rows.responded_at, starts, [None, TWO_YEARS, None], kind="string")


def _small(lately: pd.DataFrame, segment: str, smallest: int) -> frozenset[str]:
    sizes = lately[lately["segment"] == segment].set_index("group")["customers"].sort_index()
    return frozenset(sizes.index[withheld(sizes, smallest)])


def _together(frame: pd.DataFrame, together: Mapping[str, frozenset[str]]) -> pd.DataFrame:
    names = {
        segment: frame[segment].where(~frame[segment].isin(list(pool)), OTHERS)
        for segment, pool in together.items()
        if pool and segment in frame
    }
    return frame.assign(**names) if names else frame


def _hidden(frame: pd.DataFrame, periods: list[str]) -> pd.DataFrame:
    """Return cells with those of some periods as one customer's, of whom nothing is shown."""
    inside = frame["period"].isin(periods)
    return frame.assign(cluster=frame["cluster"].mask(inside, NOBODY_APART))
