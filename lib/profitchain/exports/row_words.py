"""What the words in an export's status and zone columns mean, and which of them nobody knows."""

from __future__ import annotations

from zoneinfo import available_timezones

import ibis
import ibis.expr.types as ir

from profitchain.core.errors import did_you_mean
from profitchain.exports.cells_by_format import ITEM_OUT, ORDER_OUT, ZONE, status_mark
from profitchain.exports.known_exports import StatusColumn, TableRules, plain
from profitchain.sources import casts
from profitchain.sources.company import CANCELLED_STATUSES, Company
from profitchain.sources.settings import Source

_MOST_WORDS = 8
_REFUNDED = "refunded"


def status_words(statuses: StatusColumn, source: Source, company: Company) -> dict[str, set[str]]:
    """Return the words of a status column by what they mean: the firm's own, then the format's."""
    words: dict[str, set[str]] = {}
    for why, said in source.status_words.items():
        words[why] = {plain(word) for word in said}
    firm = getattr(company, "statuses", None)  # of all tables: counted, left_out
    for meaning, setting in (("counted", "counted"), ("no_sale", "left_out")):
        more = {plain(word) for word in getattr(firm, setting, [])} - set().union(*words.values())
        words.setdefault(meaning, set()).update(more)
    own = {plain(word) for word in company.cancelled_statuses} - set(CANCELLED_STATUSES)
    full: dict[str, set[str]] = {why: set(named) for why, named in words.items()}
    taken = set().union(*full.values(), own)
    for why, named in statuses.words.items():
        full.setdefault(why, set()).update(set(named) - taken)
    full.setdefault("cancelled", set()).update(own - set().union(*words.values()))
    return full


def why_by_status(
    rows: ir.Table, rules: TableRules, source: Source, company: Company, *, paid_back: ir.Value
) -> ir.Value:
    """Return why a row's status leaves it out; null where it counts.

    A refunded row counts where `paid_back` says that its own cells net what was paid back.
    """
    cases = []
    for number, statuses in enumerate(rules.statuses):
        if status_mark(number) not in rows.columns:
            continue
        word = rows[status_mark(number)]
        for why, named in status_words(statuses, source, company).items():
            if why != "counted" and named:
                holds = word.isin(sorted(named))
                cases.append((holds & ~paid_back if why == _REFUNDED else holds, why))
    return ibis.cases(*cases) if cases else ibis.null("string")


def unknown_words(rows: ir.Table, rules: TableRules, source: Source, company: Company) -> list[str]:
    """Return a fault that names the statuses which are neither counted nor left out."""
    faults = []
    for number, statuses in enumerate(rules.statuses):
        mark = status_mark(number)
        if mark not in rows.columns:
            continue
        known = set().union(*status_words(statuses, source, company).values())
        open_rows = rows.filter(rows[ORDER_OUT].isnull() & rows[ITEM_OUT].isnull())
        seen = open_rows.group_by(mark).aggregate(n=open_rows.count()).to_pandas()
        pairs = zip(seen[mark], seen["n"], strict=True)
        unknown = [(w, int(n)) for w, n in pairs if isinstance(w, str) and w not in known]
        if unknown:
            unknown.sort(key=lambda pair: (-pair[1], pair[0]))
            faults.append(_unknown_in_words(unknown, statuses, source))
    return faults


def _unknown_in_words(
    unknown: list[tuple[str, int]], statuses: StatusColumn, source: Source
) -> str:
    named = ", ".join(f"'{word}' ({n:,} rows)" for word, n in unknown[:_MOST_WORDS])
    return (
        f"{source.file}: column '{statuses.column[0]}' holds words that format {source.format} "
        f"doesn't know: {named}. Say beside format: what each of them means, as in status_words: "
        f'{{counted: ["{unknown[0][0]}"]}}, or cancelled:, unpaid:, refunded:, no_sale:.'
    )


def unknown_zones(rows: ir.Table, rules: TableRules) -> list[str]:
    """Return a fault for a time zone's name that is not among the format's."""
    return [
        f"Column '{rules.zone.column}' names a time zone that is not known here: '{name}'. "
        f"{did_you_mean(name, rules.zone.names)} Write one of these, or one as Europe/Berlin."
        for name in _zones_seen(rows)
        if rules.zone is not None and _zone_of(name, rules.zone.names) is None
    ][:1]


def in_zones(wall: ir.Value, rows: ir.Table, names: dict[str, str], company: Company) -> ir.Value:
    """Return wall times in UTC, each by the zone that its row names, else by the company's."""
    zones = {name: _zone_of(name, names) for name in _zones_seen(rows)}
    cases = [(rows[ZONE] == name, casts.to_utc(wall, zone)) for name, zone in zones.items() if zone]
    usual = casts.to_utc(wall, company.time_zone)
    return ibis.cases(*cases, else_=usual) if cases else usual


def _zones_seen(rows: ir.Table) -> list[str]:
    if ZONE not in rows.columns:
        return []
    seen = rows.select(ZONE).distinct().to_pandas()[ZONE]
    return sorted(name for name in seen if isinstance(name, str))


def _zone_of(name: str, names: dict[str, str]) -> str | None:
    if name in names:
        return names[name]
    return next((zone for zone in available_timezones() if zone.lower() == name), None)
