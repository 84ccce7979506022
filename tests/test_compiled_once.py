"""Queries that tests write once are those that Ibis writes: literals, types, names tell apart."""

import ibis
import pytest
from ibis.backends.sql import SQLBackend

from certify.compiled_once import compile_once, compiled

ONES = {
    "a whole number": lambda t: t.filter(t.a == 1),
    "a fraction": lambda t: t.filter(t.a == 1.0),
    "a truth": lambda t: t.filter((t.a == 2) == ibis.literal(True)),
    "minus one": lambda t: t.filter(t.a == -1),
    "minus two": lambda t: t.filter(t.a == -2),
    "a text": lambda t: t.filter(t.a.cast("string") == "1"),
    "a day": lambda t: t.mutate(d=ibis.date("2026-01-01")),
    "another day": lambda t: t.mutate(d=ibis.date("2026-01-02")),
    "an instant": lambda t: t.mutate(d=ibis.timestamp("2026-01-01")),
    "another name": lambda t: t.mutate(e=ibis.date("2026-01-01")),
}


@pytest.fixture
def tables():
    """The same table in two engines that know nothing of one another."""
    compile_once()
    made = []
    for rows in ([1, 2], [3]):
        con = ibis.duckdb.connect()
        made.append((con, con.create_table("t", ibis.memtable({"a": rows}).cast({"a": "int64"}))))
    yield made
    for con, _table in made:
        con.disconnect()


def test_each_expression_keeps_its_own_sql_and_the_second_engine_gets_the_same(tables):
    for con, table in tables:
        for name, make in ONES.items():
            written = compiled(con, make(table))
            assert written == SQLBackend.compile(con, make(table)), name
            assert written == con.compile(make(table))
    assert len({compiled(con, make(table)) for make in ONES.values()}) == len(ONES)


def test_a_table_made_again_has_the_rows_of_its_own_engine_and_what_was_written_is_not_changed(
    tables,
):
    for _ in range(2):
        for (con, table), rows in zip(tables, ([2, 3], [4]), strict=True):
            made = con.create_table("more", table.mutate(a=table.a + 1), overwrite=True)
            assert sorted(con.execute(made)["a"]) == rows
            view = con.create_view("seen", made.mutate(a=made.a + 1), overwrite=True)
            assert sorted(con.execute(view)["a"]) == [row + 1 for row in rows]


def test_rows_are_those_of_the_engine_that_is_asked(tables):
    assert [sorted(con.execute(table)["a"]) for con, table in tables] == [[1, 2], [3]]


def test_tables_of_one_name_and_other_columns_are_told_apart(tables):
    (con, table), (other, _same) = tables
    rows = ibis.memtable({"a": [1], "b": [2]}).cast({"a": "int64", "b": "int64"})
    wider = other.create_table("t", rows, overwrite=True)
    found = con.execute(table.mutate(c=1)), other.execute(wider.mutate(c=1))
    assert [list(frame) for frame in found] == [["a", "c"], ["a", "b", "c"]]
    assert found[1]["b"].tolist() == [2]
