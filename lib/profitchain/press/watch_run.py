"""The checks alone, between editions: alarms, due actions and goals, as JSON and two sentences."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Sequence
from typing import Any

from profitchain.core.estimates import Estimate, NotEstimable
from profitchain.core.i18n import _
from profitchain.panel.edition import Edition, open_edition
from profitchain.programmes import lots
from profitchain.watch import actions, alarms, goals, series
from profitchain.watch.actions import Action
from profitchain.watch.alarms import Alarms, Look
from profitchain.watch.goals import OPEN, Goal
from profitchain.words import catalogue, presentation
from profitchain.words.prose import unmarked
from profitchain.words.reasons import text
from profitchain.words.watch import answer, metric_name

QUIET, FAILED, ALARM = 0, 1, 2
PAGE = "17_watch"


def watch(options: argparse.Namespace) -> int:
    """Print what needs somebody now; 0 if nothing does, 2 if something, 1 if it can't be told."""
    edition = open_edition(options.company, options.period)
    result, needed = checked(edition)
    if options.json:
        print(json.dumps(result, ensure_ascii=False, indent=1, allow_nan=False))
        print(result["says"], file=sys.stderr)
    else:
        print(result["says"])
    return ALARM if needed else QUIET


def checked(edition: Edition) -> tuple[dict[str, Any], bool]:
    """Return what the checks tell, ready for JSON, and whether it needs somebody.

    Keys: company, period, says (two sentences), looks, alarms, due, goals, why (nothing is
    watched; "" otherwise).
    """
    watched = series.all_series(edition)
    by_lot = lots.money_by_action(lots.tests_by_lot(edition))
    looks = alarms.alarms(watched, edition.period)
    ledger = actions.actions(edition, watched, by_lot)
    targets = goals.goals(edition, watched)
    raised = () if isinstance(looks, NotEstimable) else looks.raised
    due = [] if isinstance(ledger, NotEstimable) else [one for one in ledger if one.due]
    result = {
        "company": edition.company.name,
        "period": str(edition.period),
        "says": _says(looks, ledger, edition),
        "looks": 0 if isinstance(looks, NotEstimable) else len(looks.looks),
        "alarms": [_alarm(look, edition) for look in raised],
        "due": [_action(one) for one in due],
        "goals": [] if isinstance(targets, NotEstimable) else [_goal(one) for one in targets],
        "why": text(looks) if isinstance(looks, NotEstimable) else "",
    }
    return result, bool(raised or due)


def _says(looks: Alarms | NotEstimable, ledger: Sequence[Action] | NotEstimable,
          edition: Edition) -> str:  # fmt: skip
    words = catalogue.page(PAGE)["answer"]
    known = presentation.known_values(edition)
    said = [
        presentation.text(words, one.key, known | dict(one.values)).partition("\n")[0]
        for one in answer(looks, ledger, edition=edition)
    ]
    if len(said) == 1:
        said.append(_("No action is due."))
    return unmarked(" ".join(said))


def _alarm(look: Look, edition: Edition) -> dict[str, Any]:
    return {
        "metric": look.series.id, "label": metric_name(look.series.id, edition),
        "segment": look.series.split, "group": look.series.group, "value": look.value,
        "expected": look.expected, "low": look.low, "high": look.high, "n": look.n, "p": look.p,
    }  # fmt: skip


def _action(one: Action) -> dict[str, Any]:
    return {
        "action": one.action, "owner": one.owner, "metric": one.metric, "verdict": one.verdict,
        "until": str(one.ended_on or ""), "effect": _number(one.effect),
        "money": _number(one.money), "cost": one.cost,
    }  # fmt: skip


def _goal(one: Goal) -> dict[str, Any]:
    chance = one.chance.value if isinstance(one.chance, Estimate) else None
    return {"metric": one.metric, "target": one.target, "by": str(one.by), "state": one.state,
            "chance": chance if one.state == OPEN else None}  # fmt: skip


def _number(one: object) -> dict[str, float] | None:
    if not isinstance(one, Estimate):
        return None
    return {"value": float(one.value), "low": float(one.low), "high": float(one.high)}
