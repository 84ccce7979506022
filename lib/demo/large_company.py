"""Writes an invented firm of any size: block after block of customers, in files by quarter."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from concurrent.futures import Future, ProcessPoolExecutor, as_completed
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import reduce
from itertools import groupby
from multiprocessing import get_context
from operator import add
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from demo.all_tables import Money, money_of, table_truths, tables_of
from demo.behaviour import START, WorldSettings
from demo.perfect_knowledge import QUARTERS, answered_panel, lookback, quarter_opens
from demo.sums import Tally, tally
from demo.truth import orders_truth, told
from demo.world import lived
from profitchain.core.errors import ProfitchainError
from profitchain.core.processes import start_worker

BLOCK = 250_000  # customers: with 5 orders each and all tables, a block needs 1.2 GB
FILE_ROWS = 100_000  # at least, where a quarter has so many
GROUP_ROWS = 122_880  # rows that a reader takes at once

DATED = {
    "orders": "ordered_at",
    "responses": "responded_at",
    "invitations": "invited_at",
    "contacts": "opened_at",
    "referrals": "referred_at",
    "offers": "offered_at",
    "memberships": "joined_at",
    "mentions": "posted_at",
}
QUARTERLY = {*DATED, "order_lines"}
SUMMED = {"costs": ["month", "purpose", "channel"], "control_totals": ["period", "measure"]}
OF_THE_FIRM = (
    "events",
    "goals",
    "actions",
    "benchmarks",
)  # the same for every block, so written once


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """What to write: the firm's settings, the names of its tables, and customers a block."""

    settings: WorldSettings
    tables: tuple[str, ...]
    block: int = BLOCK

    @property
    def sizes(self) -> list[int]:
        """Customers of each block: as equal as can be."""
        customers = self.settings.customers
        count = -(-customers // self.block)
        return [customers // count + (number < customers % count) for number in range(count)]


@dataclass(frozen=True, slots=True, kw_only=True)
class Written:
    """What a block leaves behind beside its files: sums, which may be added over the blocks.

    `parts`: rows of each file by table and file name. `orders_within_window`: what `orders_truth`
    says of the first block, nothing of others.
    """

    parts: dict[tuple[str, str], int]
    money: Money
    tally: Tally
    tables: dict[str, pa.Table]
    orders_within_window: dict[str, object]


def write(plan: Plan, folder: Path, *, workers: int | None = None) -> dict[str, object]:
    """Write the tables of the plan into a folder, and return what is true of them.

    One block is simulated at a time in each worker, so that memory doesn't grow with the firm.
    Each block has random numbers of its own: the files are the same whatever the workers.
    """
    for name in plan.tables:
        if name not in SUMMED and name not in OF_THE_FIRM:
            (folder / name).mkdir()
    with _pool(min(workers or os.cpu_count() or 1, len(plan.sizes))) as pool:
        written = _blocks(pool, plan, folder)
        rows = _rows(written)
        groups = [
            pool.submit(_merge, folder / name, group, DATED.get(name))
            for name, group in _groups(written)
            if len(group) > 1
        ]
        for group in groups:
            group.result()
    for name, table in _of_the_firm(written).items():
        rows[name] = len(table)
        pq.write_table(table, folder / f"{name}.parquet", compression="zstd")
    return _truth(plan, written, {name: rows[name] for name in plan.tables})


def block_settings(plan: Plan, number: int) -> WorldSettings:
    """Return the settings of one block, whose seed holds the firm's and the block's number."""
    seed = plan.settings.seed + (number << 32)
    return replace(plan.settings, customers=plan.sizes[number], seed=seed)


@contextmanager
def _pool(workers: int) -> Iterator[ProcessPoolExecutor]:
    with ProcessPoolExecutor(workers, get_context("spawn"), start_worker) as pool:
        try:
            yield pool
        except BrokenProcessPool:
            raise ProfitchainError(
                "A process that wrote the example was ended from outside, often for want of "
                "memory. Nothing was written: free some memory, and write it again."
            ) from None
        except BaseException:
            pool.shutdown(cancel_futures=True)
            raise


def _blocks(pool: ProcessPoolExecutor, plan: Plan, folder: Path) -> list[Written]:
    """Write all blocks side by side, and return what they left behind in the order of blocks."""
    from tqdm import tqdm

    waiting: dict[Future[Written], int] = {
        pool.submit(_write_block, plan, number, folder): number for number in range(len(plan.sizes))
    }
    with tqdm(total=plan.settings.customers, unit=" customers", unit_scale=True) as bar:
        for done in as_completed(waiting):
            done.result()
            bar.update(plan.sizes[waiting[done]])
    return [done.result() for done in waiting]


def _write_block(plan: Plan, number: int, folder: Path) -> Written:
    """Simulate a block, write its rows, a file a table and quarter, and return its sums."""
    world = lived(block_settings(plan, number))
    panel = answered_panel(world)
    made = tables_of(world, plan.tables)
    alone = {name: made.pop(name) for name in (*SUMMED, *OF_THE_FIRM) if name in made}
    parts, digits = {}, max(3, len(str(len(plan.sizes) - 1)))
    for name in list(made):
        cuts = _cuts(name, made)
        table = _numbered(made[name], f"{number:0{digits}}")
        for label, begin, end in cuts:
            part = f"{label}{number:0{digits}}.parquet"
            if end > begin:
                _write(table.slice(begin, end - begin), folder / name / part)
                parts[name, part] = end - begin
    return Written(
        parts=parts,
        money=money_of(made["orders"]),
        tally=tally(world, panel),
        tables=alone,
        orders_within_window=orders_truth(lookback(panel), world) if number == 0 else {},
    )


def _cuts(name: str, tables: dict[str, pa.Table]) -> list[tuple[str, int, int]]:
    """Return where each quarter begins and ends among the rows, which stand in order of time."""
    table = tables[name]
    if name in DATED:
        seconds = (table[DATED[name]].to_numpy() - START).astype(np.int64)
        begins = np.searchsorted(seconds, quarter_opens())
    elif name == "order_lines":
        begins = _line_begins(table, tables["orders"])
    else:
        return [("", 0, len(table))]
    ends = [*begins[1:], len(table)]
    names = [f"{quarter}-" for quarter in QUARTERS]
    return list(zip(names, map(int, begins), map(int, ends), strict=True))


def _line_begins(lines: pa.Table, orders: pa.Table) -> list[int]:
    """Return the row of the first line of each quarter: lines stand in order of their orders."""
    bought = orders.filter(pc.equal(orders["status"], "completed"))
    seconds = (bought["ordered_at"].to_numpy() - START).astype(np.int64)
    firsts = np.searchsorted(seconds, quarter_opens())
    return [
        pc.index(lines["order_id"], bought["order_id"][int(first)]).as_py()
        if first < len(bought)
        else len(lines)
        for first in firsts
    ]


def _is_key(column: str) -> bool:
    return column == "referred_by" or (column.endswith("_id") and column != "product_id")


def _numbered(table: pa.Table, block: str) -> pa.Table:
    """Return the table with the block's number behind the letter of each key."""
    for place, name in enumerate(table.column_names):
        if _is_key(name):
            keys = pc.binary_replace_slice(table[name], start=1, stop=1, replacement=block)
            table = table.set_column(place, name, keys)
    return table


def _write(table: pa.Table, path: Path) -> None:
    repeated = [
        column.name
        for column in table.schema
        if not _is_key(column.name) and column.type in (pa.string(), pa.int64())
    ]
    pq.write_table(
        table,
        path,
        compression="zstd",
        row_group_size=GROUP_ROWS,
        use_dictionary=repeated,
        store_decimal_as_integer=True,
    )


def _groups(written: Iterable[Written]) -> Iterator[tuple[str, list[str]]]:
    """Yield table and file names: files of one quarter which together hold `FILE_ROWS`."""
    rows = {key: n for block in written for key, n in block.parts.items() if key[0] in QUARTERLY}
    for (name, _), parts in groupby(sorted(rows), key=lambda key: (key[0], key[1][:6])):
        groups: list[list[str]] = [[]]
        for _, part in parts:
            if sum(rows[name, one] for one in groups[-1]) >= FILE_ROWS:
                groups.append([])
            groups[-1].append(part)
        if len(groups) > 1 and sum(rows[name, one] for one in groups[-1]) < FILE_ROWS:
            groups[-2:] = [groups[-2] + groups[-1]]
        yield from ((name, group) for group in groups)


def _merge(folder: Path, parts: list[str], dated_by: str | None) -> None:
    """Make one file, in order of time, of several; it takes the name of the first."""
    table = pa.concat_tables(pq.ParquetFile(folder / part).read() for part in parts)
    if dated_by:
        table = table.take(pc.sort_indices(table, [(dated_by, "ascending")]))
    for part in parts:
        (folder / part).unlink()
    _write(table, folder / parts[0])


def _rows(written: Iterable[Written]) -> dict[str, int]:
    rows: dict[str, int] = {}
    for block in written:
        for (name, _), n in block.parts.items():
            rows[name] = rows.get(name, 0) + n
    return rows


def _of_the_firm(written: list[Written]) -> dict[str, pa.Table]:
    """Return the tables that are sums over all blocks, and those that any block tells alike."""
    firm = {}
    for name, table in written[0].tables.items():
        firm[name] = table
        if by := SUMMED.get(name):
            tables = pa.concat_tables(block.tables[name] for block in written)
            total = tables.group_by(by, use_threads=False).aggregate([("amount", "sum")])
            amount = total["amount_sum"].cast(pa.decimal128(18, 2))
            total = total.set_column(total.column_names.index("amount_sum"), "amount", amount)
            firm[name] = total.select(table.column_names)
    return firm


def _truth(plan: Plan, written: list[Written], rows: dict[str, int]) -> dict[str, object]:
    money = reduce(add, (block.money for block in written))
    sums = reduce(add, (block.tally for block in written))
    behaviour = told(sums, plan.settings, written[0].orders_within_window)
    return behaviour | table_truths(money, rows)
