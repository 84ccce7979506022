"""What a reader takes away from an edition: one workbook with all its findings and exhibits."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from pathlib import Path

import pandas as pd

from profitchain.core import formats
from profitchain.core.i18n import _
from profitchain.core.periods import Period
from profitchain.exhibits import findings_history, xlsx_writer
from profitchain.exhibits.findings import WORKBOOK, PageStory
from profitchain.exhibits.xlsx_writer import Cell, Sheet, Value
from profitchain.pages import workbook_exhibits, workbook_text

Row = list[Cell | None]
CONTENTS_HEADER = 4


def write_edition_workbook(
    folder: Path,
    stories: Sequence[PageStory],
    exhibits: Mapping[str, Sequence[Mapping]],
    *,
    company: str,
    period: Period,
) -> Path:
    """Write an edition's workbook into its folder, in the spoken language; return its path.

    Parameters
    ----------
    stories : what the edition's pages say, in their order.
    exhibits : what each page shows, by the page's name: one bundle an exhibit, as the notebook has
        it (`exhibits.MEDIA_TYPE`).
    """
    shown = [(page, told) for page in stories for told in exhibits.get(page.name, ())]
    own = (_("Contents"), _("Read me"), _("Findings"))
    wanted = [f"{_number(page)} {told['id']}" for page, told in shown]
    contents, read_me, findings, *names = xlsx_writer.sheet_names([*own, *wanted])
    title = _("{company}, {period}", company=company, period=formats.period_label(period))
    sheet_of = {
        (page.name, told["id"]): name for (page, told), name in zip(shown, names, strict=True)
    }
    lines = [
        (read_me, "", workbook_text.of_read_me()),
        (findings, "", workbook_text.of_findings()),
        *_lines(stories, exhibits, sheet_of),
    ]
    made = [
        Sheet(
            name=contents, rows=_contents(title, lines), header=CONTENTS_HEADER, wrapped=(0, 1, 2)
        ),
        Sheet(name=read_me, rows=_read_me(), wrapped=(0, 1), widths={0: 26, 1: 96}),
        _findings(findings, findings_history.long_rows(stories, company=company, period=period)),
        *(
            workbook_exhibits.exhibit_sheet(told, name=name, contents=contents)
            for (_page, told), name in zip(shown, names, strict=True)
        ),
    ]
    path = Path(folder) / WORKBOOK
    xlsx_writer.write_workbook(path, made, title=title, day=period.last_day)
    return path


def _number(page: PageStory) -> str:
    return re.match(r"[0-9]*", page.name)[0]


def _lines(
    stories: Sequence[PageStory],
    exhibits: Mapping[str, Sequence[Mapping]],
    sheet_of: Mapping[tuple[str, str], str],
) -> list[tuple[str, str, str]]:
    """Return the table of contents, page by page: sheet, question, message."""
    lines = []
    for page in stories:
        lines += [
            (sheet_of[page.name, told["id"]], page.question, told["message"])
            for told in exhibits.get(page.name, ())
        ]
        if page.why:
            why = _("Not measured: {why}", why=page.why)
            lines.append(("", page.question, why))
    return lines


def _contents(title: str, lines: Sequence[tuple[str, str, str]]) -> list[Row]:
    head = (_("Sheet"), _("Question"), _("Message"))
    return [
        [Cell(value=title, look="title")],
        [Cell(value=workbook_text.contents_lead(), look="soft")],
        [],
        [Cell(value=text, look="column") for text in head],
        *(
            [
                Cell(value=sheet, look="link", link=sheet) if sheet else None,
                Cell(value=question),
                Cell(value=message),
            ]
            for sheet, question, message in lines
        ),
    ]


def _read_me() -> list[Row]:
    return [
        [Cell(value=term), Cell(value=text)] if text else [Cell(value=term, look="title")]
        for term, text in workbook_text.read_me()
    ]


def _findings(name: str, rows: pd.DataFrame) -> Sheet:
    """Return all findings of the edition, their columns called as in the long table."""
    numbers = findings_history.NUMBERS
    head = [Cell(value=name, look="figures" if name in numbers else "column") for name in rows]
    body = [_finding(row) for row in rows.to_dict("records")]
    return Sheet(name=name, rows=[head, *body], header=1, is_filtered=True)


def _finding(row: Mapping[str, Value]) -> Row:
    ends = ("value", "low", "high")
    shown = workbook_exhibits.number_format(row["unit"], [row[end] for end in ends])
    looks = dict.fromkeys(ends, shown) | {"n": xlsx_writer.WHOLE}
    return [
        Cell(value=value, format=looks.get(name, "")) if value != "" else None
        for name, value in row.items()
    ]
