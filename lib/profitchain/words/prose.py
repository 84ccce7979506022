"""How findings, changes and answers are said in words, in sentences that follow the evidence."""

from __future__ import annotations

import html
import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from profitchain.core.errors import ParameterError
from profitchain.core.estimates import Estimate, MaybeEstimate, NotEstimable
from profitchain.core.formats import (
    MINUS,
    TOO_FEW,
    as_difference,
    digits,
    evidence,
    in_brackets,
    interval,
    number,
    period_heading,
    period_label,
    period_short,
)
from profitchain.core.i18n import N_, _, clauses, following, listed
from profitchain.core.periods import Period
from profitchain.words import reasons
from profitchain.words.catalogue import words_of
from profitchain.words.reasons import with_interval

if TYPE_CHECKING:
    from profitchain.sources.company import Question

__all__ = [
    "TEXT", "Prose", "answer", "as_difference", "change_on", "change_words",
    "clauses", "emphasised", "first_capital", "following", "interval",
    "listed", "note", "number", "on_the", "period_heading", "period_label",
    "period_short", "period_word", "reason", "sentence", "unbroken", "unmarked",
    "with_interval", "with_names",
]  # fmt: skip

On = Literal["week", "month", "quarter", "year"]
NOTHING, TOO_FEW_TO_SAY = N_("Nothing to list."), N_("Too few to say")
_FURNITURE = words_of("prose", "furniture") | {"too_few": TOO_FEW_TO_SAY, "nothing": NOTHING}


class _Furniture:
    """What stands around every page's own words, in the spoken language."""

    def __getitem__(self, name: str) -> str:
        return _(_FURNITURE[name])


TEXT = _Furniture()
_PERIODS = {
    "week": N_("week"), "month": N_("month"), "quarter": N_("quarter"), "year": N_("year"),
}  # fmt: skip
_MANY_PERIODS = {
    "week": N_("weeks"), "month": N_("months"), "quarter": N_("quarters"), "year": N_("years"),
}  # fmt: skip
_ON = words_of("prose", "on")


def period_word(period: Period | str) -> str:
    """Return what such a period is called: week, month, quarter or year."""
    return _(_PERIODS[Period(period).every])


def on_the(every: On) -> str:
    """Return against what a change is counted: on the week, the month, the quarter or the year."""
    return _(_ON[every])


def periods_word(period: Period | str) -> str:
    """Return what several such periods are called: weeks, months, quarters or years."""
    return _(_MANY_PERIODS[Period(period).every])


def short_names(periods: Iterable[Period]) -> dict[str, str]:
    """Return each period's name as a table's row shows it, by the period's own name."""
    return {str(period): period_short(period) for period in periods}


def change_words(change: MaybeEstimate) -> str:
    """Return a change as a verdict: "up 4.2 points", "down …" or "no clear change"."""
    if isinstance(change, NotEstimable):
        return _(TOO_FEW)
    if change.verdict == "no clear change":
        return _("no clear change")
    if change.verdict == "up":
        return _("up {size}", size=_size(change))
    return _("down {size}", size=_size(change))


def change_on(change: MaybeEstimate, every: On) -> str:
    """Return a verdict and what it is on: "up 4.2 points on the quarter"."""
    return _("{change} {on}", change=change_words(change), on=on_the(every))


def first_capital(text: str) -> str:
    """Return text with its first letter as a capital, the others as they are."""
    return text[:1].upper() + text[1:]


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
    missing = [value for value in values.values() if isinstance(value, NotEstimable)]
    if missing:
        return _(otherwise or N_("Not known: {why}")).replace("{why}", reasons.text(missing[0]))
    try:
        return _(template).format(**{name: _Shown(value) for name, value in values.items()})
    except (AttributeError, IndexError, KeyError, ValueError) as error:
        raise ParameterError(
            f"The sentence {template!r} can't be filled in ({error}). Give each of its names a "
            "value, as in sentence('{rate:number} came back.', rate=rate)."
        ) from error


@dataclass(frozen=True, slots=True)
class Prose:
    """Computed sentences that a notebook cell shows; an answer's sentences reach the summary.

    What stands below a sentence's first line is small print, and stays on its page. `heads` stand
    above the sentences, one each.
    """

    sentences: tuple[str, ...]
    is_answer: bool = False
    heads: tuple[str, ...] = ()

    def _repr_mimebundle_(
        self, include: object = None, exclude: object = None
    ) -> dict[str, object]:
        plain = [unmarked(text.partition("\n")[0]) for text in self.sentences]
        part = "li" if self.is_answer else "p"
        heads = [f"<b>{html.escape(head)}</b> " for head in self.heads] or [""] * len(plain)
        parts = "".join(
            f"<{part}>{head}{_with_small_print(text)}</{part}>"
            for head, text in zip(heads, self.sentences, strict=True)
        )
        bundle: dict[str, object] = {"text/plain": "\n".join(plain)}
        if self.is_answer:
            bundle["text/html"] = f'<ul class="answer">{parts}</ul>'
            bundle["application/vnd.profitchain.answer+json"] = {"sentences": plain}
        else:
            bundle["text/html"] = f'<div class="reading">{parts}</div>'
            bundle["application/vnd.profitchain.prose+json"] = {}
        return bundle


def answer(*sentences: str, heads: Iterable[str] = ()) -> Prose:
    """Return the page's answer: one to three sentences, the most important first; "" is none.

    `heads` name what each sentence answers, where it should be said.

    Examples
    --------
    >>> answer("Three in ten came back.", "").sentences
    ('Three in ten came back.',)
    """
    sentences = tuple(filter(None, sentences))
    if not 1 <= len(sentences) <= 3:
        raise ParameterError(
            f"An answer has one to three sentences, got {len(sentences)}. "
            "Keep the most important and say the others beside their exhibits."
        )
    return Prose(tuple(map(_, sentences)), is_answer=True, heads=tuple(map(_, heads)))


def note(*sentences: str) -> Prose:
    """Return computed prose beside an exhibit: one paragraph a sentence; "" is none.

    Examples
    --------
    >>> note("Refunds are netted.", "Guests count.").sentences
    ('Refunds are netted.', 'Guests count.')
    """
    return Prose(tuple(map(_, filter(None, sentences))))


def scale_of(question: Question) -> str:
    """Return a question's scale, as in "the 0–10 question"."""
    return "{:g}–{:g}".format(*question.scale)


def emphasised(text: str) -> str:
    """Return text as HTML: escaped, with **bold** words strong and `names` as code."""
    return re.sub(r"\*\*(.+?)\*\*", r"<strong>\1</strong>", with_names(text))


def _with_small_print(text: str) -> str:
    """Return text as HTML, what stands below its first line in small print."""
    first, _break, rest = text.partition("\n")
    return emphasised(first) + (f"<small>{emphasised(rest)}</small>" if rest else "")


def with_names(text: str) -> str:
    """Return text as HTML: escaped, with the `names` of tables and columns as code.

    Examples
    --------
    >>> with_names("Needs table `contacts`.")
    'Needs table <code>contacts</code>.'
    """
    return re.sub(r"`(.+?)`", r"<code>\1</code>", html.escape(unbroken(text)))


def unbroken(text: str) -> str:
    """Return text whose "n = 549" and "−€20" no line end can tear apart.

    Examples
    --------
    >>> len("−€20"), len(unbroken("−€20"))  # a mark that nobody sees keeps them together
    (4, 5)
    """
    text = re.sub(rf"{MINUS}(?=[^\w\s])", f"{MINUS}\N{WORD JOINER}", text)
    return re.sub(r"\b(n|p) = (?=[\d.])", "\\1\N{NO-BREAK SPACE}=\N{NO-BREAK SPACE}", text)


def reason(why: str) -> str:
    """Return why something is not measured, without saying again that it is not."""
    return why.removeprefix(_("Not measured: {what}", what=""))


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


_FORMS: dict[str, Callable[[Estimate], str]] = {
    "": with_interval,
    "number": number,
    "evidence": evidence,
    "interval": interval,
    "difference": lambda estimate: with_interval(estimate, difference=True),
    "difference_number": lambda estimate: number(estimate, difference=True),
    "difference_evidence": lambda estimate: evidence(estimate, difference=True),
    "difference_interval": lambda estimate: interval(estimate, difference=True),
    "change": lambda estimate: in_brackets(change_words(estimate), _change_interval(estimate)),
    "verdict": change_words,
}


def _change_interval(change: Estimate) -> str:
    ends = interval(change, difference=True, bare=True)
    return _("{level} interval {ends}", level=f"{change.level:.0%}", ends=ends)


def _size(change: Estimate) -> str:
    return number(change if change.value >= 0 else change.times(-1), difference=True)
