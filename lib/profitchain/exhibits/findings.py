"""What a page publishes: its few numbers, recorded by the notebook and read by the summary."""

from __future__ import annotations

import html
import json
import os
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path

import pandas as pd

from profitchain.core.estimates import Estimate, MaybeEstimate, NotEstimable
from profitchain.core.formats import in_brackets
from profitchain.core.i18n import N_, _
from profitchain.core.periods import Period
from profitchain.core.provenance import REPORTS
from profitchain.exhibits import style, tables
from profitchain.words import prose, reasons

MEDIA_TYPE = "application/vnd.profitchain.findings+json"
SUMMARY = "00_summary"
BUILD_FOLDER = "PROFITCHAIN_BUILD"
WORKBOOK = "edition.xlsx"  # in each edition: all its numbers
LONG_TABLE = "findings.csv"  # beside a company's editions: the findings of all of them
FIELDS = ("id", "value", "low", "high", "n", "unit", "period", "page", "label", "group")
TREND = ("period", "value", "low", "high", "n")


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One published number: a stable id, an estimate or why there is none, and a label in words."""

    id: str
    label: str
    said: MaybeEstimate
    group: str | None = None

    def as_json(self) -> dict:
        """Return the finding as findings.json has it; only for an Estimate."""
        said = self.said
        entry = {"id": self.id, "value": said.value, "low": said.low, "high": said.high}
        entry |= {"n": int(said.n), "unit": said.unit, "label": self.label}
        entry |= {"group": str(self.group)} if self.group is not None else {}
        return {key: float(item) if key in TREND[1:4] else item for key, item in entry.items()}

    def without_number(self) -> dict:
        """Return what is recorded where the number can't be stood behind."""
        entry = {"id": self.id, "label": self.label, "why": reasons.text(self.said)}
        return entry | ({"group": str(self.group)} if self.group is not None else {})


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
        return tuple(part for each in self.recorded for part in each.parts)

    def _repr_mimebundle_(self, include: object = None, exclude: object = None) -> dict:
        said = [part for part in self.findings if isinstance(part.said, Estimate)]
        unsaid = [part for part in self.findings if isinstance(part.said, NotEstimable)]
        bundle = {
            "findings": [part.as_json() for part in said],
            "unsaid": [part.without_number() for part in unsaid],
            "trends": [row for each in self.recorded for row in _trend_rows(each)],
        }
        counts = {"said": len(said), "unsaid": len(unsaid)}
        plain = _("{said} findings recorded, {unsaid} without a number.", **counts)
        return {"text/plain": plain, "text/html": self._html(), MEDIA_TYPE: bundle}

    def _html(self) -> str:
        rows = [
            {"id": part.id, "figure": prose.with_interval(_shown(part)), "label": _label(part)}
            for part in self.findings
        ]
        shown = pd.DataFrame(rows, columns=["id", "figure", "label"])
        summary = html.escape(in_brackets(prose.TEXT["findings"], str(len(rows))))
        table = tables.table_html(shown, caption=prose.TEXT["findings"])
        return (
            f'{style.NOTEBOOK_CSS}<details class="findings"><summary>{summary}'
            f"</summary>{table}</details>"
        )


def finding(
    id: str,
    said: MaybeEstimate,
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
    changes = {f"{id}_change": change, f"{id}_change_on_year": change_on_year}
    words = (
        N_("{label}: change on the period before"),
        N_("{label}: change on the same period a year before"),
    )
    label = _(label)
    parts = [Finding(id=id, label=label, said=said, group=group)]
    for (name, moved), template in zip(changes.items(), words, strict=True):
        if moved is not None:
            changed = _(template, label=label)
            parts.append(Finding(id=name, label=changed, said=moved, group=group))
    return Recorded(parts=tuple(parts), trend=trend)


def record(*findings: Recorded) -> Record:
    """Return what a notebook publishes; every id (and group) once.

    Examples
    --------
    >>> rate = Estimate(value=0.3123, low=0.289, high=0.336, n=1204, unit="share")
    >>> len(record(finding("repeat_rate", rate, label="Repeat purchase rate")).findings)
    1
    """
    keys = [(part.id, part.group) for each in findings for part in each.parts]
    twice = sorted({key for key in keys if keys.count(key) > 1}, key=str)
    if twice:
        raise ValueError(
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
class Found:
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
        row = _rows_of(self.findings, id, group)
        if len(row):
            first = row.iloc[0]
            numbers = {name: float(first[name]) for name in TREND[1:4]}
            return Estimate(**numbers, n=int(first["n"]), unit=str(first["unit"]))
        row = _rows_of(self.unsaid, id, group)
        why = str(row.iloc[0]["why"]) if len(row) else _("Not measured in this edition.")
        return NotEstimable(reasons.RECORDED, text=why)

    def label(self, id: str) -> str:
        """Return what a finding is called in words; its id where it isn't recorded."""
        for rows in (self.findings, self.unsaid):
            if len(row := _rows_of(rows, id, None)):
                return str(row.iloc[0]["label"])
        return tables.heading_of(id)

    def trend(self, id: str) -> pd.DataFrame:
        """Return a finding's course: one row a period, the earliest first; may be empty."""
        rows = self.trends[self.trends["id"] == id]
        return rows.sort_values("period", kind="stable").reset_index(drop=True)


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """What an edition says of itself: whose it is, of when, its first sentence, and its pages."""

    company: str
    period: Period
    headline: str
    pages: tuple[PageStory, ...]


def write(folder: Path, *, period: Period, stories: Sequence[PageStory], company: str = "") -> None:
    """Write findings.json (the public record) and pages.json (what the summary needs besides)."""
    entries = [
        dict(row) | {"period": str(period), "page": story.name}
        for story in stories
        for row in story.findings
    ]
    _dump(Path(folder) / "findings.json", entries)
    told = [
        {key: item for key, item in asdict(story).items() if key != "findings"} for story in stories
    ]
    page_file = {"company": company, "period": str(period), "pages": told}
    _dump(Path(folder) / "pages.json", page_file)


def read(edition: object) -> Found:
    """Return what an edition's pages recorded.

    Read from the folder that a running report builds, else from the published edition in
    `reports/`. Without either, everything is "not measured".
    """
    folder = os.environ.get(BUILD_FOLDER)
    period = Period(edition.period)
    published = REPORTS / edition.company.slug / str(period)
    return read_folder(Path(folder) if folder else published, period)


def read_folder(folder: Path, period: Period) -> Found:
    """Return what is recorded in an edition's folder."""
    entries = _load(folder / "findings.json", [])
    content = _load(folder / "pages.json", {"pages": []})
    pages = tuple(_story(page) for page in content["pages"])
    unsaid = [dict(row) | {"page": page.name} for page in pages for row in page.unsaid]
    trends = [row for page in pages for row in page.trends]
    return Found(
        period=period,
        findings=pd.DataFrame(entries, columns=list(FIELDS)),
        unsaid=pd.DataFrame(unsaid, columns=["id", "label", "why", "page", "group"]),
        trends=pd.DataFrame(trends, columns=["id", *TREND]),
        pages=pages,
    )


def told(folder: Path) -> Told:
    """Return a published edition's company, period, headline and pages, without their findings."""
    folder = Path(folder)
    content = _load(folder / "pages.json", {"pages": []})
    answers = [page["answers"] for page in content["pages"] if page["name"] == SUMMARY]
    return Told(
        company=content.get("company") or folder.parent.name,
        period=Period(content.get("period", folder.name)),
        headline=answers[0][0] if answers and answers[0] else "",
        pages=tuple(_story(page) for page in content["pages"]),
    )


def is_change(id: str) -> bool:
    """Whether a finding says how much another one moved."""
    return id.endswith(("_change", "_change_on_year"))


def _story(page: Mapping) -> PageStory:
    items = {key: tuple(item) if isinstance(item, list) else item for key, item in page.items()}
    return PageStory(**items)


def is_difference(id: str) -> bool:
    """Whether a finding is a difference, so that shares are said in percentage points."""
    return is_change(id) or "_effect_" in id


def _rows_of(rows: pd.DataFrame, id: str, group: str | None) -> pd.DataFrame:
    of_group = rows["group"].isna() if group is None else rows["group"] == str(group)
    return rows[(rows["id"] == id) & of_group]


def _trend_rows(recorded: Recorded) -> list[dict]:
    if recorded.trend is None:
        return []
    known = recorded.trend.dropna(subset=["value", "low", "high"])
    return [
        {"id": recorded.parts[0].id, "period": str(row["period"])}
        | {name: float(row[name]) for name in TREND[1:4]}
        | {"n": int(row["n"])}
        for _at, row in known.iterrows()
    ]


def _shown(part: Finding) -> MaybeEstimate:
    return prose.as_difference(part.said) if is_difference(part.id) else part.said


def _label(part: Finding) -> str:
    return part.label if part.group is None else in_brackets(part.label, _group_words(part.group))


_RAISED = " up to the mean of all"  # ends the key of a scenario


def _group_words(group: object) -> str:
    """Return a group's name, which is a key, as a reader sees it: part by part."""
    for key in (str(group), str(group).replace("_", " ")):
        if (known := _(key)) != key:
            return known
    kind, parted, name = str(group).partition(": ")
    if group_alone := name.removesuffix(_RAISED) if name.endswith(_RAISED) else "":
        return _("{segment}: {group} up to the mean of all", segment=_(kind), group=_(group_alone))
    if parted:
        return _("{kind}: {name}", kind=_(kind), name=_(name))
    what, parted, by = str(group).partition(" by ")
    return _("{what} by {segment}", what=_(what), segment=by) if parted else _(what)


def _dump(path: Path, content: object) -> None:
    text = json.dumps(content, ensure_ascii=False, indent=1, allow_nan=False)
    path.write_text(text + "\n", encoding="utf-8", newline="\n")


def _load(path: Path, otherwise: object) -> object:
    return json.loads(path.read_text(encoding="utf-8")) if path.exists() else otherwise
