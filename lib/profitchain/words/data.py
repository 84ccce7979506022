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
from profitchain.measures.data_quality import KINDS, MOSTLY_EMPTY
from profitchain.panel.edition import Edition
from profitchain.sources.company import Company
from profitchain.words import catalogue
from profitchain.words.captions import Caption, source
from profitchain.words.prose import clauses, listed, period_word
from profitchain.words.scores import trend_description

DOUBTS = catalogue.read("warnings")
DOUBTFUL = {
    "before_own_order": ("responses", "responded_at"),
    "unplaced": ("responses", "responded_at"),
    "by_contract": ("subscriptions", "started_on"),
}  # table and column of each

COVERED = {
    "orders": {
        "thin": N_("Hardly any orders in {periods}"),
        "measure": N_("Orders by period, cancelled orders left out"),
        "source": N_("Orders, counted in full and so without an interval"),
        "label": N_("Orders"),
    },
    "answers": {
        "thin": N_("Hardly any answers in {periods}"),
        "measure": N_("Answers to the main question by period"),
        "source": N_("Survey answers, counted in full and so without an interval"),
        "label": N_("Answers"),
    },
}  # what tables are seen to cover the time by
FEWEST_DAYS = 1  # without an order or answer before a period may not be whole


def rows_sentence(account: pd.DataFrame) -> str:
    """Return how many rows came in, from how many tables, and what became of them."""
    rows = account.groupby("kind")["rows"].sum()
    fates = {
        "used": N_("**{count} were used**"),
        "later": N_("{count} lie after the period's end"),
        "cancelled": N_("{count} belong to cancelled orders"),
        "left_out": N_("{count} were left out or joined to another row, as the export asks"),
        "broken": N_("{count} broke the data contract"),
    }
    counts = {kind: rows.get(kind, 0) for kind in fates}
    parts = [
        _(words, count=digits(counts[kind], 0))
        for kind, words in fates.items()
        if kind == "used" or counts[kind]
    ]
    parts += [] if counts["broken"] else [_("none broke the data contract")]
    return ngettext(
        "{rows} rows came in from {n} table: {fates}.",
        "{rows} rows came in from {n} tables: {fates}.",
        account["table"].nunique(),
        rows=digits(rows.sum(), 0),
        fates=clauses(parts, "，"),
    )


def broken_sentence(account: pd.DataFrame) -> str:
    """Return in which tables rows broke the contract; "" where none did."""
    broken = account[(account["kind"] == "broken") & (account["rows"] > 0)]
    if broken.empty:
        return ""
    by_table = broken.groupby("table")["rows"].sum().sort_values(ascending=False, kind="stable")
    named = [
        _("{count} in `{table}`", count=digits(rows, 0), table=table)
        for table, rows in by_table.items()
    ]
    return _(
        "What broke the contract was set aside, with a reason for each row: {tables}.",
        tables=clauses(named, "，"),
    )


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


def account_caption(account: pd.DataFrame) -> Caption:
    """Return the caption of the rows that came in, by table."""
    rows, broken = account["rows"].sum(), account.loc[account["kind"] == "broken", "rows"].sum()
    message = _("No row broke the data contract")
    if broken:
        counts = {"count": digits(broken, 0), "total": digits(rows, 0)}
        message = _("{count} of {total} rows broke the data contract", **counts)
    return {
        "message": message,
        "measure": _("Rows by table and by what became of them"),
        "source": source(_("The firm's tables"), rows),
        "units": dict.fromkeys(["rows_in", *KINDS], "count"),
    }


def reasons_table(aside: pd.DataFrame) -> pd.DataFrame:
    """Return why rows were set aside (as `data_quality.reasons`), the reasons in words."""
    return aside.assign(reason=aside["reason"].map(reason_in_words))


def reasons_caption(account: pd.DataFrame) -> Caption:
    """Return the caption of why rows were set aside."""
    aside = account.loc[account["kind"] != "used", "rows"].sum()
    return {
        "message": _("Why rows were set aside") if aside else _("No row was set aside"),
        "measure": _("Rows by table and reason, the most frequent first"),
        "source": source(_("The data contract, applied to every row; rows set aside"), aside),
        "units": {"rows": "count"},
    }


def coverage_caption(counts: pd.DataFrame, unit: str = "orders") -> Caption:
    """Return the caption of orders or answers by period: whether some period has hardly any."""
    since = counts[counts["value"].notna().cummax()]
    thin = since[since["value"].fillna(0) < 0.2 * since["value"].median()]
    message, words = _("No period stands out as empty"), COVERED[unit]
    if len(thin):
        named = listed(period_short(name) for name in thin["period"][:3])
        message = _(words["thin"], periods=named)
    return {
        "message": message,
        "measure": _(words["measure"]),
        "source": source(_(words["source"]), counts["n"].sum()),
        "description": trend_description(_(words["label"]), counts, unit),
        "unit": unit,
    }


def gaps_caption(columns: pd.DataFrame) -> Caption:
    """Return the caption of the columns with many empty cells."""
    none, some = _("No column is often empty"), _("Columns that are often empty")
    return {
        "message": none if columns.empty else some,
        "measure": _(
            "Share of used rows without a value; columns above {limit} only",
            limit=f"{MOSTLY_EMPTY:.0%}",
        ),
        "source": _("The firm's tables, used rows"),
        "units": {"missing_share": "share"},
    }


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
    if name == "revenue":
        return plain(value / company.minor_units, company.currency)
    if name == "share":
        return plain(value, "share")
    return f"{value:g}" if isinstance(value, float) else digits(value, 0)


def doubt_sentences(edition: Edition) -> list[str]:
    """Return an edition's warnings in words, or that there are none."""
    return warning_sentences(edition) or [_("No table looks doubtful as a whole.")]


def warning_sentences(edition: Edition) -> list[str]:
    """Return an edition's warnings in words."""
    return [doubt["says"] for doubt in doubts_of(edition)]
