"""What is doubtful in a firm's tables: said on the first page, and in the record."""

from __future__ import annotations

from collections.abc import Mapping

from profitchain.core.formats import digits
from profitchain.core.i18n import ngettext
from profitchain.words import catalogue

MESSAGES = catalogue.read("warnings")
WHERE = {
    "before_own_order": ("responses", "responded_at"),
    "unplaced": ("responses", "responded_at"),
}  # table and column of each


def doubts(facts: Mapping[str, int]) -> list[dict[str, str]]:
    """Return an edition's warnings: table, column, kind, says."""
    return [
        {
            "table": table,
            "column": column,
            "kind": kind,
            "says": ngettext(
                MESSAGES[kind]["one"], MESSAGES[kind]["many"], count, n=digits(count, 0)
            ),
        }
        for kind, (table, column) in WHERE.items()
        if (count := facts.get(kind, 0))
    ]


def warning_sentences(facts: Mapping[str, int]) -> list[str]:
    """Return an edition's warnings in words."""
    return [doubt["says"] for doubt in doubts(facts)]
