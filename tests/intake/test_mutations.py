"""Bad input is read, set aside or refused in words: no traceback, and no row lost in silence."""

from __future__ import annotations

import random
from collections.abc import Callable
from pathlib import Path

import pytest
import yaml

from profitchain.core.errors import ProfitchainError
from profitchain.core.periods import Period
from profitchain.intake.intake import Intake, last_period, open_intake
from profitchain.sources.company import load_company

HEADER = "order_id,customer_id,ordered_at,revenue,note"
ROWS = [f"o{k},c{k % 7},2026-01-{k % 28 + 1:02}T10:{k % 60:02},{k}.50,fine" for k in range(1, 31)]
ANSWERS = "response_id,customer_id,responded_at,nps"
REFUSED = -1

STRANGE_DATES = [
    "2026-02-30", "0000-00-00", "00/00/0000", "99/99/9999", "1775200080", "1775200080000",
    "1e30", "-1", "45660.52", "99999", "infinity", "epoch", "now", "today", "26-01-05", "2026",
    "2026-01", "Mar 4, 2026", "4 Mar 26", "Smarch 4, 2026", "2026年3月4日", "民國115年3月4日",
    "115/03/04", "上午", "2026-03-04 25:61", "2026-03-04 10:00 ZZZ", "2026-03-04 10:00 GMT+99",
    "2026-03-04 10:00 CET", "20260304", "20269999", "20260304103000",
    "2026-03-04T10:00:00+99:99", "2026-W10-3", "1/2/3", "２０２６-０３-０４",
    "2026-03-04 99 PM", "13 PM", "#", "-", "\\N", "()", "+", "日", "年月日", "292278994-08-17",
    "5881580-07-11", "2026-03-04\t10:00", "'2026-03-04", "=NOW()", "NaT", "12:30",
]  # fmt: skip
STRANGE_NUMBERS = [
    "1,23,456.78", "12.50-", "−3", "–3", "'-5", "(5.00)", "€ (5.00)", "５０．２５", "1 234.50",
    "1'234.50", "1e400", "-1e400", "nan", "inf", "-", "--5", "5--", "()", "(", "(-5)", "1..2",
    "1,2,3", "1.2.3", "0x10", "1_000", "12 EUR", "EUR", "US$12", "12%", "99999999999999999999",
    "1e18", ".", ",", "+", "e", "1e", "\\N", "#N/A", "#REF!", "=1+1", "½", "٣", "१२",
    "₹1,00,000", "12元", "¥１２", "\u00a012.5\u00a0", "\u3000", "\u200b7\u200b", "9" * 400,
]  # fmt: skip
STRANGE_SCORES = [
    "10 - Extremely likely", "Not at all likely - 0", "9/10", "9/5", "10/0", "★★★☆☆", "★" * 10,
    "⭐", "7分", "99", "-99", "999", "N/A", "不适用", "11", "-1", "7.5", "good",
    "Not applicable", "9-10", "１０", "5 stars", "/", "/10", "10/", "-", " - 5", "(5)", "five",
    "1e1", "0x5", "٣", "十", "(跳过)",
]  # fmt: skip
STRANGE_TEXTS = [
    "", " ", "\u00a0", "NULL", "\\N", "o1", "'o1", "a" * 5000, "=cmd()", "🙂", "\ufeff",
    "\u2028", "a\tb", "\x07", "ÿ", "%s", "{}", "{0}", "'; DROP TABLE raw_orders; --", "a'b",
    "\\", "\x1f", "\ue00d",
]  # fmt: skip


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("mutated")


def opened(folder: Path, **settings: object) -> Intake | str:
    """Return the checked tables of a company of orders, or the words of its refusal."""
    others = {key: settings.pop(key) for key in ("questions", "limits") if key in settings}
    given = {"name": "M", "currency": "EUR", "tables": settings.pop("tables", None)}
    given["tables"] = given["tables"] or {"orders": {"file": "orders.csv"} | settings}
    given |= others
    (folder / "company.yml").write_text(yaml.safe_dump(given), encoding="utf-8")
    try:
        company = load_company(folder)
        return open_intake(company, Period("2026Q1"))
    except ProfitchainError as refusal:
        return str(refusal)


def rows_told(intake: Intake, table: str = "orders") -> int:
    """Return how many rows of a table came in, having seen that each is used or set aside."""
    used = int(intake.tables[table].count().execute())
    account = intake.account.query("table == @table")
    assert used == account.query("kind == 'used'")["rows"].sum()
    intake.close()
    return int(account["rows"].sum())


def quoted(cell: str) -> str:
    return '"' + cell.replace('"', '""') + '"'


CELLS = [(2, text) for text in STRANGE_DATES]
CELLS += [(3, text) for text in STRANGE_NUMBERS]
CELLS += [(place, text) for place in (0, 1, 4) for text in STRANGE_TEXTS]


SLOW = pytest.mark.slow
DECLARED = {"date_format": "day first", "decimal": ","}


@pytest.mark.parametrize("declared", [{}, pytest.param(DECLARED, marks=SLOW)])
@pytest.mark.parametrize("cells", [CELLS[k : k + 30] for k in range(0, len(CELLS), 30)])
def test_a_row_with_a_strange_cell_is_used_or_set_aside(folder, declared, cells):
    lines = list(ROWS)
    for at, (place, text) in enumerate(cells):
        row = lines[at].split(",")
        lines[at] = ",".join(quoted(text) if k == place else cell for k, cell in enumerate(row))
    (folder / "orders.csv").write_text("\n".join([HEADER, *lines, ""]), encoding="utf-8")
    result = opened(folder, **declared)
    if isinstance(result, str):
        assert "orders" in result
    else:
        assert rows_told(result) == len(lines)


@pytest.mark.parametrize("scale", [[0, 10], [1, 5]])
def test_an_answer_with_a_strange_score_is_used_or_set_aside(folder, scale):
    (folder / "orders.csv").write_text("\n".join([HEADER, *ROWS, ""]), encoding="utf-8")
    lines = [f"r{k},c1,2026-02-01,{quoted(s)}" for k, s in enumerate([*STRANGE_SCORES, "5", "4"])]
    (folder / "responses.csv").write_text("\n".join([ANSWERS, *lines, ""]), encoding="utf-8")
    tables = {name: {"file": f"{name}.csv"} for name in ("orders", "responses")}
    asked = {"questions": {"nps": {"kind": "rating", "scale": scale}}}
    result = opened(folder, tables=tables, limits={"set_aside": 1}, **asked)
    assert not isinstance(result, str), result
    assert rows_told(result, "responses") == len(lines)


PLAIN = "\n".join([HEADER, *ROWS, ""])


def spoilt(data: bytes, seed: int) -> bytes:
    """Return data with a few bytes changed, added or left out."""
    draw = random.Random(seed)
    signs = [
        b'"',
        b"\r",
        b"\0",
        b"\n",
        b",",
        b";",
        b"\xff",
        b"\xe4",
        b"\x1a",
        b'""',
        b"\t",
        b"\xa4\xe4",
    ]
    for _ in range(draw.randint(1, 3)):
        at = draw.randrange(len(HEADER) + 1, len(data))
        kept = data[at + draw.randint(0, 1) :]
        data = data[:at] + draw.choice(signs) + kept
    return data


FILES: dict[str, tuple[bytes, int | None]] = {  # and how many rows it must be told to hold
    "utf-16": (PLAIN.encode("utf-16"), 30),
    "utf-8 with its mark": (PLAIN.encode("utf-8-sig"), 30),
    "big5": (PLAIN.replace("fine", "送貨很快，很滿意").encode("cp950"), 30),
    "gb18030": (PLAIN.replace("fine", "送货很快，很满意").encode("gb18030"), 30),
    "shift_jis": (PLAIN.replace("fine", "とても良いお店でした").encode("cp932"), 30),
    "cp1252": (PLAIN.replace("fine", "schön").encode("cp1252"), REFUSED),
    "windows line ends": (PLAIN.replace("\n", "\r\n").encode(), 30),
    "old line ends": (PLAIN.replace("\n", "\r").encode(), 30),
    "a break in a cell": (PLAIN.replace("fine", "fi\rne").encode(), 30),
    "a quoted break": (PLAIN.replace("fine", '"fi\nne, very"').encode(), 30),
    "NUL": (PLAIN.replace("fine", "fi\0ne").encode(), 30),
    "no last line end": (PLAIN.rstrip().encode(), 30),
    "semicolons": (PLAIN.replace(",", ";").encode(), 30),
    "tabs": (PLAIN.replace(",", "\t").encode(), 30),
    "a header alone": (HEADER.encode(), REFUSED),
    "nothing": (b"", REFUSED),
    "zeros": (b"\0" * 4096, REFUSED),
    "a picture": (bytes(range(256)) * 20, REFUSED),
    "a cell of 200 kB": (PLAIN.replace("fine", "f" * 200_000, 1).encode(), 30),
    "a row of commas": (PLAIN.encode() + b",,,,\n", 31),
    "rows too wide": (PLAIN.encode() + b"o,c,2026-01-01,1,a,b,c\n", 31),
    "rows too short": (PLAIN.encode() + b"o,c\n", 31),
    "stray quotes": (PLAIN.replace("\no2", '\n"o2').replace("\no6", '\n"o6').encode(), REFUSED),
    "a quote in a date": (PLAIN.replace("2026-01-02T", '"2026-01-02T', 1).encode(), REFUSED),
    "a header twice": ("\n".join([HEADER, *ROWS, HEADER, *ROWS, ""]).encode(), 61),
    "a name twice": (PLAIN.replace("note", "revenue").encode(), 30),
    "an empty name": (PLAIN.replace("note", "").encode(), 30),
}  # fmt: skip


@pytest.mark.parametrize("kind", FILES)
def test_a_file_is_read_whole_or_refused_in_words(folder, kind):
    data, rows = FILES[kind]
    (folder / "orders.csv").write_bytes(data)
    result = opened(folder)
    if rows == REFUSED:
        assert isinstance(result, str)
        assert "orders" in result
    else:
        assert not isinstance(result, str), result
        assert rows_told(result) == rows


SEEDS = [pytest.param(seed, marks=() if seed < 6 else SLOW) for seed in range(200)]


@pytest.mark.parametrize("seed", SEEDS)
def test_a_spoilt_file_loses_no_row_in_silence(folder, seed):
    data = spoilt("\n".join([HEADER, *ROWS[:12], ""]).encode(), seed)
    (folder / "orders.csv").write_bytes(data)
    result = opened(folder)
    if isinstance(result, str):
        assert "orders" in result
        return
    lines = data.replace(b"\0", b"").replace(b"\r\n", b"\n").split(b"\n")
    filled = sum(bool(line.strip()) for line in lines) - 1
    lost = filled - rows_told(result)
    assert lost <= 1, data  # a cell that two quotation marks enclose may hold one line's end


@pytest.mark.parametrize("stamp", ["someday", "1775200080", "115/03/04"])
def test_a_fault_of_all_dates_is_told_with_its_mend_whether_or_not_a_period_is_given(folder, stamp):
    rows = "\n".join(f"o{k},c1,{stamp},5,x" for k in range(1, 6))
    (folder / "orders.csv").write_text(f"{HEADER}\n{rows}\n", encoding="utf-8")
    told = opened(folder)
    with pytest.raises(ProfitchainError) as refused:
        last_period(load_company(folder))
    assert str(refused.value) == told
    assert f"'{stamp}'" in told
    assert "date_format:" in told


ODD_NAMES = ["orders [1].csv", "orders*.csv", "orders?.csv", "sales [2026].csv"]


@pytest.mark.parametrize("name", ODD_NAMES)
def test_a_file_is_found_by_its_own_name_before_it_is_a_pattern(folder, name):
    (folder / name).write_text(PLAIN, encoding="utf-8")
    result = opened(folder, tables={"orders": {"file": name}})
    (folder / name).unlink()
    assert not isinstance(result, str), result
    assert rows_told(result) == len(ROWS)


YAML: dict[str, Callable[[str], str]] = {
    "a control character": lambda text: text.replace("name: M", 'name: "M\x0b"'),
    "a bad letter of a date": lambda text: text + "    date_format: '%Q'\n",
    "a tab": lambda text: text.replace("  orders", "\torders"),
    "a list for a name": lambda text: text.replace("name: M", "name: [M]"),
    "labels of no column": lambda text: text + "    labels: {nothing: {a: 1}}\n",
    "missing of no column": lambda text: text + "    missing: {nothing: [a]}\n",
}


@pytest.mark.parametrize("kind", YAML)
def test_a_faulty_company_yml_is_refused_in_words(folder, kind):
    (folder / "orders.csv").write_text(PLAIN, encoding="utf-8")
    plain = "name: M\ncurrency: EUR\ntables:\n  orders:\n    file: orders.csv\n"
    (folder / "company.yml").write_text(YAML[kind](plain), encoding="utf-8")
    with pytest.raises(ProfitchainError):
        open_intake(load_company(folder), Period("2026Q1"))
