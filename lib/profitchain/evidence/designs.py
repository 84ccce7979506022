"""One question by designs that assume ever less: does the effect of a point survive them?

From weakest to strongest: as it is; history held fixed; months by segment held alike; weighted to
all who were asked; the customer against their own past; what it must withstand, that something
lasts, that an incentive ends, that some answer more; an event from outside; a draw by lot.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Literal

import pandas as pd

from profitchain.core.estimates import MaybeEstimate, NotEstimable, Reason, to_frame
from profitchain.effects.nonresponse_weights import weighted_effect
from profitchain.effects.repeat_effect import lookback, repeat_effect
from profitchain.evidence import answering
from profitchain.evidence.event_study import event_effect, usable_event
from profitchain.evidence.held_alike import effect_alike, stated, with_month
from profitchain.evidence.instrumental_variables import lot_effect
from profitchain.evidence.next_score import next_score_check
from profitchain.evidence.within_customer import OwnPast, own_past
from profitchain.panel.edition import Edition

DESIGNS = (
    *("raw", "adjusted", "alike", "weighted", "within", "within_fixed_effects"),
    *("next_score", "lasting", "late", "answering", "shock", "experiment"),
)
LIVES = (  # the columns of the lives that are read, where nobody answered
    *("person", "cluster", "score", "repeat", "in_lookback", "prior_orders", "gap_before_days"),
    *("previous_score", "answered_again", "answered_on", "days_to_next", "assigned"),
)
OFFERS = Reason.of("offers_held_out")
ONE_SIDED = 0.9  # the level of an interval whose near end is that of a one-sided test at 5%
PART = 3  # of the window: what is clear only before it may be an incentive's doing


@dataclass(frozen=True, slots=True, kw_only=True)
class DesignEffect:
    """The effect of a point by one design, and the key of what it compares and assumes.

    `role`: "estimate" answers the question; "check" must be near zero; "rule" must stay clear of
    zero for a moderate grade; "shown" is for the table and judges nothing.
    """

    design: str
    estimate: MaybeEstimate
    compares: Reason
    role: Literal["estimate", "check", "rule", "shown"] = "estimate"


@dataclass(frozen=True, slots=True, kw_only=True)
class Held:
    """What is held alike: the controls, and the segments that a month's shock may hit alone."""

    controls: tuple[str, ...] = ()
    places: tuple[str, ...] = ()
    within_days: int = 90
    level: float = 0.95
    invited: bool = True  # whether it is known who was asked


def effects_by_design(
    edition: Edition, cells: pd.DataFrame, *, controls: Sequence[str], level: float = 0.95
) -> pd.DataFrame:
    """Return the effect of a point by each design, from the weakest to the strongest.

    Parameters
    ----------
    cells : `link_cells` of the lookback; the designs that follow customers read `ladder_cells`,
        within the lookback; the next score, event and lot all answers whose windows have closed.

    Returns
    -------
    design, role, compares (a key with values), value, low, high (share per point; NaN where there
    is none), n, why.
    """
    firm = edition.company
    held = Held(
        controls=tuple(controls), places=tuple(firm.segments),
        within_days=firm.repeat_within_days, level=level,
        invited=bool(edition.facts.get("invited")),
    )  # fmt: skip
    raw = repeat_effect(cells, controls=with_month(cells, ()), level=level)
    adjusted = repeat_effect(cells, controls=with_month(cells, controls), level=level)
    asked = edition.table("asked_cells") if edition.has("asked_cells") else None
    weighted: MaybeEstimate = answering.UNKNOWN
    if asked is not None:
        weighted = weighted_effect(asked, controls=with_month(asked, controls), level=level)
    answers = pd.DataFrame(columns=[*LIVES])
    if edition.has("ladder_cells"):
        answers = edition.table("ladder_cells")
    rows = [
        DesignEffect(design="raw", estimate=raw, compares=Reason.of("raw")),
        DesignEffect(design="adjusted", estimate=adjusted, compares=Reason.of("adjusted")),
        DesignEffect(design="weighted", estimate=weighted, compares=Reason.of("weighted")),
        *by_answers(answers, _requests(edition, asked, held), held),
        _by_event(edition, level),
        _by_lot(edition, answers, level),
    ]
    rows.sort(key=lambda row: DESIGNS.index(row.design))
    return to_frame(
        [row.estimate for row in rows],
        design=[row.design for row in rows],
        role=[row.role for row in rows],
        compares=[row.compares for row in rows],
    )


def by_answers(
    answers: pd.DataFrame, asked: pd.DataFrame | None, held: Held
) -> Iterator[DesignEffect]:
    """Yield the designs that need nothing but answers, and the requests that led to them.

    Parameters
    ----------
    answers : `ladder_cells`.
    asked : `asked_cells` of the lookback; `answered_orders` where nobody knows who was asked.
    """
    recent = lookback(answers)
    alike = {"controls": held.controls, "places": held.places}
    effect = effect_alike(recent, **alike)
    base = stated(effect, level=held.level)
    yield DesignEffect(design="alike", estimate=base, compares=Reason.of("alike"))
    yield from _by_own_past(recent, held)
    told = next_score_check(answers, effect, **alike, within_days=held.within_days)
    yield DesignEffect(
        design="next_score", estimate=stated(told.told, level=held.level),
        compares=Reason.of("next_score"), role="check",
    )  # fmt: skip
    slow = recent[~(recent["days_to_next"].astype(float) <= held.within_days // PART)]
    besides = {
        "lasting": stated(told.left, level=ONE_SIDED),
        "late": stated(effect_alike(slow, **alike), level=held.level),
        "answering": answering.effect_besides(base, asked, **alike, invited=held.invited),
    }
    compares = {"late": Reason.of("late", days=held.within_days // PART)}
    for name, estimate in besides.items():
        why = compares.get(name, Reason.of(name))
        yield DesignEffect(design=name, estimate=estimate, compares=why, role="rule")


def _requests(edition: Edition, asked: pd.DataFrame | None, held: Held) -> pd.DataFrame | None:
    """Return what tells whether those who come back answer more: requests, else all orders."""
    if held.invited:
        return None if asked is None else lookback(asked)
    return edition.table("answered_orders") if edition.has("answered_orders") else None


def _by_own_past(recent: pd.DataFrame, held: Held) -> Iterator[DesignEffect]:
    """Yield the design that holds of the two that compare customers with their own past, and both.

    Where customers answer because they came back, their own average is shown but not used.
    """
    past: OwnPast = own_past(recent, controls=with_month(recent, held.controls), level=held.level)
    compares, prompted = Reason.of("own_average"), past.prompted
    if not past.by_average:
        why = Reason.of("prompting_unknown")
        if not isinstance(prompted, NotEstimable):
            key = "prompted_more" if prompted.value > 0 else "prompted_fewer"
            why = Reason.of(key, points=round(abs(100 * prompted.value)))
        compares = Reason.of("earlier_answer", not_average=why)
    yield DesignEffect(design="within", estimate=past.used, compares=compares)
    name = "within_fixed_effects"
    yield DesignEffect(
        design=name, estimate=past.fixed_effects, compares=Reason.of(name), role="shown"
    )


def _by_event(edition: Edition, level: float) -> DesignEffect:
    shock = usable_event(edition)
    estimate: MaybeEstimate
    if isinstance(shock, NotEstimable):
        event, estimate = Reason.of("an_event"), shock
    else:
        event = Reason.of("event_named", event=shock.event)
        estimate = event_effect(shock, level=level)
    return DesignEffect(design="shock", estimate=estimate, compares=Reason.of("shock", event=event))


def _by_lot(edition: Edition, answers: pd.DataFrame, level: float) -> DesignEffect:
    """Return the effect by an experiment; else by offers held out, at most an upper bound."""
    name, column = "experiment", edition.company.experiment
    if column:
        estimate = lot_effect(answers, lot=Reason.of("the_experiment", column=column), level=level)
        return DesignEffect(design=name, estimate=estimate, compares=Reason.of(name))
    if edition.company.has("offers") and answers["assigned"].notna().any():
        estimate = lot_effect(answers, lot=OFFERS, level=level)
    else:
        estimate = NotEstimable("design_not_measured", what=Reason.of("needs_lot"))
    return DesignEffect(design=name, estimate=estimate, compares=Reason.of("offers"), role="shown")
