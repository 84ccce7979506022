"""Writes the invented company Lantern & Loom: tables, company.yml and what is true of them."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path

import duckdb
import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from profitchain import programmes, voices
from profitchain.behaviour import WINDOW_DAYS, stream
from profitchain.goods import ORDERED, order_ids, sell
from profitchain.truth import truths
from profitchain.world import World, simulate

CUSTOMERS = 4_500  # keeps the committed tables below 3 MB
CSV_UP_TO = 20_000  # customers; larger companies are written as Parquet
FAULTS_FROM = 100  # customers; smaller companies have too few rows to break any

ABOUT = "Lantern & Loom is invented; these are the true values behind its tables."

# table -> fault -> rows, in the words of this file; only CSV can hold all of them
FAULTS = {
    "orders": {"repeats an earlier row exactly": 2, "unreadable date": 1, "no customer": 1},
    "responses": {"score 11 on a scale from 0 to 10": 1, "unknown customer": 1},
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Example:
    """An invented company in memory: the tables of the contract by name, and their truth."""

    world: World
    tables: dict[str, pa.Table]
    truth: dict[str, object]


def write_example(folder: Path, *, customers: int = CUSTOMERS, seed: int = 2026) -> None:
    """Write tables, company.yml and truth.json into a folder; the same seed, the same bytes.

    Up to `CSV_UP_TO` customers the tables are CSV, and from `FAULTS_FROM` on a few faults are
    planted in them; above that they are Parquet, without faults.
    """
    folder = Path(folder)
    folder.mkdir(parents=True, exist_ok=True)
    world = simulate(customers, seed=seed)
    example = build_example(world, faults=FAULTS_FROM <= customers <= CSV_UP_TO)
    form = "csv" if customers <= CSV_UP_TO else "parquet"
    for name, table in example.tables.items():
        _write_table(table, folder / f"{name}.{form}")
    (folder / "company.yml").write_text(company_yml(form), encoding="utf-8", newline="\n")
    told = json.dumps(example.truth, indent=1, ensure_ascii=False, allow_nan=False) + "\n"
    (folder / "truth.json").write_text(told, encoding="utf-8", newline="\n")


def build_example(world: World, *, faults: bool = False) -> Example:
    """Return the tables of a world with everything that is true of them; nothing is written.

    With `faults`, a handful of broken rows are planted, as `truth["planted_faults"]` lists them.
    """
    tables, truth = _tables(world), {"about": ABOUT, **truths(world)}
    truth |= _table_truths(world, tables)
    if faults:
        tables = _with_faults(tables, world.settings.seed)
    return Example(
        world=world, tables=tables, truth=truth | {"planted_faults": FAULTS if faults else {}}
    )


def _tables(world: World) -> dict[str, pa.Table]:
    sales, contacts = sell(world), voices.contact_facts(world)
    referred, club = programmes.referral_facts(world), programmes.memberships(world)
    return {
        "orders": sales.orders,
        "responses": voices.responses(world, order_ids(sales)),
        "customers": programmes.customers(world, referred),
        "invitations": voices.invitations(world),
        "order_lines": sales.lines,
        "contacts": voices.contacts(contacts),
        "costs": programmes.costs(world, contacts=contacts, referred=referred, club=club),
        "referrals": programmes.referrals(referred),
        "offers": programmes.offers(world),
        "memberships": club,
        "events": programmes.events(),
        "mentions": voices.mentions(world),
        "benchmarks": programmes.benchmarks(),
        "control_totals": programmes.control_totals(sales.books, ORDERED),
    }


def _table_truths(world: World, tables: dict[str, pa.Table]) -> dict[str, object]:
    anyhow, uplift = programmes.ACCEPTED_ANYHOW.tolist(), programmes.UPLIFT.tolist()
    per_mood = {"0-6": 0, "7-8": 1, "9-10": 2}
    orders = tables["orders"]
    bought = orders.filter(pc.equal(orders["status"], "completed"))
    return {
        "offers": {
            kind: {"accepted_when_held_out": anyhow[code], "uplift": uplift[code]}
            for code, kind in enumerate(programmes.KINDS)
        },
        "memberships": {"effect_on_repeat": 0.0, "joined_by": "pace, which no table shows"},
        "referrals": {"propensity": _by_mood(programmes.REFERRING, per_mood)},
        "contacts": {
            "share_of_orders": _by_mood(voices.CONTACT_SHARE, per_mood),
            "complaint_share": _by_mood(voices.COMPLAINT_SHARE, per_mood),
        },
        "money": {
            "revenue_per_order": _mean(bought["revenue"]),
            "margin_per_order": _mean(bought["margin"]),
            "note": "revenue and margin of an order don't depend on the score, given the tier",
        },
        "rows": {name: len(table) for name, table in tables.items()},
    }


def _by_mood(values: np.ndarray, names: dict[str, int]) -> dict[str, float]:
    return {name: float(values[place]) for name, place in names.items()}


def _mean(amounts: pa.ChunkedArray) -> float:
    return round(float(pc.mean(amounts.cast(pa.float64())).as_py()), 2)


def _with_faults(tables: dict[str, pa.Table], seed: int) -> dict[str, pa.Table]:
    """Return the tables with broken rows at the end; the sound rows stay as they are."""
    rng = stream(seed, "faults")
    orders, responses = _as_text(tables["orders"]), _as_text(tables["responses"])
    bought = orders.filter(pc.equal(orders["status"], "completed"))
    broken = _some(bought, 4, rng)
    broken[2] |= {"order_id": "O9000001", "ordered_at": "2026-02-31 at noon"}
    broken[3] |= {"order_id": "O9000002", "customer_id": None}
    strange = _some(responses, 2, rng)
    strange[0] |= {"response_id": "A900001", "nps": "11", "comment": None}
    strange[1] |= {"response_id": "A900002", "customer_id": "C999999", "comment": None}
    return tables | {"orders": _append(orders, broken), "responses": _append(responses, strange)}


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


def company_yml(form: str) -> str:
    """Return the company.yml of the example, pointing at tables of the given form."""
    return _COMPANY.replace("FORM", form)


_COMPANY = f"""\
# Lantern & Loom: an invented web shop for home goods. What each column means: ../README.md
# Copy this file for your own company and change what differs; an unknown key is an error.
name: Lantern & Loom
currency: EUR
language: en                  # en, zh-Hant or zh-Hans: the language of the pages
time_zone: Europe/Berlin      # times without an offset are this zone's wall time
report_every: quarter         # month, quarter or year

# Only `orders` is required. Each page says which tables it needs and what it leaves out.
# Columns named otherwise are renamed here, ours: theirs, as in
#   orders: {{file: orders.csv, columns: {{order_id: Name, ordered_at: Created at}}}}
tables:
  orders: {{file: orders.FORM}}
  responses: {{file: responses.FORM}}
  customers: {{file: customers.FORM}}
  invitations: {{file: invitations.FORM}}
  order_lines: {{file: order_lines.FORM}}
  contacts: {{file: contacts.FORM}}
  costs: {{file: costs.FORM}}
  referrals: {{file: referrals.FORM}}
  offers: {{file: offers.FORM}}
  memberships: {{file: memberships.FORM}}
  events: {{file: events.FORM}}
  mentions: {{file: mentions.FORM}}
  benchmarks: {{file: benchmarks.FORM}}
  control_totals: {{file: control_totals.FORM}}

# What customers were asked: our name for it, the column of `responses`, the kind, the scale and
# what pages call it (one label, or one for each language of the pages).
questions:
  nps:
    {{column: nps, kind: nps,                                                  # 0 to 10
     label: {{en: Would recommend, zh-Hant: 願意推薦, zh-Hans: 愿意推荐}}}}
  csat:
    {{column: csat, kind: csat, scale: [1, 5], satisfied_from: 4,
     label: {{en: Satisfaction, zh-Hant: 整體滿意, zh-Hans: 总体满意}}}}
  ces:
    {{column: ces, kind: ces, scale: [1, 7], easy_is: high,                    # 7 is very easy
     label: {{en: Ease, zh-Hant: 容易程度, zh-Hans: 便捷程度}}}}
  quality:
    {{column: q_quality, kind: driver, scale: [1, 5],
     label: {{en: Product quality, zh-Hant: 商品品質, zh-Hans: 商品质量}}}}
  delivery:
    {{column: q_delivery, kind: driver, scale: [1, 5],
     label: {{en: Delivery, zh-Hant: 配送, zh-Hans: 配送}}}}
  service:
    {{column: q_service, kind: driver, scale: [1, 5],
     label: {{en: Service, zh-Hant: 服務, zh-Hans: 服务}}}}
  price:
    {{column: q_price, kind: driver, scale: [1, 5],
     label: {{en: Value for money, zh-Hant: 物有所值, zh-Hans: 性价比}}}}
main_question: nps            # the one whose points are followed to repeat orders and money

segments: [region, tier]      # columns of `customers`
# What was known before the answer and goes with both score and loyalty; adjusted for.
controls: [prior_orders, recency, tenure, tier]

repeat_within_days: {WINDOW_DAYS}        # an order this soon after the answer counts as a repeat
lookback_months: 12           # the link is measured over answers of this long; 0 means all
discount_rate: 0.10           # a year, for money that comes later
privacy: {{smallest_group: 10}} # smaller groups are not shown
"""
