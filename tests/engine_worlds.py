"""An invented firm whose tables have types, in Parquet and in a PostgreSQL started for the tests.

Its rows hold what engines like to treat each in their own way: halves of a cent, moments with a
zone and with fractions of a second, ids that languages order otherwise than bytes, NaN and empty
text, rows that share a key.
"""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path

import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv as pcsv
import pyarrow.parquet as pq
import yaml

from demo.world import simulate
from demo.write_example import build_example, company_yml

SCHEMA = "shop"
SUMS = 1e-9  # engines add floats in other orders
_BINARIES = "/usr/lib/postgresql/*/bin"
_KINDS = {"string": "text", "int64": "bigint", "double": "double precision", "bool": "boolean"}
_KINDS |= {"date32[day]": "date", "timestamp[us]": "timestamp"}
_KINDS |= {"timestamp[us, tz=UTC]": "timestamp with time zone"}


def odd_tables(customers: int, *, seed: int) -> dict[str, pa.Table]:
    """Return an invented firm's tables, with everything in them that engines differ about."""
    tables = build_example(simulate(customers, seed=seed)).tables
    tables = {name: _with_odd_ids(_in_microseconds(table)) for name, table in tables.items()}
    tables["orders"] = _odd_orders(tables["orders"])
    tables["responses"] = _odd_responses(tables["responses"])
    tables["contacts"] = _zoned(tables["contacts"], "opened_at")
    tables["offers"] = _changed(tables["offers"], "kind", {1: "crossell"})
    tables["customers"] = _changed(tables["customers"], "region", {2: "", 3: "  North  "})
    stray = {"order_id": "no such order", "revenue": Decimal("1.00")}
    lines = tables["order_lines"]
    tables["order_lines"] = pa.concat_tables([lines, _copy(lines, 0, **stray)])
    again = tables["invitations"].slice(0, 2)
    tables["invitations"] = pa.concat_tables([tables["invitations"], again])
    return tables


def _in_microseconds(table: pa.Table) -> pa.Table:
    for at, field in enumerate(table.schema):
        if pa.types.is_timestamp(field.type):
            table = table.set_column(at, field.name, table[at].cast(pa.timestamp("us")))
    return table


def _with_odd_ids(table: pa.Table) -> pa.Table:
    for at, field in enumerate(table.schema):
        if field.name in ("customer_id", "referrer_id", "referred_by"):
            odd = [_odd_id(one) for one in table[at].to_pylist()]
            table = table.set_column(at, field.name, pa.array(odd, pa.string()))
    return table


def _odd_id(one: str | None) -> str | None:
    if one is None:
        return None
    number = int(one.lstrip("C"))
    fronts = {0: "c", 1: "C_", 2: "Ä", 3: "C-", 4: "ä", 5: "z"}
    return fronts.get(number % 8, "C") + one[1:]


def _odd_orders(orders: pa.Table) -> pa.Table:
    """Return orders in parts of a cent, some at a fraction of a second; and rows that break."""
    fine = pa.decimal128(38, 4)
    cents = [
        None if v is None else v + Decimal((k % 5) * 25) / 10_000
        for k, v in enumerate(orders["revenue"].to_pylist())
    ]
    margins = [
        float(v) + (0.005 if k % 3 else 0.0) for k, v in enumerate(orders["margin"].to_pylist())
    ]
    margins[5], margins[6] = float("nan"), float("inf")
    moments = [
        at.replace(microsecond=(k % 4) * 249_999 + 1 if k % 2 else 0)
        for k, at in enumerate(orders["ordered_at"].to_pylist())
    ]
    orders = _set(orders, "revenue", pa.array(cents, fine))
    orders = _set(orders, "margin", pa.array(margins, pa.float64()))
    orders = _set(orders, "ordered_at", pa.array(moments, pa.timestamp("us")))
    orders = _changed(orders, "status", {8: "CANCELLED", 9: " Voided "})
    broken = [
        _copy(orders, 20),
        _copy(orders, 21, revenue=Decimal("5.5000")),
        _copy(orders, 22, order_id="no customer", customer_id=None),
        _copy(orders, 23, order_id="a refund", revenue=Decimal("-12.3450")),
        _copy(orders, 24, order_id="=1+1", revenue=None),
    ]
    return pa.concat_tables([orders, *broken])


def _odd_responses(responses: pa.Table) -> pa.Table:
    scores = [None if v is None else float(v) for v in responses["nps"].to_pylist()]
    scores[2], scores[3], scores[4] = 11.0, 7.5, float("nan")
    scores[5], scores[6] = float("-inf"), 1e12
    responses = _set(responses, "nps", pa.array(scores, pa.float64()))
    return pa.concat_tables(
        [responses, _copy(responses, 10, response_id="stranger", customer_id="nobody")]
    )


def _zoned(table: pa.Table, column: str) -> pa.Table:
    return _set(table, column, pc.assume_timezone(table[column], "UTC"))


def _set(table: pa.Table, column: str, values: pa.Array | pa.ChunkedArray) -> pa.Table:
    return table.set_column(table.schema.get_field_index(column), column, values)


def _changed(table: pa.Table, column: str, changes: Mapping[int, object]) -> pa.Table:
    values = table[column].to_pylist()
    for row, value in changes.items():
        if row < len(values):
            values[row] = value
    return _set(table, column, pa.array(values, table.schema.field(column).type))


def _copy(table: pa.Table, row: int, **changes: object) -> pa.Table:
    values = table.slice(row, 1).to_pylist()[0] | changes
    return pa.Table.from_pylist([values], schema=table.schema)


def write_firm(folder: Path, rows: Mapping[str, pa.Table], **settings: object) -> Path:
    """Write company.yml over Parquet files, or over `tables:` of an engine; return the folder."""
    folder.mkdir(parents=True, exist_ok=True)
    given = yaml.safe_load(company_yml({name: name for name in rows}, "parquet")) | settings
    if "tables" not in settings:
        for name, table in rows.items():
            pq.write_table(table, folder / f"{name}.parquet")
    (folder / "company.yml").write_text(yaml.safe_dump(given), encoding="utf-8")
    return folder


def saved(folder: Path) -> dict[str, pa.Table]:
    return {path.stem: pq.read_table(path) for path in sorted(folder.glob("*.parquet"))}


def assert_same_files(ours: Path, theirs: Path, *, within: float = SUMS) -> None:
    """Hold that summaries have the same columns, kinds and values."""
    first, second = saved(ours), saved(theirs)
    assert list(first) == list(second)
    for name, table in first.items():
        kinds = [(f.name, str(f.type).removeprefix("large_")) for f in table.schema]
        found = [(f.name, str(f.type).removeprefix("large_")) for f in second[name].schema]
        assert kinds == found, name
        pd.testing.assert_frame_equal(
            table.to_pandas(), second[name].to_pandas(), check_exact=False, rtol=within, atol=0
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Postgres:
    """A PostgreSQL server of the tests' own: its URL, with a password in it."""

    url: str

    def load(self, tables: Mapping[str, pa.Table], schema: str = SCHEMA) -> dict[str, object]:
        """Put tables into a schema, and return what company.yml says of them."""
        import psycopg

        with psycopg.connect(self.url, autocommit=True) as con, con.cursor() as cursor:
            cursor.execute(f"DROP SCHEMA IF EXISTS {schema} CASCADE")
            cursor.execute(f"CREATE SCHEMA {schema}")
            for name, table in tables.items():
                columns = ", ".join(f'"{f.name}" {_kind(f.type)}' for f in table.schema)
                cursor.execute(f'CREATE TABLE {schema}."{name}" ({columns})')
                with cursor.copy(f'COPY {schema}."{name}" FROM STDIN (FORMAT csv)') as given:
                    given.write(_as_csv(table))
        return {name: {"table": f"{schema}.{name}"} for name in tables}


def _kind(kind: pa.DataType) -> str:
    if pa.types.is_decimal(kind):
        return f"numeric({kind.precision}, {kind.scale})"
    return _KINDS[str(kind)]


def _as_csv(table: pa.Table) -> bytes:
    """Return rows as PostgreSQL reads them: NULL is nothing at all, empty text is quoted."""
    for at, field in enumerate(table.schema):
        if pa.types.is_boolean(field.type) or pa.types.is_decimal(field.type):
            table = table.set_column(at, field.name, table[at].cast(pa.string()))
    sink = pa.BufferOutputStream()
    how = pcsv.WriteOptions(include_header=False, quoting_style="needed")
    pcsv.write_csv(table, sink, how)
    return sink.getvalue().to_pybytes()


def postgres_missing() -> str:
    """Return why no PostgreSQL can be started here; "" where it can."""
    if _postgres_folder() is None:
        return "needs PostgreSQL's server: apt-get install postgresql"
    if os.geteuid() == 0 and not (shutil.which("runuser") and _other_user()):
        return "PostgreSQL refuses to run as root, and there is no other user to run it as"
    return ""


def _postgres_folder() -> Path | None:
    found = sorted(Path("/").glob(_BINARIES.lstrip("/")), reverse=True)
    beside = shutil.which("initdb")
    return next((f for f in found if (f / "initdb").exists()), beside and Path(beside).parent)


def _other_user() -> str | None:
    import pwd

    names = {one.pw_name for one in pwd.getpwall()}
    return next((name for name in ("postgres", "nobody") if name in names), None)


@contextmanager
def postgres_server() -> Iterator[Postgres]:
    """Run a PostgreSQL on loopback, whose language orders text otherwise than bytes do."""
    folder = Path(tempfile.mkdtemp(prefix="profitchain-postgres-"))
    user = _other_user() if os.geteuid() == 0 else None
    if user:
        shutil.chown(folder, user)
    as_user = ["runuser", "-u", user, "--"] if user else []
    binaries, data = _postgres_folder(), folder / "data"
    (secret := folder / "password").write_text("sesame\n")
    secret.chmod(0o644)

    def call(name: str, *more: str) -> None:
        subprocess.run(
            [*as_user, str(binaries / name), *more],
            check=True,
            cwd=folder,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )

    language = ["--locale-provider=icu", "--icu-locale=en-US", "--locale=C.UTF-8"]
    made = ["-D", str(data), "-U", "firm", "-A", "scram-sha-256", f"--pwfile={secret}", "-E"]
    call("initdb", *made, "UTF8", *language)
    port = _free_port()
    options = f"-p {port} -c listen_addresses=127.0.0.1 -c unix_socket_directories={folder}"
    options += " -c fsync=off -c timezone=America/New_York"
    start = ["-D", str(data), "-w", "-l", str(folder / "log")]
    call("pg_ctl", *start, "-o", options, "start")
    try:
        yield Postgres(url=f"postgresql://firm:sesame@127.0.0.1:{port}/postgres")
    finally:
        call("pg_ctl", "-D", str(data), "-m", "immediate", "stop")
        shutil.rmtree(folder, ignore_errors=True)


def _free_port() -> int:
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return one.getsockname()[1]


def spark_missing() -> str:
    """Return why Spark can't be started here; "" where it can."""
    if shutil.which("java") is None:
        return "needs Java: apt-get install default-jre-headless"
    return ""
