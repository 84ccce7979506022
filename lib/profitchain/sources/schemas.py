"""What each table must hold: columns, kinds, what is required, what is unique, what dates a row."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from profitchain.core.errors import CompanyError
from profitchain.sources.company import Company
from profitchain.sources.settings import Question, TableName

Kind = Literal[
    "id", "text", "time", "date", "month", "year", "period", "money", "number", "score", "flag"
]

DATES: tuple[Kind, ...] = ("time", "date", "month")
NUMERIC: tuple[Kind, ...] = ("money", "number", "score")
PURPOSES = ("acquisition", "retention", "service", "referral", "programme")
OFFER_KINDS = ("cross_sell", "upsell")


@dataclass(frozen=True, slots=True, kw_only=True)
class ColumnSchema:
    """One column of a contract: its kind, and what its values must be."""

    name: str
    kind: Kind
    required: bool = False
    one_of: tuple[str, ...] = ()
    scale: tuple[float, float] | None = None
    whole: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class TableSchema:
    """One table's contract.

    `unique` names the columns that no two rows may share; `dated_by` the column that places a row
    in time (None where rows have no time of their own).
    """

    table: TableName
    columns: tuple[ColumnSchema, ...]
    unique: tuple[str, ...] = ()
    dated_by: str | None = None

    @property
    def required(self) -> tuple[ColumnSchema, ...]:
        """The columns without which the table can't be used."""
        return tuple(column for column in self.columns if column.required)


def _columns(required: str, optional: str = "") -> tuple[ColumnSchema, ...]:
    """Return columns from words such as `order_id:id customer_id:id`."""
    return tuple(
        ColumnSchema(name=word.split(":")[0], kind=word.split(":")[1], required=needed)  # type: ignore[arg-type]
        for words, needed in ((required, True), (optional, False))
        for word in words.split()
    )


def _contract(
    table: TableName,
    required: str,
    optional: str = "",
    *,
    unique: str = "",
    dated_by: str | None = None,
) -> TableSchema:
    return TableSchema(
        table=table,
        columns=_columns(required, optional),
        unique=tuple(unique.split()),
        dated_by=dated_by,
    )


CONTRACTS: dict[str, TableSchema] = {
    contract.table: contract
    for contract in (
        _contract(
            "orders",
            "order_id:id customer_id:id ordered_at:time revenue:money",
            "margin:money discount:money channel:text category:text status:text",
            unique="order_id",
            dated_by="ordered_at",
        ),
        _contract(
            "responses",
            "response_id:id customer_id:id responded_at:time",
            "order_id:id touchpoint:text comment:text",
            unique="response_id",
            dated_by="responded_at",
        ),
        _contract(
            "customers",
            "customer_id:id",
            "joined_on:date acquisition_channel:text referred_by:id",
            unique="customer_id",
            dated_by="joined_on",
        ),
        _contract(
            "invitations",
            "customer_id:id invited_at:time",
            "response_id:id touchpoint:text",
            unique="customer_id invited_at response_id",
            dated_by="invited_at",
        ),
        _contract(
            "order_lines",
            "order_id:id product_id:id revenue:money",
            "category:text quantity:number unit_price:money",
        ),
        _contract(
            "contacts",
            "contact_id:id customer_id:id opened_at:time",
            "closed_at:time first_response_at:time is_complaint:flag cost:money topic:text",
            unique="contact_id",
            dated_by="opened_at",
        ),
        _contract(
            "costs", "month:month purpose:text amount:money", "channel:text", dated_by="month"
        ),
        _contract(
            "referrals",
            "referral_id:id referrer_id:id customer_id:id referred_at:time",
            "reward:money",
            unique="referral_id",
            dated_by="referred_at",
        ),
        _contract(
            "offers",
            "offer_id:id customer_id:id offered_at:time kind:text",
            "is_holdout:flag accepted:flag",
            unique="offer_id",
            dated_by="offered_at",
        ),
        _contract(
            "memberships",
            "customer_id:id programme:text joined_at:time",
            "tier:text",
            unique="customer_id programme joined_at",
            dated_by="joined_at",
        ),
        _contract("events", "event:text happened_on:date", dated_by="happened_on"),
        _contract(
            "mentions",
            "mention_id:id posted_at:time platform:text",
            "rating:number polarity:text customer_id:id",
            unique="mention_id",
            dated_by="posted_at",
        ),
        _contract(
            "benchmarks",
            "metric:text value:number source:text year:year",
            "industry:text low:number high:number",
            dated_by="year",
        ),
        _contract(
            "control_totals",
            "period:period measure:text amount:money",
            unique="period measure",
            dated_by="period",
        ),
    )
}
_ONE_OF = {("costs", "purpose"): PURPOSES, ("offers", "kind"): OFFER_KINDS}
SEGMENTED = ("customers", "responses", "orders", "events")
ASSIGNED = ("customers", "responses")  # where an experiment's column may stand


def contract_of(table: str, company: Company) -> TableSchema:
    """Return a table's contract in this firm: with its questions, segments and allowed words."""
    plain = CONTRACTS[table]
    columns = [
        ColumnSchema(
            name=c.name, kind=c.kind, required=c.required, one_of=_ONE_OF.get((table, c.name), ())
        )
        for c in plain.columns
    ]
    if table == "responses":
        columns += [_score(question) for question in company.questions.values()]
    if table in SEGMENTED:
        taken = {column.name for column in columns}
        named = dict.fromkeys([*company.segments, *_experiment(table, company)])
        columns += [ColumnSchema(name=s, kind="text") for s in named if s not in taken]
    _refuse_twice(table, columns)
    return TableSchema(
        table=plain.table, columns=tuple(columns), unique=plain.unique, dated_by=plain.dated_by
    )


def _experiment(table: str, company: Company) -> list[str]:
    return [company.experiment] if company.experiment and table in ASSIGNED else []


def _score(question: Question) -> ColumnSchema:
    return ColumnSchema(
        name=question.column,
        kind="score",
        required=True,
        scale=question.scale,
        whole=question.kind == "nps",
    )


def _refuse_twice(table: str, columns: list[ColumnSchema]) -> None:
    names = [column.name.lower() for column in columns]
    for column in columns:
        if names.count(column.name.lower()) > 1:
            raise CompanyError(
                f"The column '{column.name}' of {table} is claimed twice: by two questions, or by "
                "a question and the contract. Give each question its own column."
            )
