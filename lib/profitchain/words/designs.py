"""The words on the same question asked otherwise: by other designs, in other ways of counting."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from profitchain.core.estimates import Reason
from profitchain.core.formats import digits
from profitchain.core.i18n import N_, _, following
from profitchain.evidence.specification_curve import ALL_BUT, AS, FOR, LENGTH
from profitchain.panel.edition import Edition
from profitchain.stats.comparisons import in_percentage_points
from profitchain.words import reasons
from profitchain.words.captions import FOLLOWED, PER_POINT, source
from profitchain.words.presentation import Presentation, Said
from profitchain.words.reasons import control_name

POINTS = N_("points")
DESIGNS = {  # by what a design compares: its label, and what it compares and assumes
    "raw": (N_("As it is"),
        N_("Compares customers as they are, month by month: assumes that nothing else differs.")),
    "adjusted": (N_("Like history"),
        N_("Compares customers with like history, month by month: assumes that nothing unrecorded "
           "moves both score and orders.")),
    "alike": (N_("Like history, same month and segment"),
        N_("Compares answers of the same month, within each segment where there are enough, and "
           "of like history: assumes that nothing unrecorded moves single customers' score and "
           "orders.")),
    "weighted": (N_("Weighted to all asked"),
        N_("As before, each answer standing for the silent who are like it: assumes that these "
           "would have answered, and returned, like those who did.")),
    "earlier_answer": (N_("Against their own earlier answer"),
        N_("Compares customers with the same earlier score: assumes that it shows what lasts "
           "about them.")),
    "own_average": (N_("Against their own earlier answer"),
        N_("Compares each customer's answers with that customer's own average: what lasts about "
           "a customer can't matter; assumes that earlier orders did not decide who answered "
           "again.")),
    "within_fixed_effects": (N_("Against their own average"),
        N_("Compares each customer's answers with that customer's own average; biased where "
           "customers answer again because they came back.")),
    "next_score": (N_("Check: the next order's score"),
        N_("Asks what the next order's score, which can't have caused this return, shows of it "
           "beyond this score: more than nothing is a habit that lasts.")),
    "lasting": (N_("If habits weigh three times as much (90%)"),
        N_("As same month and segment, less three times what the next score shows (90% interval: "
           "its near end is the test).")),
    "late": (N_("Only returns after a third of the window"),
        N_("Compares those who were not back after {days} days: an incentive that soon ends can't "
           "matter; an effect that fades by then fails as well.")),
    "answering": (N_("If satisfaction decides who answers"),
        N_("As same month and segment, less what answering could have made of it, had each point "
           "raised the odds of answering to 1.65 times (assumed).")),
    "shock": (N_("An event from outside"),
        N_("Compares how regions touched by {event} changed with how the others did: assumes "
           "that else both would have changed alike, and that it worked through satisfaction "
           "alone.")),
    "experiment": (N_("By lot"),
        N_("Compares those whom chance had put on two sides: assumes that it worked through "
           "satisfaction alone.")),
    "offers": (N_("By lot: offers held out"),
        N_("Compares customers offered something with those held out by lot: at most an upper "
           "bound, as an offer also sells without satisfying.")),
}  # fmt: skip
_HISTORY = {"prior_orders": N_("prior orders"), "recency": N_("recency")}
_HISTORY |= {"tenure": N_("tenure")}
HANGS_ON = {AS: "score", FOR: "controls", LENGTH: "window"}


def agreement(curve: pd.DataFrame) -> Said:
    """Return in how many ways of counting the link is clear, and whether the conclusion flips."""
    sides = curve["clear"]
    up, down = int((sides == "positive").sum()), int((sides == "negative").sum())
    total = int((sides != "").sum())
    values = {"most": max(up, down), "least": min(up, down), "ways": total}
    if not total:
        return Said("no_way")
    if up and down:
        return Said("flips", values)
    if not up and not down:
        return Said("none_clear", values)
    return Said("all_clear" if values["most"] == total else "mostly_clear", values)


def ladder(effects: pd.DataFrame, *, edition: Edition) -> Presentation:
    """Return the designs that gave a number and are judged, in percentage points."""
    measured = effects[effects["value"].notna()]
    rows = measured[measured["role"] != "shown"]
    rows = rows if len(rows) else effects
    shown = in_percentage_points(rows).assign(label=_labels(rows))
    clear = (measured["low"] > 0) | (measured["high"] < 0)
    designs, tests = (clear[measured["role"] == role] for role in ("estimate", "rule"))
    says = "some" if designs.any() else "none_clear" if len(designs) else "none"
    if len(designs) and designs.all():
        says = "all" if tests.all() else "strained"
    values = {"clear": int(designs.sum()), "designs": len(designs), "n": int(effects["n"].max())}
    return Presentation(shown[["label", "value", "low", "high", "n", "why"]], says, values)


def designs(effects: pd.DataFrame, *, edition: Edition) -> Presentation:
    """Return the designs as a table, in percentage points: design, effect, n, what it compares."""
    notes = [
        following(
            _note(row.compares),
            _("Shown, but not judged.") if row.role == "shown" else "",
            row.why and _("Not here: {why}", why=reasons.text(row.why)),
        )
        for row in effects.itertuples()
    ]
    words = {"design": _labels(effects), "why": N_("not here"), "what it compares": notes}
    columns = ["design", "value", "low", "high", "n", "why", "what it compares", "unit"]
    rows = per_point(effects).assign(**words)[columns]
    return Presentation(rows, "what", {"source": _drawn_source(effects, edition)})


def _drawn_source(effects: pd.DataFrame, edition: Edition) -> str:
    answers = source(_(FOLLOWED), int(effects["n"].max()))
    if edition.stands_for == 1:
        return answers
    return _(
        "{source}; designs that follow single customers: of some drawn by chance, each stands for "
        "{each}",
        source=answers, each=digits(edition.stands_for, 1),
    )  # fmt: skip


def _labels(effects: pd.DataFrame) -> list[str]:
    return [_(DESIGNS[compares.key][0]) for compares in effects["compares"]]


def _note(compares: Reason) -> str:
    """Return what a design compares and assumes, and why it isn't the customer's own average."""
    values: dict[str, Any] = {
        name: reasons.text(part) if isinstance(part, Reason) else part
        for name, part in compares.values
    }
    return following(_(DESIGNS[compares.key][1], **values), values.get("not_average", ""))


def per_point(rows: pd.DataFrame) -> pd.DataFrame:
    """Return effects of a point in percentage points, named as such."""
    return in_percentage_points(rows).assign(unit=PER_POINT)


def ways_of_counting(curve: pd.DataFrame, *, edition: Edition) -> Presentation:
    """Return the specification curve in percentage points, one row a specification."""
    rows = per_point(curve).drop(columns=["cut", "adjusted_for"]).rename(columns={"window": LENGTH})
    rows.insert(0, AS, [_choice(AS, cut) for cut in curve["cut"]])
    rows.insert(1, FOR, [_choice(FOR, name) for name in curve["adjusted_for"]])
    values = agreement(curve)
    mark = {"mark": _("all controls, straight line")}
    return Presentation(rows, values.key, values.values, mark)


def choices(options: pd.DataFrame, *, edition: Edition) -> Presentation:
    """Return what each choice does to the effect, in percentage points, and which matters most."""
    names = [_choice(row.kind, row.choice) for row in options.itertuples()]
    numbers = options[["value", "least", "most"]] * 100
    rows = options.assign(choice=names, **dict(numbers.items()), unit=PER_POINT)
    says, panel_rows, values = "none", 1, {"n": int(options["specifications"].sum() / 3)}
    if len(options):
        middles = options.groupby("kind", sort=False)["value"]
        says = HANGS_ON[str((middles.max() - middles.min()).idxmax())]
        panel_rows = int(options["kind"].value_counts().max())
    return Presentation(rows, says, values, {"height": 62 + 54 * panel_rows})


def _choice(kind: str, choice: Any) -> str:
    """Return what a choice of a specification is called."""
    if kind == AS:
        return POINTS if np.isnan(choice) else _("{score} or more", score=f"{choice:g}")
    left_out = str(choice).removeprefix(ALL_BUT)
    if kind == LENGTH or left_out == choice:
        return str(choice)
    control = _(_HISTORY[left_out]) if left_out in _HISTORY else control_name(left_out)
    return _("all but {control}", control=control)
