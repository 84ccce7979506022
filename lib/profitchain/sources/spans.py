"""The value of the span of time that an instant lies in, as one step of a query.

A zone's clock changes are 67 spans. As nested conditions Ibis would rewrite some 260 steps for each
date of each query, a fifth of what preparing a small firm costs; as one step it writes them once.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from functools import cache
from typing import Any

import ibis
import ibis.expr.datatypes as dt
import ibis.expr.operations as ops
import ibis.expr.rules as rlz
import ibis.expr.types as ir
import sqlglot.expressions as sge
from ibis.backends.sql.compilers.base import SQLGlotCompiler
from ibis.common.typing import VarTuple


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
