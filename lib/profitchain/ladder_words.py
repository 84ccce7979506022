"""The words of the page on how wrong we could be: the verdict, its reasons, what is hidden."""

from __future__ import annotations

import pandas as pd

from profitchain.captions import FOLLOWED, PER_POINT, Caption, source
from profitchain.company import Company
from profitchain.comparisons import in_percentage_points
from profitchain.estimates import Unsaid
from profitchain.formats import digits
from profitchain.narration import brief, spread
from profitchain.ratios import said_frame
from profitchain.verdicts import Verdict
from profitchain.wording import listed

ROLES = {"estimate": "", "check": "", "shown": "Shown, but not judged."}
OPENING = {
    1.0: "The evidence that satisfied customers come back more",
    -1.0: "The evidence that satisfied customers come back less",
    0.0: "The evidence on whether satisfied customers come back more",
}


def verdict_sentence(found: Verdict) -> str:
    """Return the page's first sentence: the verdict in words, with its reasons."""
    if found.grade == "too few data":
        return (
            "There are **too few data** to say whether satisfied customers come back more: "
            f"{listed(found.reasons)}."
        )
    opening = OPENING[0.0 if found.grade == "contradictory" else found.direction]
    lacking = f", but {found.lacking}" if found.lacking else ""
    return f"{opening} is **{found.grade}**: {listed(found.reasons)}{lacking}."


def specifications_sentence(curve: pd.DataFrame) -> str:
    """Return in how many specifications the link is clear, and whether the conclusion flips."""
    counts = curve.loc[curve["clear"] != "", "clear"].value_counts()
    total = int(counts.sum())
    if total == 0:
        return "No other way of counting gave a number."
    up, down = (int(counts.get(side, 0)) for side in ("positive", "negative"))
    most, least = max(up, down), min(up, down)
    told = f"In **{most} of {total}** ways of counting, the interval leaves zero out"
    if least:
        return f"{told} on one side, in {least} on the other: the conclusion **flips**."
    if most == 0:
        return f"In none of {total} ways of counting does the interval leave zero out."
    side = "negative" if up else "positive"
    return f"{told}; in none is it clearly {side}: the conclusion does not flip."


def pre_trend_sentence(test: object) -> str:
    """Return whether those touched by the event moved like the rest before it."""
    if isinstance(test, Unsaid):
        return f"Whether both moved alike before the event can't be said: {test.why}"
    p = "p below 0.001" if test.p < 0.001 else f"p = {test.p:.3f}"
    if test.p < 0.05:
        return f"Before the event they did **not** move alike ({p}): what follows is no proof."
    return f"Before the event there is no sign that they moved apart ({p})."


def rungs_table(rungs: pd.DataFrame) -> pd.DataFrame:
    """Return the ladder as a table, in percentage points: design, effect, n, what it compares."""
    table = shown(rungs).rename(columns={"label": "design"})
    notes = [
        " ".join(filter(None, [row.note, ROLES[row.role], row.why and f"Not here: {row.why}"]))
        for row in rungs.itertuples()
    ]
    table = table.assign(why="not here").assign(**{"what it compares": notes})
    return table[["design", "value", "low", "high", "n", "why", "what it compares", "unit"]]


def rungs_chart(rungs: pd.DataFrame) -> pd.DataFrame:
    """Return the ladder's designs that gave a number and are judged, in percentage points."""
    known = rungs[rungs["value"].notna() & (rungs["role"] != "shown")]
    known = known if len(known) else rungs
    return in_percentage_points(known)[["label", "value", "low", "high", "n", "why"]]


def rungs_caption(rungs: pd.DataFrame, firm: Company) -> Caption:
    """Return the caption of the ladder's chart."""
    message = _ladder_message(rungs)
    shown = rungs_chart(rungs)
    return per_point_caption(message, firm, rungs) | {
        "description": f"{message}. {spread(shown)}",
        "unit": PER_POINT,
        "reference": 0,
    }


def rungs_table_caption(rungs: pd.DataFrame, firm: Company) -> Caption:
    """Return the caption of the ladder's table."""
    return per_point_caption("Each design, and what it compares", firm, rungs)


def windows_caption(rows: pd.DataFrame, firm: Company) -> Caption:
    """Return the caption of the effect by length of the window."""
    known = rows.dropna(subset=["value"])
    clear = int((known["low"] > 0).sum() + (known["high"] < 0).sum())
    message = f"The link is clear for {clear} of {len(known)} lengths of the window"
    return per_point_caption(message, firm, rows, within="the days named") | {
        "description": f"{message}. {spread(in_percentage_points(rows))}",
        "unit": PER_POINT,
        "reference": 0,
    }


def shown(rows: pd.DataFrame) -> pd.DataFrame:
    """Return effects of a point in percentage points, named as such."""
    return in_percentage_points(rows).assign(unit=PER_POINT)


def curve_shown(curve: pd.DataFrame) -> pd.DataFrame:
    """Return the specification curve in percentage points, one row a specification."""
    names = {"form": "score as", "adjusted_for": "adjusted for", "window": "days followed"}
    return shown(curve).rename(columns=names)


def curve_caption(curve: pd.DataFrame, firm: Company) -> Caption:
    """Return the caption of the specification curve."""
    counts = curve.loc[curve["clear"] != "", "clear"].value_counts()
    clear, total = int(counts.drop("unclear", errors="ignore").sum()), int(counts.sum())
    message = f"The link is clear in {clear} of {total} ways of counting"
    return per_point_caption(message, firm, curve, within="30 to 365 days") | {
        "description": f"{message}. {spread(in_percentage_points(curve)[['form', 'value']])}",
        "mark": "as on our pages",
    }


def choices_shown(choices: pd.DataFrame) -> pd.DataFrame:
    """Return the choices in percentage points."""
    numbers = choices[["value", "least", "most"]] * 100
    return choices.assign(**{name: numbers[name] for name in numbers}, unit=PER_POINT)


def event_shown(study: pd.DataFrame, event: object) -> pd.DataFrame:
    """Return the months around an event, repeats in percentage points, each outcome named.

    Without an event: one row with the reason, so that the chart says it.
    """
    if isinstance(event, Unsaid):
        return said_frame([event], period=[0], outcome=[""])
    share = study["outcome"] == "repeat"
    names = {"score": "Score, in points", "repeat": f"Repeat orders, in {PER_POINT}"}
    both = study.where(~share, in_percentage_points(study))
    return both.assign(
        outcome=study["outcome"].map(names), unit=share.map({True: PER_POINT, False: "score"})
    )


def choices_caption(choices: pd.DataFrame, firm: Company) -> Caption:
    """Return the caption of what each choice does to the effect."""
    message = _choices_message(choices)
    return {
        "message": message,
        "measure": "Middle one of the effects in which a choice takes part, and the ends of them "
        "all (no intervals); percentage points for one more point",
        "source": source("Ways of counting", int(choices["specifications"].sum() / 3)),
        "description": f"{message}. {spread(choices_shown(choices))}",
        "height": 62 + 54 * int(choices["kind"].value_counts().max() if len(choices) else 1),
        "panels": "kind",
    }


def rules_table(found: Verdict) -> pd.DataFrame:
    """Return the rules of the verdict with the answer that this edition gives to each."""
    names = {"rule": "the rule", "otherwise": "if not", "answer": "here"}
    return found.answers.rename(columns=names)


def rules_caption(found: Verdict) -> Caption:
    """Return the caption of the rules."""
    return {
        "message": f"By these rules the evidence is: {found.grade}",
        "measure": "Asked in this order; the first no sets the grade, and without any it is strong",
        "source": source(FOLLOWED, found.n),
    }


def event_caption(study: pd.DataFrame, event: object) -> Caption:
    """Return the caption of the months around an event (`event`: a shock, or Unsaid)."""
    if isinstance(event, Unsaid):
        message, who = "No event from outside to learn from", ""
    else:
        message = brief(f"Before and after “{event.event}”", "Before and after the event")
        who = f"; {event.touched} against the rest"
    return {
        "message": message,
        "measure": f"Difference by month from the month before the event{who}; 95% intervals",
        "source": source("Answers", int(study["n"].max()) if len(study) else 0),
        "description": f"{message}. The numbers stand in the table.",
        "x_label": "months since the event",
        "panels": "outcome",
    }


def per_point_caption(message: str, firm: Company, rows: pd.DataFrame, within: str = "") -> Caption:
    """Return the caption of effects of one point, in percentage points, within the named days."""
    within = within or f"{firm.repeat_within_days} days"
    return {
        "message": message,
        "measure": f"Percentage points more who order again within {within}, for one more point "
        f"of “{firm.main.label}”; 95% intervals",
        "source": source(FOLLOWED, int(rows["n"].max()) if len(rows) else 0),
    }


def _ladder_message(rungs: pd.DataFrame) -> str:
    known = rungs[rungs["value"].notna() & (rungs["role"] == "estimate")]
    if known.empty:
        return "No design gives a number"
    clear = int(((known["low"] > 0) | (known["high"] < 0)).sum())
    several = "design" if len(known) == 1 else "designs"
    return f"The link is clear in {clear} of {digits(len(known), 0)} {several} that measure it"


def _choices_message(choices: pd.DataFrame) -> str:
    if choices.empty:
        return "No way of counting gave a number"
    spans = choices.groupby("kind", sort=False)["value"].agg(lambda one: one.max() - one.min())
    words = {
        "score as": "how the score enters",
        "adjusted for": "what is adjusted for",
        "days followed": "how long answers are followed",
    }
    return f"The effect hangs most on {words[str(spans.idxmax())]}"
