"""The words on what came in: how many rows, what broke, whether the period is whole."""

from __future__ import annotations

from collections.abc import Iterable

import pandas as pd

from profitchain.core.formats import digits, period_short, plain
from profitchain.core.i18n import N_, _, ngettext
from profitchain.core.periods import Period
from profitchain.disclosure.gate import DisclosureGate
from profitchain.intake.doubts import Doubt
from profitchain.intake.reasons import reason_in_words
from profitchain.measures.data_quality import KINDS, MOSTLY_EMPTY, by_table
from profitchain.panel.edition import Edition
from profitchain.sources.company import Company
from profitchain.words import catalogue
from profitchain.words.catalogue import words_of
from profitchain.words.presentation import Presentation, Said, source
from profitchain.words.prose import clauses, listed, period_word
from profitchain.words.scores import trend_description

DOUBTS = catalogue.read("warnings")
DOUBTFUL = {
    "before_own_order": ("responses", "responded_at"),
    "unplaced": ("responses", "responded_at"),
    "by_contract": ("subscriptions", "started_on"),
}  # table and column of each
FATES = words_of("data", "fates")
FEWEST_DAYS = 1  # without an order or answer before a period may not be whole
THIN = 0.2  # of the median period: fewer orders or answers than that look like a hole


def answer(account: pd.DataFrame, unit: str, *, edition: Edition) -> list[Said | str]:
    """Return what became of the rows, which tables hold broken ones, whether the end is missing."""
    rows = account.groupby("kind")["rows"].sum()
    counts = {kind: int(rows.get(kind, 0)) for kind in FATES}
    parts = [
        _(words, count=digits(counts[kind], 0))
        for kind, words in FATES.items()
        if kind == "used" or counts[kind]
    ]
    parts += [] if counts["broken"] else [_("none broke the data contract")]
    count = account["table"].nunique()
    values = {"count": count, "n": count, "rows": digits(rows.sum(), 0)}
    part = part_sentence(edition.facts["days_uncovered"], edition.period, unit=unit)
    said: list[Said | str] = [Said("came_in", {**values, "fates": clauses(parts, "，")})]
    return [*said, *_broken(account), *([part] if part else [])]


def _broken(account: pd.DataFrame) -> list[Said]:
    broken = account[(account["kind"] == "broken") & (account["rows"] > 0)]
    if broken.empty:
        return []
    by_name = broken.groupby("table")["rows"].sum().sort_values(ascending=False, kind="stable")
    named = [
        _("{count} in `{table}`", count=digits(rows, 0), table=table)
        for table, rows in by_name.items()
    ]
    return [Said("set_aside", {"tables": clauses(named, "，")})]


def part_sentence(days: int, period: Period, *, unit: str = "orders") -> str:
    """Return a warning that the period's last days have no order, or "" if they are few.

    A twentieth of the period is let pass, and one day: a small firm does not sell every day. Of a
    firm without orders, `unit` is "answers".
    """
    length = (period.last_day - period.first_day).days + 1
    if days <= max(length / 20, FEWEST_DAYS):
        return ""
    if unit == "answers":
        return ngettext(
            "**The {part} may not be whole**: its last {n} day has no answer. If tables end before "
            "it does, its figures are of a part and compare badly with whole ones.",
            "**The {part} may not be whole**: its last {n} days have no answer. If tables end "
            "before it does, its figures are of a part and compare badly with whole ones.",
            days,
            part=period_word(period),
        )
    return ngettext(
        "**The {part} may not be whole**: its last {n} day has no order. If tables end before it "
        "does, its figures are of a part and compare badly with whole ones.",
        "**The {part} may not be whole**: its last {n} days have no order. If tables end before it "
        "does, its figures are of a part and compare badly with whole ones.",
        days,
        part=period_word(period),
    )


def coverage(counts: pd.DataFrame, unit: str, *, edition: Edition) -> Presentation:
    """Return orders or answers by period, and whether some period has hardly any."""
    since = counts[counts["value"].notna().cummax()]
    thin = since[since["value"].fillna(0) < THIN * since["value"].median()]
    of_orders = unit == "orders"
    label = _("Orders") if of_orders else _("Answers")
    what = _("Orders") if of_orders else _("Answers to the main question")
    values = {
        "what": what,
        "rows": source(N_("Orders") if of_orders else N_("Survey answers"), counts["n"].sum()),
        "periods": listed(period_short(name) for name in thin["period"][:3]),
        "course": trend_description(label, counts, unit),
        "unit": unit,
        "every": period_word(edition.period),
    }
    says = "whole"
    if len(thin):
        says = "thin_orders" if of_orders else "thin_answers"
    return Presentation(counts, says, values)


def rows_by_table(account: pd.DataFrame, *, edition: Edition) -> Presentation:
    """Return the rows that came in, by table and by what became of them."""
    rows = account["rows"].sum()
    broken = account.loc[account["kind"] == "broken", "rows"].sum()
    values = {"broken": digits(broken, 0), "total": digits(rows, 0)}
    options = {"units": dict.fromkeys(["rows_in", *KINDS], "count")}
    return Presentation(by_table(account), "broken" if broken else "whole", values, options)


def reasons(aside: pd.DataFrame, *, edition: Edition) -> Presentation:
    """Return why rows were set aside (as `data_quality.reasons`), the reasons in words."""
    rows = aside.assign(reason=aside["reason"].map(reason_in_words))
    values = {"rows": digits(aside["rows"].sum(), 0)}
    return Presentation(rows, "some" if len(aside) else "none", values)


def empty_columns(columns: pd.DataFrame, *, edition: Edition) -> Presentation:
    """Return the columns with many empty cells."""
    values = {"limit": f"{MOSTLY_EMPTY:.0%}"}
    return Presentation(columns, "some" if len(columns) else "none", values)


def doubts(*, edition: Edition) -> list[Said | str]:
    """Return an edition's warnings in words, or that there are none."""
    return [*warning_sentences(edition)] or [Said("no_doubt")]


def doubts_of(edition: Edition) -> list[dict[str, str]]:
    """Return an edition's warnings: table, column, kind, says."""
    told = [
        Doubt(table=table, column=column, kind=kind, values={"n": count})
        for kind, (table, column) in DOUBTFUL.items()
        if (count := edition.facts.get(kind, 0))
    ]
    return doubts_in_words([*edition.doubts, *told, *_held_back(edition.gate)], edition.company)


def _held_back(gate: DisclosureGate) -> list[Doubt]:
    """Return what is not shown so that nobody is singled out."""
    if not gate.own.total:
        few = {"n": gate.smallest}
        return [Doubt(table="responses", column="responded_at", kind="period_hidden", values=few)]
    return [
        Doubt(
            table="responses", column=segment, kind="groups_together",
            values={"n": count, "smallest": gate.smallest},
        )
        for segment, count in gate.held_back.items()
    ]  # fmt: skip


def doubts_in_words(doubts: Iterable[Doubt], company: Company) -> list[dict[str, str]]:
    """Return what is doubtful in a firm's tables: table, column, kind, says."""
    return [
        {
            "table": doubt.table,
            "column": doubt.column,
            "kind": doubt.kind,
            "says": _doubt_in_words(doubt, company),
        }
        for doubt in doubts
    ]


def _doubt_in_words(doubt: Doubt, company: Company) -> str:
    words = DOUBTS[doubt.kind]
    values = {name: _in_words(name, value, company) for name, value in doubt.values.items()}
    names = {"table": doubt.table, "column": doubt.column}
    return ngettext(words["one"], words["many"], int(doubt.values["n"]), **(names | values))


def _in_words(name: str, value: float | str, company: Company) -> str:
    if isinstance(value, str):
        return value
    if name in ("revenue", "elsewhere"):
        return plain(value / company.minor_units, company.currency)
    if name == "share":
        return plain(value, "share")
    return f"{value:g}" if isinstance(value, float) else digits(value, 0)


def warning_sentences(edition: Edition) -> list[str]:
    """Return an edition's warnings in words."""
    return [doubt["says"] for doubt in doubts_of(edition)]
