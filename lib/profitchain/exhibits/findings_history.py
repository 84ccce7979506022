"""The findings of all of a company's editions as one long table, for tools that draw dashboards."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import pandas as pd

from profitchain.core.atomic import aside
from profitchain.core.errors import ParameterError, PeriodError, ProfitchainError
from profitchain.core.periods import Period
from profitchain.exhibits import findings, tables
from profitchain.exhibits.findings import LONG_TABLE, PageStory
from profitchain.words.measures import is_change

COLUMNS = (
    "id", "group", "period", "period_start", "period_end", "value", "low", "high", "n", "unit",
    "page", "label", "compared_with", "every", "question", "company",
)  # fmt: skip
NUMBERS = ("value", "low", "high", "n")
DAYS = ("period_start", "period_end")
PERIOD_BEFORE, YEAR_BEFORE = "period before", "year before"
_WHOLE = ("record.json", "findings.json", "index.html")
# With a mark at its start, Excel reads the file as UTF-8 when it is opened by a double click, and
# Power BI and Tableau need not guess; readers that know UTF-8 pass over the mark.
ENCODING = "utf-8-sig"


def whole_editions(company: Path) -> list[Path]:
    """Return a company's whole published editions, the earliest first; parts don't count.

    Nor do editions whose record, findings or pages can't be read: see `torn_editions`.
    """
    return [folder for folder in _editions(company) if _can_be_read(folder)]


def torn_editions(company: Path) -> list[Path]:
    """Return a company's editions with a JSON file that can't be read, the earliest first."""
    return [folder for folder in _editions(company) if not _can_be_read(folder)]


def _editions(company: Path) -> list[Path]:
    editions = [
        (period.first_day, period.last_day, folder)
        for folder in Path(company).glob("*")
        if (period := _period(folder)) and all((folder / name).exists() for name in _WHOLE)
    ]
    return [folder for *_days, folder in sorted(editions)]


def _can_be_read(folder: Path) -> bool:
    try:
        record, rows, pages = (
            json.loads((folder / name).read_text(encoding="utf-8"))
            for name in ("record.json", "findings.json", "pages.json")
        )
        findings.edition_story(folder)
    except (OSError, ValueError, LookupError, TypeError, AttributeError, ProfitchainError):
        return False
    return isinstance(record, dict) and isinstance(rows, list) and isinstance(pages, dict)


def write_long_table(company: Path) -> Path | None:
    """Write the long table beside a company's editions in one step; None where there is none.

    As CSV, and as Parquet with columns of their types, for tools that read it. Every row comes from
    an edition's own findings.json, so a restated edition replaces its rows.
    """
    path = Path(company) / LONG_TABLE
    frames = [_edition_rows(folder) for folder in whole_editions(company)]
    if not frames:
        for file in (path, path.with_suffix(".parquet")):
            file.unlink(missing_ok=True)
        return None
    rows = pd.concat(frames, ignore_index=True)
    texts = [name for name in COLUMNS if name not in (*NUMBERS, *DAYS)]
    safe = rows.assign(**{name: rows[name].map(tables.neutral) for name in texts})
    with aside(path) as building:
        made = building / LONG_TABLE
        safe.to_csv(made, index=False, lineterminator="\n", encoding=ENCODING)
        rows.to_parquet(made.with_suffix(".parquet"), index=False)
        try:
            for file in (made, made.with_suffix(".parquet")):
                file.replace(path.with_name(file.name))
        except PermissionError:
            raise ParameterError(
                f"{path} can't be replaced: another program has it open, or it may not be written. "
                "The edition itself is published. Close the file there and publish once more."
            ) from None
    return path


def long_rows(stories: Sequence[PageStory], *, company: str, period: Period) -> pd.DataFrame:
    """Return what the pages of one edition have found, one row a finding, in their order.

    Shares are 0 to 1, money is in whole units of the currency that `unit` names; `group` is empty
    for the whole firm. `compared_with` is empty for a level, else what a change is measured from:
    `PERIOD_BEFORE` or `YEAR_BEFORE`.
    """
    rows = [
        {
            **row,
            "group": row.get("group", ""),
            "period": str(period),
            "period_start": period.first_day,
            "period_end": period.last_day,
            "compared_with": YEAR_BEFORE
            if row["id"].endswith("_change_on_year")
            else PERIOD_BEFORE * is_change(row["id"]),
            "every": period.every,
            "page": page.name,
            "question": page.question,
            "company": company,
        }
        for page in stories
        for row in page.findings
    ]
    return pd.DataFrame(rows, columns=list(COLUMNS))


def _edition_rows(folder: Path) -> pd.DataFrame:
    """Return what a published edition has found, as its own findings.json says."""
    story = findings.edition_story(folder)
    rows = findings.findings_in(folder, story.period).findings
    rows = rows.assign(group=rows["group"].astype(object).where(rows["group"].notna(), ""))
    by_page = {page: part.to_dict("records") for page, part in rows.groupby("page", sort=False)}
    stories = [replace(page, findings=tuple(by_page.get(page.name, ()))) for page in story.pages]
    return long_rows(stories, company=story.company, period=story.period)


def _period(folder: Path) -> Period | None:
    try:
        return Period(folder.name)
    except PeriodError:  # a part, a folder in the making, or something else
        return None
