"""How findings, changes and answers are said in words, in sentences that follow the evidence."""

from __future__ import annotations

import html
import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from profitchain.estimates import Estimate, Said, Unsaid
from profitchain.formats import (
    MINUS,
    TOO_FEW,
    as_difference,
    digits,
    evidence,
    interval,
    number,
    period_label,
    period_short,
    with_interval,
)
from profitchain.periods import Period

if TYPE_CHECKING:
    from profitchain.company import Question

__all__ = [
    "TEXT", "Prose", "answer", "as_difference", "change_message", "change_words", "either",
    "emphasised", "how", "interval", "link_message", "listed", "note", "number", "period_label",
    "period_short", "period_word", "reason", "sentence", "unbroken", "unmarked", "with_interval",
]  # fmt: skip

On = Literal["quarter", "month", "year"]
TEXT = {
    "all_editions": "All editions",
    "answer": "The answer",
    "code": "How this was computed",
    "commit": "Commit, time and full hashes",
    "contents": "On this page",
    "data": "Data behind this exhibit",
    "download": "Download as CSV",
    "editions_lead": "Each edition answers the same questions for one period.",
    "editions_none": "No edition yet. Publish the first one with: profitchain report",
    "editions_title": "What is satisfaction worth?",
    "findings": "Findings recorded on this page",
    "inputs": "Tables read",
    "next": "Next question",
    "open_notebook": "Open this notebook in JupyterLab to change it and run it again:",
    "code_cell": "Code cell",
    "editions": "Editions",
    "pages": "Questions",
    "not_measured": "Not measured",
    "notebook": "Notebook",
    "packages": "Package versions",
    "parameters": "Parameters",
    "period": "Period",
    "previous": "Previous question",
    "record": "The record of this page",
    "rows": "rows",
    "skip": "Skip to the answer",
    "source": "Source",
    "this_edition": "This edition",
    "too_few": "Too few to say",
    "nothing": "Nothing to list.",
}


def period_word(period: Period | str) -> str:
    """Return what such a period is called: month, quarter or year."""
    return Period(period).every


def short_names(periods: Iterable[Period]) -> dict[str, str]:
    """Return each period's name as a table's row shows it, by the period's own name."""
    return {str(period): period_short(period) for period in periods}


def change_words(change: Said) -> str:
    """Return a change as a verdict: "up 4.2 points", "down …" or "no clear change"."""
    if isinstance(change, Unsaid):
        return TOO_FEW
    if change.verdict == "no clear change":
        return change.verdict
    return f"{change.verdict} {_size(change)}"


def change_message(
    label: str, change: Said, *, on: On = "quarter", period: Period | None = None
) -> str:
    """Return an exhibit's message about a change; an interval that spans zero says so.

    With `period`, the previous period's length gives the word: on the month, quarter or year.

    Examples
    --------
    >>> change = Estimate(value=4.2, low=1, high=7.4, n=900, unit="points")
    >>> change_message("NPS", change), change_message("NPS", change.times(-1), on="year")
    ('NPS rose 4.2 points on the quarter', 'NPS fell 4.2 points on the year')
    """
    on = period.every if period and on != "year" else on
    if isinstance(change, Unsaid):
        return f"Change in {label} on the {on}: {TOO_FEW}"
    if change.verdict == "no clear change":
        return f"No clear change in {label} on the {on}"
    verb = "rose" if change.verdict == "up" else "fell"
    return f"{label} {verb} {_size(change)} on the {on}"


def link_message(
    effect: Said,
    *,
    what: str = "satisfaction",
    outcome: str = "repeat purchases",
    per: str = "one more point",
) -> str:
    """Return an exhibit's message about an effect: "goes with", or no clear link."""
    if isinstance(effect, Unsaid):
        return f"Link between {what} and {outcome}: {TOO_FEW}"
    if effect.verdict == "no clear change":
        return f"No clear link between {what} and {outcome}"
    direction = "more" if effect.verdict == "up" else "fewer"
    return f"{per[0].upper()}{per[1:]} goes with {_size(effect)} {direction} {outcome}"


def either(condition: bool, yes: str, no: str) -> str:
    """Return one of two wordings, so that a notebook needs no `if`."""
    return yes if condition else no


def listed(words: Iterable[str], last: str = "and") -> str:
    """Return words as a sentence lists them: a, b and c."""
    words = [str(word) for word in words]
    return f" {last} ".join(filter(None, [", ".join(words[:-1]), *words[-1:]]))


def sentence(template: str, /, *, otherwise: str | None = None, **values: object) -> str:
    """Return a sentence with its numbers filled in, each with its interval and n.

    Parameters
    ----------
    template : words with `{name}` for an estimate with interval and n, `{name:number}` for the
        figure alone, `{name:evidence}` for interval and n, `{name:interval}` for the ends,
        `{name:change}` and `{name:verdict}` (up, down, no clear change); for a difference, with
        shares in percentage points, `{name:difference}`, and `{name:difference_number}`,
        `{name:difference_evidence}` and `{name:difference_interval}`.
        A word between two pairs of asterisks is set bold.
    otherwise : the sentence if one of the numbers can't be stood behind; may say `{why}`.

    Examples
    --------
    >>> rate = Estimate(value=0.3123, low=0.289, high=0.336, n=1204, unit="share")
    >>> sentence("In {period}, {rate:number} came back.", rate=rate, period=Period("2026Q3"))
    'In July–September 2026, 31.2% came back.'
    """
    unsaid = [value.why for value in values.values() if isinstance(value, Unsaid)]
    if unsaid:
        return (otherwise or "Not known: {why}").replace("{why}", unsaid[0])
    return template.format(**{name: _Shown(value) for name, value in values.items()})


@dataclass(frozen=True, slots=True)
class Prose:
    """Computed sentences that a notebook cell shows; an answer's sentences reach the summary."""

    sentences: tuple[str, ...]
    is_answer: bool = False

    def _repr_mimebundle_(self, include: object = None, exclude: object = None) -> dict:
        shown = [emphasised(text) for text in self.sentences]
        bundle: dict = {"text/plain": "\n".join(unmarked(text) for text in self.sentences)}
        if self.is_answer:
            items = "".join(f"<li>{text}</li>" for text in shown)
            bundle["text/html"] = f'<ul class="answer">{items}</ul>'
            plain_text = [unmarked(text) for text in self.sentences]
            bundle["application/vnd.profitchain.answer+json"] = {"sentences": plain_text}
        else:
            paragraphs = "".join(f"<p>{text}</p>" for text in shown)
            bundle["text/html"] = f'<div class="reading">{paragraphs}</div>'
            bundle["application/vnd.profitchain.prose+json"] = {}
        return bundle


def answer(*sentences: str) -> Prose:
    """Return the page's answer: one to three sentences, the most important first; "" is none."""
    sentences = tuple(filter(None, sentences))
    if not 1 <= len(sentences) <= 3:
        raise ValueError(
            f"An answer has one to three sentences, got {len(sentences)}. "
            "Keep the most important and say the others beside their exhibits."
        )
    return Prose(sentences, is_answer=True)


def note(*sentences: str) -> Prose:
    """Return computed prose beside an exhibit: one paragraph a sentence."""
    return Prose(sentences)


def how(question: Question) -> str:
    """Return how a question's score is counted, in words.

    Examples
    --------
    >>> from types import SimpleNamespace
    >>> how(SimpleNamespace(kind="csat", label="Delivery", scale=(1, 5), satisfied_at=4))
    'CSAT of “Delivery” is the share of valid answers of 4 or more on the scale from 1 to 5.'
    """
    low, high = question.scale
    easy = getattr(question, "easy_is", None)
    return _HOW[question.kind].format(
        label=question.label,
        low=f"{low:g}",
        high=f"{high:g}",
        below_high=f"{high - 1:g}",
        good=f"{question.satisfied_at:g}" if question.kind == "csat" else "",
        easy=easy,
        side="below" if easy == "low" else "above",
    )


_RATED = (
    "“{label}” is rated from {low} to {high}: the mean of valid answers, and the top-two-box "
    "share, that of answers {below_high} and {high}."
)
_HOW = {
    "nps": (
        "The net promoter score (NPS) is the percentage of promoters (answers 9–10) less the "
        "percentage of detractors (answers 0–6), in points from −100 to 100. Passives (answers "
        "7–8) count among the valid answers only."
    ),
    "csat": (
        "CSAT of “{label}” is the share of valid answers of {good} or more on the scale from {low} "
        "to {high}."
    ),
    "ces": (
        "CES of “{label}” is the mean of valid answers on the scale from {low} to {high}, where a "
        "{easy} answer means easy; the share finding it easy is that of answers {side} the middle "
        "of the scale."
    ),
    "rating": _RATED,
    "driver": _RATED,
}


def emphasised(text: str) -> str:
    """Return text as HTML: escaped, with **bold** words strong and `names` as code."""
    text = unbroken(text)
    text = re.sub(r"\*\*(.+?)\*\*", r"<strong>\1</strong>", html.escape(text))
    return re.sub(r"`(.+?)`", r"<code>\1</code>", text)


def unbroken(text: str) -> str:
    """Return text whose "n = 549" no line end can tear apart."""
    return re.sub(r"\b(n|p) = (?=[\d.])", "\\1\N{NO-BREAK SPACE}=\N{NO-BREAK SPACE}", text)


def reason(why: str) -> str:
    """Return why something is not measured, without saying again that it is not."""
    return why.removeprefix(f"{TEXT['not_measured']}: ")


def unmarked(text: str) -> str:
    """Return text without the marks of bold words and names."""
    return re.sub(r"(\*\*|`)(.+?)\1", r"\2", text)


class _Shown:
    """A value that formats itself inside a sentence."""

    def __init__(self, value: object) -> None:
        self.value = value

    def __format__(self, form: str) -> str:
        if isinstance(self.value, Estimate):
            return _FORMS[form](self.value)
        if isinstance(self.value, Period):
            return period_short(self.value) if form == "short" else period_label(self.value)
        if isinstance(self.value, int) and not form:
            return digits(self.value, 0).replace("-", MINUS)
        return format(self.value, form)


_FORMS = {
    "": with_interval,
    "number": number,
    "evidence": evidence,
    "interval": interval,
    "difference": lambda said: with_interval(said, difference=True),
    "difference_number": lambda said: number(said, difference=True),
    "difference_evidence": lambda said: evidence(said, difference=True),
    "difference_interval": lambda said: interval(said, difference=True),
    "change": lambda said: f"{change_words(said)} ({_change_interval(said)})",
    "verdict": change_words,
}


def _change_interval(change: Estimate) -> str:
    return f"{change.level:.0%} interval {interval(change, difference=True, bare=True)}"


def _size(change: Estimate) -> str:
    return number(change if change.value >= 0 else change.times(-1), difference=True)
