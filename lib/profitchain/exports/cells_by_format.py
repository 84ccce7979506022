"""Lays an export's cells out under our names, before anything of them is read as date or amount."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from profitchain.core.errors import CompanyError, did_you_mean
from profitchain.exports.known_exports import (
    CellRule,
    ExportFormat,
    LeaveOut,
    TableRules,
    find_column,
)
from profitchain.sources.csv_dialect import FILE, ROW
from profitchain.sources.loading import RawTable, sql_name, sql_text
from profitchain.sources.schemas import ColumnSchema, TableSchema
from profitchain.sources.settings import Source

KEY, ZONE, REFUND = "__key", "__zone", "__refund"
ITEM_OUT, ORDER_OUT, LATER_BY = "__item_out", "__order_out", "__later_by"
_CELL = r"""CREATE OR REPLACE MACRO export_cell(x) AS nullif(trim(regexp_replace(
    trim(CAST(x AS VARCHAR), ' ' || chr(9) || chr(160)), '^=?"(.*)"$|^''(.*)$', '\1\2')), '')"""
_WORD = r"""CREATE OR REPLACE MACRO export_word(x) AS lower(trim(regexp_replace(
    translate(CAST(x AS VARCHAR), '，（）：', ',():'), '\s+', ' ', 'g'), ' "'))"""


_SHORT_YEAR = r"'^(\d{1,2}[/.-]\d{1,2}[/.-])(\d{2})($|\s)', '\1' || '20' || '\2\3'"


@dataclass(frozen=True, slots=True, kw_only=True)
class Laid:
    """An export's cells under our names: a raw view, and the schema by which they are read.

    An amount that is added up is in columns of its own, `operand(name, k)`; `marks` are the columns
    that only rules need.
    """

    raw: RawTable
    schema: TableSchema
    cells: Mapping[str, CellRule]
    marks: tuple[str, ...]


def operand(column: str, number: int) -> str:
    """Return the name of one of the amounts that a column is added up from."""
    return f"{column}__{number}"


def status_mark(number: int) -> str:
    """Return the name of the column with the words of a format's first, second … status column."""
    return f"__status_{number}"


def factor(column: str) -> str:
    """Return the name of the quantity that multiplies a column."""
    return f"{column}__times"


def lay_out(
    con: Any, schema: TableSchema, raw: RawTable, source: Source, known: ExportFormat
) -> Laid:
    """Return an export's cells under our names, or stop with the columns that it lacks."""
    rules = known.tables[schema.table]
    cells = _wanted(schema, raw, source, rules)
    _refuse_missing(schema, raw, cells, rules, source)
    con.raw_sql(_CELL)
    con.raw_sql(_WORD)
    texts, columns = dict[str, str](), list[ColumnSchema]()
    for column in schema.columns:
        if column.name in cells:
            missing = source.missing if isinstance(source.missing, list) else []
            _add_column(column, cells[column.name], raw, missing, texts=texts)
            columns += _operands(column, cells[column.name], texts)
    if source.later_by:
        texts[LATER_BY] = _cell(_named(source.later_by, raw, source))
        columns.append(ColumnSchema(name=LATER_BY, kind="time"))
    marks = _marks(raw, rules, known, cells)
    select = ", ".join(f"{text} AS {sql_name(name)}" for name, text in (texts | marks).items())
    name = f"laid_{raw.name}"
    con.raw_sql(f"CREATE VIEW {name} AS SELECT {FILE}, {ROW}, {select} FROM {raw.name}")
    laid = RawTable(
        name=name, relation=con.table(name), columns=tuple(texts), rejected=raw.rejected,
        excel=raw.excel, numbered=raw.numbered,
    )  # fmt: skip
    schema = TableSchema(
        table=raw.name, columns=tuple(columns), unique=schema.unique, dated_by=schema.dated_by
    )
    return Laid(raw=laid, schema=schema, cells=cells, marks=tuple(marks))


def _wanted(
    schema: TableSchema, raw: RawTable, source: Source, rules: TableRules
) -> dict[str, CellRule]:
    """Return how each column of ours is made: by company.yml, else by its format, else by name."""
    wanted: dict[str, CellRule] = {}
    for column in schema.columns:
        if theirs := source.columns.get(column.name):
            usual = rules.columns.get(column.name)
            wanted[column.name] = CellRule(
                first=[_named(theirs, raw, source)],
                lower=usual is not None and usual.lower,
                empty=usual.empty if usual else [],
            )
        elif column.name in rules.columns:
            wanted[column.name] = rules.columns[column.name]
        elif find_column([column.name], raw.columns):
            wanted[column.name] = CellRule(first=[column.name])
        elif column.kind == "score":
            _named(column.name, raw, source)
    return wanted


def _named(name: str, raw: RawTable, source: Source) -> str:
    found = find_column([name], raw.columns)
    if found is None:
        raise CompanyError(
            f"{source.file} has no column '{name}'. {did_you_mean(name, raw.columns)} "
            "Name one that it has, in company.yml."
        )
    return found


def _refuse_missing(
    schema: TableSchema,
    raw: RawTable,
    cells: Mapping[str, CellRule],
    rules: TableRules,
    source: Source,
) -> None:
    """Stop where columns are missing that a required column of ours is made of."""
    required = {column.name for column in schema.columns if column.required} | set(rules.needs)
    groups: list[list[str]] = []
    for name, cell in cells.items():
        if name in required and not cell.optional and cell.row is None and cell.value is None:
            groups += [cell.first] if cell.first else []
            groups += [[part] for part in cell.join[:1]] + cell.add
    groups += [status.column for status in rules.statuses if not status.optional]
    groups += [[rules.zone.column]] if rules.zone else []
    missing = [group[0] for group in groups if not find_column(group, raw.columns)]
    if missing:
        named = ", ".join(f"'{name}'" for name in dict.fromkeys(missing))
        raise CompanyError(
            f"tables: {schema.table}: format: {source.format} needs the columns {named}, which "
            f"{source.file} has not. {did_you_mean(missing[0], raw.columns)} Export it again with "
            f"them, or leave format: out and write columns: {{ours: theirs}}."
        )


def _operands(column: ColumnSchema, cell: CellRule, texts: Mapping[str, str]) -> list[ColumnSchema]:
    """Return the schema of the texts that a column of ours is laid out in."""
    if not cell.amounts:
        return [column] if column.name in texts else []
    names = [operand(column.name, number) for number in range(len(cell.amounts))]
    parts = [ColumnSchema(name=name, kind=column.kind) for name in names]
    number = ColumnSchema(name=factor(column.name), kind="number")
    return [*parts, number] if cell.times else parts


def _add_column(
    column: ColumnSchema,
    cell: CellRule,
    raw: RawTable,
    missing: Sequence[str],
    *,
    texts: dict[str, str],
) -> None:
    """Add the texts of one column of ours, or of the amounts that it is added up from."""
    amounts = cell.amounts
    if not amounts:
        text = _text(cell, raw, missing)
        if text is not None:
            texts[column.name] = text
        return
    for number, (_, names) in enumerate(amounts):
        text = _filled(names, raw, missing)
        for old, new in cell.replace.items():
            text = f"replace({text}, {sql_text(old)}, {sql_text(new)})"
        texts[operand(column.name, number)] = text
    if cell.times:
        found = find_column([cell.times], raw.columns)
        texts[factor(column.name)] = _cell(found) if found else "'1'"


def _filled(names: Sequence[str], raw: RawTable, missing: Sequence[str] = ()) -> str:
    """Return the SQL of the first of some columns that is filled, in their order."""
    found = [name for n in names if (name := find_column([n], raw.columns))]
    cells = [_cell(name) for name in found]
    for word in missing if len(cells) > 1 else ():
        cells = [f"nullif({cell}, {sql_text(word)})" for cell in cells]
    return _first(cells or ["NULL::VARCHAR"])


def _text(cell: CellRule, raw: RawTable, missing: Sequence[str]) -> str | None:
    """Return the SQL of a cell that is one text, None where the file has none of its columns."""
    if cell.row is not None:
        return f"{sql_text(cell.row)} || CAST({ROW} AS VARCHAR)"
    if cell.value is not None:
        return sql_text(cell.value)
    names = [find_column([name], raw.columns) for name in (cell.join or cell.first)]
    found = [_cell(name) for name in names if name]
    if not found:
        return None
    joined = f"nullif(concat_ws(' ', {', '.join(found)}), '')"
    text = joined if cell.join else _filled(cell.first, raw, missing)
    for old, new in cell.replace.items():
        text = f"replace({text}, {sql_text(old)}, {sql_text(new)})"
    if cell.two_digit_years:
        text = f"regexp_replace({text}, {_SHORT_YEAR})"
    if cell.lower:
        text = f"CASE WHEN contains({text}, '@') THEN lower({text}) ELSE {text} END"
    if cell.upper:
        text = f"upper({text})"
    for word in cell.empty:
        text = f"nullif({text}, {sql_text(word)})"
    return text


def _first(texts: Sequence[str]) -> str:
    return texts[0] if len(texts) == 1 else f"coalesce({', '.join(texts)})"


def _cell(name: str) -> str:
    return f"export_cell({sql_name(name)})"


def _marks(
    raw: RawTable, rules: TableRules, known: ExportFormat, cells: Mapping[str, CellRule]
) -> dict[str, str]:
    """Return the SQL of what rules look at: key, status, zone, refunds, reasons to leave out."""
    marks: dict[str, str] = {}
    if rules.row_is == "item":
        keys = [_filled(names, raw) for names in rules.key]
        key = " || chr(31) || ".join(f"coalesce({key}, '')" for key in keys)
        alone = [f"{key} IS NULL" for key in keys[:1]]
        nothing = " AND ".join(alone)
        below = [below_data(known.footer, raw)] if known.footer else []
        when = " OR ".join([f"({nothing})", *below])
        marks[KEY] = f"CASE WHEN {when} THEN 'row ' || {ROW} ELSE {key} END"
    for number, status in enumerate(rules.statuses):
        if name := find_column(status.column, raw.columns):
            marks[status_mark(number)] = _word(name)
    if rules.zone and (name := find_column([rules.zone.column], raw.columns)):
        marks[ZONE] = _word(name)
    if rules.refunds and (name := find_column([rules.refunds.column], raw.columns)):
        words = ", ".join(map(sql_text, rules.refunds.one_of))
        marks[REFUND] = f"coalesce({_word(name)} IN ({words}), false)"
    footer = [f"WHEN {below_data(known.footer, raw)} THEN 'footer'"] if known.footer else []
    for mark, per in ((ITEM_OUT, "item"), (ORDER_OUT, "order")):
        cases = [case for rule in rules.left_out if rule.per == per and (case := _case(rule, raw))]
        cases = (footer if per == "item" else []) + cases
        marks[mark] = f"CASE {' '.join(cases)} END" if cases else "NULL::VARCHAR"
    return marks


def below_data(patterns: Sequence[str], raw: RawTable) -> str:
    """Return the SQL of whether a row's text matches one of some patterns."""
    row = ", ".join(f"CAST({sql_name(column)} AS VARCHAR)" for column in raw.columns)
    return f"regexp_matches(concat_ws(' ', {row}), {sql_text('|'.join(patterns))}, 'i')"


def _word(name: str) -> str:
    return f"export_word({_cell(name)})"


def _case(rule: LeaveOut, raw: RawTable) -> str:
    """Return the SQL case of a rule, "" where the file has none of its columns."""
    name = find_column(rule.column, raw.columns)
    if name is None:
        return ""
    word = _word(name)
    conditions = []
    if rule.one_of:
        conditions.append(f"{word} IN ({', '.join(map(sql_text, rule.one_of))})")
    conditions += [f"starts_with({word}, {sql_text(start)})" for start in rule.begins]
    if rule.other_than:
        conditions.append(f"{word} NOT IN ({', '.join(map(sql_text, rule.other_than))})")
    if rule.blank:
        conditions.append(f"{_cell(name)} IS NULL")
    if rule.given:
        conditions.append(f"{_cell(name)} IS NOT NULL")
    if rule.above is not None:
        conditions.append(f"TRY_CAST({_cell(name)} AS DOUBLE) > {rule.above}")
    return f"WHEN {' OR '.join(conditions)} THEN {sql_text(rule.why)}"
