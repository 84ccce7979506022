"""What people and programs write in cells is read as they mean it, or not at all."""

from __future__ import annotations

import ibis
import pytest

from profitchain.sources import casts, date_words, number_words, typed_tables
from profitchain.sources.date_number_formats import format_that_reads
from profitchain.sources.date_words import plain_date, plain_month
from profitchain.sources.encodings import home_encodings, likely, recognised
from profitchain.sources.engine_functions import CellMacros
from profitchain.sources.number_words import emptied_scores, is_special, score_of
from profitchain.sources.schemas import ColumnSchema


@pytest.fixture(scope="module")
def con():
    con = ibis.duckdb.connect()
    date_words.teach(con.con)
    return con


def cells(con, texts: list[str | None]):
    rows = ibis.memtable({"at": list(range(len(texts))), "text": texts})
    return con.create_table("cells", rows, overwrite=True)


def values(con, texts: list[str | None], read) -> list:
    table = cells(con, texts)
    frame = table.select("at", value=read(table.text)).order_by("at").to_pandas()
    return [None if value != value else value for value in frame["value"].tolist()]


# --- dates ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "plain"),
    [
        ("2025/1/3 下午 02:26:26", "2025-1-3 14:26:26"),
        ("2025/1/3 上午 12:05", "2025-1-3 00:05"),
        ("2025年1月3日 10时30分", "2025-1-3 10:30"),
        ("2026年3月4日(水) 9:05", "2026-3-4 9:05"),
        ("民國114年3月4日", "2025-3-4"),
        ("民國 114/03/04 下午 1:00", "2025-03-04 13:00"),
        ("Mar 4, 2026 10:00:00 AM PST", "2026-03-4 10:00:00 -08:00"),
        ("March 4th, 2026 12:05 a.m.", "2026-03-4 00:05"),
        ("Wed, 4 Mar 2026 10:00:00 +0100", "2026-03-4 10:00:00 +0100"),
        ("Wed Mar 04 2026 10:00:00 GMT+0100 (CET)", "2026-03-04 10:00:00 +01:00"),
        ("4. März 2026", "2026-03-4"),
        ("04-Mar-26", "2026-03-04"),
        ("2026-03-04 10:00:00 CET", "2026-03-04 10:00:00 +01:00"),
        ("2026-03-04 10:00 GMT+5:30", "2026-03-04 10:00 +05:30"),
        ("20260304", "2026-03-04"),
        ("20260304103000", "2026-03-04 10:30:00"),
        ("20260304T103000Z", "2026-03-04 10:30:00Z"),
        ("2026. 3. 4.", "2026-3-4"),
        ("３/４/２０２６ ９:０５", "3/4/2026 9:05"),
        ("3/4/2026 9:05 PM", "3/4/2026 21:05"),
        ("2026-03-04 10:00 ZZZ", "2026-03-04 10:00 ZZZ"),
        ("1775200080", "1775200080"),
    ],
)
def test_a_date_loses_its_words(text, plain):
    assert plain_date(text, "Europe/Berlin", False) == plain


def test_an_ambiguous_zone_word_means_the_firms_own_zone():
    assert plain_date("2026-03-04 10:00 CST", "Asia/Taipei", False).endswith("+08:00")
    assert plain_date("2026-03-04 10:00 CST", "America/Chicago", False).endswith("-06:00")
    assert plain_date("2026-03-04 10:00 IST", "Asia/Kolkata", False).endswith("+05:30")
    assert plain_date("2026-03-04 10:00 IST", "Europe/Berlin", False).endswith("IST")


@pytest.mark.parametrize("hour", range(24))
def test_the_clock_of_a_day_is_kept_whatever_hour_it_shows(hour):
    twelve = f"{(hour - 1) % 12 + 1}:07:09 {'PM' if hour >= 12 else 'AM'}"
    for text in (f"Mar 4, 2026 {twelve}", f"2026年3月4日 {hour}:07:09"):
        day, _, clock = plain_date(text, "UTC", False).partition(" ")
        assert day in ("2026-03-4", "2026-3-4")
        assert [int(part) for part in clock.split(":")] == [hour, 7, 9]


@pytest.mark.parametrize("text", ["114/03/04", "1140304", "114.3.4", "114年3月4日", "114-03-04"])
def test_years_of_the_republic_are_read_where_they_are_declared(text):
    year, month, day = plain_date(text, "UTC", True).split("-")
    assert (int(year), int(month), int(day)) == (2025, 3, 4)


def test_months_are_read_however_they_are_written():
    texts = ("2026-03", "2026/3", "202603", "Mar 2026", "2026年3月", "2026.03")
    assert {plain_month(text) for text in texts} == {"2026-03"}
    assert plain_month("2026Q1") == "2026Q1"


@pytest.mark.parametrize(
    ("texts", "reads"),
    [
        (["14/01/2025", "01/02/2025"], ("day first",)),
        (["01/02/2025"], ("day first", "month first")),
        (["1775200080", None], ("unix",)),
        (["1775200080000"], ("unix_ms",)),
        (["45660.52", "45661"], ("excel",)),
        (["115/03/04"], ("roc",)),
        (["26/03/31", "25/12/01"], ("day first", "%y/%m/%d")),
        (["20260304", "2026-03-05"], ("iso",)),
        (["14/01/2025", "someday"], ()),
        (["", None], ()),
    ],
)
def test_the_format_that_reads_all_dates_is_found(con, texts, reads):
    assert format_that_reads(cells(con, texts), "text") == reads


# --- numbers and flags ---------------------------------------------------------------------------

AMOUNTS = {
    "12.50-": -1250, "€12.50-": -1250, "−12.50": -1250, "–3": -300, "'-5": -500, "'7": 700,
    "(5.00)": -500, "€(5.00)": -500, "(€5.00)": -500, "５０．２５": 5025, "－８": -800,
    "1,23,456.78": 12345678, "₹2,00,500": 20050000, "1 234.50": 123450, "12元": 1200,
    "￥1,200": 120000, "Rs. 1,000.00": 100000, "1,23,4": None, "--5": None, "5--": None, "()": None,
    "1-2": None, "12.50": 1250, "-3": -300, "85.-": 8500, "85.–": 8500, "85.--": 8500,
    "-85.-": -8500, "CHF 85.-": 8500, "85.-€": 8500, "85,-": 8500,
}  # fmt: skip


def amount(text):
    return number_words.parse_amount(text, decimal=".", minor_units=100)


def test_amounts_are_read_with_the_signs_of_any_country(con):
    read = values(
        con, list(AMOUNTS), lambda t: number_words.parse_amount(t, decimal=".", minor_units=100)
    )
    assert dict(zip(AMOUNTS, read, strict=True)) == AMOUNTS


def test_a_plain_number_may_have_its_minus_behind_or_brackets(con):
    read = values(con, ["2,5-", "(3)", "４"], lambda t: number_words.parse_number(t, decimal=","))
    assert read == [-2.5, -3, 4]


FLAGS = {"1.0": True, "0.0": False, "是": True, "否": False, "Ja": True, "nein": False,
         "TRUE": True, "oui": True, "Non": False, "✓": True, "Y": True, "n": False,
         "maybe": None}  # fmt: skip


def test_flags_are_read_in_several_languages(con):
    read = values(con, list(FLAGS), casts.parse_flag)
    assert dict(zip(FLAGS, read, strict=True)) == FLAGS


def test_blanks_of_every_kind_are_no_part_of_a_cell(con):
    texts = ["\u00a0a\u00a0", "\u3000乙\u200b", "\ufeffa", " \u2003", "a b", "\tü "]
    read = values(con, texts, casts.trimmed_text)
    assert read == ["a", "乙", "a", None, "a b", "ü"]


# --- scores --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "highest", "score"),
    [
        ("10 - Extremely likely", 10, 10),
        ("Not at all likely - 0", 10, 0),
        ("0 = gar nicht", 10, 0),
        ("Very satisfied (5)", 5, 5),
        ("9/10", 10, 9),
        ("9 out of 10", 10, 9),
        ("4/5", 10, None),
        ("5 stars", 5, 5),
        ("★★★★☆", 5, 4),
        ("★★★", 5, 3),
        ("⭐⭐⭐⭐⭐", 5, 5),
        ("7分", 10, 7),
        ("满意度：4", 5, 4),
        ("3 days", 10, None),
        ("9-10", 10, None),
        ("5-Apr", 5, None),  # 4/5, as a spreadsheet has it
        ("Apr-05", 5, None),
        ("4. Mai", 5, None),
        ("5-Aweful", 5, 5),
        ("2 - 3 times", 10, None),
        ("good", 10, None),
    ],
)
def test_a_score_in_words_is_read_if_it_can_mean_one_only(text, highest, score):
    assert score_of(text, highest) == score


def emptied(con, texts: list[str | None]) -> tuple[dict[str, int], list[str]]:
    table = cells(con, texts)
    table = table.mutate(score=number_words.parse_number(table.text, decimal="."))
    column = ColumnSchema(name="nps", kind="score", scale=(0, 10))
    found, faults = emptied_scores(table, [(column, "text", "score")], counts=ibis.literal(True))
    return {one.value: one.rows for one in found}, faults


def test_codes_empty_their_cell_and_a_stray_value_does_not(con):
    held, faults = emptied(
        con, ["9", "99", "-3", "不适用", "Not applicable", "11", "11x", "8", None]
    )
    assert held == {"99": 1, "-3": 1, "不适用": 1, "Not applicable": 1}
    assert not faults
    assert emptied(con, ["9"] * 90 + ["12"] * 3)[0] == {"12": 3}
    assert emptied(con, ["9", "8"]) == ({}, [])


def test_a_question_full_of_what_nobody_explained_is_refused_with_the_line_to_write(con):
    _, (fault,) = emptied(con, ["9"] * 50 + ["never heard of it"] * 12)
    assert "12 of 62 cells" in fault
    assert "missing: {nps: ['never heard of it']}" in fault
    assert not emptied(con, ["9"] * 50 + ["Not applicable"] * 50)[1]


def test_special_values_are_known_however_they_are_written():
    assert all(map(is_special, ["99", "-99", "999.0", "N.A.", "Don’t know", "不適用", "（跳过）"]))
    assert not any(map(is_special, ["11", "-1", "7.5", "good", "100"]))


# --- encodings -----------------------------------------------------------------------------------

TEXTS = {
    "cp950": "這是一個很好的商店，我會再來。送貨很慢，客服態度差",
    "gb18030": "这是一个很好的商店，我会再来。送货很慢，客服态度差",
    "cp932": "とても良いお店でした。また利用します。配送が遅い",
    "cp949": "배송이 너무 느려요. 친절합니다",
}
REGIONS = {"cp950": "北區\n中區\n南區\n東區\n", "gb18030": "华东\n华北\n华南\n西南\n"}


@pytest.mark.parametrize("codec", TEXTS)
def test_an_encoding_is_told_by_its_common_letters(codec):
    assert recognised(TEXTS[codec].encode(codec)) == codec


@pytest.mark.parametrize(("codec", "currency"), [("cp950", "TWD"), ("gb18030", "CNY")])
def test_a_few_words_are_enough_in_the_encoding_of_the_firms_own_country(codec, currency):
    home = home_encodings(currency, "en")
    assert recognised(REGIONS[codec].encode(codec), home) == codec
    assert likely("一".encode(codec), home) in ("big5", "gb18030")


@pytest.mark.parametrize(
    ("text", "codec"),
    [("Grün", "cp1252"), ("schöne Straße, très déçu, 12 €", "cp1252"), ("Хороший", "cp1251")],
)
def test_a_western_encoding_is_offered_and_never_taken(text, codec):
    assert recognised(text.encode(codec)) is None
    assert likely(text.encode(codec)) in ("cp1252", None)


# --- macros --------------------------------------------------------------------------------------


def as_iso_wall(text, *, excel):
    return typed_tables._wall(text, written=casts.ISO, excel=excel)


MACROS = {
    "trimmed": (casts.trimmed_text, {}),
    "given": (
        number_words._given_text,
        {"missing": ("7", "it's"), "points": (("good", "9"), ('"t0".', None)), "kind": "number"},
    ),
    "wall": (as_iso_wall, {"excel": True}),
    "month": (casts.month_text, {}),
    "amount": (number_words.parse_amount, {"decimal": ",", "minor_units": 100}),
    "number": (number_words.parse_number, {"decimal": "."}),
    "flag": (casts.parse_flag, {}),
}
ODD_CELLS = [
    "  a ", "\u3000x", "7", "7.0", "it's", "GOOD", '"t0".', "n/a", "'0012", "45660.5", "yes", "否",
    "2026-03-04 10:00:00+01:00", "2026-03", "1.234,50 €", "(12,00)", "1,234.5", "8e3", "", None,
]  # fmt: skip


@pytest.mark.parametrize("name", MACROS)
def test_a_macro_gives_what_its_function_gives_written_out(con, name):
    function, options = MACROS[name]
    call = CellMacros(con)
    direct = values(con, ODD_CELLS, lambda text: function(text, **options))
    assert values(con, ODD_CELLS, lambda text: call(function, text, **options)) == direct
    assert len(set(map(str, direct))) > 2  # else nothing was read


def test_a_macro_of_a_cell_as_it_is_is_that_cell_and_types_have_macros_of_their_own(con):
    call = CellMacros(con)
    table = ibis.table({"text": "string", "day": "date", "at": "timestamp(6)"}, name="some")
    assert call(casts.month_text, table.day).equals(table.day)
    kinds = [call(casts.trimmed_text, table[name]).op().__func_name__ for name in ("text", "day")]
    assert kinds[0] != kinds[1]


def test_each_connection_learns_its_own_macros():
    for _ in range(2):  # Ibis takes two memories for one connection
        con = ibis.duckdb.connect()
        call = CellMacros(con)
        assert values(con, [" a "], lambda text, c=call: c(casts.trimmed_text, text)) == ["a"]
