"""What a page publishes: its few numbers, recorded by the notebook and read by the summary."""

from __future__ import annotations

import html
import json
import os
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pandas as pd

from profitchain.core.errors import ParameterError
from profitchain.core.estimates import Estimate, MaybeEstimate, NotEstimable
from profitchain.core.formats import in_brackets
from profitchain.core.group_names import group_name, segment_name
from profitchain.core.i18n import _
from profitchain.core.periods import Period
from profitchain.core.provenance import REPORTS
from profitchain.exhibits import style, tables
from profitchain.words import prose, reasons
from profitchain.words.measures import figure_words

if TYPE_CHECKING:
    from profitchain.panel.edition import Edition

MEDIA_TYPE = "application/vnd.profitchain.findings+json"
SUMMARY = "00_summary"
BUILD_FOLDER = "PROFITCHAIN_BUILD"
WORKBOOK, PLAIN_TEXT = "edition.xlsx", "edition.md"  # in each edition: all its numbers
LONG_TABLE = "findings.csv"  # beside a company's editions: the findings of all of them
FIELDS = ("id", "value", "low", "high", "n", "unit", "period", "page", "label", "group")
ENDS = ("value", "low", "high")
TREND = ("period", *ENDS, "n")


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One published number: a stable id, an estimate or why there is none, and a label in words."""

    id: str
    label: str
    estimate: MaybeEstimate
    group: str | None = None

    def as_json(self) -> dict[str, Any]:
        """Return the finding as it is recorded; `why` stands there where there are no numbers."""
        entry: dict[str, Any] = {"id": self.id}
        number = self.estimate
        if isinstance(number, NotEstimable):
            entry |= {"label": self.label, "why": reasons.text(number)}
        else:
            entry |= {end: float(getattr(number, end)) for end in ENDS}
            entry |= {"n": int(number.n), "unit": number.unit, "label": self.label}
        return entry if self.group is None else entry | {"group": str(self.group)}


@dataclass(frozen=True, slots=True, kw_only=True)
class Recorded:
    """A finding with its changes, and its course over the last periods (one row a period)."""

    parts: tuple[Finding, ...]
    trend: pd.DataFrame | None = field(default=None, repr=False, compare=False)


@dataclass(frozen=True, slots=True)
class Record:
    """What a notebook publishes, shown as a small table; its last cell displays it."""

    recorded: tuple[Recorded, ...]

    @property
    def findings(self) -> tuple[Finding, ...]:
        """Every finding, changes included."""
        return tuple(part for finding in self.recorded for part in finding.parts)

    def _repr_mimebundle_(self, include: object = None, exclude: object = None) -> dict:
        numbers = [part for part in self.findings if isinstance(part.estimate, Estimate)]
        missing = [part for part in self.findings if isinstance(part.estimate, NotEstimable)]
        bundle = {
            "findings": [part.as_json() for part in numbers],
            "unsaid": [part.as_json() for part in missing],
            "trends": [row for finding in self.recorded for row in _trend_rows(finding)],
        }
        counts = {"said": len(numbers), "unsaid": len(missing)}
        plain = _("{said} findings recorded, {unsaid} without a number.", **counts)
        return {"text/plain": plain, "text/html": self._html(), MEDIA_TYPE: bundle}

    def _html(self) -> str:
        title, columns = prose.TEXT["findings"], ["id", "figure", "label"]
        rows = [
            (part.id, figure_words(part.id, part.group, part.estimate),
             in_brackets(part.label, group_words(part.group)) if part.group else part.label)
            for part in self.findings
        ]  # fmt: skip
        table = tables.table_html(pd.DataFrame(rows, columns=columns), caption=title)
        summary = html.escape(in_brackets(title, str(len(rows))))
        return (
            f'{style.NOTEBOOK_CSS}<details class="findings"><summary>{summary}'
            f"</summary>{table}</details>"
        )


def finding(
    id: str,
    estimate: MaybeEstimate,
    *,
    label: str,
    group: str | None = None,
    change: MaybeEstimate | None = None,
    change_on_year: MaybeEstimate | None = None,
    trend: pd.DataFrame | None = None,
) -> Recorded:
    """Return a number to record, with its changes as findings of their own.

    Parameters
    ----------
    id : public and stable, in small letters and underscores, as in `repeat_rate`.
    group : the group that the number belongs to (a region); none for the whole firm.
    change, change_on_year : against the previous period, and the same period a year before.
    trend : one row a period: period, value, low, high, n.

    Examples
    --------
    >>> rate = Estimate(value=0.3123, low=0.289, high=0.336, n=1204, unit="share")
    >>> finding("repeat_rate", rate, label="Repeat purchase rate").parts[0].id
    'repeat_rate'
    """
    label = _(label)
    before = _("{label}: change on the period before", label=label)
    year = _("{label}: change on the same period a year before", label=label)
    numbers = {
        id: (label, estimate),
        f"{id}_change": (before, change),
        f"{id}_change_on_year": (year, change_on_year),
    }
    parts = (
        Finding(id=part, label=words, estimate=number, group=group)
        for part, (words, number) in numbers.items()
        if number is not None
    )
    return Recorded(parts=tuple(parts), trend=trend)


def record(*findings: Recorded) -> Record:
    """Return what a notebook publishes; every id (and group) once.

    Examples
    --------
    >>> rate = Estimate(value=0.3123, low=0.289, high=0.336, n=1204, unit="share")
    >>> len(record(finding("repeat_rate", rate, label="Repeat purchase rate")).findings)
    1
    """
    if wrong := [thing for thing in findings if not isinstance(thing, Recorded)]:
        raise ParameterError(
            f"{wrong[0]!r} is no finding. Make one of it: finding('repeat_rate', rate, label='…')."
        )
    keys = Counter((part.id, part.group) for finding in findings for part in finding.parts)
    if twice := sorted((key for key, count in keys.items() if count > 1), key=str):
        raise ParameterError(
            f"The finding '{twice[0][0]}' is recorded twice (group {twice[0][1]}). "
            "An id stands for one number: give the second another id or group."
        )
    return Record(findings)


@dataclass(frozen=True, slots=True, kw_only=True)
class PageStory:
    """What one page says: its question, its answer, its exhibits and findings.

    `why` is the reason where the page is not measured, `failed` where its notebook stopped.
    `exhibits` hold id, message and csv (the file's path inside the edition); `findings`, `unsaid`
    and `trends` are rows as recorded.
    """

    name: str
    question: str
    why: str = ""
    failed: str = ""
    answers: tuple[str, ...] = ()
    exhibits: tuple[Mapping, ...] = ()
    findings: tuple[Mapping, ...] = ()
    unsaid: tuple[Mapping, ...] = ()
    trends: tuple[Mapping, ...] = ()

    @property
    def file(self) -> str:
        """The page's file inside its edition."""
        return "index.html" if self.name == SUMMARY else f"{self.name}.html"


@dataclass(frozen=True, slots=True, kw_only=True)
class EditionFindings:
    """The findings of one edition: frames with one row a finding, and the pages' stories."""

    period: Period
    findings: pd.DataFrame
    unsaid: pd.DataFrame
    trends: pd.DataFrame
    pages: tuple[PageStory, ...]

    @property
    def answers(self) -> dict[str, list[str]]:
        """Each page's answer, by the page's name."""
        return {page.name: list(page.answers) for page in self.pages if page.answers}

    def get(self, id: str, group: str | None = None) -> MaybeEstimate:
        """Return a finding, or the reason why there is none; never an error or a bare number."""
        if len(rows := _rows_of(self.findings, id, group)):
            return Estimate.of(rows.iloc[0])
        rows = _rows_of(self.unsaid, id, group)
        why = str(rows["why"].iloc[0]) if len(rows) else _("Not measured in this edition.")
        return NotEstimable(reasons.RECORDED, text=why)

    def label(self, id: str) -> str:
        """Return what a finding is called in words; its id where it isn't recorded."""
        for rows in (self.findings, self.unsaid):
            if len(row := _rows_of(rows, id, None)):
                return str(row.iloc[0]["label"])
        return tables.heading_of(id)

    def change(self, id: str, *, on_year: bool) -> Estimate | float | None:
        """Return a change on the year before, else on the period before; None where not known.

        Of what is counted in full, the share of itself by which it grew.
        """
        change = self.get(f"{id}_change_on_year" if on_year else f"{id}_change")
        if isinstance(change, Estimate):
            return change
        course = self.trend(id).drop_duplicates("period").set_index("period")["value"]
        then = (self.period.year_before if on_year else self.period.previous).name
        if course.get(then, 0) <= 0 or self.period.name not in course:
            return None
        return float(course[self.period.name] / course[then] - 1)

    def groups(self, id: str) -> dict[str, Estimate]:
        """Return a finding's groups that have a number, by name."""
        rows = self.findings[self.findings["id"] == id].dropna(subset=["group"])
        numbers = {row["group"]: Estimate.of(row) for _at, row in rows.iterrows()}
        return {group: one for group, one in numbers.items() if isinstance(one, Estimate)}

    def trend(self, id: str) -> pd.DataFrame:
        """Return a finding's course: one row a period, the earliest first; may be empty."""
        rows = self.trends[self.trends["id"] == id].drop_duplicates("period")  # of the first page
        return rows.sort_values("period", kind="stable").reset_index(drop=True)


@dataclass(frozen=True, slots=True, kw_only=True)
class EditionStory:
    """What an edition says of itself: whose it is, of when, its first sentence, and its pages."""

    company: str
    period: Period
    headline: str
    pages: tuple[PageStory, ...]


def write_findings(
    folder: Path, *, period: Period, stories: Sequence[PageStory], company: str = ""
) -> None:
    """Write findings.json (the public record) and pages.json (what the summary needs besides)."""
    of_page = [(story.name, asdict(story)) for story in stories]
    entries = [
        row | {"period": str(period), "page": name}
        for name, story in of_page
        for row in story.pop("findings")
    ]
    pages = [story for _name, story in of_page]
    contents = {"company": company, "period": str(period), "pages": pages}
    for file, content in (("findings.json", entries), ("pages.json", contents)):
        text = json.dumps(content, ensure_ascii=False, indent=1, allow_nan=False)
        (Path(folder) / file).write_text(text + "\n", encoding="utf-8", newline="\n")


def read_findings(edition: Edition) -> EditionFindings:
    """Return what an edition's pages recorded.

    Read from the folder that a running report builds, else from the published edition in
    `reports/`. Without either, everything is "not measured".
    """
    folder = os.environ.get(BUILD_FOLDER)
    period = Period(edition.period)
    published = REPORTS / edition.company.slug / str(period)
    return findings_in(Path(folder) if folder else published, period)


def findings_in(folder: Path, period: Period) -> EditionFindings:
    """Return what is recorded in an edition's folder."""
    entries = _load(folder / "findings.json", [])
    pages = _stories(_load(folder / "pages.json", {}))
    missing = [dict(row) | {"page": page.name} for page in pages for row in page.unsaid]
    trends = [row for page in pages for row in page.trends]
    return EditionFindings(
        period=period,
        findings=pd.DataFrame(entries, columns=list(FIELDS)),
        unsaid=pd.DataFrame(missing, columns=["id", "label", "why", "page", "group"]),
        trends=pd.DataFrame(trends, columns=["id", *TREND]),
        pages=pages,
    )


def edition_story(folder: Path) -> EditionStory:
    """Return a published edition's company, period, headline and pages, without their findings."""
    folder = Path(folder)
    content = _load(folder / "pages.json", {})
    pages = _stories(content)
    answers = [page.answers for page in pages if page.name == SUMMARY]
    return EditionStory(
        company=content.get("company") or folder.parent.name,
        period=Period(content.get("period", folder.name)),
        headline=answers[0][0] if answers and answers[0] else "",
        pages=pages,
    )


def _stories(content: Mapping[str, Any]) -> tuple[PageStory, ...]:
    frozen: list[dict[str, Any]] = [
        {key: tuple(item) if isinstance(item, list) else item for key, item in page.items()}
        for page in content.get("pages", ())
    ]
    return tuple(PageStory(**page) for page in frozen)


def _rows_of(rows: pd.DataFrame, id: str, group: str | None) -> pd.DataFrame:
    of_group = rows["group"].isna() if group is None else rows["group"] == str(group)
    return rows[(rows["id"] == id) & of_group]


def _trend_rows(recorded: Recorded) -> list[dict[str, Any]]:
    if recorded.trend is None:
        return []
    return [
        {"id": recorded.parts[0].id, "period": str(row["period"])}
        | {end: float(row[end]) for end in ENDS}
        | {"n": int(row["n"])}
        for row in recorded.trend.dropna(subset=list(ENDS)).to_dict("records")
    ]


def group_words(group: str) -> str:
    """Return a group's name, which is a key, as a reader sees it: part by part."""
    for key in (group, group.replace("_", " ")):
        if (words := _(key)) != key:
            return words
    kind, parted, name = group.partition(": ")
    inner = name.removesuffix(" up to the mean of all") or name  # of a scenario
    names = {"segment": _(segment_name(kind)), "group": _(group_name(kind, inner))}
    if inner != name:
        return _("{segment}: {group} up to the mean of all", **names)
    if parted:
        return _("{segment}: {group}", **names)
    what, parted, by = group.partition(" by ")
    return _("{what} by {segment}", what=_(what), segment=segment_name(by)) if parted else _(what)


def _load(path: Path, otherwise: Any) -> Any:
    return json.loads(path.read_text(encoding="utf-8")) if path.exists() else otherwise
