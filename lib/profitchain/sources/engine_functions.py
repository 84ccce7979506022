"""What a query calls by name or says in one step: functions of an engine, macros, spans of time.

Ibis writes each step of a query as a tree, rewritten some twenty times. A cell is trimmed and
parsed by some hundred steps, a zone's clock changes are 67 spans in 260: of a small firm, written
out anew for each column, the cells alone took a fifth of what preparing it costs.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Sequence
from datetime import datetime
from functools import cache
from typing import Any
from weakref import finalize

import ibis
import ibis.expr.datatypes as dt
import ibis.expr.operations as ops
import ibis.expr.rules as rlz
import ibis.expr.types as ir
import sqlglot.expressions as sge
from ibis.backends.sql.compilers import DuckDBCompiler
from ibis.backends.sql.compilers.base import SQLGlotCompiler
from ibis.common.typing import VarTuple

Call = Callable[..., Any]  # calls a function of cells: `CellMacros` or `directly`
_OF_TABLE = re.compile(r'"t0"\.(?="__cell_\d")')
_KNOWN: dict[int, set[str]] = {}  # by connection: the statements that it was given


def builtin(name: str, *kinds: str | dt.DataType, returns: str | dt.DataType) -> Callable[..., Any]:
    """Return a function that an engine has itself, or was taught, of values of the named types."""
    return ibis.udf.scalar.builtin(lambda _a, _b, _c: None, name=name, signature=(kinds, returns))


def directly(function: Callable[..., Any], *cells: ir.Value, **options: Any) -> Any:
    """Return a function's value of cells, written out in the query."""
    return function(*cells, **options)


class CellMacros:
    """Calls functions of cells on a DuckDB connection, which learns each when it is first used.

    `macros(function, *cells, **options)` is `function(*cells, **options)`; options are hashable and
    hold no cells.
    """

    def __init__(self, con: Any) -> None:
        self._con = con
        if id(con) not in _KNOWN:  # connections to two memories are equal to Ibis
            _KNOWN[id(con)] = set()
            finalize(con, _KNOWN.pop, id(con))
        self._known = _KNOWN[id(con)]

    def __call__(self, function: Callable[..., Any], *cells: ir.Value, **options: Any) -> Any:
        """Return a function's value of cells."""
        kinds = tuple(cell.type() for cell in cells)
        statement, call = _macro(function, kinds, tuple(options.items()))
        if statement and statement not in self._known:
            self._con.raw_sql(statement)
            self._known.add(statement)
        return call(*cells)


@cache
def _macro(
    function: Callable[..., Any], kinds: tuple[dt.DataType, ...], options: tuple[Any, ...]
) -> tuple[str, Callable[..., Any]]:
    """Return the statement that makes a macro, and what calls it."""
    names = [f"__cell_{k}" for k in range(len(kinds))]
    cells = ibis.table(dict(zip(names, kinds, strict=True)), name="cells")
    value = function(*(cells[name] for name in names), **dict(options))
    if isinstance(value.op(), ops.Field):  # a cell as it is
        at = names.index(value.op().name)
        return "", lambda *given: given[at]
    query = DuckDBCompiler().to_sqlglot(cells.select(value=value))
    body = _OF_TABLE.sub("", query.expressions[0].this.sql(dialect=DuckDBCompiler.dialect))
    body = f"({', '.join(names)}) AS {body}"
    name = f"cell_{hashlib.sha256(body.encode()).hexdigest()[:16]}"
    return f"CREATE MACRO {name}{body}", builtin(name, *kinds, returns=value.type())


class ValueOfSpan(ops.Value):  # type: ignore[misc]  # Ibis has no types
    """The value of the span that an instant lies in; see by_span."""

    at: ops.Value[dt.Timestamp]
    starts: VarTuple[datetime]
    values: VarTuple[Any]
    kind: dt.DataType

    shape = rlz.shape_like("at")

    @property
    def dtype(self) -> dt.DataType:
        """The type of the values."""
        return self.kind


def by_span(
    at: ir.TimestampValue, starts: Sequence[datetime], values: Sequence[object], *, kind: str
) -> ir.Value:
    """Return the value of the span that an instant lies in, found by halving.

    `starts` says where each span but the first begins, in their order; `values` is one longer, and
    of no instant the last one is taken; `kind` is Ibis' name of the values' type.
    """
    if not starts:
        return ibis.literal(values[0], kind)
    return ValueOfSpan(at.op(), tuple(starts), tuple(values), dt.dtype(kind)).to_expr()


def _written(
    compiler: SQLGlotCompiler, op: ValueOfSpan, *, at: sge.Expression, **_parts: object
) -> sge.Expression:
    """Return the conditions as one piece of text: as a tree they took longer than the engine."""
    instant = at.sql(dialect=compiler.dialect)
    starts = [_literal(compiler, start, op.at.dtype) for start in op.starts]
    values = [_literal(compiler, value, op.kind) for value in op.values]

    def halved(first: int, last: int) -> str:
        if first == last:
            return values[first]
        half = (first + last) // 2
        before, after = halved(first, half), halved(half + 1, last)
        return f"CASE WHEN {instant} < {starts[half]} THEN {before} ELSE {after} END"

    return sge.Var(this=halved(0, len(starts)))


@cache
def _literal(compiler: SQLGlotCompiler, value: object, kind: dt.DataType) -> str:
    literal = ops.Literal(value, kind)
    written = compiler.visit_Literal(literal, value=literal.value, dtype=kind)
    return str(written.sql(dialect=compiler.dialect))


SQLGlotCompiler.visit_ValueOfSpan = _written  # where Ibis looks for how a step is written
