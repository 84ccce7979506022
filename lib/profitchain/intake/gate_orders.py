"""Whether orders are sales in one money: their statuses, currencies, and what they bring."""

from __future__ import annotations

import re
from collections.abc import Iterator

import ibis
import ibis.expr.types as ir
import pandas as pd
from babel.numbers import list_currencies

from profitchain.exports.money_signs import signs_in
from profitchain.intake import reasons
from profitchain.intake.doubts import FEW, Doubt, Finding, Stop, Values
from profitchain.intake.gate import Gate, times
from profitchain.intake.row_checks import status_form, status_words
from profitchain.intake.table_checks import OUTCOME, USED
from profitchain.sources.typed_tables import typed_name

DOLLARS = ("USD", "CAD", "AUD", "NZD", "HKD", "TWD", "SGD", "MXN", "ARS", "CLP", "COP", "BRL")
SIGNS: dict[str, tuple[str, ...]] = {  # which currencies a sign may mean
    "$": DOLLARS, "€": ("EUR",), "£": ("GBP", "EGP", "FKP", "GIP", "SHP"), "₹": ("INR",),
    "¥": ("JPY", "CNY"), "￥": ("JPY", "CNY"), "円": ("JPY",), "元": ("CNY", "TWD", "HKD", "MOP"),
    "RMB": ("CNY",), "人民币": ("CNY",), "₩": ("KRW",), "฿": ("THB",), "₫": ("VND",),
    "₺": ("TRY",), "₽": ("RUB",), "₴": ("UAH",), "₦": ("NGN",), "₱": ("PHP",), "₪": ("ILS",),
    "ZŁ": ("PLN",), "KČ": ("CZK",), "FT": ("HUF",), "LEI": ("RON",), "RP": ("IDR",),
    "RM": ("MYR",), "RS": ("INR", "PKR", "LKR", "NPR"), "FR": ("CHF",), "SFR": ("CHF",),
    "KR": ("SEK", "NOK", "DKK", "ISK"), "US$": ("USD",), "NT$": ("TWD",), "HK$": ("HKD",),
    "C$": ("CAD",), "CA$": ("CAD",), "A$": ("AUD",), "AU$": ("AUD",), "NZ$": ("NZD",),
    "S$": ("SGD",), "SG$": ("SGD",), "MX$": ("MXN",), "R$": ("BRL",), "CN¥": ("CNY",),
    "JP¥": ("JPY",), "EURO": ("EUR",), "台币": ("TWD",), "新台幣": ("TWD",), "新臺幣": ("TWD",),
    "港币": ("HKD",), "港幣": ("HKD",), "美元": ("USD",), "欧元": ("EUR",), "歐元": ("EUR",),
    "日元": ("JPY",), "日圓": ("JPY",),
}  # fmt: skip
CURRENCY_COLUMN = re.compile(
    r"([a-z]+[ _-]){0,2}(currency|currency[ _]code|ccy|curr?\.?|waehrung|währung|devise"
    r"|moneda|moeda|valuta)"
    r"|币种|幣種|幣別|币别|货币|貨幣|結帳幣別", re.IGNORECASE
)  # fmt: skip
MOSTLY_KNOWN = 0.8  # share of a column's words that mean a status, from which on it holds statuses
_MOST_STATUSES, _MOST_CURRENCIES = 60, 200


def order_findings(gate: Gate) -> Iterator[Finding]:
    """Yield what is doubtful about orders, and about money in every table."""
    if gate.has("orders", "status"):
        yield from _statuses(gate)
    elif "orders" in gate.judged:
        yield from _unread_statuses(gate)
    for table in gate.judged:
        yield from _currencies(gate, table)
    if gate.has("orders", "revenue"):
        yield from _amounts(gate)


def statuses_seen(gate: Gate) -> pd.DataFrame:
    """Return word, form, outcome, n, revenue: one row a status and what became of its orders."""
    if "statuses" not in gate.kept:
        gate.kept["statuses"] = _statuses_seen(gate)
    return gate.kept["statuses"]


def _statuses_seen(gate: Gate) -> pd.DataFrame:
    rows = gate.rows("orders", "used", "cancelled")
    has_money = gate.has("orders", "revenue")
    revenue = rows[typed_name("revenue")] if has_money else ibis.literal(0)
    rows = rows.select(OUTCOME, word=rows[typed_name("status")].strip(), revenue=revenue)
    rows = rows.filter(rows["word"].notnull())
    rows = rows.mutate(form=status_form(rows["word"]))
    counts = rows.group_by("form", OUTCOME).aggregate(
        word=rows["word"].min(), n=rows.count(), revenue=rows["revenue"].sum()
    )
    counts = counts.order_by(ibis.desc("n"), "form").limit(10 * _MOST_STATUSES)
    return counts.rename(outcome=OUTCOME).to_pandas()


def _statuses(gate: Gate) -> Iterator[Finding]:
    """Tell which statuses were left out, and stop at those that nobody knows."""
    seen, words = statuses_seen(gate), status_words(gate.company)
    unknown = seen[~seen["form"].isin(words.known)].groupby("form", sort=False)
    if len(unknown) > _MOST_STATUSES:
        return
    if len(unknown):
        counts = unknown.agg(word=("word", "first"), n=("n", "sum"))
        named = ", ".join(f"'{w}' ({n:,} orders)" for w, n in counts.itertuples(index=False))
        quoted = ", ".join(f"'{word}'" if not word.isalpha() else word for word in counts["word"])
        yield Stop(
            table="orders",
            says=f"status holds words whose meaning is not known: {named}. Say in company.yml "
            "which are sales and which aren't, each word in one of both lists: "
            f"statuses: {{counted: [{quoted}], left_out: [{quoted}]}}.",
        )
    numbers = gate.judged["orders"].outcomes
    gone = [n for n, outcome in numbers.items() if outcome[0] == reasons.NO_SALE]
    left_out = seen[seen["outcome"].isin(gone)]
    partly = seen[seen["form"].isin(words.partly_refunded) & (seen["outcome"] == USED)]
    for kind, rows in (("left_out", left_out), ("partly_refunded", partly)):
        if len(rows):
            named = ", ".join(
                f"{w} ({n:,})" for w, n in rows[["word", "n"]].itertuples(index=False)
            )
            values: Values = {"n": int(rows["n"].sum()), "revenue": int(rows["revenue"].sum()),
                      "words": named}  # fmt: skip
            yield Doubt(table="orders", column="status", kind=kind, values=values)


def _unread_statuses(gate: Gate) -> Iterator[Finding]:
    """Tell of a column of statuses that nobody named: orders that are no sales count."""
    typed, words = gate.judged["orders"].table, status_words(gate.company)
    if typed.raw.warehouse or typed.is_large:
        return
    rows = typed.raw.relation if typed.pieces else gate.judged["orders"].cells
    taken = {*typed.source_names.values(), *gate.company.segments}
    for column in (name for name in typed.raw.columns if name not in taken):
        if not rows[column].type().is_string():
            continue
        forms = rows.select(form=status_form(rows[column]))
        forms = forms.filter(forms["form"].notnull() & (forms["form"] != ""))
        counts = forms.group_by("form").aggregate(n=forms.count()).order_by(ibis.desc("n"), "form")
        seen = counts.limit(_MOST_STATUSES).to_pandas()
        lost = seen[seen["form"].isin(words.left_out | words.refunded)]
        known = seen.loc[seen["form"].isin(words.known), "n"].sum()
        if len(lost) and len(seen) < _MOST_STATUSES and known >= MOSTLY_KNOWN * seen["n"].sum():
            named = ", ".join(f"{w} ({n:,})" for w, n in lost.head(5).itertuples(index=False))
            values: Values = {"n": int(lost["n"].sum()), "words": named}
            yield Doubt(table="orders", column=column, kind="unread_status", values=values)


def statuses_line(gate: Gate) -> str:
    """Return which statuses were seen, how many orders each has and which were counted."""
    if not gate.has("orders", "status"):
        return ""
    seen = statuses_seen(gate).head(20)
    named = [
        f"{word} {n:,} ({'counted' if outcome == USED else 'left out'})"
        for word, n, outcome in seen[["word", "n", "outcome"]].itertuples(index=False)
    ]
    return f"Statuses of orders: {', '.join(named)}." if named else ""


def _currencies(gate: Gate, table: str) -> Iterator[Finding]:
    """Stop where amounts carry the sign of another currency, or another stands beside them."""
    own = gate.company.currency
    foreign = {
        column: signs
        for column, counts in _signs(gate, table).items()
        if (signs := {s: n for s, n in counts.items() if own not in currencies_of(s)})
    }
    limit = gate.company.limits.other_money * gate.outcomes[table][0].rows
    for column, signs in foreign.items():
        if sum(signs.values()) <= limit:
            continue
        named = ", ".join(f"'{sign}' ({n:,} rows)" for sign, n in signs.items())
        yield Stop(
            table=table,
            says=f"{column} carries other money than {own}, which company.yml declares: {named}. "
            "If all of it is of that money, declare it: currency: "
            f"{currencies_of(next(iter(signs)))[0]}. If several occur, say in which column the "
            "currency of each order stands (tables: orders: columns: {currency: <name>}) and give "
            "their rates: tables: rates: {file: rates.csv}, with the columns currency, from_date "
            f"and rate (what 1 of it is worth in {own}).",
        )


def _signs(gate: Gate, table: str) -> dict[str, dict[str, int]]:
    """Return the rows with each sign or code of money, by column: in cells, and beside them."""
    judged = gate.judged[table]
    typed, cells = judged.table, judged.cells
    if typed.raw.warehouse or typed.is_large:
        has_codes = gate.has(table, "currency") and "rates" not in gate.judged
        return _codes(judged.rows, {"currency": typed_name("currency")}) if has_codes else {}
    money = [c.name for c in typed.present if c.kind == "money"]
    converted = gate.has(table, "currency") and "rates" in gate.judged
    if not money or converted:
        return {}
    names = {name: typed.source_names[name] for name in money}
    found, as_came = {}, typed.raw.relation if typed.pieces else cells
    for name, source_name in names.items():
        signs = signs_in(as_came, as_came[source_name])
        signs |= {sign: n for (column, sign), n in typed.raw.signs.items() if column == name}
        found[name] = {sign: n for sign, n in signs.items() if currencies_of(sign)}
    beside = {name: name for name in typed.raw.columns if CURRENCY_COLUMN.fullmatch(name.strip())}
    return {k: v for k, v in (found | _codes(cells, beside)).items() if v}


def _codes(cells: ir.Table, names: dict[str, str]) -> dict[str, dict[str, int]]:
    """Return the rows with each code, by the column that holds currencies."""
    used = cells.filter(cells[OUTCOME] == USED)
    return {
        name: _counts(used.select(sign=used[column].cast("string").strip().upper()))
        for name, column in names.items()
    }


def _counts(signs: ir.Table) -> dict[str, int]:
    """Return the rows with each sign that means a currency."""
    counts = signs.group_by("sign").aggregate(n=signs.count()).order_by(ibis.desc("n"), "sign")
    frame = counts.limit(_MOST_CURRENCIES).to_pandas().dropna()
    return {s: int(n) for s, n in frame.itertuples(index=False) if currencies_of(s)}


def currencies_of(sign: str) -> tuple[str, ...]:
    """Return the currencies that a sign or code may mean; none where it is no sign of money."""
    if sign in SIGNS:
        return SIGNS[sign]
    return (sign,) if sign in list_currencies() else ()


def _amounts(gate: Gate) -> Iterator[Finding]:
    """Tell of orders that cost nothing, and of one that brings a good part of all revenue."""
    orders = gate.rows("orders")
    revenue = orders[typed_name("revenue")]
    free = times(revenue == 0)
    sums = orders.aggregate(n=orders.count(), free=free, all=revenue.sum())
    n, zero, total = (int(x) for x in sums.to_pandas().iloc[0].fillna(0))
    said = "free_orders" in gate.company.model_fields_set
    if zero >= FEW and zero >= 0.01 * n and not said:
        values: Values = {"n": zero, "of": n}
        yield Doubt(table="orders", column="revenue", kind="free_orders", values=values)
    top = orders.select(revenue=revenue).order_by(ibis.desc("revenue")).limit(2)
    top = top.to_pandas()["revenue"].tolist()
    if n >= 50 and total > 0 and top[0] > 0.2 * total and top[0] > 5 * top[1]:
        values = {"n": 1, "revenue": int(top[0]), "share": float(top[0]) / total}
        yield Doubt(table="orders", column="revenue", kind="one_order", values=values)
