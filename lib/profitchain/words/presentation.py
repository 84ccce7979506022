"""What the evidence lets a page say: keys of its words (`pages/NN_topic.yml`) and their values."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from importlib import import_module
from types import MappingProxyType
from typing import Any, NamedTuple

import pandas as pd

from profitchain.core.errors import ParameterError, did_you_mean
from profitchain.core.estimates import MaybeEstimate, to_frame
from profitchain.core.formats import digits, period_label
from profitchain.core.i18n import _, ngettext
from profitchain.core.periods import Period
from profitchain.measures.satisfaction import public_id
from profitchain.panel.edition import Edition
from profitchain.words import catalogue, prose

NOTHING_FURTHER: Mapping[str, Any] = MappingProxyType({})


class Presentation(NamedTuple):
    """What an exhibit shows, and which of its messages the evidence earns.

    `rows` is the frame that is drawn; `says` a key of the exhibit's `says`; `values` what stands
    for the `{names}` of its words (estimates, periods, counts, text); `options` what else its
    drawing takes.
    """

    rows: pd.DataFrame
    says: str
    values: Mapping[str, Any] = NOTHING_FURTHER
    options: Mapping[str, Any] = NOTHING_FURTHER


class Said(NamedTuple):
    """A sentence by its key, and what stands for its `{names}`."""

    key: str
    values: Mapping[str, Any] = NOTHING_FURTHER


def presenter(page: str, part: str) -> Callable[..., Any] | None:
    """Return the function that judges one part of a page, or None where there is nothing to judge.

    It is called like the part (`by-segment`: `by_segment`) and stands in one of the page's `rooms`.
    """
    for room in catalogue.page(page)["rooms"]:
        module = import_module(f"profitchain.words.{room}")
        if judge := getattr(module, part.replace("-", "_"), None):
            return judge
    return None


def lookback_words(edition: Edition) -> str:
    """Return how far the lookback reaches: "the last 12 months", or all of the history."""
    months = edition.company.lookback_months
    if not months:
        return _("all of the history")
    return ngettext("the last month", "the last {n} months", months)


def known_values(edition: Edition) -> dict[str, object]:
    """Return what every sentence may name: period (every: its word), days, lookback and others."""
    firm = edition.company
    return {
        "period": edition.period,
        "every": prose.period_word(edition.period),
        "lookback": lookback_words(edition),
        "main_id": public_id(firm.main, firm.all_questions) if firm.main else "",
        "days": digits(firm.repeat_within_days, 0),
        "question": _(str(firm.main.label)) if firm.main else "",
        "currency": firm.currency,
    }


def figure_rows(figures_by_label: Mapping[str, MaybeEstimate], name: str) -> pd.DataFrame:
    """Return named figures as a frame, one row each: `name`, value, low, high, n, unit, why."""
    units = [getattr(figure, "unit", "") for figure in figures_by_label.values()]
    rows = to_frame(figures_by_label.values(), **{name: list(figures_by_label)}).assign(unit=units)
    columns = [name, "value", "low", "high", "n", "unit", "why"]
    return rows[columns].astype(dict.fromkeys(columns[1:4], float))


def source(what: str, n: int, period: Period | None = None) -> str:
    """Return a source note: who gave the rows and how many stand behind the exhibit.

    With a period, n is that period's, although the exhibit may show others too.
    """
    words = {"what": _(what), "n": digits(n, 0)}
    if not n:  # or not shown
        return words["what"]
    if period is None:
        return _("{what}, n = {n}", **words)
    return _("{what}, n = {n} in {period}", period=period_label(period), **words)


def text(words: Mapping[str, Any], key: str, values: Mapping[str, Any]) -> str:
    """Return one of several messages, filled in; `count` chooses between `one` and `many`.

    Raises
    ------
    ParameterError : no such key, or a name without a value.
    """
    if key not in words:
        raise ParameterError(f"No message '{key}' among these words. {did_you_mean(key, words)}")
    message = words[key]
    if isinstance(message, str):
        return prose.sentence(message, **values)
    return ngettext(message["one"], message["many"], values["count"], **values)
