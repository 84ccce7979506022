"""What the words in an export's status and zone columns mean, and which of them nobody knows."""

from __future__ import annotations

import ibis
import ibis.expr.types as ir

from profitchain.core.errors import did_you_mean
from profitchain.exports.cells_by_format import ITEM_OUT, ORDER_OUT, STATUS, ZONE
from profitchain.exports.known_exports import TableRules, plain
from profitchain.sources import casts
from profitchain.sources.company import CANCELLED_STATUSES, Company
from profitchain.sources.settings import Source

_MOST_WORDS = 8


def why_by_status(rows: ir.Table, rules: TableRules, source: Source, company: Company) -> ir.Value:
    """Return why a row's status leaves it out; null where it counts."""
    if rules.statuses is None or STATUS not in rows.columns:
        return ibis.null("string")
    words = status_words(rules, source, company)
    cases = [(rows[STATUS].isin(list(of)), why) for why, of in words.items() if why != "counted"]
    return ibis.cases(*cases) if cases else ibis.null("string")


def status_words(rules: TableRules, source: Source, company: Company) -> dict[str, set[str]]:
    """Return the words of a status column by what they mean: the firm's own, then the format's."""
    words: dict[str, set[str]] = {}
    own: dict[str, list[str]] = {why: list(of) for why, of in source.status_words.items()}
    if added := set(company.cancelled_statuses) - set(CANCELLED_STATUSES):
        own["cancelled"] = [*own.get("cancelled", []), *added]
    taken: set[str] = set()
    for of in (own, rules.statuses.words if rules.statuses else {}):
        for why, named in of.items():
            plainly = {plain(word) for word in named} - (taken if of is not own else set())
            words.setdefault(why, set()).update(plainly)
        taken = {word for named in words.values() for word in named}
    return words


def unknown_words(rows: ir.Table, rules: TableRules, source: Source, company: Company) -> list[str]:
    """Return a fault that names the statuses which are neither counted nor left out."""
    if rules.statuses is None or STATUS not in rows.columns:
        return []
    words = status_words(rules, source, company)
    known = {word for of in words.values() for word in of}
    open_rows = rows.filter(rows[ORDER_OUT].isnull() & rows[ITEM_OUT].isnull())
    seen = open_rows.group_by(STATUS).aggregate(n=open_rows.count()).to_pandas()
    unknown = [(str(word), int(n)) for word, n in zip(seen[STATUS], seen["n"], strict=True)
               if isinstance(word, str) and word not in known]  # fmt: skip
    if not unknown:
        return []
    unknown.sort(key=lambda pair: (-pair[1], pair[0]))
    named = ", ".join(f"'{word}' ({n:,} rows)" for word, n in unknown[:_MOST_WORDS])
    first = unknown[0][0]
    return [
        f"{source.file}: column '{rules.statuses.column[0]}' holds words that format "
        f"{source.format} doesn't know: {named}. Say beside format: what each means, as in "
        f'status_words: {{counted: ["{first}"]}}, or cancelled:, unpaid:, no_sale: in its place.'
    ]


def unknown_zones(rows: ir.Table, rules: TableRules) -> list[str]:
    """Return a fault for a time zone's name that is not among the format's."""
    if rules.zone is None or ZONE not in rows.columns:
        return []
    seen = [
        name for name in rows.select(ZONE).distinct().to_pandas()[ZONE] if isinstance(name, str)
    ]
    unknown = sorted(name for name in seen if name not in rules.zone.names)
    return [
        f"Column '{rules.zone.column}' names a time zone that is not known here: '{name}'. "
        f"{did_you_mean(name, rules.zone.names)} Write one of these in the file."
        for name in unknown[:1]
    ]


def in_zones(wall: ir.Value, zone: ir.Value, names: dict[str, str], company: Company) -> ir.Value:
    """Return wall times in UTC, each by the zone that its row names, else by the company's."""
    cases = [(zone == name, casts.to_utc(wall, iana)) for name, iana in names.items()]
    return ibis.cases(*cases, else_=casts.to_utc(wall, company.time_zone))
