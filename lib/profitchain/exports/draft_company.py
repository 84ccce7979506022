"""Guesses from a folder's files what its company.yml should say, and how sure each guess is."""

from __future__ import annotations

import re
from typing import Any

import pandas as pd

from profitchain.exports import column_guesses
from profitchain.exports.draft import Draft, file_entry, score_scales, source_columns
from profitchain.exports.draft_answers import add_answers
from profitchain.exports.drafted_query import add_queries, is_item
from profitchain.exports.found_files import FoundFile
from profitchain.exports.known_exports import can_give, find_column, plain
from profitchain.sources.schemas import SCHEMAS

_ZONES = {"EUR": "Europe/Berlin", "GBP": "Europe/London", "USD": "America/New_York",
          "CNY": "Asia/Shanghai", "TWD": "Asia/Taipei", "HKD": "Asia/Hong_Kong",
          "JPY": "Asia/Tokyo", "SGD": "Asia/Singapore", "CHF": "Europe/Zurich",
          "AUD": "Australia/Sydney", "BRL": "America/Sao_Paulo", "INR": "Asia/Kolkata",
          "CAD": "America/Toronto", "PLN": "Europe/Warsaw", "SEK": "Europe/Stockholm"}  # fmt: skip
_OFFSETS = {  # of an export's times, winter and summer
    frozenset({1, 2}): "Europe/Berlin", frozenset({0, 1}): "Europe/London",
    frozenset({-5, -4}): "America/New_York", frozenset({-6, -5}): "America/Chicago",
    frozenset({-8, -7}): "America/Los_Angeles", frozenset({10, 11}): "Australia/Sydney",
    frozenset({2, 3}): "Europe/Helsinki",
}  # fmt: skip
_OFFSET = r"[T ]\d{1,2}:\d{2}.*?([+-]\d{2}):?\d{2}$"
_FISCAL = r"^\d{4}FY(\d{2}(?:\d{2})?)"
_TENURE, _GONE = r"tenure|months?.?on.?book|account.?length", r"churn|attrition|exited"
_SNAPSHOT = (
    "one row a customer, with how long and whether still: data/README.md has the query that makes "
    "contracts of it ('a snapshot with a churn flag and tenure')"
)
_TRADITIONAL = re.compile("[訂單號時間額顧戶滿願購買產選]")
_CHINESE = re.compile("[\u4e00-\u9fff]")


def draft_company(name: str, files: list[FoundFile]) -> Draft:
    """Return a first company of the files of a folder, as far as they tell."""
    draft = Draft(name=name)
    used = _without_payments(files, draft)
    orders = [file for file in used if _gives(file, "orders")]
    _guess_money(draft, orders or used)
    _guess_time(draft, orders or used)
    _guess_language(draft, used)
    _guess_fiscal_year(draft, files)
    for file in orders:
        _add_orders(draft, file)
    customers = _customers(orders)
    order_ids = _values(orders, "order_id")
    for file in used:
        if file not in orders:
            _add_other(draft, file, customers, order_ids)
    add_queries(draft, used)
    if len(draft.questions) > 1:
        kinds = [question["kind"] for question in draft.questions.values()]
        best = next((k for kind in ("nps", "csat", "rating") for k, of in enumerate(kinds)
                     if of == kind), 0)  # fmt: skip
        draft.main = list(draft.questions)[best]
        draft.guess("main_question", f"{draft.main}: its points are followed to orders", 0.7)
    return draft


def _without_payments(files: list[FoundFile], draft: Draft) -> list[FoundFile]:
    """Leave payments out where a shop's own orders are there: they are the same orders."""
    shops = [file for file in files if _gives(file, "orders") and not _is_payments(file)]
    if not shops:
        return files
    for file in files:
        if _is_payments(file):
            draft.unused[file.name] = (
                f"payments ({file.known}) of orders that {shops[0].name} holds already; both "
                "would count them twice"
            )
            draft.guess(file.name, "left out: payments of the same orders", 0.6)
    return [file for file in files if file.name not in draft.unused]


def _is_payments(file: FoundFile) -> bool:
    return file.format is not None and file.format.kind == "payments"


def _gives(file: FoundFile, table: str) -> bool:
    """Tell whether a file holds rows of a table, by its format, its name or its columns."""
    if file.format is not None:
        return table in file.format.tables
    return _table_of(file) == table


def _table_of(file: FoundFile) -> str | None:
    """Return the table that a file of no known export seems to hold."""
    columns = [str(column) for column in file.cells.columns]
    stem = plain(file.name.rpartition(".")[0]).replace(" ", "_").replace("-", "_")
    lower = {column.lower() for column in columns}
    for table, schema in SCHEMAS.items():
        required = {column.name for column in schema.columns if column.required}
        if stem.startswith(table) and required <= lower:
            return table
    if _is_snapshot(columns):
        return None
    names = column_guesses.found_columns("orders", file.cells)
    questions = score_scales(file, names.values())
    if "ordered_at" in names and column_guesses.looks_like_times(file.cells[names["ordered_at"]]):
        paid, keyed = names.get("revenue"), names.keys() & {"order_id", "customer_id"}
        if paid and keyed and column_guesses.looks_like_money(file.cells[paid]):
            return "orders"
        asked = any(scale.kind != "driver" for scale in questions)
        if not paid and not asked and _names_orders(file, names):
            return "orders"
    answers = column_guesses.found_columns("responses", file.cells)
    if questions and "responded_at" in answers:
        return "responses"
    runs = column_guesses.found_columns("subscriptions", file.cells)
    if (
        {"customer_id", "started_on"} <= runs.keys()
        and runs.keys() & {"amount", "plan"}
        and column_guesses.looks_like_times(file.cells[runs["started_on"]])
    ):
        return "subscriptions"
    people = column_guesses.found_columns("customers", file.cells)
    if "customer_id" in people and file.cells[people["customer_id"]].is_unique:
        return "customers"
    return None


def _is_snapshot(columns: list[str]) -> bool:
    """Tell whether a file holds a row a customer: how long they have been one, and whether gone."""
    return all(any(re.search(word, name, re.I) for name in columns) for word in (_TENURE, _GONE))


def _names_orders(file: FoundFile, names: dict[str, str]) -> bool:
    """Tell whether rows without an amount are orders: they have a number, or name items."""
    told = [*names.get("order_id", "").split(), names["ordered_at"]]
    of_orders = any(re.search("order|bestell|purchase|订单|訂單", name, re.I) for name in told)
    return "customer_id" in names and (of_orders or any(is_item(c) for c in file.cells.columns))


def _guess_money(draft: Draft, files: list[FoundFile]) -> None:
    for file in files:
        known = file.format
        column = known.currency if known else None
        column = find_column([column or "currency"], file.cells.columns)
        codes = file.cells[column].dropna().str.upper() if column else pd.Series(dtype=object)
        codes = codes[codes.str.fullmatch(r"[A-Z]{3}")] if len(codes) else codes
        if len(codes):
            draft.currency = str(codes.mode()[0])
            draft.guess("currency", f"{draft.currency}: column '{column}' of {file.name}", 0.95)
            return
    for file in files:
        amount = source_columns(file, "orders", "revenue")
        code = column_guesses.currency_of(file.cells[amount[0]]) if amount else None
        code = code or ("CNY" if _zone_of(file) == "Asia/Shanghai" else None)
        code = code or ("TWD" if _zone_of(file) == "Asia/Taipei" else None)
        if code:
            draft.currency = code
            draft.guess("currency", f"{code}: by signs, or by the shop, in {file.name}", 0.8)
            return
    draft.guess("currency", f"{draft.currency}: no file names one", 0.2)


def _zone_of(file: FoundFile) -> str | None:
    return str(file.format.reads.get("time_zone", "")) if file.format else None


def _guess_time(draft: Draft, files: list[FoundFile]) -> None:
    offsets: set[int] = set()
    for file in files:
        own: set[int] = set()
        for column in source_columns(file, "orders", "ordered_at"):
            seen = file.cells[column].dropna().astype(str).str.extract(_OFFSET)[0].dropna()
            own |= {int(offset) for offset in seen.unique()}
        offsets |= own if own != {0} else set()  # in UTC, wherever the firm is
    usual = _ZONES.get(draft.currency, "UTC")
    fits = [zone for seen, zone in _OFFSETS.items() if offsets and offsets <= seen]
    if zone := _OFFSETS.get(frozenset(offsets)) or next((z for z in fits if z == usual), None):
        draft.time_zone = zone
        draft.guess("time_zone", f"{zone}: by the offsets of the orders' times", 0.8)
        return
    draft.time_zone = usual
    draft.guess("time_zone", f"{draft.time_zone}: by the currency alone", 0.3)


def _guess_language(draft: Draft, files: list[FoundFile]) -> None:
    words = " ".join(str(column) for file in files for column in file.cells.columns)
    if len(_CHINESE.findall(words)) > 20 and len(_CHINESE.findall(words)) * 3 > len(words):
        draft.language = "zh-Hant" if _TRADITIONAL.search(words) else "zh-Hans"
        draft.guess("language", f"{draft.language}: the columns' names", 0.7)


def _guess_fiscal_year(draft: Draft, files: list[FoundFile]) -> None:
    """Take the start of the fiscal year from periods that are named by it, as 2026FY04Q1."""
    for file in files:
        for column in (name for name in file.cells.columns if plain(str(name)) == "period"):
            starts = file.cells[column].dropna().astype(str).str.extract(_FISCAL)[0].dropna()
            if starts.nunique() == 1:
                start = draft.fiscal_year_starts = "-".join(re.findall("..", starts.iloc[0]))
                draft.guess("fiscal_year_starts", f"{start}: the periods of {file.name}", 0.9)
                return


def _add_orders(draft: Draft, file: FoundFile) -> None:
    if file.known:
        draft.tables.setdefault("orders", []).append(
            file_entry(draft, file, "orders", "ordered_at")
        )
        draft.guess(f"orders: {file.name}", f"format: {file.known}, by its header", 0.95)
        if file.format and can_give(file.format, "order_lines", map(str, file.cells.columns)):
            lines = {"file": file.name, **file.settings, "format": file.known}
            draft.tables.setdefault("order_lines", []).append(lines)
        return
    draft.tables.setdefault("orders", []).append(file_entry(draft, file, "orders", "ordered_at"))


def _customers(files: list[FoundFile]) -> set[str]:
    """Return the ids and e-mail addresses of those who ordered, in small letters."""
    return _values(files, "customer_id")


def _values(files: list[FoundFile], ours: str) -> set[str]:
    found: set[str] = set()
    for file in files:
        for column in source_columns(file, "orders", ours):
            found |= set(file.cells[column].dropna().astype(str).str.strip().str.lower())
    return found


def _add_other(draft: Draft, file: FoundFile, customers: set[str], order_ids: set[str]) -> None:
    """Add a file that holds no orders: answers, or another table that it is called like."""
    known = file.format
    if known is None:
        table = _table_of(file)
        if table is None and "orders" in draft.tables and _is_snapshot(list(file.cells.columns)):
            table = "customers"
        if table is None:
            draft.unused[file.name] = (
                _SNAPSHOT
                if _is_snapshot(list(file.cells.columns))
                else "what it holds could not be told from its columns"
            )
            return
        if table != "responses":
            draft.tables.setdefault(table, []).append(_plain_entry(draft, file, table))
            return
    elif "responses" not in known.tables or known.kind == "reviews":
        table = next(iter(known.tables))
        entry = {"file": file.name, **file.settings, "format": file.known}
        draft.tables.setdefault(table, []).append(entry)
        draft.guess(f"{table}: {file.name}", f"format: {file.known}, by its header", 0.95)
        return
    add_answers(draft, file, customers, order_ids)


def _plain_entry(draft: Draft, file: FoundFile, table: str) -> dict[str, Any]:
    if table in column_guesses.WANTED and SCHEMAS[table].dated_by:
        return file_entry(draft, file, table, SCHEMAS[table].dated_by or "")
    return {"file": file.name, **file.settings}
