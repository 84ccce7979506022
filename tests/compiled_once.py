"""Queries that Ibis writes once a process: most of what preparing a small firm's period costs.

Equal expressions are the same SQL: their tables' names and types, and each literal's value and
type are parts of them. Kernels and commands that tests start write all anew, and
press/test_edition.py holds their editions equal to those made here.
"""

from __future__ import annotations

from collections import OrderedDict
from typing import Any

from ibis.backends.duckdb import Backend

CACHED = "ibis_cached_"  # a table that lives as long as an expression that names it
MOST = 3_000  # queries kept: those of some ten firms
_compile = Backend.compile
_kept: OrderedDict[tuple[object, ...], str] = OrderedDict()


def compile_once() -> None:
    """Have DuckDB's backend write each query once; those with parameters each time."""
    Backend.compile = compiled


def compiled(self: Backend, expr: Any, /, **how: Any) -> str:
    """Return an expression's SQL, as `Backend.compile` does."""
    if how.get("params"):
        return _compile(self, expr, **how)
    key = (expr.op(), *sorted(how.items()))
    if key in _kept:
        _kept.move_to_end(key)
    else:
        written = _compile(self, expr, **how)
        if CACHED in written:
            return written
        _kept[key] = written
        if len(_kept) > MOST:
            _kept.popitem(last=False)
    return _kept[key]
