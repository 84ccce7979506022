"""What needs somebody now: what its page says of alarms, moves, contacts, goals and actions."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date

import pandas as pd

from profitchain.core.estimates import Estimate, MaybeEstimate, NotEstimable, to_frame
from profitchain.core.formats import (
    as_difference,
    digits,
    interval,
    number,
    period_label,
    plain,
)
from profitchain.core.group_names import group_name
from profitchain.core.i18n import _
from profitchain.core.periods import Period
from profitchain.measures.loyalty import loyalty_measures
from profitchain.measures.satisfaction import measures_of
from profitchain.panel.edition import Edition
from profitchain.watch import actions as acts
from profitchain.watch.actions import Action
from profitchain.watch.alarms import Alarms, Look
from profitchain.watch.calling import Calling
from profitchain.watch.contacts import Waiting
from profitchain.watch.moved import OTHERS_ANSWERED, SAME, UNHAPPY_LEFT, Moved
from profitchain.watch.series import LOG, id_of
from profitchain.words.catalogue import words_of
from profitchain.words.measures import label
from profitchain.words.presentation import Presentation, Said
from profitchain.words.prose import listed
from profitchain.words.reasons import text

NAMES = words_of("watch", "names")
PART_NAMES = words_of("watch", "part_names")
SAYS = {SAME: "same", OTHERS_ANSWERED: "others", UNHAPPY_LEFT: "left"}
VERDICTS = words_of("watch", "verdicts")
IN_MONEY = words_of("watch", "in_money")
DESIGNS = words_of("watch", "designs")
SHOWN = 4


def metric_name(metric: str, edition: Edition) -> str:
    """Return what a measure is called by its id; a word that no measure has, as it stands."""
    firm = edition.company
    for question in firm.questions.values():
        if id_of(question, firm.all_questions) == metric:
            return label(measures_of(question)[0])
    if metric in NAMES:
        return _(NAMES[metric])
    known = loyalty_measures(firm.currency, firm.repeat_within_days)
    return label(known[metric]) if metric in known else metric


def answer(
    looks: Alarms | NotEstimable,
    ledger: Sequence[Action] | NotEstimable,
    *,
    edition: Edition,
) -> list[Said]:
    """Return what stands out most, and which actions are due."""
    said = [_alarm_said(looks, edition)]
    due = [] if isinstance(ledger, NotEstimable) else [one for one in ledger if one.due]
    if due:
        names = [_with_owner(one) for one in due[:3]]
        said.append(Said("due", {"actions": listed(names)}))
    return said


def _alarm_said(looks: Alarms | NotEstimable, edition: Edition) -> Said:
    if isinstance(looks, NotEstimable):
        return Said("unknown", {"why": text(looks)})
    count = digits(len(looks.looks), 0)
    if not looks.raised:
        return Said("quiet", {"looks": count})
    first = looks.raised[0]
    values = {
        "count": len(looks.raised), "looks": count, "what": _of_group(first, edition),
        "now": _amount(first, first.value, edition),
        "expected": _amount(first, first.expected, edition),
        "low": _amount(first, first.low, edition), "high": _amount(first, first.high, edition),
        "n": digits(first.n, 0),
    }  # fmt: skip
    return Said("alarm", values)


def alarms(looks: Alarms | NotEstimable, *, edition: Edition) -> Presentation:
    """Return the measures that are furthest off their own past."""
    if isinstance(looks, NotEstimable):
        return Presentation(_no_rows(), "none", {"empty": text(looks), "looks": "0"})
    shown = looks.raised[:SHOWN] or looks.looks[:SHOWN]
    rows = pd.DataFrame(
        {
            "measure": [_of_group(look, edition) for look in shown],
            "now": [_amount(look, look.value, edition) for look in shown],
            "expected": [
                _("{value} ({low} to {high})", value=_amount(look, look.expected, edition),
                  low=_amount(look, look.low, edition), high=_amount(look, look.high, edition))
                for look in shown
            ],
            "n": [look.n for look in shown],
        }
    )  # fmt: skip
    values = {"looks": digits(len(looks.looks), 0), "empty": ""}
    return Presentation(rows, "some" if looks.raised else "quiet", values)


def _of_group(look: Look, edition: Edition) -> str:
    name = metric_name(look.series.id, edition)
    if not look.series.split:
        return name
    return _("{measure}, {group}", measure=name,
             group=group_name(look.series.split, look.series.group))  # fmt: skip


def _amount(look: Look, value: float, edition: Edition) -> str:
    unit = look.series.unit
    if look.series.scale == LOG:
        unit = edition.company.currency if look.series.id == "revenue" else "count"
        return digits(value, 0) if unit == "count" else plain(value, unit)
    return plain(value, unit)


def due_actions(ledger: Sequence[Action] | NotEstimable, *, edition: Edition) -> Presentation:
    """Return the actions that are due, with what became of each so far."""
    if isinstance(ledger, NotEstimable):
        return Presentation(_no_rows("action"), "none", {"empty": text(ledger)})
    due = [one for one in ledger if one.due]
    return Presentation(
        _ledger(due), "due" if due else "nothing_due", {"empty": _("No action is due.")}
    )


def all_actions(ledger: Sequence[Action] | NotEstimable, *, edition: Edition) -> Presentation:
    """Return the whole ledger of actions, those due first."""
    if isinstance(ledger, NotEstimable):
        return Presentation(_no_rows("action"), "none", {"empty": text(ledger)})
    rows = _ledger(ledger).assign(
        margin=["–" if isinstance(one.money, NotEstimable) else _change(one.money)
                for one in ledger],
        cost=["–" if one.cost is None else plain(one.cost, edition.company.currency)
              for one in ledger],
        way=[_(DESIGNS[one.design]) for one in ledger],
    )  # fmt: skip
    return Presentation(rows, "what", {"empty": ""})


def _ledger(ledger: Sequence[Action]) -> pd.DataFrame:
    return pd.DataFrame(
        {
            "action": [one.action for one in ledger],
            "owner": [one.owner or "–" for one in ledger],
            "until": [_day(one.ended_on) for one in ledger],
            "change": [_effect_in_words(one) for one in ledger],
            "verdict": [_verdict_in_words(one) for one in ledger],
        }
    )


def _verdict_in_words(one: Action) -> str:
    verdict = _((VERDICTS | IN_MONEY if one.is_in_money else VERDICTS)[one.verdict])
    return _("{verdict}; due", verdict=verdict) if one.due else verdict


def _effect_in_words(one: Action) -> str:
    if isinstance(one.effect, NotEstimable):
        return text(one.effect) if one.verdict == acts.CANT_TELL else "–"
    return _change(one.effect)


def _change(one: Estimate) -> str:
    return _("{change} ({interval})", change=number(one, difference=True, sign=True),
             interval=interval(one, difference=True, bare=True))  # fmt: skip


def _with_owner(one: Action) -> str:
    return f"{one.action} ({one.owner})" if one.owner else one.action


def _day(day: date | None) -> str:
    return f"{day:%Y-%m-%d}" if day else "–"


def why_moved(found: Moved | NotEstimable, *, edition: Edition) -> Presentation:
    """Return the parts of the score's change, which add up to it."""
    return _moved(found)


def why_moved_on_year(found: Moved | NotEstimable, *, edition: Edition) -> Presentation:
    """Return the parts of the score's change on the year."""
    return _moved(found)


def _moved(found: Moved | NotEstimable) -> Presentation:
    if isinstance(found, NotEstimable):
        return Presentation(
            to_frame([], part=[]), "none", {"why": text(found), "before": "–", "n": 0}
        )
    figures = {"": found.change, **found.parts}
    names = [_("All of the change"), *(_(PART_NAMES[name]) for name in found.parts)]
    rows = to_frame(figures.values(), part=names)
    largest = max(found.parts, key=lambda name: abs(found.parts[name].value))
    clear = not found.parts[largest].spans_zero
    values = {"before": period_label(Period(found.against)), "why": "", "n": found.change.n}
    return Presentation(
        rows, SAYS[largest] if clear else "unclear", values | {"unit": found.change.unit}
    )


def contacts_in_brief(waits: Waiting | NotEstimable, *, edition: Edition) -> list[Said]:
    """Return how long contacts wait, and how many are open."""
    if isinstance(waits, NotEstimable):
        return [Said("contacts_none", {"why": text(waits)})]
    if isinstance(waits.first, NotEstimable):
        said = [Said("contacts_none", {"why": text(waits.first)})]
    else:
        said = [Said("contacts", {"first": waits.first, "n": digits(waits.first.n, 0)})]
    if waits.wrong:
        said.append(Said("contacts_wrong", {"count": waits.wrong}))
    return said


def contact_times(
    waits: Waiting | NotEstimable, after: Mapping[str, MaybeEstimate], *, edition: Edition
) -> Presentation:
    """Return a row a figure: hours to the first response and to the close, share within target."""
    if isinstance(waits, NotEstimable):
        return Presentation(_no_rows("step"), "none", {"empty": text(waits)})
    figures = {
        _("Hours to the first response, half of them"): waits.first,
        _("Hours to the close, half of them"): waits.close,
        _("The past's hours to the first response"): waits.target,
        _("Share with a first response within these"): waits.within,
        _("Open at the period's end"): waits.backlog,
        _("Open at the last one's end"): waits.backlog_before,
        _("Ordered after, soon answered less others"): as_difference(after["ordered"]),
        _("Next score, soon answered less others"): after["score"],
    }
    return Presentation(_figures(figures, "step"), "what", {"empty": ""})


def calling(found: Calling | NotEstimable, *, edition: Edition) -> list[Said]:
    """Return what calling unhappy customers did, by the lot that left some alone."""
    if isinstance(found, NotEstimable):
        return [Said("calling_none", {"why": text(found)})]
    counts = {"called": digits(found.called, 0), "left": digits(found.left_alone, 0)}
    if isinstance(found.effect, NotEstimable):
        return [Said("calling_none", {"why": text(found.effect)})]
    clear = {"up": "calling_raised", "down": "calling_lowered"}
    key = clear.get(found.effect.verdict, "calling_unclear")
    return [Said(key, {"effect": found.effect} | counts)]


def alike_places(spread: MaybeEstimate, *, edition: Edition) -> list[Said]:
    """Return whether touchpoints differ in score beyond chance."""
    if isinstance(spread, NotEstimable):
        return [Said("places_none", {"why": text(spread)})]
    return [Said("places_differ" if spread.low > 0 else "places_alike", {"spread": spread})]


def _figures(figures: Mapping[str, MaybeEstimate], name: str) -> pd.DataFrame:
    rows = pd.DataFrame({name: list(figures)})
    cells = [
        _with_interval(one) if isinstance(one, Estimate) else text(one) for one in figures.values()
    ]
    return rows.assign(value=cells, n=[one.n for one in figures.values()])


def _with_interval(one: Estimate) -> str:
    if one.low == one.high:
        return number(one)
    return _("{value} ({interval})", value=number(one), interval=interval(one, bare=True))


def _no_rows(name: str = "measure") -> pd.DataFrame:
    return pd.DataFrame({name: []})
