"""How each number is made, in words: its definition, the firm's settings, what methods fix."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from functools import partial
from math import exp

import pandas as pd

from profitchain.core.formats import digits, plain
from profitchain.core.group_names import segment_name
from profitchain.core.i18n import _, listed, ngettext
from profitchain.effects.dose_response import FEWEST_SCORES
from profitchain.effects.power import POWER
from profitchain.effects.response_propensity import MOST_TIMES_THE_MEDIAN
from profitchain.effects.value_of_a_point import FURTHER
from profitchain.evidence.answering import ASSUMED
from profitchain.evidence.designs import PART
from profitchain.evidence.grading_rules import TELLING
from profitchain.evidence.measurement_error import CLOSE as CLOSE_DAYS
from profitchain.evidence.next_score import SHOWN
from profitchain.lifetime.bgnbd_gammagamma import FEWEST_REPEATERS
from profitchain.lifetime.holdout_test import CLOSE as OFF
from profitchain.measures.loyalty import loyalty_measures
from profitchain.measures.response_rate import rate_of
from profitchain.measures.satisfaction import measures_of
from profitchain.panel.edition import Edition
from profitchain.stats.comparisons import Measure
from profitchain.words import catalogue, measures
from profitchain.words.catalogue import words_of
from profitchain.words.presentation import Presentation, Said, known_values
from profitchain.words.prose import first_capital
from profitchain.words.reasons import control_name
from profitchain.words.repeat_effect import CLEAR

DEFINITIONS = catalogue.read("definitions")
SECTIONS = ("survey", "orders", "drivers", "link", "value", "lifetime")
Labels = Mapping[str, str]


def answer(labels: Labels, *, edition: Edition) -> list[Said]:
    """Return how many numbers are defined, for how long answers are followed, what effects are."""
    firm = edition.company
    numbers = sum(len(_defined(name, labels, edition=edition).rows) for name in SECTIONS)
    said = [Said("defined", {"numbers": numbers})]
    if firm.main and not firm.asks_only:
        window, months = plain(firm.repeat_within_days, "days"), _months(firm.lookback_months)
        said.append(Said("followed" if firm.lookback_months else "followed_all",
                         {"window": window, "months": months}))  # fmt: skip
    return [*said, Said("effects")]


def _defined(section: str, labels: Labels, *, edition: Edition) -> Presentation:
    """Return the numbers of one section: id, what it is called, how it is made."""
    names = {name: str(value) for name, value in known_values(edition).items()}

    def filled(text: str) -> str:
        return re.sub(r"\{(\w+)\}", lambda name: names.get(name[1], "…"), text)

    rows = [*_counted(section, edition)]
    rows += [
        (filled(id), filled(_(labels[id])), _(definition))
        for id, definition in DEFINITIONS[section].items()
        if id in labels and (edition.company.main or "{main_id}" not in id)
    ]
    return Presentation(pd.DataFrame(rows, columns=["id", "label", "definition"]), "defined")


survey, orders, drivers, link, value, lifetime = (partial(_defined, name) for name in SECTIONS)


def _counted(section: str, edition: Edition) -> Iterator[tuple[str, str, str]]:
    """Yield the measures of a section that are ratios of sums: id, label, definition."""
    firm = edition.company
    several: list[Measure] = []
    if section == "survey":
        several = [measure for each in firm.all_questions for measure in measures_of(each)]
        several += [rate_of(invited=bool(edition.facts.get("invited")))] if several else []
    elif section == "orders" and not firm.asks_only:
        several = [*loyalty_measures(firm.currency, firm.repeat_within_days).values()]
    for measure in several:
        yield measure.id, measures.label(measure), first_capital(measures.definition(measure)) + "."


def _months(months: int) -> str:
    return ngettext("{n} month", "{n} months", months) if months else _("all")


def settings(*, edition: Edition) -> Presentation:
    """Return what company.yml, or its defaults, sets for this edition: setting, value."""
    firm = edition.company
    said = {
        "main_question": firm.main.label if firm.main else "–",
        "report_every": _(firm.report_every),
        "repeat_within_days": plain(firm.repeat_within_days, "days"),
        "lookback_months": _months(firm.lookback_months),
        "controls": listed(map(control_name, firm.controls)),
        "segments": listed(map(segment_name, firm.segments)) or "–",
        "gross_margin": "–" if firm.gross_margin is None else f"{firm.gross_margin:.0%}",
        "discount_rate": f"{firm.discount_rate:.0%}",
        "smallest_group": plain(edition.smallest, "customers"),
        "control_tolerance": f"{firm.control_tolerance:.1%}",
    }
    rows = [(_(SETTINGS[name]), value, name) for name, value in said.items()]
    return Presentation(pd.DataFrame(rows, columns=["setting", "value", "field"]), "set")


SETTINGS = words_of("methods", "settings")


def fixed(*, edition: Edition) -> Presentation:
    """Return the parameters that methods fix for every firm: parameter, value, definition."""
    values = {
        "bend": f"{CLEAR:g}",
        "fewest_scores": digits(FEWEST_SCORES, 0),
        "weights": f"{MOST_TIMES_THE_MEDIAN:g}",
        "power": f"{POWER:.0%}",
        "matters": f"{TELLING:.0%}",
        "habits": f"{SHOWN:g}",
        "late": f"1/{PART}",
        "answering": digits(exp(ASSUMED), 2),
        "close": ngettext("{n} day", "{n} days", CLOSE_DAYS),
        "further": f"{FURTHER:g}",
        "repeaters": digits(FEWEST_REPEATERS, 0),
        "misfit": f"{OFF:.0%}",
    }
    rows = [(_(text), values[name]) for name, text in DEFINITIONS["fixed"].items()]
    return Presentation(pd.DataFrame(rows, columns=["parameter", "value"]), "fixed")


def glossary(*, edition: Edition) -> Presentation:
    """Return the field's terms as these pages use them: term, definition."""
    rows = [re.split(r"[:：] *", _(entry), maxsplit=1) for entry in DEFINITIONS["glossary"]]
    return Presentation(pd.DataFrame(rows, columns=["term", "definition"]), "terms")
