"""Whether the files of one table are alike: rows that stand in two, columns, and amounts."""

from __future__ import annotations

from collections.abc import Iterator

from profitchain.intake.doubts import ENOUGH, FEW, Doubt, Finding, Values
from profitchain.intake.gate import NOTED, Gate
from profitchain.sources.csv_dialect import FILE
from profitchain.sources.loading import paths_of
from profitchain.sources.typed_tables import typed_name

UNLIKE_AMOUNTS = 20  # times as much in the middle: cents, or another currency
NAMED = 3  # files that a doubt names


def file_findings(gate: Gate) -> Iterator[Finding]:
    """Yield what is doubtful about tables that come from several files; large ones aren't read."""
    for table, judged in gate.judged.items():
        if FILE in judged.rows.columns and not judged.table.is_large and _has_files(gate, table):
            if not judged.table.schema.unique:
                yield from _copied(gate, table)
            yield from _renamed(gate, table)
            if table == "orders" and gate.has(table, "revenue"):
                yield from _other_amounts(gate, table)


def _has_files(gate: Gate, table: str) -> bool:
    source = gate.company.tables[table]
    if source.parts or source.file is None:
        return bool(source.parts)
    return len(paths_of(source.file, gate.company)) > 1


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
        own = [other for other in unread if (given[other] == lacking).all()]
        if own and lacking.any() and not lacking.all():
            files = frame.loc[lacking, "file"]
            values: Values = {"n": len(files), "of": len(frame), "words": _named(files.tolist()),
                              "own": _named(own)}  # fmt: skip
            yield Doubt(table=table, column=ours, kind="renamed", values=values)


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
        values: Values = {
            "n": int(file["n"]),
            "words": str(file["file"]),
            "revenue": float(file["middle"]),
            "elsewhere": float(file["others"]),
        }
        yield Doubt(table=table, column="revenue", kind="other_amounts", values=values)


def _named(names: list[str]) -> str:
    return ", ".join(names[:NAMED]) + (" …" if len(names) > NAMED else "")
