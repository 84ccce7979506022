"""Which of a source's columns are those of a schema, and what is said where one is lacking."""

from __future__ import annotations

import re

from profitchain.core.errors import did_you_mean
from profitchain.sources.company import Company
from profitchain.sources.loading import RawTable
from profitchain.sources.schemas import ColumnSchema, TableSchema

LOOKS_LIKE = {  # parts of names of what a firm may lack, and would miss if called otherwise
    ("orders", "revenue"): (
        *("revenue", "total", "amount", "price", "sales", "turnover", "umsatz", "betrag"),
        *("金额", "金額", "价", "價", "销售额", "銷售額", "实付", "實付"),
    ),
    ("responses", "customer_id"): (
        *("customer", "client", "mail", "member", "buyer", "kunde"),
        *("客户", "客戶", "顾客", "顧客", "会员", "會員", "邮箱", "郵箱"),
    ),
}
_KIND = re.compile(  # what sorts customers, and names none
    r"type|segment|group|tier|status|class|category|gender|city|country|region|rating|score|satisf"
    r"|service|类型|類型|等级|等級|分组|分組",
    re.IGNORECASE,
)


def match_columns(
    schema: TableSchema, raw: RawTable, company: Company
) -> tuple[dict[str, str], list[str]]:
    """Return ours -> theirs for the columns that are there, and a fault for each that must be."""
    renamed = (raw.source or company.tables[schema.table]).columns
    by_lower_case = {name.strip().lower(): name for name in reversed(raw.columns)}
    own_names = [column.name for column in schema.columns]
    faults = [
        f"columns: '{name}' is not a column of {schema.table}. {did_you_mean(name, own_names)}"
        for name in renamed
        if name not in own_names
    ]
    faults += [
        f"{setting}: '{name}' is not a column of {schema.table}. {did_you_mean(name, own_names)}"
        for setting, names in company.tables[schema.table].named_columns.items()
        for name in names
        if name not in own_names
    ]
    matched: dict[str, str] = {}
    for column in schema.columns:
        name = renamed.get(column.name, column.name)
        match = name if name in raw.columns else by_lower_case.get(name.strip().lower())
        if match is not None:
            matched[column.name] = match
        elif (near := _looks_like(column, schema, raw, company)) and column.name not in renamed:
            faults.append(
                f"Column '{name}' is missing, and '{near}' may be it. Say so in company.yml: "
                f"tables: {schema.table}: columns: {{{column.name}: {near}}}. If it is something "
                "else, leave it out by query:."
            )
        elif (column.required and not column.may_be_absent) or column.name in renamed:
            renaming = "" if name == column.name else f" (our {column.name})"
            faults.append(
                f"Column '{name}'{renaming} is missing. {did_you_mean(name, raw.columns)} Say in "
                f"company.yml which one it is: tables: {schema.table}: columns: "
                f"{{{column.name}: <name>}}."
            )
    return matched, faults


def _looks_like(column: ColumnSchema, schema: TableSchema, raw: RawTable, company: Company) -> str:
    """Return the source's column that may be one whose lack changes what is reported, or "".

    Of a firm without orders nothing is lost by answers that name nobody.
    """
    words = LOOKS_LIKE.get((schema.table, column.name), ()) if company.has("orders") else ()
    own = {c.name for c in schema.columns} | set(company.tables[schema.table].columns.values())
    others = {name: name.strip().lower() for name in raw.columns if name not in own}
    if column.kind == "id":
        others = {name: plain for name, plain in others.items() if not _KIND.search(plain)}
    exact = [name for name, plain in others.items() if plain in words]
    return next(
        iter(exact + [name for word in words for name in others if word in others[name]]), ""
    )
