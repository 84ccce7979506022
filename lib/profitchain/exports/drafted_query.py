"""The query that makes orders or answers of a file of no known export, where columns don't do.

A file may give no number, name no customer, hold a row an item, or keep refunds in a column of
their own. What the query does is a guess like any other, and is said as one.
"""

from __future__ import annotations

import re

import pandas as pd

from profitchain.exports import column_guesses
from profitchain.exports.column_guesses import squeezed
from profitchain.exports.draft import Draft
from profitchain.exports.found_files import FoundFile

_ITEM = re.compile(r"item|product|article|artikel|sku|stockcode|商品|宝贝|貨號|货号", re.I)
_REFUND = ("refundamount", "refundedamount", "amountrefunded", "refunded", "refund",
           "退款金额", "退款金額", "erstattet")  # fmt: skip
_PLAIN = r"-?\d+(\.\d+)?"
_FEW, _NEARLY_ALL = 0.02, 0.99
_SUMMED = ("revenue", "margin", "discount")


def add_queries(draft: Draft, files: list[FoundFile]) -> None:
    """Put a query in place of a table's one file where its columns alone can't be used."""
    by_name = {file.name: file for file in files}
    for table in ("orders", "responses"):
        entries = draft.tables.get(table, [])
        if len(entries) != 1 or "format" in entries[0]:
            continue
        (entry,) = entries
        file = by_name[entry["file"]]
        names = column_guesses.found_columns(table, file.cells) | dict(entry.get("columns", {}))
        asked = _of_orders(file, names) if table == "orders" else _of_answers(names)
        if asked is None:
            continue
        query, says, named = asked
        rest = {k: v for k, v in entry.items() if k not in ("file", "columns")}
        kept = {} if named else {"columns": entry["columns"]} if "columns" in entry else {}
        draft.tables[table] = [{"files": {"export": file.name}, "query": query} | kept | rest]
        draft.guess(f"{table}: query", says, 0.25)


def is_item(name: str) -> bool:
    """Tell whether a column seems to name what was bought."""
    return bool(_ITEM.search(name))


def _of_answers(names: dict[str, str]) -> tuple[str, str, bool] | None:
    if "response_id" in names:
        return None
    query = "SELECT *, row_number() OVER () AS response_id FROM export"
    return query, "answers go by their row: no column numbers them", False


def _of_orders(file: FoundFile, names: dict[str, str]) -> tuple[str, str, bool] | None:
    """Return a query, what it does in words, and whether it names our columns itself."""
    cells, says = file.cells, []
    items = [str(c) for c in cells.columns if is_item(str(c)) and str(c) not in names.values()]
    if "customer_id" not in names:
        says.append("no column names the customer, so all are guests")
    amount = _money(cells, names)
    if "order_id" in names and amount is not None and _is_row_an_item(cells, names):
        says.insert(0, "one row an item: an order is the sum of its rows")
        return _summed(cells, names, _sql(names["order_id"]), amount), "; ".join(says), True
    if "order_id" not in names and items and "customer_id" in names and amount is not None:
        says.insert(0, "one row an item: an order is what a customer bought at one time")
        key = f"concat_ws(' ', {_sql(names['customer_id'])}, {_sql(names['ordered_at'])})"
        return _summed(cells, names, key, amount), "; ".join(says), True
    more = []
    if "order_id" not in names:
        says.append("each row is an order: no column numbers them")
        more.append("row_number() OVER () AS order_id")
    if "customer_id" not in names:
        more.append("CAST(NULL AS VARCHAR) AS customer_id")
    changed = ""
    if amount and "coalesce" in amount:
        says.append(f"'{_refund(cells)}' is taken off '{names['revenue']}'")
        changed = f" REPLACE ({amount} AS {_sql(names['revenue'])})"
    if not says:
        return None
    return f"SELECT {', '.join([f'*{changed}', *more])} FROM export", "; ".join(says), False


def _is_row_an_item(cells: pd.DataFrame, names: dict[str, str]) -> bool:
    """Tell whether orders have several rows, of one customer and one time."""
    given = cells.dropna(subset=[names["order_id"]])
    again = given[given[names["order_id"]].duplicated(keep=False)]
    again = again[~again.duplicated()]
    if len(again) <= _FEW * len(cells):
        return False
    same = [names[ours] for ours in ("customer_id", "ordered_at") if ours in names]
    by_order = again.groupby(names["order_id"])[same].nunique()
    return bool((by_order <= 1).all(axis=1).mean() >= _NEARLY_ALL)


def _refund(cells: pd.DataFrame) -> str | None:
    left = {squeezed(str(column)): str(column) for column in cells.columns}
    return next((left[word] for word in _REFUND if word in left), None)


def _money(cells: pd.DataFrame, names: dict[str, str]) -> str | None:
    """Return a row's amount as SQL, "" where there is none, None where cells are no numbers."""
    if "revenue" not in names:
        return ""
    taken = [name for name in (names["revenue"], _refund(cells)) if name]
    if not all(_is_plain(cells[name]) for name in taken):
        return None
    if len(taken) == 2 and not _is_within(cells[taken[1]], cells[taken[0]]):
        taken.pop()  # what was paid is net of it already
    amounts = [f"CAST({_sql(name)} AS DECIMAL(18, 4))" for name in taken]
    return amounts[0] if len(amounts) == 1 else f"{amounts[0]} - coalesce({amounts[1]}, 0)"


def _is_within(refund: pd.Series, paid: pd.Series) -> bool:
    """Tell whether no more was paid back than was paid."""
    back, had = pd.to_numeric(refund), pd.to_numeric(paid).fillna(0.0)
    given = back > 0
    return bool((back[given] <= had[given]).mean() >= _NEARLY_ALL) if given.any() else True


def _is_plain(cells: pd.Series) -> bool:
    return bool(cells.dropna().astype(str).str.fullmatch(_PLAIN).all())


def _summed(cells: pd.DataFrame, names: dict[str, str], key: str, amount: str) -> str:
    """Return the query that makes one row of all rows with one key."""
    columns = [f"{key} AS order_id"]
    if "customer_id" not in names:
        columns.append("CAST(NULL AS VARCHAR) AS customer_id")
    for ours, theirs in names.items():
        if ours == "revenue":
            columns.append(f"sum({amount}) AS revenue")
        elif ours in _SUMMED and _is_plain(cells[theirs]):
            columns.append(f"sum(CAST({_sql(theirs)} AS DECIMAL(18, 4))) AS {ours}")
        elif ours not in (*_SUMMED, "order_id", "category"):
            columns.append(f"min({_sql(theirs)}) AS {ours}")
    return f"SELECT {', '.join(columns)} FROM export GROUP BY {key}"


def _sql(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'
