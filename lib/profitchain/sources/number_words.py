"""Reads numbers, flags and scores as people write them, and tells codes of nothing from scores."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from datetime import timedelta
from typing import Any, NamedTuple

import ibis
import ibis.expr.types as ir

from profitchain.sources.casts import LARGEST_AMOUNT, NULL, na_as_null
from profitchain.sources.engine_functions import Call, builtin, directly
from profitchain.sources.schemas import IS_NUMBER, ColumnSchema
from profitchain.sources.settings import Source

_GROUPS = r"(\d)['’\s\x{00A0}\x{2007}\x{2009}\x{202F}](\d{3})"
LAKHS = r"^[+-]?\d{1,2}(,\d{2})+,\d{3}(\.\d*)?$"  # 1,23,456.78 in India
_WRITTEN_SIGNS = dict(
    zip("０１２３４５６７８９．，＋－−–—‐‑﹣（）％￥", "0123456789.,+-------()%¥", strict=True)
)
_NO_CENTS = r"(\d)[.,] ?-+([^\d]*)$"  # 85.- is a price, and no refund
_TRAILING_MINUS = r"^([^-+()]*\d[^-+()]*?) *-$"
_translate = builtin("translate", "string", "string", "string", returns="string")
_is_finite = builtin("isfinite", "float64", returns="boolean")
TEXTS = ("id", "text", "period")
_NUMBER = r"(\d+(?:[.,]\d+)?)"
_UNITS = r"分|点|點|星|級|级|points?\b|pts?\b|stars?\b|sterne?\b|punkte?\b|étoiles?\b|estrellas?\b"
_LEADING = re.compile(rf"^{_NUMBER} ?(?:[-–—=:.()|]|{_UNITS})\D*$", re.IGNORECASE)
_TRAILING = re.compile(rf"^\D*[^\W\d_]\D*? ?[-–—=:(] ?{_NUMBER} ?(?:{_UNITS})?\)?$", re.IGNORECASE)
_MONTHS = "jan|feb|m[aä]r|apr|a[bv]r|ma[iy]|jun|jul|aug|ago|sep|o[ckg]t|nov|de[cz]|dic"
_MONTH = re.compile(rf"^(\d+[-. ]+({_MONTHS})\w*\.?|({_MONTHS})\w*[-. ]+\d+)$", re.IGNORECASE)
_FRACTION = re.compile(
    rf"^{_NUMBER} ?(?:{_UNITS})? ?(?:/|out of|von|sur|de) ?{_NUMBER} ?(?:{_UNITS})?$", re.IGNORECASE
)
_STARS = re.compile(r"^[★⭐🌟✭☆✩✰\uFE0F\s]+$")
_FILLED, _EMPTY = "★⭐🌟✭", "☆✩✰"
_CODES = frozenset((77, 88, 97, 98, 99, 777, 888, 997, 998, 999, 9998, 9999, 99999, -2, -3, -7, -8,
                    -9, -77, -88, -97, -98, -99, -999, -9999))  # fmt: skip
_WORDS = frozenset((
    "not applicable", "n.a.", "n.a", "n. a.", "does not apply", "doesn't apply", "inapplicable",
    "don't know", "dont know", "do not know", "don’t know", "dk", "d/k", "i don't know", "unknown",
    "not sure", "unsure", "no answer", "no opinion", "no response", "no experience", "not used",
    "never used", "haven't used", "prefer not to say", "prefer not to answer", "refused",
    "skipped", "skip", "(skipped)", "not answered", "not asked", "missing", "empty", "blank",
    "nicht zutreffend", "trifft nicht zu", "weiß nicht", "weiss nicht", "keine angabe", "k.a.",
    "k. a.", "keine antwort", "entfällt", "ne sait pas", "sans objet", "non applicable",
    "sans réponse", "no aplica", "no sabe", "não se aplica", "não sei", "nvt", "n.v.t.",
    "不适用", "不適用", "不知道", "不清楚", "不确定", "不確定", "未填", "未填写", "未填寫",
    "未回答", "未作答", "未使用", "没有使用过", "沒有使用過", "无", "無", "空", "(空)", "跳过",
    "跳過", "(跳过)", "(跳過)", "该题跳过",
    "拒答", "無意見", "无意见", "--", "---", ".", "?", "*", "x", "/", "\\",
))  # fmt: skip
_ALIKE = 3  # cells of one value are no slip of the pen
_MOST_UNKNOWN, _FEW = 0.05, 10  # share and number of cells that nobody said to mean nothing
_MOST_VALUES, _SHOWN = 1000, 5


class Emptied(NamedTuple):
    """A value that counts as nothing given in one question's column, and in how many rows."""

    column: str
    value: str
    rows: int


def teach(con: Any) -> None:
    """Make the function of this module known to a DuckDB connection."""
    con.create_function("plain_score", _of_scores, ["VARCHAR", "DOUBLE"], "DOUBLE", type="arrow",
                        null_handling="special")  # fmt: skip


def parse_number(value: ir.Value, *, decimal: str) -> ir.FloatingValue:
    """Return a number; text may group thousands and must use `decimal` as its decimal mark."""
    if value.type().is_boolean() or value.type().is_temporal():
        return ibis.null("float64")
    if value.type().is_string():
        plain, bare = _plain(value, decimal), without_brackets(with_plain_signs(value))
        value = _first_cast(plain, _digits(bare, decimal), "float64")
    result = value.try_cast("float64")
    return ibis.ifelse(_is_finite(result), result, ibis.null("float64"))


def parse_amount(value: ir.Value, *, decimal: str, minor_units: int) -> ir.IntegerValue:
    """Return money in integer minor units, rounded half away from zero."""
    kind = value.type()
    if kind.is_boolean() or kind.is_temporal():
        return ibis.null("int64")
    exact = f"decimal(18, {len(str(minor_units)) - 1})"
    if kind.is_string():
        plain, bare = _plain(value, decimal), without_currency(with_plain_signs(value))
        value = _first_cast(plain, _digits(bare, decimal), exact)
    elif kind.is_floating():
        value = ibis.ifelse(value.abs() < LARGEST_AMOUNT, value, ibis.null(kind))
    else:
        value = value.try_cast(exact)
    return (value.cast("float64") * minor_units).round().try_cast("int64")


def _first_cast(plain: ir.StringValue, odd: ir.StringValue, kind: str) -> ir.Value:
    """Return plain text as a number, else odd text; a case works out no regex in vain."""
    number = plain.try_cast(kind)
    return ibis.ifelse(number.notnull(), number, odd.try_cast(kind))


def _plain(text: ir.StringValue, decimal: str) -> ir.StringValue:
    """Return text without grouping marks, its decimal mark a point; null if it has any."""
    other = "," if decimal == "." else "."
    bare = text if decimal == "." else text.replace(",", ".")
    return ibis.ifelse(text.contains(other), ibis.null("string"), bare)


def with_plain_signs(text: ir.StringValue) -> ir.StringValue:
    """Return a number's text with ASCII digits and signs, its minus in front, no apostrophe."""
    plain = _translate(text, "".join(_WRITTEN_SIGNS), "".join(_WRITTEN_SIGNS.values()))
    plain = plain.re_replace(r"^['’‘`´] *([-+(.,\d])", r"\1")
    plain = plain.re_replace(_NO_CENTS, r"\1\2")
    return plain.re_replace(_TRAILING_MINUS, r"-\1")


def without_currency(text: ir.StringValue) -> ir.StringValue:
    """Return text without currency mark; accountants' (12.00) is -12.00."""
    before = r"^([+-]?)\s*([A-Z]{2,3}|[A-Z]{0,2}\p{Sc}|kr\.?|Rs\.?)\s*([+-]?\(?[\d.,])"
    bare = without_brackets(text).re_replace(before, r"\1\3")
    bare = bare.re_replace(r"\s*([A-Z]{3}|\p{Sc}|kr\.?|元|圓|圆|円)(\)?)$", r"\2")
    return without_brackets(bare)


def without_brackets(text: ir.StringValue) -> ir.StringValue:
    """Return text such as (12.00) as -12.00."""
    return text.re_replace(r"^\(\s*([^-+()]*?)\s*\)$", r"-\1")


def without_grouping(text: ir.StringValue) -> ir.StringValue:
    """Return text without the spaces and apostrophes that group thousands."""
    return text.re_replace(_GROUPS, r"\1\2").re_replace(_GROUPS, r"\1\2")


def _digits(text: ir.StringValue, decimal: str) -> ir.StringValue:
    """Return text as a plain number, or null if its marks stand where they can't."""
    group, mark, other = (",", r"\.", ",") if decimal == "." else (".", ",", r"\.")
    tidy = without_grouping(text)
    grouped = rf"^[+-]?\d{{1,3}}({other}\d{{3}})+({mark}\d*)?$"
    grouped = rf"{grouped}|{LAKHS}" if decimal == "." else grouped
    plain = rf"^[+-]?(\d+{mark}?|\d*{mark}\d+)([eE][+-]?\d+)?$"
    without = tidy.replace(group, "")
    bare = ibis.cases((tidy.re_search(plain), tidy), (tidy.re_search(grouped), without))
    return bare if decimal == "." else bare.replace(",", ".")


def worded_score(text: ir.StringValue, column: ColumnSchema) -> ir.FloatingValue:
    """Return the score of text such as "10 - Extremely likely", 9/10, ★★★★☆ or 7分, else null."""
    return _plain_scores(text, column.scale[1] if column.scale else 0.0)


def score_of(text: str, highest: float) -> float | None:
    """Return the score of one cell on a scale up to `highest`.

    Examples
    --------
    >>> cells = ("10 - Extremely likely", "Not at all likely - 0", "9/10", "★★★☆☆", "7分", "3 days")
    >>> [score_of(cell, 10) for cell in cells]
    [10.0, 0.0, 9.0, None, 7.0, None]
    >>> score_of("★★★☆☆", 5), score_of("5 stars", 5), score_of("4/5", 10)
    (3.0, 5.0, None)
    """
    plain = " ".join(unicodedata.normalize("NFKC", text).split())
    if _STARS.match(plain):
        filled = sum(map(plain.count, _FILLED))
        total = filled + sum(map(plain.count, _EMPTY))
        return float(filled) if total == highest or filled == total <= highest else None
    if fraction := _FRACTION.match(plain):
        return _number(fraction[1]) if _number(fraction[2]) == highest else None
    if _MONTH.match(plain):  # a spreadsheet made a date of 4/5
        return None
    labelled = _LEADING.match(plain) or _TRAILING.match(plain)
    return _number(labelled[1]) if labelled else None


def given_cell(
    value: ir.Value, column: ColumnSchema, source: Source, *, call: Call = directly
) -> ir.Value:
    """Return a trimmed cell, a label's score in its place; null where it says nothing was given."""
    missing = source.missing_of(column.name)
    if not value.type().is_string():
        numbers = [float(word) for word in missing if IS_NUMBER.match(word)]
        is_missing = value.isin(numbers) if numbers and value.type().is_numeric() else None
        return (
            value if is_missing is None else ibis.ifelse(is_missing, ibis.null(value.type()), value)
        )
    labels, mark = source.labels.get(column.name) or {}, source.decimal or "."
    points = tuple(
        (label.lower(), of.replace(".", mark) if of and IS_NUMBER.match(of) else of)
        for label, of in labels.items()
    )
    return call(_given_text, value, missing=tuple(missing), points=points, kind=column.kind)


def _given_text(
    text: ir.StringValue,
    *,
    missing: tuple[str, ...],
    points: tuple[tuple[str, Any], ...],
    kind: str,
) -> ir.StringValue:
    missing += tuple(f"{word}.0" for word in missing if word.isdecimal())
    text = ibis.ifelse(text.isin([NULL, *missing]), ibis.null("string"), text)
    if points:
        words = [
            (text.lower() == label, ibis.null("string") if of is None else of)
            for label, of in points
        ]
        text = ibis.cases(*words, else_=text)
    if kind == "id":  # spreadsheets mark text by an apostrophe
        return ibis.ifelse(text.startswith("'"), text.substr(1).nullif(""), text)
    return text if kind in TEXTS else na_as_null(text)


def is_special(value: str) -> bool:
    """Tell whether a value is known to mean that nothing was given: 99, not applicable, 不適用."""
    plain = " ".join(unicodedata.normalize("NFKC", value).lower().split())
    try:
        return float(plain.replace("−", "-")) in _CODES
    except ValueError:
        return plain in _WORDS


def emptied_scores(
    rows: ir.Table,
    scores: Sequence[tuple[ColumnSchema, str, str]],
    *,
    counts: ir.BooleanValue,
    dated: str | None = None,
) -> tuple[tuple[Emptied, ...], list[str]]:
    """Return the values off the scale that empty their own cell only, and the faults of questions.

    Known codes and words do, and what at least three cells hold alike; a stray value sets its row
    aside. `scores` names each question's column, cell and typed value; only rows that `counts`
    holds for are evidence; `dated` is the column of their moments. A question is at fault if too
    many of its cells hold what nobody knows.
    """
    bad = {column.name: _is_off(rows, column, cell, value) for column, cell, value in scores}
    sums = {f"n{k}": holds.fill_null(False).sum() for k, holds in enumerate(bad.values())}
    row = rows.aggregate(**sums).to_pandas().fillna(0).sum()  # of one row
    emptied: list[Emptied] = []
    faults: list[str] = []
    for k, (column, cell, _) in enumerate(scores):
        if not int(row[f"n{k}"]):
            continue
        before = rows.filter(counts)
        off = before.filter(bad[column.name]).select(text=as_text(before[cell]))
        values = off.group_by("text").aggregate(n=off.count()).order_by(ibis.desc("n"), "text")
        found = values.limit(_MOST_VALUES).to_pandas()
        held = [
            Emptied(column.name, str(t), int(n)) for t, n in zip(found.text, found.n, strict=True)
        ]
        emptied += [one for one in held if one.rows >= _ALIKE or is_special(one.value)]
        unknown = [one for one in held if one.rows >= _ALIKE and not is_special(one.value)]
        if sum(one.rows for one in unknown) >= _FEW:
            given = int(before.aggregate(n=before[cell].count()).to_pandas()["n"].iloc[0])
            faults += _unknown_fault(column, unknown, given, _last(before, bad[column.name], dated))
    return tuple(emptied), faults


def _last(rows: ir.Table, holds: ir.BooleanValue, dated: str | None) -> Any:
    """Return the last moment of rows for which a condition holds, if it is known."""
    if dated is None:
        return None
    last = rows.filter(holds)[dated].max().execute()
    return last if last == last else None  # not NaT


def without_emptied(
    rows: ir.Table, emptied: Sequence[Emptied], names: dict[str, tuple[str, str]]
) -> dict[str, ir.Value]:
    """Return the cells and typed values of columns, by their `names`, null where emptied."""
    values: dict[str, list[str]] = {}
    for one in emptied:
        values.setdefault(one.column, []).append(one.value)
    kept: dict[str, ir.Value] = {}
    for column, texts in values.items():
        is_emptied = as_text(rows[names[column][0]]).isin(texts).fill_null(False)
        kept |= {
            name: ibis.ifelse(is_emptied, ibis.null(rows[name].type()), rows[name])
            for name in names[column]
        }
    return kept


def as_text(cell: ir.Value) -> ir.StringValue:
    """Return a score's cell as it is listed: whole numbers without a point."""
    if cell.type().is_string():
        return cell
    number = cell.cast("float64")
    small = number.abs() < LARGEST_AMOUNT  # not infinite either, which no integer is
    near = ibis.ifelse(small, number, 0.5)
    whole = near == near.floor()
    integer = ibis.ifelse(whole, near, 0.0).cast("int64").cast("string")
    return ibis.ifelse(whole, integer, number.cast("string"))


def _is_off(rows: ir.Table, column: ColumnSchema, cell: str, value: str) -> ir.BooleanValue:
    low, high = column.scale or (float("-inf"), float("inf"))
    score = rows[value]
    return rows[cell].notnull() & (score.isnull() | (score < low) | (score > high))


def _unknown_fault(
    column: ColumnSchema, unknown: Sequence[Emptied], given: int, last: Any
) -> list[str]:
    cells = sum(one.rows for one in unknown)
    if cells <= _MOST_UNKNOWN * given:
        return []
    low, high = column.scale or (0, 0)
    shown = ", ".join(f"'{one.value}' ({one.rows:,} rows)" for one in unknown[:_SHOWN])
    more = f" and {len(unknown) - _SHOWN} more" if len(unknown) > _SHOWN else ""
    first, since = unknown[0].value, last.date() + timedelta(days=1) if last is not None else "…"
    return [
        f"Column '{column.name}': {cells:,} of {given:,} cells are no score from {low:g} to "
        f"{high:g}: {shown}{more}. Say what they mean: labels: {{{column.name}: {{'{first}': "
        f"{high:g}}}}} for what is worth a score, missing: {{{column.name}: ['{first}']}} for what "
        "means nothing given; or mend the question's scale:. If it was asked on another scale up "
        f"to a day, leave out what is older: questions: {column.name}: scale_since: {since} (the "
        "last of these cells is of the day before)."
    ]


def _number(text: str) -> float:
    return float(text.replace(",", "."))


def _of_scores(texts: Any, highest: Any) -> Any:
    import pyarrow as pa

    cells = zip(texts.to_pylist(), highest.to_pylist(), strict=True)
    scores = [None if text is None else score_of(text, highest_) for text, highest_ in cells]
    return pa.array(scores, pa.float64())


_plain_scores = builtin("plain_score", "string", "float64", returns="float64")
