"""Makes a first company.yml from a folder of files, tries it, and never overwrites one."""

from __future__ import annotations

import tempfile
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import pandas as pd

from profitchain.core.errors import CompanyError, ProfitchainError
from profitchain.core.periods import Every, Period, last_complete
from profitchain.exports.draft import Draft
from profitchain.exports.draft_company import draft_company
from profitchain.exports.draft_text import company_yml, draft_in_words
from profitchain.exports.found_files import look_at
from profitchain.intake.intake import LEADING, open_intake
from profitchain.sources.company import Company, load_company
from profitchain.sources.engine import close, open_engine
from profitchain.sources.schemas import SCHEMAS

NEARLY = 1 / 6  # share of a period that may lie before the first row
ASKED = ("name", "currency", "time_zone", "language")  # on a terminal, each with a default


@dataclass(frozen=True, slots=True, kw_only=True)
class NewCompany:
    """A company.yml that was written: what was guessed, in words, and what came of trying it."""

    path: Path
    says: str
    fault: str | None


def write_company(folder: Path, *, questions: bool = False) -> NewCompany:
    """Write a folder's company.yml from its files, and try it.

    With `questions`, a person on the terminal is asked about the firm; each has a default. Raises
    CompanyError where one stands there already, or where no file holds orders or answers.
    """
    path = folder / "company.yml"
    if not folder.is_dir():
        raise CompanyError(
            f"There is no folder '{folder.resolve().name}'. Name the one that holds the files."
        )
    if path.exists():
        raise CompanyError(
            f"'{folder.resolve().name}' has a company.yml already, and init never overwrites one. "
            f"Move it away first, or try it: python3 lib check --company {folder}"
        )
    draft = _drafted(folder)
    for setting in ASKED if questions else ():
        default = getattr(draft, setting)
        setattr(draft, setting, input(f"{setting} [{default}]: ").strip() or default)
    fault = _tried(draft, folder)
    with path.open("x", encoding="utf-8") as file:
        file.write(company_yml(draft))
    next_step = f"Next: python3 lib report --company {folder}"
    outcome = f"It can't be used yet. {fault}" if fault else next_step
    says = "\n\n".join([draft_in_words(draft), f"Written: {path}", outcome])
    return NewCompany(path=path, says=says, fault=fault)


def _drafted(folder: Path) -> Draft:
    alone = Company.model_construct(name=folder.name, currency="EUR", tables={})
    with open_engine(alone) as (con, scratch):
        files, unread = look_at(con, folder, scratch)
        close(con)
    draft = draft_company(folder.resolve().name, files)
    draft.unused |= unread
    if not draft.tables.keys() & set(LEADING):
        taken = {entry["file"]: t for t, entries in draft.tables.items() for entry in entries}
        whys = draft.unused | {name: f"taken for {table}" for name, table in taken.items()}
        seen = "; ".join(f"{name}: {why}" for name, why in whys.items()) or "no file at all"
        raise CompanyError(
            f"No file of '{folder.resolve().name}' could be told to hold orders, contracts or "
            f"answers ({seen}). Name them in a company.yml by hand: data/README.md says how."
        )
    return draft


def _tried(draft: Draft, folder: Path) -> str | None:
    """Return what is wrong with a draft, None if it can be used; settle how long its periods are.

    They are quarters, else months, else weeks: the first of which the last one is covered from its
    start, or nearly so.
    """
    try:
        intake = open_intake(_loaded(draft, folder))
    except ProfitchainError as error:
        return str(error)
    name = next(table for table in LEADING if table in intake.tables)
    times = intake.tables[name][SCHEMAS[name].dated_by]
    ends = intake.tables[name].aggregate(first=times.min(), last=times.max()).to_pandas().iloc[0]
    intake.close()
    if ends.isna().any():
        return f"No row of {name} can be used."
    first, last = (pd.Timestamp(at).date() for at in ends)
    lengths: tuple[Every, ...] = ("quarter", "month", "week")
    lengths = lengths[: 2 if name == "subscriptions" else 3]
    begun = {every: _share_before(first, last_complete(last, every)) for every in lengths}
    draft.report_every, late = min(
        begun.items(), key=lambda pair: (pair[1] > NEARLY, pair[1] >= 1, lengths.index(pair[0]))
    )
    if late >= 1:
        return f"Not one whole {lengths[-1]} lies between the first and the last of {name}."
    draft.guess("report_every", f"{draft.report_every}: whole ones lie in the files", 0.7)
    return None


def _share_before(first: date, period: Period) -> float:
    """Return how much of a period had passed before a first day: 0 nothing, from 1 on all of it."""
    length = (period.last_day - period.first_day).days + 1
    return max(0, (first - period.first_day).days) / length


def _loaded(draft: Draft, folder: Path) -> Company:
    """Return the company that a draft would be, without a company.yml in its folder."""
    with tempfile.TemporaryDirectory(prefix="profitchain-") as scratch:
        (Path(scratch) / "company.yml").write_text(company_yml(draft), encoding="utf-8")
        company = load_company(scratch)
    company._folder = folder
    return company
