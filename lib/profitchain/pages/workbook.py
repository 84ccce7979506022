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
from profitchain.exhibits.findings import ENDS, WORKBOOK, PageStory
from profitchain.exhibits.xlsx_writer import Cell, Sheet
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
        it (`exhibit.MEDIA_TYPE`).
    """
    pairs = [(page, bundle) for page in stories for bundle in exhibits.get(page.name, ())]
    titles = [f"{re.sub(r'[^0-9].*', '', page.name)} {bundle['id']}" for page, bundle in pairs]
    own = (_("Contents"), _("Read me"), _("Findings"))
    contents, read_me, findings, *names = xlsx_writer.sheet_names([*own, *titles])
    title = _("{company}, {period}", company=company, period=formats.period_label(period))
    lines = [
        (read_me, "", _(workbook_text.OF_READ_ME)),
        (findings, "", _(workbook_text.OF_FINDINGS)),
    ]
    named = iter(names)
    for page in stories:
        lines += [
            (next(named), page.question, bundle["message"])
            for bundle in exhibits.get(page.name, ())
        ]
        if page.why:
            lines.append(("", page.question, _("Not measured: {why}", why=page.why)))
    rows = findings_history.long_rows(stories, company=company, period=period)
    sheets = [
        Sheet(
            name=contents, rows=_contents(title, lines), header=CONTENTS_HEADER, wrapped=(0, 1, 2)
        ),
        Sheet(name=read_me, rows=_read_me(period), wrapped=(0, 1), widths={0: 26, 1: 96}),
        Sheet(name=findings, rows=_findings(rows), header=1, is_filtered=True),
        *(
            workbook_exhibits.exhibit_sheet(bundle, name=name, contents=contents)
            for (_page, bundle), name in zip(pairs, names, strict=True)
        ),
    ]
    path = Path(folder) / WORKBOOK
    xlsx_writer.write_workbook(path, sheets, title=title, day=period.last_day)
    return path


def _contents(title: str, lines: Sequence[tuple[str, str, str]]) -> list[Row]:
    head = (_("Sheet"), _("Question"), _("Message"))
    return [
        [Cell(value=title, look="title")],
        [Cell(value=_(workbook_text.CONTENTS_LEAD), look="soft")],
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


def _read_me(period: Period) -> list[Row]:
    return [
        [Cell(value=term), Cell(value=text)] if text else [Cell(value=term, look="title")]
        for term, text in workbook_text.read_me(period)
    ]


def _findings(rows: pd.DataFrame) -> list[Row]:
    """Return all findings of the edition, their columns called as in the long table."""
    numbers = findings_history.NUMBERS
    head: Row = [Cell(value=n, look="figures" if n in numbers else "column") for n in rows]
    body: list[Row] = []
    for row in rows.to_dict("records"):
        form = workbook_exhibits.number_format(row["unit"], [row[end] for end in ENDS])
        forms = dict.fromkeys(ENDS, form) | {"n": xlsx_writer.WHOLE}
        cells = ((value, forms.get(name, "")) for name, value in row.items())
        body.append([Cell(value=v, format=f) if v != "" else None for v, f in cells])
    return [head, *body]
