"""A page as its notebook writes it: answer, notes, exhibits and record, by names of its words."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import pandas as pd

from profitchain.core.errors import ParameterError, did_you_mean
from profitchain.core.i18n import _
from profitchain.exhibits import (
    charts,
    customer_charts,
    event_marks,
    evidence_charts,
    exhibit,
    findings,
    record_ids,
)
from profitchain.exhibits.exhibit import Draw, Exhibit
from profitchain.exhibits.findings import Record, Recorded
from profitchain.exhibits.record_ids import (
    LABELS,
    Measured,
    Numbers,
    findings_of,
    findings_of_measured,
)
from profitchain.panel.edition import Edition
from profitchain.words import catalogue, presentation, prose
from profitchain.words.presentation import Presentation, Said
from profitchain.words.prose import Prose

_DRAWINGS = (charts, customer_charts, evidence_charts)
_SETTINGS = ("panels", "height", "units", "total", "unshaded", "zero")  # handed on as they are


@dataclass(frozen=True, slots=True)
class NotebookPage:
    """A page's words, and the edition that it speaks of; `page(name, edition)` makes one."""

    name: str
    edition: Edition

    @property
    def labels(self) -> dict[str, str]:
        """What each finding of these pages is called, by its id."""
        several = (catalogue.page(name).get("findings", {}) for name in catalogue.page_names())
        own = {id: label for labels in several for id, label in labels.items()}
        return {id: label if isinstance(label, str) else label["label"]
                for id, label in (LABELS | own).items()}  # fmt: skip

    def answer(self, *figures: object) -> Prose:
        """Return the answer: one to three sentences, as the page's `answer` judges the figures."""
        return prose.answer(*self._sentences("answer", figures))

    def note(self, key: str, *figures: object, **values: object) -> Prose:
        """Return computed prose: what the judge called `key` says, or the note of that key."""
        return prose.note(*self._sentences(key, figures, **values))

    def show(self, id: str, *figures: Any, says: str = "", **otherwise: Any) -> Exhibit:
        """Return an exhibit, drawn and worded as the page's words have it under its id.

        Parameters
        ----------
        figures : what its judge takes; without a judge, the frame to show.
        says : another message: a key of its `says`, or a sentence in your own words.
        otherwise : its `measure`, `source` or `description` in your own words, or an option of its
            drawing.
        """
        entry = _entry(catalogue.page(self.name)["exhibits"], id)
        shown = self._presentation(id, figures, next(iter(entry["says"])))
        values = presentation.known_values(self.edition) | _count(shown.rows) | dict(shown.values)
        words = _worded(entry, shown._replace(says=says or shown.says), values)
        settings = {key: entry[key] for key in _SETTINGS if key in entry}
        words |= settings | dict(shown.options) | otherwise
        match entry["draw"]:
            case "table":
                return exhibit.table(shown.rows, id=id, **words)
            case "heat":
                return exhibit.heat_table(shown.rows, id=id, **words)
            case drawing:
                words.pop("empty", None)
                if drawing == "trend":
                    words = {"events": event_marks.of_edition(self.edition)} | words
                return exhibit.chart(_drawing(drawing), shown.rows, id=id, **words)

    def findings(self, subject: str, *figures: Any) -> list[Recorded]:
        """Return what groups, lifetime or risk publish under ids of their own, for `record`."""
        found: list[Recorded] = getattr(record_ids, f"findings_of_{subject}")(*figures)
        return found

    def record(self, *measured: Measured, **numbers: Numbers) -> Record:
        """Return what the page publishes.

        Parameters
        ----------
        measured : measures over time, or a measure and its groups, under the measure's own id.
        numbers : by their ids, labelled as the page's words have it.
        """
        labels = LABELS | catalogue.page(self.name).get("findings", {})
        known = presentation.known_values(self.edition)
        recorded = [one for of_one in measured for one in findings_of_measured(of_one)]
        return findings.record(*recorded, *findings_of(numbers, labels, **known))

    def _presentation(self, id: str, figures: tuple[Any, ...], says: str) -> Presentation:
        judge = presentation.presenter(self.name, id)
        if judge is not None:
            return judge(*figures, edition=self.edition)
        if len(figures) != 1 or not isinstance(figures[0], pd.DataFrame):
            raise ParameterError(
                f"Exhibit '{id}' shows one frame. Pass it: page.show('{id}', rows)"
            )
        return Presentation(figures[0], says)

    def _sentences(self, key: str, figures: tuple[object, ...], **values: object) -> list[str]:
        words, judge = catalogue.page(self.name), presentation.presenter(self.name, key)
        sentences = words.get("notes", {}) | (words.get("answer", {}) if key == "answer" else {})
        said = [Said(key, values)] if judge is None else judge(*figures, edition=self.edition)
        known = presentation.known_values(self.edition)
        return [
            one
            if isinstance(one, str)
            else presentation.text(sentences, one.key, known | dict(one.values))
            for one in said
        ]


def page(name: str, edition: Edition) -> NotebookPage:
    """Return a page by its notebook's name; its words stand in `words/pages/NAME.yml`.

    Raises
    ------
    ParameterError : no such page has words of its own.

    Examples
    --------
    >>> page("08_worth", None).name  # with an edition, it can answer, show, note and record
    '08_worth'
    """
    catalogue.page(name)
    return NotebookPage(name, edition)


def _entry(exhibits: Mapping[str, Any], id: str) -> dict[str, Any]:
    if id not in exhibits:
        raise ParameterError(f"This page has no exhibit '{id}'. {did_you_mean(id, exhibits)}")
    return dict(exhibits[id])


def _worded(
    entry: Mapping[str, Any], shown: Presentation, values: Mapping[str, Any]
) -> dict[str, Any]:
    """Return an exhibit's words, filled in, as `exhibit.chart` and `exhibit.table` take them."""
    own = " " in shown.says  # a sentence, not a key
    message = _(shown.says) if own else presentation.text(entry["says"], shown.says, values)
    words: dict[str, Any] = {"message": message}
    for key in ("measure", "source", "empty", "x_label"):
        if key in entry:
            words[key] = prose.sentence(entry[key], **values)
    if "unit" in entry:
        words["unit"] = entry["unit"].format(**values)
    if "reference" in entry:
        words["reference"] = entry["reference"]
    more = prose.sentence(entry["alt"], **values) if "alt" in entry else ""
    words["description"] = prose.following(
        _("{message}.", message=message), more, _("The values stand in the table.")
    )
    return words


def _count(rows: pd.DataFrame) -> dict[str, object]:
    """Return how many stand behind rows, for the `{n}` of a source note."""
    known = rows["n"].dropna() if "n" in rows else rows.iloc[:0]
    return {"n": int(known.max())} if len(known) else {"n": 0}


def _drawing(name: str) -> Draw:
    for module in _DRAWINGS:
        if draw := getattr(module, f"draw_{name}", None):
            return draw
    raise ParameterError(f"No drawing is called '{name}'. See exhibits/charts.py.")
