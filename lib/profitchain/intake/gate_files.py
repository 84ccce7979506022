"""Whether headers say what is read, and whether the files of one table are alike."""

from __future__ import annotations

import re
from collections.abc import Iterator

from babel.numbers import list_currencies

from profitchain.intake.doubts import ENOUGH, FEW, Doubt, Finding, Values
from profitchain.intake.gate import NOTED, Gate
from profitchain.intake.gate_values import TOP_SHARE, TOPS, sum_of_tops
from profitchain.sources.csv_dialect import FILE
from profitchain.sources.loading import paths_of
from profitchain.sources.typed_tables import typed_name

UNIT = re.compile(
    r"[万萬千百分]元?[)）]|(?<!\w)(TEUR|TSD|T€|k€|k\$|kEUR|kUSD|Mio|cents?|thousands?|pence)(?!\w)",
    re.IGNORECASE,
)
IN_BRACKETS = re.compile(r"[(（\[]\s*([A-Z]{3})\s*[)）\]]")
UNLIKE_AMOUNTS = 20  # times as much in the middle: cents, or another currency
NAMED = 3  # files that a doubt names


def file_findings(gate: Gate) -> Iterator[Finding]:
    """Yield what is doubtful about headers, and about tables of several files but large ones."""
    for table, judged in gate.judged.items():
        yield from _twice(gate, table)
        yield from _units_in_names(gate, table)
        if FILE in judged.rows.columns and not judged.table.is_large and _has_files(gate, table):
            if not judged.table.schema.unique:
                yield from _copied(gate, table)
            yield from _renamed(gate, table)
            if table == "responses":
                yield from _other_scale(gate)
            if table == "orders" and gate.has(table, "revenue"):
                yield from _other_amounts(gate, table)


def _has_files(gate: Gate, table: str) -> bool:
    source = gate.company.tables[table]
    if source.parts or source.file is None:
        return bool(source.parts)
    return len(paths_of(source.file, gate.company)) > 1


def _twice(gate: Gate, table: str) -> Iterator[Finding]:
    """Tell of a column that a header names twice, where the second holds something too."""
    judged = gate.judged[table]
    if judged.table.is_large or judged.table.raw.warehouse:
        return
    columns = {other.lower(): other for other in judged.table.raw.columns}
    for ours in judged.table.source_names:
        for name in _names(gate, table, ours):
            twin = columns.get(f"{name}_2".lower())
            if twin and (n := int(judged.cells[twin].count().execute())):
                values: Values = {"n": n, "own": name}
                yield Doubt(table=table, column=ours, kind="column_twice", values=values)


def _units_in_names(gate: Gate, table: str) -> Iterator[Finding]:
    """Tell of amounts whose column is called by another unit, or by another currency."""
    typed = gate.judged[table].table
    for column in (column for column in typed.present if column.kind == "money"):
        for name in _names(gate, table, column.name):
            codes = [code for code in IN_BRACKETS.findall(name) if code in list_currencies()]
            if UNIT.search(name) or any(code != gate.company.currency for code in codes):
                values: Values = {"n": gate.outcomes[table][0].rows, "own": name,
                                  "currency": gate.company.currency}  # fmt: skip
                yield Doubt(table=table, column=column.name, kind="unit_in_name", values=values)


def _names(gate: Gate, table: str, column: str) -> list[str]:
    """Return what a column of ours is called in the source, or in files that are named singly."""
    parts = gate.company.tables[table].parts
    given = [part.columns[column] for part in parts if column in part.columns]
    return list(dict.fromkeys([gate.judged[table].table.source_names[column], *given]))


def _copied(gate: Gate, table: str) -> Iterator[Finding]:
    """Tell of rows without a key that stand alike in several files: a copy, or exports overlap."""
    rows, values = gate.rows(table), gate.judged[table].table.values
    in_file = rows.group_by([*values, FILE]).aggregate(n=rows.count())
    sums = in_file.group_by(values).aggregate(most=in_file["n"].max(), n=in_file["n"].sum())
    counts = sums.aggregate(n=(sums["n"] - sums["most"]).sum(), of=sums["n"].sum()).to_pandas()
    n, of = (int(x) for x in counts.iloc[0].fillna(0))
    if n > NOTED * of:
        yield Doubt(table=table, column="", kind="copied", values={"n": n, "of": of})


def _renamed(gate: Gate, table: str) -> Iterator[Finding]:
    """Tell of a column that some files lack which have one instead that the others lack."""
    judged = gate.judged[table]
    read, rows = judged.table.source_names, judged.cells
    unread = [name for name in judged.table.raw.columns if name not in set(read.values())]
    if not unread:
        return
    counts = {f"cell_{k}": rows[name].count() for k, name in enumerate((*read.values(), *unread))}
    frame = rows.group_by(file=FILE).aggregate(n=rows.count(), **counts).to_pandas()
    frame = frame[frame["n"] >= FEW].sort_values("file")
    given = frame.filter(like="cell_").set_axis([*read.values(), *unread], axis=1) > 0
    for ours, name in read.items():
        lacking = ~given[name]
        beside = given.loc[~lacking, unread].any()  # another question, not a name of this one
        own = given.loc[lacking, unread].loc[:, ~beside]
        files = frame.loc[own.index[own.any(axis=1)], "file"]
        if len(files) and not lacking.all():
            named = _named(own.columns[own.any()].tolist())
            values: Values = {"n": len(files), "of": len(frame), "words": _named(files.tolist()),
                              "own": named}  # fmt: skip
            yield Doubt(table=table, column=ours, kind="renamed", values=values)


def _other_scale(gate: Gate) -> Iterator[Finding]:
    """Tell of a file none of whose scores is above the top of another usual scale."""
    rows = gate.rows("responses")
    for question in gate.company.questions.values():
        if not gate.has("responses", question.column):
            continue
        score = rows[typed_name(question.column)]
        sums = {"n": score.count(), "high": score.max(), "tops": sum_of_tops(score)}
        frame = rows.group_by(file=FILE).aggregate(**sums).order_by("file").to_pandas()
        frame = frame[frame["n"] >= ENOUGH]
        ends = frame["high"].isin(TOPS) & (frame["tops"] >= TOP_SHARE * frame["n"])
        low = frame[ends & (frame["high"] < frame["high"].max())]
        if len(low):
            files = _named(low["file"].tolist())
            values: Values = {"n": int(low["n"].sum()), "top": float(low["high"].max()),
                              "high": question.scale[1], "words": files}  # fmt: skip
            yield Doubt(
                table="responses", column=question.column, kind="other_scale", values=values
            )


def _other_amounts(gate: Gate, table: str) -> Iterator[Finding]:
    """Tell of files whose orders bring far more or less than those of the others: cents?"""
    rows = gate.rows(table)
    middle = rows[typed_name("revenue")].median()
    frame = rows.group_by(file=FILE).aggregate(n=rows.count(), middle=middle).to_pandas()
    frame = frame[(frame["n"] >= ENOUGH) & (frame["middle"] > 0)].sort_values("file")
    if len(frame) < 2:
        return
    frame["others"] = [frame["middle"].drop(at).median() for at in frame.index]
    apart = (frame["middle"] / frame["others"]).map(lambda ratio: max(ratio, 1 / ratio))
    file = frame.loc[apart.idxmax()]
    if apart.max() >= UNLIKE_AMOUNTS:
        values: Values = {"n": int(file["n"]), "words": str(file["file"]),
                          "revenue": float(file["middle"]),
                          "elsewhere": float(file["others"])}  # fmt: skip
        yield Doubt(table=table, column="revenue", kind="other_amounts", values=values)


def _named(names: list[str]) -> str:
    return ", ".join(names[:NAMED]) + (" …" if len(names) > NAMED else "")
