"""One question by designs that assume ever less: does the effect of a point survive them?

From weakest to strongest: as it is; history held fixed; weighted to all who were asked; the
customer against their own past; two checks that must show nothing if history was enough; an event
that moved satisfaction from outside; a draw by lot.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import pandas as pd

from profitchain.core.estimates import MaybeEstimate, NotEstimable
from profitchain.core.i18n import N_, _, following, ngettext
from profitchain.effects.nonresponse_weights import weighted_effect
from profitchain.effects.repeat_effect import effect_of_a_point, lookback, repeat_effect
from profitchain.evidence.event_study import Shock, effect_of, found
from profitchain.evidence.instrumental_variables import lot_effect
from profitchain.evidence.within_customer import OwnPast, as_cells, own_past
from profitchain.panel.edition import Edition
from profitchain.sources.company import BUILT_IN_CONTROLS
from profitchain.stats.model_design import FEWEST_EVENTS
from profitchain.stats.ratios import said_frame

RUNGS = (
    N_("raw"), N_("adjusted"), N_("weighted"), N_("within"), N_("within_fixed_effects"),
    N_("placebo"), N_("lead"), N_("shock"), N_("experiment"),
)  # fmt: skip
ESTIMATE, CHECK, SHOWN = "estimate", "check", "shown"
FOLLOWED = "person cluster score repeat in_lookback prior_orders gap_before_days previous_score"
FOLLOWED = [*FOLLOWED.split(), "next_score", "answered_again", "assigned"]  # where none answered


@dataclass(frozen=True, slots=True, kw_only=True)
class Rung:
    """One design: its number, and in one sentence what it compares and assumes.

    `role`: "estimate" answers the question; "check" must be near zero if the adjusted number is
    right; "shown" is for the table and judges nothing.
    """

    rung: str
    label: str
    said: MaybeEstimate
    note: str
    role: str = ESTIMATE


def rungs(
    edition: Edition, cells: pd.DataFrame, *, controls: Sequence[str], level: float = 0.95
) -> pd.DataFrame:
    """Return the effect of a point by each design, from the weakest to the strongest.

    Parameters
    ----------
    cells : `link_cells` of the lookback; the designs that follow customers read `ladder_cells`,
        within the lookback; event and lot all answers whose windows have closed.

    Returns
    -------
    rung, label, role, value, low, high (share per point; NaN where unsaid), n, why, note.
    """
    ladder = [
        Rung(
            rung="raw",
            label=_("As it is"),
            said=repeat_effect(cells, level=level),
            note=_("Compares customers as they are: assumes that nothing else differs."),
        ),
        Rung(
            rung="adjusted",
            label=_("History held fixed"),
            said=repeat_effect(cells, controls=controls, level=level),
            note=_(
                "Compares customers with like history: assumes that nothing unrecorded moves both "
                "score and orders."
            ),
        ),
        _weighted(edition, controls, level),
        *_followed(edition, controls, level),
    ]
    frame = said_frame(
        [one.said for one in ladder],
        rung=[one.rung for one in ladder],
        label=[one.label for one in ladder],
        role=[one.role for one in ladder],
    )
    return frame.assign(note=[one.note for one in ladder])


def placebo(
    answers: pd.DataFrame, *, controls: Sequence[str], within_days: int, level: float = 0.95
) -> MaybeEstimate:
    """Return the "effect" of a point on how quick the customer's last return before it was.

    The answer can't have caused it. Held fixed: orders so far, tenure at the order before last,
    the controls that are not history, and the earlier score, as it may really have worked.
    """
    before = answers[answers["prior_orders"] >= 2]
    quick = (before["gap_before_days"] <= within_days).astype(int)
    fewest = min(int(quick.sum()), int((1 - quick).sum()))
    if fewest < FEWEST_EVENTS:
        is_quick = 2 * quick.sum() <= len(before)
        return NotEstimable(_too_few(len(before), fewest, is_quick=is_quick), n=len(before))
    kept = [name for name in controls if name not in BUILT_IN_CONTROLS]
    return effect_of_a_point(
        as_cells(before.assign(repeat=quick)),
        outcome="repeats",
        controls=["prior_orders", "tenure_then", *kept, "previous_score"],
        unit="share",
        level=level,
    )


def lead(answers: pd.DataFrame, *, controls: Sequence[str], level: float = 0.95) -> MaybeEstimate:
    """Return the "effect" of a point of the *next* answer on what came before that answer.

    Held fixed: this answer's score in classes, the controls, and the orders before the next answer.
    """
    followed = answers[answers["next_score"].notna()]
    if followed.empty:
        return NotEstimable(_("No customer answered a second time."))
    followed = followed.assign(this_score=followed["score"], score=followed["next_score"])
    return effect_of_a_point(
        as_cells(followed),
        outcome="repeats",
        controls=["this_score", *controls, "next_prior_orders"],
        unit="share",
        level=level,
    )


def _too_few(total: int, fewest: int, *, is_quick: bool) -> str:
    """Return why returns before an answer can't be compared: too few were quick, or slow."""
    told = f"{total:,}"
    if is_quick:
        return ngettext(
            "Of {total} returns before an answer only {n} was quick: too few to compare.",
            "Of {total} returns before an answer only {n} were quick: too few to compare.",
            fewest,
            total=told,
        )
    return ngettext(
        "Of {total} returns before an answer only {n} was slow: too few to compare.",
        "Of {total} returns before an answer only {n} were slow: too few to compare.",
        fewest,
        total=told,
    )


def _weighted(edition: Edition, controls: Sequence[str], level: float) -> Rung:
    why = _("Not measured: {what}", what=_("nobody knows who was asked."))
    said: MaybeEstimate = NotEstimable(why)
    if edition.has("asked_cells"):
        said = weighted_effect(edition.table("asked_cells"), controls=controls, level=level)
    return Rung(
        rung="weighted",
        label=_("Weighted to all asked"),
        said=said,
        note=_(
            "As before, each answer standing for the silent who are like it: assumes that these "
            "would have answered, and returned, like those who did."
        ),
    )


def _followed(edition: Edition, controls: Sequence[str], level: float) -> list[Rung]:
    """Return the rungs that need a customer's earlier and later answers, an event or a lot."""
    known = edition.has("ladder_cells")
    answers = edition.table("ladder_cells") if known else pd.DataFrame(columns=FOLLOWED)
    near = lookback(answers)
    days = edition.company.repeat_within_days
    return [
        *_past_rungs(own_past(near, controls=controls, level=level)),
        *_checks(
            placebo(near, controls=controls, within_days=days, level=level),
            lead(near, controls=controls, level=level),
        ),
        _shock(found(edition), level),
        _lot(edition, answers, level),
    ]


def _past_rungs(past: OwnPast) -> list[Rung]:
    if past.by_average:
        used = _(
            "Compares each customer's answers with that customer's own average: what lasts about a "
            "customer can't matter; assumes that earlier orders did not decide who answered again."
        )
    else:
        same = _(
            "Compares customers with the same earlier score: assumes that it shows what lasts "
            "about them."
        )
        used = following(same, _why_not(past.prompted))
    return [
        Rung(rung="within", label=_("Own earlier answer held fixed"), said=past.used, note=used),
        Rung(
            rung="within_fixed_effects",
            label=_("Own average held fixed"),
            said=past.fixed_effects,
            note=_(
                "Compares each customer's answers with that customer's own average; biased where "
                "customers answer again because they came back."
            ),
            role=SHOWN,
        ),
    ]


def _why_not(prompted: MaybeEstimate) -> str:
    if isinstance(prompted, NotEstimable):
        return _("Their own average is not used: nobody can tell how answers come about.")
    points = f"{abs(100 * prompted.value):.0f}"
    if prompted.value > 0:
        return _(
            "Their own average is not used: of those who came back, {points} in a hundred more "
            "answered again.",
            points=points,
        )
    return _(
        "Their own average is not used: of those who came back, {points} in a hundred fewer "
        "answered again.",
        points=points,
    )


def _checks(before: MaybeEstimate, after: MaybeEstimate) -> list[Rung]:
    return [
        Rung(
            rung="placebo",
            label=_("Check: the return before"),
            said=before,
            note=_(
                "Asks whether the score goes with how quick the return before it was, which it "
                "can't have caused: more than nothing is something unrecorded."
            ),
            role=CHECK,
        ),
        Rung(
            rung="lead",
            label=_("Check: the next score"),
            said=after,
            note=_(
                "Asks whether the next score goes with the orders before it, this score held "
                "fixed: more than nothing is something unrecorded."
            ),
            role=CHECK,
        ),
    ]


def _shock(shock: Shock | NotEstimable, level: float) -> Rung:
    if isinstance(shock, NotEstimable):
        name, said = _("an event that touched only some"), shock
    else:
        name, said = _("“{event}”", event=shock.event), effect_of(shock, level=level)
    return Rung(
        rung="shock",
        label=_("An event from outside"),
        said=said,
        note=_(
            "Compares how those touched by {event} changed with how the rest did: assumes that "
            "else both would have changed alike, and that it worked through satisfaction alone.",
            event=name,
        ),
    )


def _lot(edition: Edition, answers: pd.DataFrame, level: float) -> Rung:
    column, has_offers = edition.company.experiment, edition.company.has("offers")
    if column:
        what = _("The experiment `{column}`", column=column)
        return Rung(
            rung="experiment",
            label=_("By lot"),
            said=lot_effect(answers, what=what, level=level),
            note=_(
                "Compares those whom chance had put on two sides: assumes that it worked through "
                "satisfaction alone."
            ),
        )
    if has_offers and answers["assigned"].notna().any():
        said = lot_effect(answers, what=_("The offers with a hold-out"), level=level)
    else:
        needs = _("needs an experiment, or offers with a hold-out.")
        said = NotEstimable(_("Not measured: {what}", what=needs))
    return Rung(
        rung="experiment",
        label=_("By lot: offers held out"),
        said=said,
        note=_(
            "Compares customers offered something with those held out by lot: at most an upper "
            "bound, as an offer also sells without satisfying."
        ),
        role=SHOWN,
    )
