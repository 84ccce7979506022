"""What was published and would be stated otherwise today: by how much, and why.

What a later edition shows of a published period are the sums that were published then
(`disclosure.published_sums`). So the difference between the published number and these is the
code's or the settings'; that between these and the sums of today's tables is the rows'.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pandas as pd

from profitchain.core import i18n
from profitchain.disclosure import ledger, restating
from profitchain.exhibits.findings_history import whole_editions
from profitchain.measures import loyalty, response_rate, satisfaction
from profitchain.panel.edition import Edition
from profitchain.sources.company import Company
from profitchain.stats import comparisons

COLUMNS = (
    "period", "id", "label", "published", "low", "high", "now", "difference", "widths", "unit",
    "reason", "leaves",
)  # fmt: skip
SAME = 1e-9  # relative: as `verify` calls numbers the same
SETTINGS, CODE = "settings", "code"
ADDED, REMOVED, CHANGED = "rows_added", "rows_removed", "rows_changed"
OF_THE_WINDOW = "link_cells"  # its sums change whole with repeat_within_days
Key = tuple[str, str]  # a finding's id and its period


@dataclass(frozen=True, slots=True)
class _Course:
    """A measure's periods (period, value, …), of which summary it is, under which figure's name."""

    id: str
    trend: pd.DataFrame
    summary: str
    figure: str
    unit: str


def settings_of(company: Company) -> dict[str, object]:
    """Return what company.yml sets of how numbers are counted, as an edition's record keeps it."""
    return {
        "report_every": company.report_every,
        "repeat_within_days": company.repeat_within_days,
        "lookback_months": company.lookback_months,
        "gross_margin": company.gross_margin,
        "discount_rate": company.discount_rate,
        "controls": list(company.controls),
        "questions": {each.name: [each.kind, *each.scale] for each in company.all_questions},
    }


def earlier_records(edition: Edition) -> list[Path]:
    """Return the files of earlier editions that `restatements` reads, of the periods of a trend."""
    names = {str(period) for period in edition.period.reach()} - {str(edition.period)}
    editions = whole_editions(ledger.shelf() / edition.company.slug)
    folders = [folder for folder in editions if folder.name in names]
    return [folder / name for folder in folders for name in ("findings.json", "record.json")]


def restatements(edition: Edition) -> pd.DataFrame:
    """Return the published numbers of earlier editions that today's tables would state otherwise.

    A difference that rows make is told only where at least as many customers have changed as a
    group must have to be shown, since the number was published and since it was last told.

    Returns
    -------
    One row a finding and period, the largest difference first: period, id, label, published, low,
    high, now, difference (now less published, in `unit`), widths (the difference over the width of
    the published interval; NaN of a count in full), unit, reason (`settings`, `code`,
    `rows_added`, `rows_removed` or `rows_changed`), leaves (whether `now` lies outside of the
    published interval).
    """
    folders = list(dict.fromkeys(path.parent for path in earlier_records(edition)))
    if not folders:
        return pd.DataFrame(columns=list(COLUMNS))
    raw = replace(edition, gate=replace(edition.gate, changes={}))
    frozen = dict(_values(edition))
    now = dict(_values(raw)) if edition.gate.changes else frozen
    told = restating.tellable(edition.company, edition.gate, edition.folder)
    rows = [row for folder in folders for row in _of_edition(folder, (frozen, now), edition, told)]
    found = pd.DataFrame(rows, columns=list(COLUMNS))
    size = found["widths"].abs().fillna(float("inf"))
    order = found.assign(size=size).sort_values(
        ["size", "period", "id"], ascending=[False, False, True], kind="stable"
    )
    return order.drop(columns="size").reset_index(drop=True)


def _of_edition(
    folder: Path,
    values: tuple[Mapping[Key, Mapping], Mapping[Key, Mapping]],
    edition: Edition,
    told: Mapping[str, frozenset[str]],
) -> Iterator[dict[str, Any]]:
    """Yield what an earlier edition's findings would say otherwise."""
    record, findings = _read(folder)
    frozen, now = values
    is_set = _is_set_otherwise(record, edition.company)
    for row in findings:
        key = (row["id"], folder.name)
        today = now.get(key)
        if row.get("group") or not today or row["unit"] != today["unit"]:
            continue
        # None where what has come weighs too much for a trend: what was published stands then.
        kept = frozen.get(key, row)["value"]
        rows_tell = today["figure"] in told.get(folder.name, ())
        rows_tell = rows_tell or (is_set and today["summary"] == OF_THE_WINDOW)
        value = today["value"] if rows_tell else kept
        if _same(row["value"], value):
            continue
        reason = SETTINGS if is_set else CODE
        if not is_set and _same(row["value"], kept):
            reason = _of_rows(edition, today, folder.name)
        width = row["high"] - row["low"]
        difference = value - row["value"]
        yield {
            "period": folder.name, "id": row["id"], "label": row["label"],
            "published": row["value"], "low": row["low"], "high": row["high"], "now": value,
            "difference": difference, "widths": difference / width if width else float("nan"),
            "unit": row["unit"], "reason": reason,
            "leaves": bool(width) and not row["low"] <= value <= row["high"],
        }  # fmt: skip


def _of_rows(edition: Edition, today: Mapping[str, Any], period: str) -> str:
    """Return whether rows have come, gone or both since a period's sums were published."""
    lacking = edition.gate.changes.get(today["summary"])
    if lacking is None:
        return CHANGED
    when = next(name for name in ("period", "closes") if name in lacking)
    lacking = lacking[lacking[when] == period]
    if "question" in lacking:
        lacking = lacking[lacking["question"] == today["figure"]]
    counts = lacking.reindex(columns=["n", "orders"]).sum(axis=1)
    if (counts <= 0).all() and (counts < 0).any():
        return ADDED
    return REMOVED if (counts >= 0).all() and (counts > 0).any() else CHANGED


def _values(edition: Edition) -> Iterator[tuple[Key, dict[str, Any]]]:
    """Yield what each measure is in each period of the trend, by its id and period."""
    for course in _courses(edition):
        for row in course.trend.to_dict("records"):
            if pd.notna(row["value"]):
                about = {"summary": course.summary, "figure": course.figure, "unit": course.unit}
                yield (course.id, str(row["period"])), about | {"value": float(row["value"])}


def _courses(edition: Edition) -> Iterator[_Course]:
    firm, periods, few = edition.company, edition.period.reach(), edition.smallest
    if edition.has("score_cells"):
        series = satisfaction.score_series(
            edition.table("score_cells"), firm.all_questions, periods, smallest=few
        )
        for question, story in zip(firm.all_questions, series, strict=True):
            yield _course(story, "score_cells", question.name)
    if edition.has("asked_cells") and edition.facts.get("invited"):
        requests = response_rate.requests_of(edition.table("asked_cells"))
        rate = response_rate.rate_of(invited=True)
        yield _course(
            comparisons.measure_series(requests, rate, periods, smallest=few), "asked_cells"
        )
    if edition.has("link_cells"):
        cells = edition.table("link_cells")
        window = firm.repeat_within_days
        yield _course(
            loyalty.repeat_rate_series(cells, window, periods, smallest=few), OF_THE_WINDOW
        )
    if edition.has("activity") and not firm.asks_only:
        activity = edition.table("activity")
        for story in loyalty.loyalty_series(activity, firm.currency, periods, smallest=few):
            yield _course(story, "activity", "activity")
        totals = loyalty.totals(activity, edition.period, firm.currency)
        for id, course in loyalty.courses(totals, activity, periods).items():
            if isinstance(course, comparisons.Course):
                unit = str(getattr(course.now, "unit", ""))
                yield _Course(id, course.trend, "activity", "activity", unit)


def _course(story: comparisons.MeasureSeries, summary: str, figure: str = "") -> _Course:
    return _Course(story.measure.id, story.trend, summary, figure, story.measure.unit)


def _read(folder: Path) -> tuple[Mapping[str, Any], list[Mapping[str, Any]]]:
    """Return an edition's record and its findings, called as in the spoken language where it is."""
    record = json.loads((folder / "record.json").read_text(encoding="utf-8"))
    spoken = folder / i18n.spoken()
    place = spoken if (spoken / "findings.json").exists() else folder
    with suppress(ValueError):
        return record, json.loads((place / "findings.json").read_text(encoding="utf-8"))
    return record, []


def _is_set_otherwise(record: Mapping[str, Any], company: Company) -> bool:
    """Tell whether an edition was made with other settings than today's; unknown counts as no."""
    then = record.get("settings")
    return bool(record.get("parameters")) or (then is not None and then != settings_of(company))


def _same(one: float, other: float) -> bool:
    return abs(one - other) <= SAME * max(abs(one), abs(other), 1e-6)
