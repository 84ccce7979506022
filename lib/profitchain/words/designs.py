"""The words on the same question asked otherwise: by other designs, in other ways of counting."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from profitchain.core.estimates import Reason
from profitchain.core.formats import digits
from profitchain.core.i18n import N_, _, following, ngettext
from profitchain.evidence.specification_curve import ALL_BUT, AS, FOR, LENGTH
from profitchain.panel.edition import Edition
from profitchain.sources.company import Company
from profitchain.stats.comparisons import in_percentage_points
from profitchain.words import reasons
from profitchain.words.captions import FOLLOWED, PER_POINT, Caption, per_point_measure, source
from profitchain.words.reasons import control_name
from profitchain.words.scores import spread

POINTS = N_("points")
DESIGNS = {  # by what a design compares: its label, and what it compares and assumes
    "raw": (N_("As it is"),
        N_("Compares customers as they are, month by month: assumes that nothing else differs.")),
    "adjusted": (N_("History held fixed"),
        N_("Compares customers with like history, month by month: assumes that nothing unrecorded "
           "moves both score and orders.")),
    "alike": (N_("Months by segment held alike"),
        N_("Compares answers of the same month, within each segment where there are enough, and "
           "of like history: assumes that nothing unrecorded moves single customers' score and "
           "orders.")),
    "weighted": (N_("Weighted to all asked"),
        N_("As before, each answer standing for the silent who are like it: assumes that these "
           "would have answered, and returned, like those who did.")),
    "earlier_answer": (N_("Own earlier answer held fixed"),
        N_("Compares customers with the same earlier score: assumes that it shows what lasts "
           "about them.")),
    "own_average": (N_("Own earlier answer held fixed"),
        N_("Compares each customer's answers with that customer's own average: what lasts about "
           "a customer can't matter; assumes that earlier orders did not decide who answered "
           "again.")),
    "within_fixed_effects": (N_("Own average held fixed"),
        N_("Compares each customer's answers with that customer's own average; biased where "
           "customers answer again because they came back.")),
    "next_score": (N_("Check: the next score"),
        N_("Asks what the next order's score, which can't have caused this return, tells of it "
           "beyond this score: more than nothing is something that lasts.")),
    "lasting": (N_("If a third of what lasts shows"),
        N_("As months by segment, less three times what the next score tells (90% interval: "
           "its near end is the test).")),
    "late": (N_("After a third of the window"),
        N_("Compares those who were not back after {days} days: what an incentive brought "
           "sooner can't matter; an effect that fades by then fails as well.")),
    "answering": (N_("If who answers matters"),
        N_("As months by segment, less what answering could have made of it, had each point "
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
HANGS_ON = {
    AS: N_("The effect hangs most on how the score enters"),
    FOR: N_("The effect hangs most on what is adjusted for"),
    LENGTH: N_("The effect hangs most on how long answers are followed"),
}


def specifications_sentence(curve: pd.DataFrame) -> str:
    """Return in how many specifications the link is clear, and whether the conclusion flips."""
    sides = curve["clear"]
    up, down = int((sides == "positive").sum()), int((sides == "negative").sum())
    counts = {"most": max(up, down), "total": int((sides != "").sum())}
    if counts["total"] == 0:
        return _("No other way of counting gave a number.")
    if up and down:
        return _(
            "In **{most} of {total}** ways of counting, the interval leaves zero out on one side, "
            "in {least} on the other: the conclusion **flips**.",
            least=min(up, down), **counts,
        )  # fmt: skip
    if not up and not down:
        return _("In none of {total} ways of counting does the interval leave zero out.", **counts)
    if up:
        return _(
            "In **{most} of {total}** ways of counting, the interval leaves zero out; in none is "
            "it clearly negative: the conclusion does not flip.",
            **counts,
        )
    return _(
        "In **{most} of {total}** ways of counting, the interval leaves zero out; in none is it "
        "clearly positive: the conclusion does not flip.",
        **counts,
    )


def designs_table(effects: pd.DataFrame) -> pd.DataFrame:
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
    return per_point(effects).assign(**words)[
        ["design", "value", "low", "high", "n", "why", "what it compares", "unit"]
    ]


def designs_chart(effects: pd.DataFrame) -> pd.DataFrame:
    """Return the designs that gave a number and are judged, in percentage points."""
    judged = effects[effects["value"].notna() & (effects["role"] != "shown")]
    rows = judged if len(judged) else effects
    rows = in_percentage_points(rows).assign(label=_labels(rows))
    return rows[["label", "value", "low", "high", "n", "why"]]


def _labels(effects: pd.DataFrame) -> list[str]:
    return [_(DESIGNS[compares.key][0]) for compares in effects["compares"]]


def _note(compares: Reason) -> str:
    """Return what a design compares and assumes, and why it isn't the customer's own average."""
    values: dict[str, Any] = {
        name: reasons.text(part) if isinstance(part, Reason) else part
        for name, part in compares.values
    }
    return following(_(DESIGNS[compares.key][1], **values), values.get("not_average", ""))


def designs_caption(effects: pd.DataFrame, firm: Company) -> Caption:
    """Return the caption of the designs' chart."""
    rows = effects[effects["value"].notna() & (effects["role"] == "estimate")]
    message = _("No design gives a number")
    if len(rows):
        message = ngettext(
            "The link is clear in {clear} of {n} design that measures it",
            "The link is clear in {clear} of {n} designs that measure it",
            len(rows), clear=int(((rows["low"] > 0) | (rows["high"] < 0)).sum()),
        )  # fmt: skip
    return per_point_caption(message, firm, effects) | {
        "description": described(message, spread(designs_chart(effects))),
        "unit": PER_POINT,
        "reference": 0,
    }


def designs_table_caption(effects: pd.DataFrame, edition: Edition) -> Caption:
    """Return the caption of the designs' table."""
    message = _("Each design, and what it compares")
    caption = per_point_caption(message, edition.company, effects)
    if edition.stands_for == 1:
        return caption
    few = _(
        "{source}; designs that follow single customers: of some drawn by chance, each stands for "
        "{each}",
        source=caption["source"], each=digits(edition.stands_for, 1),
    )  # fmt: skip
    return caption | {"source": few}


def windows_chart(rows: pd.DataFrame) -> pd.DataFrame:
    """Return the effect by length of the window in percentage points, each length in words."""
    names = [ngettext("{n} day", "{n} days", days) for days in rows["window"]]
    return per_point(rows).assign(window=names)


def windows_caption(rows: pd.DataFrame, firm: Company) -> Caption:
    """Return the caption of the effect by length of the window."""
    clear = int((rows["low"] > 0).sum() + (rows["high"] < 0).sum())
    counts = {"clear": clear, "total": int(rows["value"].notna().sum())}
    message = _("The link is clear for {clear} of {total} lengths of the window", **counts)
    return per_point_caption(message, firm, rows, within=_("the days named")) | {
        "description": described(message, spread(windows_chart(rows))),
        "unit": PER_POINT,
        "reference": 0,
    }


def per_point(rows: pd.DataFrame) -> pd.DataFrame:
    """Return effects of a point in percentage points, named as such."""
    return in_percentage_points(rows).assign(unit=PER_POINT)


def curve_chart(curve: pd.DataFrame) -> pd.DataFrame:
    """Return the specification curve in percentage points, one row a specification."""
    rows = per_point(curve).drop(columns=["cut", "adjusted_for"]).rename(columns={"window": LENGTH})
    rows.insert(0, AS, [_choice(AS, cut) for cut in curve["cut"]])
    rows.insert(1, FOR, [_choice(FOR, name) for name in curve["adjusted_for"]])
    return rows


def _choice(kind: str, choice: Any) -> str:
    """Return what a choice of a specification is called."""
    if kind == AS:
        return POINTS if np.isnan(choice) else _("{score} or more", score=f"{choice:g}")
    left_out = str(choice).removeprefix(ALL_BUT)
    if kind == LENGTH or left_out == choice:
        return str(choice)
    control = _(_HISTORY[left_out]) if left_out in _HISTORY else control_name(left_out)
    return _("all but {control}", control=control)


def curve_caption(curve: pd.DataFrame, firm: Company) -> Caption:
    """Return the caption of the specification curve."""
    total = int((curve["clear"] != "").sum())
    clear = total - int((curve["clear"] == "unclear").sum())
    message = _(
        "The link is clear in {clear} of {total} ways of counting", clear=clear, total=total
    )
    return per_point_caption(message, firm, curve, within=_("30 to 365 days")) | {
        "description": described(message, spread(curve_chart(curve)[[AS, "value"]])),
        "mark": _("all controls, straight line"),
    }


def choices_chart(choices: pd.DataFrame) -> pd.DataFrame:
    """Return the choices in percentage points, each in words."""
    names = [_choice(row.kind, row.choice) for row in choices.itertuples()]
    numbers = choices[["value", "least", "most"]] * 100
    return choices.assign(choice=names, **dict(numbers.items()), unit=PER_POINT)


def choices_caption(choices: pd.DataFrame, firm: Company) -> Caption:
    """Return the caption of what each choice does to the effect."""
    message, panel_rows = _("No way of counting gave a number"), 1
    if len(choices):
        spans = choices.groupby("kind", sort=False)["value"].agg(
            lambda rows: rows.max() - rows.min()
        )
        message = _(HANGS_ON[str(spans.idxmax())])
        panel_rows = int(choices["kind"].value_counts().max())
    return {
        "message": message,
        "measure": _(
            "Middle one of the effects in which a choice takes part, and the ends of them all (no "
            "intervals); slopes, in percentage points a point"
        ),
        "source": source(_("Ways of counting"), int(choices["specifications"].sum() / 3)),
        "description": described(message, spread(choices_chart(choices))),
        "height": 62 + 54 * panel_rows,
        "panels": "kind",
    }


def per_point_caption(message: str, firm: Company, rows: pd.DataFrame, within: str = "") -> Caption:
    """Return the caption of effects of one point, in percentage points, within the named days."""
    return {
        "message": message,
        "measure": per_point_measure(firm, slopes=True, within=within),
        "source": source(_(FOLLOWED), int(rows["n"].max()) if len(rows) else 0),
    }


def described(message: str, rest: str) -> str:
    """Return a description for those who can't see a picture: its message, then more sentences."""
    return following(_("{message}.", message=message), rest)
