"""Writes the invented company Lantern & Loom: tables, company.yml and what is true of them."""

from __future__ import annotations

import json
from collections.abc import Collection
from dataclasses import dataclass
from pathlib import Path

import duckdb
import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from demo import large_company
from demo.all_tables import MADE, money_of, table_truths, tables_of
from demo.behaviour import WINDOW_DAYS, stream
from demo.benefit_truth import complaints_truth
from demo.calibrate import settled
from demo.lot_test import TRUTH, write_lot_test
from demo.survey_tables import words_truth
from demo.truth import truths
from demo.world import World, lived
from profitchain.core.atomic import aside, exchange
from profitchain.core.errors import ParameterError

CUSTOMERS = 4_500  # keeps the committed tables below 3 MB
CSV_UP_TO = 20_000  # customers; larger companies are written as Parquet
FAULTS_FROM = 100  # customers; smaller companies have too few rows to break any

ABOUT = "Lantern & Loom is invented; these are the true values behind its tables."
ABOUT_BLOCKS = (
    " They are sums over the whole firm, but for orders_within_window: this is of the first {}"
    " customers."
)

# table -> fault -> rows, in the words of this file; only CSV can hold all of them
FAULTS = {
    "orders": {"repeats an earlier row exactly": 2, "unreadable date": 1, "unreadable amount": 1},
    "responses": {"score 11 on a scale from 0 to 10": 1, "unknown customer": 1},
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Example:
    """An invented company in memory: the tables of the contract by name, and their truth."""

    world: World
    tables: dict[str, pa.Table]
    truth: dict[str, object]


def write_example(
    folder: Path,
    *,
    customers: int | None = None,
    seed: int = 2026,
    orders: int | None = None,
    answers: int | None = None,
    tables: Collection[str] = MADE,
    block: int = large_company.BLOCK,
    workers: int | None = None,
) -> None:
    """Write tables, company.yml and truth.json into a folder; the same seed, the same bytes.

    Up to `CSV_UP_TO` customers the tables are CSV, and from `FAULTS_FROM` on a few faults are
    planted in them; above that they are Parquet, without faults. Above `block` customers each
    table is a folder of Parquet files by quarter, which appear when all are whole.

    Parameters
    ----------
    customers : `CUSTOMERS`, or with `orders` as many as would place them, if not given.
    orders, answers : about so many completed orders and answers, by the customers' loyalty and by
        how many are asked; see `settled`.
    tables : the names of those to write; orders always are.
    block : customers simulated at a time in each of the `workers` (as many as there are cores).

    Raises
    ------
    ParameterError : where a table isn't known, or so many orders or answers can't be.
    """
    folder, names = Path(folder).resolve(), _known(tables)
    customers = CUSTOMERS if customers is None and orders is None else customers
    settings = settled(customers, seed=seed, orders=orders, answers=answers)
    if settings.customers <= block:
        folder.mkdir(parents=True, exist_ok=True)
        _write_whole(folder, lived(settings), names)
        return
    plan = large_company.Plan(settings=settings, tables=names, block=block)
    with aside(folder) as building:
        truth = large_company.write(plan, building, workers=workers)
        about = ABOUT + ABOUT_BLOCKS.format(plan.sizes[0])
        files = {name: f"{name}/*" if (building / name).is_dir() else name for name in names}
        truth = {"about": about, **truth, "planted_faults": {}}
        _tell(building, truth, files=files, form="parquet")
        folder.mkdir(exist_ok=True)
        for part in sorted(building.iterdir(), key=lambda part: part.name == "company.yml"):
            exchange(part, folder / part.name)


def build_example(world: World, tables: Collection[str] = MADE, *, faults: bool = False) -> Example:
    """Return the tables of a world with everything that is true of them; nothing is written.

    With `faults`, a handful of broken rows are planted, as `truth["planted_faults"]` lists them.
    """
    made = tables_of(world, tables)
    rows = {name: len(table) for name, table in made.items()}
    truth = {"about": ABOUT, **truths(world), **table_truths(money_of(made["orders"]), rows)}
    truth["benefits"] |= {"complaints_per_100_orders": complaints_truth(world)}
    if "responses" in made:
        truth["comments"] = words_truth(world)
    planted = {name: FAULTS[name] for name in FAULTS if faults and name in made}
    if faults:
        made = _with_faults(made, world.settings.seed)
    return Example(world=world, tables=made, truth=truth | {"planted_faults": planted})


def _known(tables: Collection[str]) -> tuple[str, ...]:
    for name in tables:
        if name not in MADE:
            raise ParameterError(f"There is no table '{name}'. There are: {', '.join(MADE)}.")
    return tuple(name for name in MADE if name == "orders" or name in tables)


def _write_whole(folder: Path, world: World, names: tuple[str, ...]) -> None:
    """Write a company that fits into memory, each table into one file."""
    customers = world.settings.customers
    example = build_example(world, names, faults=FAULTS_FROM <= customers <= CSV_UP_TO)
    form = "csv" if customers <= CSV_UP_TO else "parquet"
    for name, table in example.tables.items():
        _write_table(table, folder / f"{name}.{form}")
    truth = example.truth
    if form == "csv":
        write_lot_test(folder, world)
        truth = truth | {"tests": TRUTH}
    _tell(folder, truth, files=dict(zip(names, names, strict=True)), form=form)


def _tell(folder: Path, truth: dict[str, object], *, files: dict[str, str], form: str) -> None:
    """Write company.yml and truth.json."""
    (folder / "company.yml").write_text(company_yml(files, form), encoding="utf-8", newline="\n")
    text = json.dumps(truth, indent=1, ensure_ascii=False, allow_nan=False) + "\n"
    (folder / "truth.json").write_text(text, encoding="utf-8", newline="\n")


def _with_faults(tables: dict[str, pa.Table], seed: int) -> dict[str, pa.Table]:
    """Return the tables with broken rows at the end; the sound rows stay as they are."""
    rng = stream(seed, "faults")
    orders = _as_text(tables["orders"])
    bought = orders.filter(pc.equal(orders["status"], "completed"))
    broken = _some(bought, 4, rng)
    broken[2] |= {"order_id": "O9000001", "ordered_at": "2026-02-31 at noon"}
    broken[3] |= {"order_id": "O9000002", "revenue": "to be agreed"}
    tables = tables | {"orders": _append(orders, broken)}
    if "responses" not in tables:
        return tables
    responses = _as_text(tables["responses"])
    strange = _some(responses, 2, rng)
    strange[0] |= {"response_id": "A900001", "nps": "11", "comment": None}
    strange[1] |= {"response_id": "A900002", "customer_id": "C999999", "comment": None}
    return tables | {"responses": _append(responses, strange)}


def _some(table: pa.Table, count: int, rng: np.random.Generator) -> list[dict[str, str | None]]:
    """Return different rows of the table, drawn at random, as dicts."""
    return table.take(pa.array(rng.choice(len(table), count, replace=False))).to_pylist()


def _append(table: pa.Table, rows: list[dict[str, str | None]]) -> pa.Table:
    return pa.concat_tables([table, pa.Table.from_pylist(rows, schema=table.schema)])


def _as_text(table: pa.Table) -> pa.Table:
    """Return the table as a CSV file would hold it, so that it can hold what isn't a date."""
    columns = {
        name: pc.strftime(column, format="%Y-%m-%dT%H:%M:%S")
        if pa.types.is_timestamp(column.type)
        else column.cast(pa.string())
        for name, column in zip(table.column_names, table.columns, strict=True)
    }
    return pa.table(columns)


def _write_table(table: pa.Table, path: Path) -> None:
    if path.suffix == ".parquet":
        pq.write_table(table, path, compression="zstd")
        return
    with duckdb.connect() as engine:
        engine.register("written", _as_text(table))
        target = str(path).replace("'", "''")
        engine.execute(f"COPY written TO '{target}' (FORMAT csv, HEADER)")


def company_yml(files: dict[str, str], form: str) -> str:
    """Return the company.yml of the example: each table's file, without its form, by name.

    What would need a table that isn't there is left out.
    """
    listed = "".join(f"  {name}: {{file: {file}.{form}}}\n" for name, file in files.items())
    questions = _ASKED if "responses" in files else ""
    segments = _KNOWN if "customers" in files else ""
    labels = _CALLED if {"events", "invitations"} <= set(files) else ""
    return _FIRM + listed + "\n" + questions + segments + labels + _CHOSEN


_FIRM = """\
# Lantern & Loom: an invented web shop for home goods. What each column means: ../README.md
# Copy this file for your own company and change what differs; an unknown key is an error.
name: Lantern & Loom
currency: EUR
language: en                  # en, zh-Hant or zh-Hans: the language of the pages
time_zone: Europe/Berlin      # times without an offset are this zone's wall time
report_every: quarter         # month, quarter or year

# At least one of `orders` and `responses` is required. Each page says which tables it needs and
# what it leaves out.
# Columns named otherwise are renamed here, ours: theirs, as in
#   orders: {file: orders.csv, columns: {order_id: Name, ordered_at: Created at}}
tables:
"""

_ASKED = """\
# What customers were asked: our name for it, the column of `responses`, the kind, the scale and
# what pages call it (one label, or one for each language of the pages).
questions:
  nps:
    {column: nps, kind: nps,                                                  # 0 to 10
     label: {en: Would recommend, zh-Hant: 願意推薦, zh-Hans: 愿意推荐}}
  csat:
    {column: csat, kind: csat, scale: [1, 5], satisfied_from: 4,
     label: {en: Satisfaction, zh-Hant: 整體滿意, zh-Hans: 总体满意}}
  ces:
    {column: ces, kind: ces, scale: [1, 7], easy_is: high,                    # 7 is very easy
     label: {en: Ease, zh-Hant: 容易程度, zh-Hans: 便捷程度}}
  quality:
    {column: q_quality, kind: driver, scale: [1, 5],
     label: {en: Product quality, zh-Hant: 商品品質, zh-Hans: 商品质量}}
  delivery:
    {column: q_delivery, kind: driver, scale: [1, 5],
     label: {en: Delivery, zh-Hant: 配送, zh-Hans: 配送}}
  service:
    {column: q_service, kind: driver, scale: [1, 5],
     label: {en: Service, zh-Hant: 服務, zh-Hans: 服务}}
  price:
    {column: q_price, kind: driver, scale: [1, 5],
     label: {en: Value for money, zh-Hant: 物有所值, zh-Hans: 性价比}}
main_question: nps            # the one whose points are followed to repeat orders and money

"""

_KNOWN = """\
# Columns of `customers` that part them, and what pages call them and their values. Names alone will
# do: segments: [region, tier].
segments:
  region:
    label: {zh-Hant: 地區, zh-Hans: 地区}
    values:
      North: {zh-Hant: 北區, zh-Hans: 北区}
      East: {zh-Hant: 東區, zh-Hans: 东区}
      South: {zh-Hant: 南區, zh-Hans: 南区}
      West: {zh-Hant: 西區, zh-Hans: 西区}
  tier:
    label: {zh-Hant: 等級, zh-Hans: 等级}
    values:
      standard: {zh-Hant: 標準, zh-Hans: 标准}
      silver: {zh-Hant: 銀級, zh-Hans: 银级}
      gold: {zh-Hant: 金級, zh-Hans: 金级}
# What was known before the answer and goes with both score and loyalty; adjusted for, as the
# month of the answer always is.
controls: [prior_orders, recency, tenure, tier]

"""

_CALLED = """\
# What pages call touchpoints and events, and their values.
labels:
  touchpoint:
    label: {zh-Hant: 接觸點, zh-Hans: 触点}
    values: {delivery: {zh-Hant: 配送, zh-Hans: 配送}, support: {zh-Hant: 客服, zh-Hans: 客服}}
  event:
    values:
      shop opens: {zh-Hant: 商店開張, zh-Hans: 商店开张}
      price rise of about 3%: {zh-Hant: 漲價約3%, zh-Hans: 涨价约3%}
      new checkout: {zh-Hant: 新結帳流程, zh-Hans: 新结账流程}
      "carrier change goes wrong: most parcels late":
        {zh-Hant: 更換承運商出錯，多數包裹遲到, zh-Hans: 更换承运商出错，多数包裹迟到}
      old carrier back: {zh-Hant: 原承運商恢復服務, zh-Hans: 原承运商恢复服务}

"""

_CHOSEN = f"""\
repeat_within_days: {WINDOW_DAYS}        # an order this soon after the answer counts as a repeat
lookback_months: 12           # the link is measured over answers of this long; 0 means all
discount_rate: 0.10           # a year, for money that comes later
privacy: {{smallest_group: 10}} # smaller groups are not shown
"""
