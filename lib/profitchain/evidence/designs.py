"""One question by designs that assume ever less: does the effect of a point survive them?

From weakest to strongest: as it is; history held fixed; weighted to all who were asked; the
customer against their own past; two checks that must show nothing if history was enough; an event
that moved satisfaction from outside; a draw by lot.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Literal

import pandas as pd

from profitchain.core.estimates import MaybeEstimate, NotEstimable, Reason, to_frame
from profitchain.effects.nonresponse_weights import weighted_effect
from profitchain.effects.repeat_effect import effect_of_a_point, lookback, repeat_effect
from profitchain.evidence.event_study import event_effect, usable_event
from profitchain.evidence.instrumental_variables import lot_effect
from profitchain.evidence.within_customer import OwnPast, as_cells, own_past
from profitchain.panel.edition import Edition
from profitchain.sources.company import BUILT_IN_CONTROLS
from profitchain.stats.model_design import FEWEST_EVENTS

DESIGNS = (
    *("raw", "adjusted", "weighted", "within", "within_fixed_effects"),
    *("placebo", "lead", "shock", "experiment"),
)
LIVES = (  # the columns of the lives that are read, where nobody answered
    *("person", "cluster", "score", "repeat", "in_lookback", "prior_orders", "gap_before_days"),
    *("previous_score", "next_score", "answered_again", "assigned"),
)
OFFERS = Reason.of("offers_held_out")


@dataclass(frozen=True, slots=True, kw_only=True)
class DesignEffect:
    """The effect of a point by one design, and the key of what it compares and assumes.

    `role`: "estimate" answers the question; "check" must be near zero if the adjusted number is
    right; "shown" is for the table and judges nothing.
    """

    design: str
    estimate: MaybeEstimate
    compares: Reason
    role: Literal["estimate", "check", "shown"] = "estimate"


def effects_by_design(
    edition: Edition, cells: pd.DataFrame, *, controls: Sequence[str], level: float = 0.95
) -> pd.DataFrame:
    """Return the effect of a point by each design, from the weakest to the strongest.

    Parameters
    ----------
    cells : `link_cells` of the lookback; the designs that follow customers read `ladder_cells`,
        within the lookback; event and lot all answers whose windows have closed.

    Returns
    -------
    design, role, compares (a key with values), value, low, high (share per point; NaN where there
    is none), n, why.
    """
    raw = repeat_effect(cells, level=level)
    adjusted = repeat_effect(cells, controls=controls, level=level)
    weighted: MaybeEstimate = NotEstimable(
        "design_not_measured", what=Reason.of("nobody_knows_who_was_asked")
    )
    if edition.has("asked_cells"):
        weighted = weighted_effect(edition.table("asked_cells"), controls=controls, level=level)
    rows = [
        DesignEffect(design=name, estimate=estimate, compares=Reason.of(name))
        for name, estimate in (("raw", raw), ("adjusted", adjusted), ("weighted", weighted))
    ]
    has_lives = edition.has("ladder_cells")
    answers = edition.table("ladder_cells") if has_lives else pd.DataFrame(columns=[*LIVES])
    recent, days = lookback(answers), edition.company.repeat_within_days
    rows += _by_own_past(own_past(recent, controls=controls, level=level))
    checks = {
        "placebo": placebo(recent, controls=controls, within_days=days, level=level),
        "lead": lead(recent, controls=controls, level=level),
    }
    rows += [
        DesignEffect(design=name, estimate=estimate, compares=Reason.of(name), role="check")
        for name, estimate in checks.items()
    ]
    rows += [_by_event(edition, level), _by_lot(edition, answers, level)]
    return to_frame(
        [row.estimate for row in rows],
        design=[row.design for row in rows],
        role=[row.role for row in rows],
        compares=[row.compares for row in rows],
    )


def placebo(
    answers: pd.DataFrame, *, controls: Sequence[str], within_days: int, level: float = 0.95
) -> MaybeEstimate:
    """Return the "effect" of a point on how quick the customer's last return before it was.

    The answer can't have caused it. Held fixed: orders so far, tenure at the order before last,
    the controls that are not history, and the earlier score, as it may really have worked.
    """
    before = answers[answers["prior_orders"] >= 2]
    is_quick = before["gap_before_days"] <= within_days
    quick, slow = int(is_quick.sum()), int((~is_quick).sum())
    if min(quick, slow) < FEWEST_EVENTS:
        key = "few_quick_returns" if quick <= slow else "few_slow_returns"
        return NotEstimable(key, n=len(before), total=len(before), fewest=min(quick, slow))
    others = [name for name in controls if name not in BUILT_IN_CONTROLS]
    return effect_of_a_point(
        as_cells(before.assign(repeat=is_quick.astype(int))),
        outcome="repeats",
        controls=["prior_orders", "tenure_then", *others, "previous_score"],
        unit="share",
        level=level,
    )


def lead(answers: pd.DataFrame, *, controls: Sequence[str], level: float = 0.95) -> MaybeEstimate:
    """Return the "effect" of a point of the *next* answer on what came before that answer.

    Held fixed: this answer's score in classes, the controls, and the orders before the next answer.
    """
    earlier = answers[answers["next_score"].notna()]
    if earlier.empty:
        return NotEstimable("nobody_answered_twice")
    return effect_of_a_point(
        as_cells(earlier.assign(this_score=earlier["score"], score=earlier["next_score"])),
        outcome="repeats",
        controls=["this_score", *controls, "next_prior_orders"],
        unit="share",
        level=level,
    )


def _by_own_past(past: OwnPast) -> Iterator[DesignEffect]:
    """Yield the design that holds of the two that compare customers with their own past, and both.

    Where customers answer because they came back, their own average is shown but not used.
    """
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
