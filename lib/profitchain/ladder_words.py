"""The words of the page on how wrong we could be: the verdict, its reasons, what is hidden."""

from __future__ import annotations

import pandas as pd

from profitchain.captions import FOLLOWED, PER_POINT, Caption, source
from profitchain.company import Company
from profitchain.comparisons import in_percentage_points
from profitchain.estimates import Said, Unsaid
from profitchain.formats import digits, plain
from profitchain.narration import brief, spread
from profitchain.sensitivity import TIMES, StraightLine, contours, drawn_to
from profitchain.verdicts import Verdict
from profitchain.wording import listed, sentence

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


def hidden_sentence(robust: Said, sure: Said, compared: pd.DataFrame) -> str:
    """Return how strong something hidden would have to be, against the strongest control."""
    if isinstance(robust, Unsaid) or isinstance(sure, Unsaid):
        return f"How strong something hidden would have to be can't be said: {robust.why}"
    told = sentence(
        "To explain the link away, something that nobody recorded would have to explain "
        "**{robust:number}** of what is still open both in the score and in who came back; "
        "{sure:number} would do to leave it unclear.",
        robust=robust, sure=sure,
    )  # fmt: skip
    once = compared[compared["times"] == 1]
    if once.empty:
        return told
    row = once.iloc[0]
    shares = [plain(row[name], "share") for name in ("score_share", "outcome_share")]
    return f"{told} Our strongest control, {row['control']}, explains {shares[0]} and {shares[1]}."


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


def e_value_sentence(ratio: Said, strength: Said) -> str:
    """Return the E-value of one more point in words, with that of the interval's near end."""
    if isinstance(ratio, Unsaid) or isinstance(strength, Unsaid):
        return sentence("{strength}", otherwise="No E-value: {why}", strength=strength)
    if strength.low <= 1:
        return sentence(
            "One more point goes with a repeat {ratio:number} times as likely ({ratio:evidence}): "
            "as the interval includes 1, nothing hidden is needed to explain it.",
            ratio=ratio,
        )
    return sentence(
        "One more point goes with a repeat {ratio:number} times as likely ({ratio:evidence}). "
        "Something hidden that makes both one more point and a repeat {strength:number} times as "
        "likely could explain that away (its E-value); {near} times would do to leave it unclear.",
        ratio=ratio, strength=strength, near=plain(strength.low, "ratio"),
    )  # fmt: skip


def reliability_sentence(found: Said, stated: tuple[float, ...]) -> str:
    """Return how alike two answers of one customer are, and which reliability is used."""
    ends = f"{min(stated):g} to {max(stated):g}"
    used = f"The correction uses the range that studies of single questions report, {ends}."
    if isinstance(found, Unsaid):
        return f"How noisy the score is can't be measured here: {found.why} {used}"
    told = sentence(
        "Two answers that a customer gave within four weeks agree to {found:number} "
        "({found:evidence}; 1: fully).",
        found=found,
    )
    if found.value < min(stated):
        return (
            f"{told} That is less than a noisy question alone explains: satisfaction itself moved "
            f"between them. {used}"
        )
    return f"{told} The correction uses that figure."


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
    return _per_point(message, firm, rungs) | {
        "description": f"{message}. {spread(shown)}",
        "unit": PER_POINT,
        "reference": 0,
    }


def rungs_table_caption(rungs: pd.DataFrame, firm: Company) -> Caption:
    """Return the caption of the ladder's table."""
    return _per_point("Each design, and what it compares", firm, rungs)


def windows_caption(rows: pd.DataFrame, firm: Company) -> Caption:
    """Return the caption of the effect by length of the window."""
    known = rows.dropna(subset=["value"])
    clear = int((known["low"] > 0).sum() + (known["high"] < 0).sum())
    message = f"The link is clear for {clear} of {len(known)} lengths of the window"
    return _per_point(message, firm, rows, within="the days named") | {
        "description": f"{message}. {spread(in_percentage_points(rows))}",
        "unit": PER_POINT,
        "reference": 0,
    }


def contour_points(compared: pd.DataFrame) -> pd.DataFrame:
    """Return what a drawing of contours compares with: each control, and the strongest thrice."""
    if compared.empty:
        return compared.assign(label="", unit="share")
    strongest = compared["control"].iloc[0]
    kept = compared[(compared["times"] == 1) | (compared["control"] == strongest)]
    labels = [
        row.control if row.times == 1 else f"{row.control} × {row.times:g}"
        for row in kept.itertuples()
    ]
    kept = kept.assign(unit="share")
    kept.insert(0, "label", labels)
    return kept[["label", "score_share", "outcome_share", "value", "low", "high", "n", "unit"]]


def contours_caption(line: StraightLine | Unsaid, compared: pd.DataFrame) -> Caption:
    """Return the caption of the contours and what the drawing needs besides its points."""
    told = {
        "message": _hidden_message(line, compared),
        "measure": "Share of what is still open in the score (across) and in who came back (up) "
        "that something hidden would explain; dots: as strong as what we adjust for",
        "source": source(FOLLOWED, line.n),
        "x_label": "of the score",
        "y_label": "of who came back",
    }
    told["description"] = f"{told['message']}. The numbers stand in the table of controls."
    if isinstance(line, Unsaid):
        return told | {"lines": pd.DataFrame(columns=["line"]), "reach": 1.0}
    reach = drawn_to(line, contour_points(compared))
    return told | {"lines": contours(line, reach=reach), "reach": reach, "height": 400}


def compared_table(compared: pd.DataFrame) -> pd.DataFrame:
    """Return what would be left beside something hidden as strong as each control, once to thrice.

    In percentage points, one row a control; without controls there are no rows.
    """
    rows = shown(compared)
    table = rows.drop_duplicates("control")[["control", "score_share", "outcome_share"]]
    table = table.rename(
        columns={
            "control": "as strong as",
            "score_share": "explains of the score",
            "outcome_share": "explains of repeats",
        }
    )
    for times, part in rows.groupby("times"):
        ends = part.set_index("control")[["value", "low", "high"]].loc[table["as strong as"]]
        for end in ends:
            table[f"{_left(times)}_{end}"] = ends[end].to_numpy()
    return table.reset_index(drop=True)


def compared_caption(line: StraightLine | Unsaid) -> Caption:
    """Return the caption of what would be left beside hidden confounders of known strength."""
    return {
        "message": "What would be left of the link beside something hidden",
        "measure": "Percentage points for one more point, by least squares, with 95% intervals; "
        "shares are of what all else that is adjusted for leaves open",
        "source": source(FOLLOWED, line.n),
        "units": {"explains of the score": "share", "explains of repeats": "share"}
        | {f"{_left(times)}_value": PER_POINT for times in TIMES},
        "empty": "Nothing is adjusted for, so there is nothing to compare with.",
    }


def shown(rows: pd.DataFrame) -> pd.DataFrame:
    """Return effects of a point in percentage points, named as such."""
    return in_percentage_points(rows).assign(unit=PER_POINT)


def corrections_table(rows: pd.DataFrame) -> pd.DataFrame:
    """Return the effect at each reliability, in percentage points."""
    names = [f"{one:g}" if one < 1 else "1 (no noise)" for one in rows["reliability"]]
    return in_percentage_points(rows).assign(reliability=names, unit=PER_POINT)


def corrections_caption(rows: pd.DataFrame, firm: Company) -> Caption:
    """Return the caption of the correction for a noisy score."""
    return _per_point("The noisier the score, the stronger the link behind it", firm, rows)


def curve_shown(curve: pd.DataFrame) -> pd.DataFrame:
    """Return the specification curve in percentage points, one row a specification."""
    names = {"form": "score as", "adjusted_for": "adjusted for", "window": "days followed"}
    return shown(curve).rename(columns=names)


def curve_caption(curve: pd.DataFrame, firm: Company) -> Caption:
    """Return the caption of the specification curve."""
    counts = curve.loc[curve["clear"] != "", "clear"].value_counts()
    clear, total = int(counts.drop("unclear", errors="ignore").sum()), int(counts.sum())
    message = f"The link is clear in {clear} of {total} ways of counting"
    return _per_point(message, firm, curve, within="30 to 365 days") | {
        "description": f"{message}. {spread(in_percentage_points(curve)[['form', 'value']])}",
        "mark": "as on our pages",
    }


def choices_shown(choices: pd.DataFrame) -> pd.DataFrame:
    """Return the choices in percentage points."""
    numbers = choices[["value", "least", "most"]] * 100
    return choices.assign(**{name: numbers[name] for name in numbers}, unit=PER_POINT)


def event_shown(study: pd.DataFrame) -> pd.DataFrame:
    """Return the months around an event, repeats in percentage points, each outcome named."""
    share = study["outcome"] == "repeat"
    names = {"score": "Score, in points", "repeat": f"Repeat orders, in {PER_POINT}"}
    both = study.where(~share, in_percentage_points(study)) if len(study) else study
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


def line_sentence(line: Said, effect: Said) -> str:
    """Return how the straight line's effect compares with the logit's of the other pages."""
    return sentence(
        "By least squares, which these formulas need, one more point goes with {line:difference}; "
        "by the logit of the other pages with {effect:difference_number}.",
        otherwise="No straight line fits: {why}", line=line, effect=effect,
    )  # fmt: skip


def _left(times: float) -> str:
    return "left" if times == 1 else f"left if {times:g} times as strong"


def _per_point(message: str, firm: Company, rows: pd.DataFrame, within: str = "") -> Caption:
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


def _hidden_message(line: StraightLine | Unsaid, compared: pd.DataFrame) -> str:
    if isinstance(line, Unsaid):
        return "How strong something hidden must be: too few to say"
    once = compared[compared["times"] == 1]
    if once.empty:
        return "How strong something hidden would have to be"
    broken = once[(once["low"] <= 0) & (once["high"] >= 0)]
    if broken.empty:
        return "The link would outlive something hidden as strong as any control"
    return "Something hidden as strong as a known control would leave the link unclear"


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
