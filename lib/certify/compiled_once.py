"""Queries that Ibis writes once a process: most of what preparing a small firm's period costs.

Equal expressions are the same SQL: their tables' names and types, and each literal's value and
type are parts of them. Tests use this, and histories of many runs in one process. Kernels and
commands that tests start write all anew, and press/test_runs_alike.py holds their editions equal
to those made here.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable
from typing import Any

import sqlglot.expressions as sge
from ibis.backends.duckdb import Backend
from ibis.backends.sql.compilers import DuckDBCompiler

CACHED = "ibis_cached_"  # a table that lives as long as an expression that names it
MOST = 6_000  # texts and trees kept: those of some ten firms
_compile, _to_sqlglot = Backend.compile, DuckDBCompiler.to_sqlglot
_kept: OrderedDict[tuple[object, ...], Any] = OrderedDict()
_writing: list[tuple[object, ...]] = []


def compile_once() -> None:
    """Have DuckDB's backend write each query once; those with parameters each time."""
    Backend.compile, DuckDBCompiler.to_sqlglot = compiled, as_tree


def compiled(self: Backend, expr: Any, /, **how: Any) -> str:
    """Return an expression's SQL, as `Backend.compile` does."""
    if how.get("params"):
        return _compile(self, expr, **how)
    return _once((str, expr, how), lambda: _compile(self, expr, **how))


def as_tree(self: DuckDBCompiler, expr: Any, **how: Any) -> sge.Expression:
    """Return an expression as a tree of its own, as the compiler's `to_sqlglot` does."""
    if how.get("params") or _writing:  # what becomes a text is kept as one
        return _to_sqlglot(self, expr, **how)
    return _once((sge.Expression, expr, how), lambda: _to_sqlglot(self, expr, **how)).copy()


def _once(what: tuple[type, Any, dict[str, Any]], write: Callable[[], Any]) -> Any:
    kind, expr, how = what
    key = (kind, expr.op(), *sorted(how.items()))
    if key in _kept:
        _kept.move_to_end(key)
        return _kept[key]
    _writing.append(key)
    try:
        written = write()
    finally:
        _writing.pop()
    if not _names_what_ends(written):
        _kept[key] = written
        if len(_kept) > MOST:
            _kept.popitem(last=False)
    return written


def _names_what_ends(written: Any) -> bool:
    if isinstance(written, str):
        return CACHED in written
    return any(table.name.startswith(CACHED) for table in written.find_all(sge.Table))
