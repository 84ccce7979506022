"""What is taken away is what is published: every number, text that stays text, the same bytes."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import zipfile
from datetime import date, datetime
from pathlib import Path

import numpy as np
import openpyxl
import pandas as pd
import pytest
from editions import as_excel_keeps, body, holes, publish_here, said_in, write_company
from test_odd_firms import shop

from profitchain.core.estimates import Estimate
from profitchain.core.periods import Period
from profitchain.exhibits import charts, exhibit, findings, findings_history, tables, xlsx_writer
from profitchain.pages import workbook
from profitchain.pages.workbook_exhibits import HEADER, number_format

PERIOD = Period("2026Q3")
NASTY = [
    '=HYPERLINK("http://example.com","win")',
    "+1",
    "-1+cmd|' /C calc'!A0",
    "@SUM(A1)",
    "＝1+1",
    "\t=1",
    "\n=1",
    "'=quoted",
    "'tis only a quote",
    "#N/A",
    "[a]:*?/\\ & <b>",
    "🧶 wool 毛線",
    "  spaces  ",
    "x" * 40_000,
    "🧶" * 20_000,
    "bell\x07 and null\x00",
    "2026-03",
    "007",
]
WORDS = {"message": "A message", "measure": "A measure", "source": "A source"}


def told(shown: exhibit.Exhibit) -> dict:
    """Return an exhibit as it reaches the press: as JSON in a notebook's output."""
    return json.loads(json.dumps(shown._repr_mimebundle_()[exhibit.MEDIA_TYPE]))


def nasty_table(id: str = "nasty") -> exhibit.Exhibit:
    data = pd.DataFrame({"text": NASTY, "=1+1": range(len(NASTY)), "share": 0.25})
    return exhibit.table(data, id=id, units={"share": "share"}, **WORDS | {"message": "=1+1"})


def story(name: str = "03_x", *rows: dict, **more: object) -> findings.PageStory:
    return findings.PageStory(name=name, question="=WHAT()?", findings=rows, **more)


def row(id: str, value: float, unit: str, **more: object) -> dict:
    return {"id": id, "value": value, "low": value, "high": value, "n": 7, "unit": unit} | {
        "label": "+label",
        **more,
    }


def taken(folder: Path, *shown: exhibit.Exhibit, stories: tuple = ()) -> openpyxl.Workbook:
    stories = stories or (story("03_x", row("nps", 1.5, "points", group="@a")),)
    bundles = {"03_x": [told(each) for each in shown]}
    path = workbook.write_edition_workbook(folder, stories, bundles, company="=Firm", period=PERIOD)
    return openpyxl.load_workbook(path)


def test_a_text_that_looks_like_a_formula_is_kept_as_it_is_and_stays_text(tmp_path):
    sheet = taken(tmp_path, nasty_table())["03 nasty"]
    cells = [cells[0] for cells in sheet.iter_rows(min_row=HEADER + 1)]
    assert [cell.value for cell in cells] == [as_excel_keeps(text) for text in NASTY]
    for cell, text in zip(cells, NASTY, strict=True):
        assert cell.data_type in "s" and cell.hyperlink is None
        if tables.starts_a_formula(text):
            assert cell.quotePrefix and cell.number_format == "@"
    assert sheet["A1"].value == "=1+1" and sheet["A1"].data_type == "s"
    assert sheet.cell(HEADER, 2).value == "=1+1" and sheet.cell(HEADER, 2).data_type == "s"


def test_a_workbook_holds_no_formula_no_macro_and_nothing_from_outside(tmp_path):
    taken(tmp_path, nasty_table())
    with zipfile.ZipFile(tmp_path / "edition.xlsx") as archive:
        parts = {name: archive.read(name).decode() for name in archive.namelist()}
        assert {each.date_time for each in archive.infolist()} == {(1980, 1, 1, 0, 0, 0)}
    assert not [name for name in parts if re.search(r"external|vba|macro|\.bin|activeX", name)]
    sheets_xml = [text for name, text in parts.items() if name.startswith("xl/worksheets/sheet")]
    assert len(sheets_xml) == 4
    for text in sheets_xml:
        assert "<f>" not in text and "<f " not in text and 'r:id="' not in text
    assert not [name for name, text in parts.items() if "TargetMode" in text]
    assert "2026-09-30T00:00:00Z" in parts["docProps/core.xml"]


def test_libreoffice_finds_no_formula_either(tmp_path):
    office = shutil.which("soffice") or pytest.skip(
        "needs LibreOffice: apt-get install libreoffice"
    )
    taken(tmp_path, nasty_table())
    where = ["--outdir", tmp_path, tmp_path / "edition.xlsx"]
    profile = f"-env:UserInstallation={(tmp_path / 'profile').as_uri()}"
    subprocess.run([office, profile, "--headless", "--convert-to", "fods", *where], check=True)
    text = (tmp_path / "edition.fods").read_text(encoding="utf-8")
    assert "table:formula" not in text and "=HYPERLINK(" in text


def test_the_same_data_give_the_same_bytes(tmp_path):
    made = []
    for name in ("a", "b"):
        (tmp_path / name).mkdir()
        taken(tmp_path / name, nasty_table(), nasty_table("other"))
        made.append((tmp_path / name / "edition.xlsx").read_bytes())
    assert made[0] == made[1]


def test_numbers_are_numbers_in_the_format_of_their_unit(tmp_path):
    said = {
        "share": Estimate(value=0.3123, low=0.28, high=0.34, n=1204, unit="share"),
        "points": Estimate(value=-4.21, low=-9, high=1, n=1204, unit="points"),
        "money": Estimate(value=1240.3, low=1100, high=1300, n=1204, unit="EUR a year"),
        "orders": Estimate(value=3, low=3, high=3, n=3, unit="orders"),
    }
    sheet = taken(tmp_path, exhibit.table(exhibit.frame(said), id="a", **WORDS))["03 a"]
    head = [cell.value for cell in sheet[HEADER]]
    assert head == ["Label", "Value", "Low", "High", "n", "Unit"]  # none lacks a number: no "why"
    for cells, one in zip(sheet.iter_rows(min_row=HEADER + 1), said.values(), strict=True):
        assert [cell.value for cell in cells[1:5]] == [one.value, one.low, one.high, one.n]
        assert all(cell.data_type == "n" for cell in cells[1:5])
        assert cells[4].number_format == "#,##0"
    formats = [sheet.cell(HEADER + 1 + place, 2).number_format for place in range(4)]
    assert formats == ["0.0%", "#,##0.0", '"€"#,##0', "#,##0"]
    assert sheet.freeze_panes == f"B{HEADER + 1}"
    words = [sheet.cell(line, 1).value for line in range(1, HEADER)]
    assert words[:3] == ["A message", "A measure", "Source: A source"]
    assert words[3] == "Units: share, points, EUR a year and orders"


@pytest.mark.parametrize(
    ("unit", "numbers", "expected"),
    [
        ("share", [0.0004], "0.000%"),
        ("percentage points", [2.2, -12.0], "#,##0.0"),
        ("JPY", [1200.0], '"JP¥"#,##0'),
        ("p", [0.02], "#,##0.000"),
        ("grade", [2.0], "#,##0"),
        ("", [3.0, 1200.0], "#,##0"),
        ("", [0.25], "#,##0.0000"),
        ("orders", [1.5], "#,##0.00"),
        ("share", [], "0.0%"),
    ],
)
def test_a_format_shows_two_or_three_digits_that_count(unit, numbers, expected):
    assert number_format(unit, numbers) == expected


def test_units_of_a_wide_table_are_those_of_each_estimate_and_of_named_columns(tmp_path):
    data = pd.DataFrame({"name": ["a", "b"], "customers": [3, 1400], "part": [0.25, np.nan]})
    data = data.assign(now_value=[4.5, np.nan], now_low=[4, np.nan], now_high=[5, np.nan])
    data = data.assign(now_unit=["points", ""], now_why=["", "Only 4 answers."], p_adjusted=0.0123)
    shown = exhibit.table(data, id="wide", units={"part": "share"}, **WORDS)
    sheet = taken(tmp_path, shown)["03 wide"]
    head = [cell.value for cell in sheet[HEADER]]
    assert head[3:8] == ["Now, value", "Now, low", "Now, high", "Now, unit", "Now, why"]
    formats = dict(zip(head, (cell.number_format for cell in sheet[HEADER + 1]), strict=True))
    assert formats["Customers"] == "#,##0" and formats["Part"] == "0.0%"
    assert formats["Now, value"] == "#,##0.0" and formats["P adjusted"] == "#,##0.000"
    assert body(sheet)[1] == ["b", 1400, None, None, None, None, None, "Only 4 answers.", 0.0123]


def test_every_kind_of_exhibit_says_what_its_columns_hold():
    data = pd.DataFrame({"when": [date(2026, 9, 30)], "at": [pd.Timestamp("2026-09-30 12:00")]})
    data = data.assign(own=[True], none=[np.nan], mixed=[1], text=["1"])
    columns = told(exhibit.table(data, id="a", **WORDS))["columns"]
    kinds = {column["name"]: column["kind"] for column in columns}
    assert kinds == {
        "when": "date", "at": "date", "own": "flag", "none": "number", "mixed": "number",
        "text": "text",
    }  # fmt: skip
    wide = pd.DataFrame({"period": ["a"], "bad": [0.2], "good": [0.8]})
    stacked = exhibit.chart(charts.draw_stacked, wide, id="b", description="d", **WORDS)
    assert [column["unit"] for column in told(stacked)["columns"]] == ["", "share", "share"]
    heat = exhibit.heat_table(wide, id="c", unshaded=("bad",), **WORDS)
    assert [column["unit"] for column in told(heat)["columns"]] == ["", "", "share"]


def test_dates_flags_and_odd_numbers_survive(tmp_path):
    data = pd.DataFrame({"text": ["007", ""], "when": [date(2026, 9, 30), None]})
    data = data.assign(at=[pd.Timestamp("2026-09-30 12:30"), pd.NaT], own=[True, False])
    data = data.assign(odd=[np.inf, -2.0])
    sheet = taken(tmp_path, exhibit.table(data, id="kinds", **WORDS))["03 kinds"]
    first, second = body(sheet)
    at = datetime(2026, 9, 30, 12, 30)
    assert first == ["007", datetime(2026, 9, 30), at, True, "inf"]
    assert second == [None, None, None, False, -2]
    assert [cell.number_format for cell in sheet[HEADER + 1][1:3]] == [
        xlsx_writer.DAY,
        xlsx_writer.INSTANT,
    ]


def test_an_exhibit_without_rows_or_columns_says_so(tmp_path):
    empty = exhibit.table(pd.DataFrame(), id="empty", **WORDS)
    bare = exhibit.table(pd.DataFrame({"a": [], "b": []}), id="bare", **WORDS)
    book = taken(tmp_path, empty, bare)
    assert book["03 empty"].cell(HEADER + 1, 1).value == "Nothing to list."
    assert [cell.value for cell in book["03 bare"][HEADER]] == ["A", "B"]


def test_the_contents_lead_to_every_sheet_and_say_what_is_missing(tmp_path):
    stories = (story("03_x"), story("08_y", why="Needs table costs."))
    book = taken(tmp_path, nasty_table(), nasty_table("x" * 40), stories=stories)
    contents = book.worksheets[0]
    links = [cell.hyperlink.location for cell in contents["A"] if cell.hyperlink]
    assert links == [f"'{name}'!A1" for name in book.sheetnames[1:]]
    assert all(len(name) <= 31 for name in book.sheetnames)
    assert contents["A1"].value == "=Firm, July–September 2026"
    rows = body(contents, header=4)
    assert rows[2] == ["03 nasty", "=WHAT()?", "=1+1"]
    assert rows[-1] == [None, "=WHAT()?", "Not measured: Needs table costs."]
    back = book["03 nasty"].cell(HEADER - 1, 1)
    assert back.hyperlink.location == "'Contents'!A1"


def test_sheets_get_names_that_excel_takes_each_once():
    wanted = ["History", "a" * 40, "A" * 40, "[x]:*?/\\", "'q'", "", "🧶" * 30, "x\x00y", " "]
    made = xlsx_writer.sheet_names(wanted)
    assert len({name.casefold() for name in made}) == len(wanted)
    assert not [name for name in made if re.search(r"[\[\]:*?/\\\x00]|^'|'$", name)]
    assert all(1 <= len(name.encode("utf-16-le")) <= 62 for name in made)
    assert made[0] == "History 2" and made[2].endswith(" 2")


@pytest.mark.parametrize("text", [*NASTY, "''=1", "''x", "-", ""])
def test_what_was_made_harmless_for_csv_can_be_had_back(text):
    harmless = tables.neutral(text)
    assert tables.unquoted(harmless) == text.replace("\r", "\n")
    assert not re.match(r"[=+\-@\t\n＝＋－＠]", harmless)


def write_edition(company: Path, name: str, *rows: dict, of: str = "Firm") -> Path:
    folder = company / name
    folder.mkdir(parents=True, exist_ok=True)
    period = Period(name.removesuffix(".part").strip("."))
    stories = [story("01_a", *rows[:1]), story("03_b", *rows[1:])]
    findings.write_findings(folder, period=period, stories=stories, company=of)
    for file in ("record.json", "index.html"):
        (folder / file).write_text("{}")
    return folder


def test_the_long_table_holds_each_whole_edition_s_findings_in_order_of_time(tmp_path):
    for name in ("2026Q1", "2025-12", "2025", "2025Q4", "2026Q2.part", ".2026Q3"):
        write_edition(
            tmp_path, name, row("nps", 1 / 3, "points"),
            row("nps_change", -2, "points"), row("nps_change_on_year", 3, "points", group="+a"),
        )  # fmt: skip
    path = findings_history.write_long_table(tmp_path)
    assert path == tmp_path / "findings.csv" and path.read_bytes().startswith(b"\xef\xbb\xbf")
    read = pd.read_csv(path, keep_default_na=False)
    assert list(read.columns) == list(findings_history.COLUMNS)
    assert read["period"].drop_duplicates().tolist() == ["2025", "2025Q4", "2025-12", "2026Q1"]
    assert read["id"].tolist() == ["nps", "nps_change", "nps_change_on_year"] * 4
    assert read["page"].tolist()[:2] == ["01_a", "03_b"]
    assert read["value"].tolist()[:3] == [1 / 3, -2, 3]
    assert read["group"].tolist()[:3] == ["", "", "'+a"]
    assert read["compared_with"].tolist()[:3] == ["", "period before", "year before"]
    typed = pd.read_parquet(tmp_path / "findings.parquet")
    assert typed["value"].tolist() == read["value"].tolist() and typed["group"].iloc[2] == "+a"
    assert str(typed["period_start"].iloc[-1]) == "2026-01-01"
    assert set(read["label"]) == {"'+label"} and set(read["question"]) == {"'=WHAT()?"}
    last = read.iloc[-1]
    assert (last["period_start"], last["period_end"], last["every"]) == (
        "2026-01-01", "2026-03-31", "quarter",
    )  # fmt: skip


def test_a_restated_edition_replaces_its_rows_and_one_that_is_gone_leaves(tmp_path):
    for name in ("2025Q4", "2026Q1"):
        write_edition(tmp_path, name, row("nps", 1, "points"))
    findings_history.write_long_table(tmp_path)
    write_edition(tmp_path, "2025Q4", row("nps", 2, "points"), row("csat", 0.5, "share"))
    read = pd.read_csv(findings_history.write_long_table(tmp_path))
    assert read[["period", "value"]].to_numpy().tolist() == [
        ["2025Q4", 2], ["2025Q4", 0.5], ["2026Q1", 1],
    ]  # fmt: skip
    for name in ("2025Q4", "2026Q1"):
        shutil.rmtree(tmp_path / name)
    assert findings_history.write_long_table(tmp_path) is None and not list(tmp_path.iterdir())


def test_an_edition_without_findings_adds_no_rows(tmp_path):
    write_edition(tmp_path, "2025Q4")
    write_edition(tmp_path, "2026Q1", row("nps", 1, "points"))
    assert len(pd.read_csv(findings_history.write_long_table(tmp_path))) == 1


SEGMENTS = ["=1+1", "+2", "@SUM(A1)", "a[]:*?/\\", "🧶 毛線", "z" * 60, "bell\x07"]


@pytest.fixture(scope="module")
def hostile(tmp_path_factory) -> Path:
    """A page of a firm whose segments and question are written to be run."""
    folder = tmp_path_factory.mktemp("hostile")
    tables = shop(400)
    answers = tables["responses"]
    answers = answers.assign(place=np.resize(SEGMENTS, len(answers)))
    question = {"column": "nps", "kind": "nps", "label": '=HYPERLINK("http://example.com")'}
    company = write_company(
        folder / "shop", tables | {"responses": answers}, name="@Firm", segments=["place"],
        questions={"nps": question}, main_question="nps", controls=["prior_orders"],
    )  # fmt: skip
    return publish_here(
        company, "2026Q1", out=folder / "reports", only=["03_satisfaction"],
        spoken=["en", "zh-Hant"],
    )  # fmt: skip


def test_a_hostile_firm_s_words_reach_the_workbook_as_text(hostile):
    book = openpyxl.load_workbook(hostile / "edition.xlsx")
    cells = [cell for sheet in book for line in sheet.iter_rows() for cell in line]
    assert not [cell for cell in cells if cell.data_type in "fe"]
    shown = {str(cell.value) for cell in cells if cell.data_type == "s"}
    assert {"=1+1", "+2", "@SUM(A1)", "a[]:*?/\\", "🧶 毛線", "z" * 60} <= shown
    assert book.worksheets[0]["A1"].value == "@Firm, January–March 2026"
    assert all(cell.quotePrefix for cell in cells if str(cell.value).startswith(("=", "@", "+")))


def test_each_language_has_a_workbook_of_its_own(hostile):
    english, chinese = (
        openpyxl.load_workbook(folder / "edition.xlsx") for folder in (hostile, hostile / "zh-Hant")
    )
    assert chinese.sheetnames[3:] == english.sheetnames[3:]
    assert chinese.worksheets[0]["A1"].value != english.worksheets[0]["A1"].value
    for one, other in zip(english.worksheets[3:], chinese.worksheets[3:], strict=True):
        numbers = [
            [value for line in body(sheet) for value in line if isinstance(value, float)]
            for sheet in (one, other)
        ]
        assert numbers[0] == numbers[1]


def test_a_part_has_a_workbook_and_no_link_to_a_table_that_it_is_not_in(hostile):
    text = (hostile / "index.html").read_text(encoding="utf-8")
    assert 'href="edition.xlsx"' in text and "findings.csv" not in text
    assert not (hostile.parent / "findings.csv").exists()
    index = (hostile.parents[1] / "index.html").read_text(encoding="utf-8")
    assert "findings.csv" not in index


def test_every_text_of_an_edition_is_the_same_in_csv_and_workbook(hostile):
    assert not holes(hostile)
    assert "=1+1" in said_in(hostile / "edition.xlsx")
