"""What each table must hold: columns, kinds, what is required, what is unique, what dates a row."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from datetime import date
from typing import Literal, cast

from profitchain.core.errors import CompanyError
from profitchain.sources.company import Company
from profitchain.sources.settings import Source

Kind = Literal[
    "id", "text", "time", "date", "month", "year", "period", "money", "number", "score", "flag"
]

DATES: tuple[Kind, ...] = ("time", "date", "month")
NUMERIC: tuple[Kind, ...] = ("money", "number", "score")
IS_NUMBER = re.compile(r"-?\d+(\.\d+)?$")
PURPOSES = ("acquisition", "retention", "service", "referral", "programme")
OFFER_KINDS = ("cross_sell", "upsell")


@dataclass(frozen=True, slots=True, kw_only=True)
class ColumnSchema:
    """One column of a table: its kind, and what its values must be.

    A `required` column must be there, unless it `may_be_absent`, and each of its cells be given,
    unless it `may_be_empty`.
    A score is left empty before the day `since` which its question has its scale.
    """

    name: str
    kind: Kind
    required: bool = False
    may_be_empty: bool = False
    may_be_absent: bool = False
    one_of: tuple[str, ...] = ()
    scale: tuple[float, float] | None = None
    whole: bool = False
    since: date | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class TableSchema:
    """What one table must hold.

    `unique` names the columns that no two rows may share; `dated_by` the column that places a row
    in time (None where rows have no time of their own).
    """

    table: str
    columns: tuple[ColumnSchema, ...]
    unique: tuple[str, ...] = ()
    dated_by: str | None = None


def _schema(table: str, words: str) -> TableSchema:
    """Return a table's schema from words such as `order_id:id!`: see `_TABLES`."""
    columns = [(*word.rstrip("!?@~-").split(":"), word) for word in words.split()]
    return TableSchema(
        table=table,
        columns=tuple(
            ColumnSchema(
                name=name,
                kind=cast(Kind, kind),
                required="?" not in word,
                may_be_empty="~" in word,
                may_be_absent="-" in word,
            )
            for name, kind, word in columns
        ),
        unique=tuple(name for name, _, word in columns if "!" in word),
        dated_by=next((name for name, _, word in columns if "@" in word), None),
    )


_TABLES = {  # name:kind, with ! in the key that no two rows share, @ dates a row, ? may be missing,
    # ~ must be there and may be empty (a guest's order), - may be missing but not be empty
    "orders": """
        order_id:id! customer_id:id~ ordered_at:time@ revenue:money-
        margin:money? discount:money? currency:text? channel:text? category:text? status:text?""",
    "responses": """
        response_id:id! customer_id:id? responded_at:time@
        order_id:id? touchpoint:text? comment:text?""",
    "subscriptions": "customer_id:id started_on:date@ ended_on:date? amount:money? plan:text?",
    "identities": "customer_id:id alias:id! kind:text?",
    "customers": "customer_id:id! joined_on:date?@ acquisition_channel:text? referred_by:id?",
    "invitations": "customer_id:id! invited_at:time!@ response_id:id?! touchpoint:text?",
    "order_lines": """
        order_id:id product_id:id revenue:money
        category:text? quantity:number? unit_price:money?""",
    "contacts": """
        contact_id:id! customer_id:id opened_at:time@
        closed_at:time? first_response_at:time? is_complaint:flag? cost:money? topic:text?
        text:text?""",
    "costs": "month:month@ purpose:text amount:money channel:text?",
    "referrals": "referral_id:id! referrer_id:id customer_id:id referred_at:time@ reward:money?",
    "offers": """
        offer_id:id! customer_id:id offered_at:time@ kind:text is_holdout:flag? accepted:flag?
        amount:money? cost:money?""",
    "memberships": "customer_id:id! programme:text! joined_at:time!@ tier:text?",
    "events": "event:text happened_on:date@",
    "goals": "metric:text target:number by:date",
    "actions": """
        action:text! started_on:date! metric:text? owner:text? cost:money? ended_on:date?
        expected_low:number? expected_high:number?""",
    "mentions": """
        mention_id:id! posted_at:time@ platform:text
        rating:number? polarity:text? customer_id:id? text:text?""",
    "benchmarks": """
        metric:text value:number source:text year:year@
        industry:text? low:number? high:number? definition:text?""",
    "control_totals": "period:period!@ measure:text! amount:money",
    "rates": "currency:text! from_date:date!@ rate:number",
}
SCHEMAS: dict[str, TableSchema] = {table: _schema(table, words) for table, words in _TABLES.items()}
_ONE_OF = {("costs", "purpose"): PURPOSES, ("offers", "kind"): OFFER_KINDS}
PLANS = ("goals", "actions")  # their days may lie ahead; who plans knows them before
SEGMENTED = ("customers", "responses", "orders", "events", "actions")
MAY_DRIVE = ("responses", "orders")
ASSIGNED = ("customers", "responses")  # where an experiment's column may stand


def schema_of(table: str, company: Company) -> TableSchema:
    """Return a table's schema in this firm: with its questions, segments and allowed words."""
    plain = SCHEMAS[table]
    columns = [replace(c, one_of=_ONE_OF.get((table, c.name), ())) for c in plain.columns]
    if table == "responses":
        columns += [
            ColumnSchema(
                name=q.column,
                kind="score",
                required=True,
                scale=q.scale,
                whole=q.kind == "nps",
                since=q.scale_since,
            )
            for q in company.questions.values()
        ]
    if table in SEGMENTED:
        names = {column.name for column in columns}
        experiment = [company.experiment] if company.experiment and table in ASSIGNED else []
        drivers = company.driving_columns if table in MAY_DRIVE else []
        segments = dict.fromkeys([*company.segments, *experiment, *drivers])
        columns += [ColumnSchema(name=s, kind="text") for s in segments if s not in names]
    lower = [column.name.lower() for column in columns]
    for column in columns:
        if lower.count(column.name.lower()) > 1:
            raise CompanyError(
                f"The column '{column.name}' of {table} is claimed twice: by two questions, or by "
                "a question and the contract. Give each question its own column."
            )
    return replace(plain, columns=tuple(columns))


def ambiguous_missing(schema: TableSchema, source: Source) -> list[str]:
    """Return a fault for each number that is to mean nothing in all columns, but is a score."""
    words = [] if isinstance(source.missing, dict) else source.missing
    scales = {c.name: c.scale for c in schema.columns if c.scale}
    faults = []
    for word in filter(IS_NUMBER.match, words):
        on = [name for name, (low, high) in scales.items() if low <= float(word) <= high]
        off = [name for name in scales if name not in on]
        if on and off:
            faults.append(
                f"missing: '{word}' means nothing given in every column, but is a score of "
                f"{' and '.join(on)}. Say of which column it is none: missing: {{{off[0]}: "
                f"['{word}']}}."
            )
    return faults
