"""The words of the page on how wrong we could be: the verdict, its reasons, what is hidden."""

from __future__ import annotations

import pandas as pd

from profitchain.core.estimates import NotEstimable
from profitchain.core.formats import digits
from profitchain.core.i18n import N_, _, clauses, following, ngettext
from profitchain.evidence.grade import Verdict
from profitchain.evidence.specification_curve import AS, FOR, LENGTH
from profitchain.panel.edition import Edition
from profitchain.sources.company import Company
from profitchain.stats.comparisons import in_percentage_points
from profitchain.stats.ratios import said_frame
from profitchain.words.captions import FOLLOWED, PER_POINT, Caption, source
from profitchain.words.scores import brief, spread

ROLES = {"estimate": "", "check": "", "shown": N_("Shown, but not judged.")}
GRADE_WORDS = {
    "too few data": N_("too few data"),
    "contradictory": N_("contradictory"),
    "weak": N_("weak"),
    "moderate": N_("moderate"),
    "strong": N_("strong"),
}
OPENING = {
    1.0: N_("The evidence that satisfied customers come back more is **{grade}**: {reasons}."),
    -1.0: N_("The evidence that satisfied customers come back less is **{grade}**: {reasons}."),
    0.0: N_(
        "The evidence on whether satisfied customers come back more is **{grade}**: {reasons}."
    ),
}
HANGS_ON = {
    AS: N_("The effect hangs most on how the score enters"),
    FOR: N_("The effect hangs most on what is adjusted for"),
    LENGTH: N_("The effect hangs most on how long answers are followed"),
}


def verdict_sentence(found: Verdict) -> str:
    """Return the page's first sentence: the verdict in words, with its reasons."""
    reasons = clauses(map(_, found.reasons))
    if found.grade == "too few data":
        return _(
            "There are **too few data** to say whether satisfied customers come back more: "
            "{reasons}.",
            reasons=reasons,
        )
    if found.lacking:
        reasons = _("{reasons}, but {lacking}", reasons=reasons, lacking=_(found.lacking))
    opening = OPENING[0.0 if found.grade == "contradictory" else found.direction]
    return _(opening, grade=_(GRADE_WORDS[found.grade]), reasons=reasons)


def specifications_sentence(curve: pd.DataFrame) -> str:
    """Return in how many specifications the link is clear, and whether the conclusion flips."""
    counts = curve.loc[curve["clear"] != "", "clear"].value_counts()
    total = int(counts.sum())
    if total == 0:
        return _("No other way of counting gave a number.")
    up, down = (int(counts.get(side, 0)) for side in ("positive", "negative"))
    most, least = max(up, down), min(up, down)
    counts = {"most": most, "total": total}
    if least:
        return _(
            "In **{most} of {total}** ways of counting, the interval leaves zero out on one side, "
            "in {least} on the other: the conclusion **flips**.",
            least=least,
            **counts,
        )
    if most == 0:
        return _(
            "In none of {total} ways of counting does the interval leave zero out.", total=total
        )
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


def pre_trend_sentence(test: object) -> str:
    """Return whether those touched by the event moved like the rest before it."""
    if isinstance(test, NotEstimable):
        return _("Whether both moved alike before the event can't be said: {why}", why=test.why)
    p = _("p below {limit}", limit="0.001") if test.p < 0.001 else f"p = {test.p:.3f}"
    if test.p < 0.05:
        return _(
            "Before the event they did **not** move alike ({p}): what follows is no proof.", p=p
        )
    return _("Before the event there is no sign that they moved apart ({p}).", p=p)


def rungs_table(rungs: pd.DataFrame) -> pd.DataFrame:
    """Return the ladder as a table, in percentage points: design, effect, n, what it compares."""
    table = shown(rungs).rename(columns={"label": "design"})
    notes = [
        following(row.note, _(ROLES[row.role]), row.why and _("Not here: {why}", why=row.why))
        for row in rungs.itertuples()
    ]
    table = table.assign(why=N_("not here")).assign(**{"what it compares": notes})
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
        "description": described(message, spread(shown)),
        "unit": PER_POINT,
        "reference": 0,
    }


def rungs_table_caption(rungs: pd.DataFrame, edition: Edition) -> Caption:
    """Return the caption of the ladder's table."""
    told = per_point_caption(_("Each design, and what it compares"), edition.company, rungs)
    if edition.stands_for == 1:
        return told
    few = _(
        "{source}; designs that follow single customers: of some drawn by chance, each stands for "
        "{each}",
        source=told["source"], each=digits(edition.stands_for, 1),
    )  # fmt: skip
    return told | {"source": few}


def windows_caption(rows: pd.DataFrame, firm: Company) -> Caption:
    """Return the caption of the effect by length of the window."""
    known = rows.dropna(subset=["value"])
    clear = int((known["low"] > 0).sum() + (known["high"] < 0).sum())
    counts = {"clear": clear, "total": len(known)}
    message = _("The link is clear for {clear} of {total} lengths of the window", **counts)
    return per_point_caption(message, firm, rows, within=_("the days named")) | {
        "description": described(message, spread(in_percentage_points(rows))),
        "unit": PER_POINT,
        "reference": 0,
    }


def shown(rows: pd.DataFrame) -> pd.DataFrame:
    """Return effects of a point in percentage points, named as such."""
    return in_percentage_points(rows).assign(unit=PER_POINT)


def curve_shown(curve: pd.DataFrame) -> pd.DataFrame:
    """Return the specification curve in percentage points, one row a specification."""
    names = {"form": AS, "adjusted_for": FOR, "window": LENGTH}
    return shown(curve).drop(columns="cut").rename(columns=names)


def curve_caption(curve: pd.DataFrame, firm: Company) -> Caption:
    """Return the caption of the specification curve."""
    counts = curve.loc[curve["clear"] != "", "clear"].value_counts()
    clear, total = int(counts.drop("unclear", errors="ignore").sum()), int(counts.sum())
    counts = {"clear": clear, "total": total}
    message = _("The link is clear in {clear} of {total} ways of counting", **counts)
    return per_point_caption(message, firm, curve, within=_("30 to 365 days")) | {
        "description": described(message, spread(in_percentage_points(curve)[["form", "value"]])),
        "mark": _("as on our pages"),
    }


def choices_shown(choices: pd.DataFrame) -> pd.DataFrame:
    """Return the choices in percentage points."""
    numbers = choices[["value", "least", "most"]] * 100
    return choices.assign(**{name: numbers[name] for name in numbers}, unit=PER_POINT)


def event_shown(study: pd.DataFrame, event: object) -> pd.DataFrame:
    """Return the months around an event, repeats in percentage points, each outcome named.

    Without an event: one row with the reason, so that the chart says it.
    """
    if isinstance(event, NotEstimable):
        return said_frame([event], period=[0], outcome=[""])
    share = study["outcome"] == "repeat"
    names = {"score": _("Score, in points"), "repeat": _("Repeat orders, in percentage points")}
    both = study.where(~share, in_percentage_points(study))
    return both.assign(
        outcome=study["outcome"].map(names), unit=share.map({True: PER_POINT, False: "score"})
    )


def choices_caption(choices: pd.DataFrame, firm: Company) -> Caption:
    """Return the caption of what each choice does to the effect."""
    message = _choices_message(choices)
    return {
        "message": message,
        "measure": _(
            "Middle one of the effects in which a choice takes part, and the ends of them all (no "
            "intervals); percentage points for one more point"
        ),
        "source": source(_("Ways of counting"), int(choices["specifications"].sum() / 3)),
        "description": described(message, spread(choices_shown(choices))),
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
        "message": _("By these rules the evidence is: {grade}", grade=_(GRADE_WORDS[found.grade])),
        "measure": _(
            "Asked in this order; the first no sets the grade, and without any it is strong"
        ),
        "source": source(_(FOLLOWED), found.n),
    }


def event_caption(study: pd.DataFrame, event: object) -> Caption:
    """Return the caption of the months around an event (`event`: a shock, or NotEstimable)."""
    if isinstance(event, NotEstimable):
        message = _("No event from outside to learn from")
        measure = _("Difference by month from the month before the event; 95% intervals")
    else:
        named = _("Before and after “{event}”", event=event.event)
        message = brief(named, _("Before and after the event"))
        measure = _(
            "Difference by month from the month before the event; {touched} against the rest; 95% "
            "intervals",
            touched=event.touched,
        )
    return {
        "message": message,
        "measure": measure,
        "source": source(_("Answers"), int(study["n"].max()) if len(study) else 0),
        "description": described(message, _("The numbers stand in the table.")),
        "x_label": _("months since the event"),
        "panels": "outcome",
    }


def per_point_caption(message: str, firm: Company, rows: pd.DataFrame, within: str = "") -> Caption:
    """Return the caption of effects of one point, in percentage points, within the named days."""
    within = within or ngettext("{n} day", "{n} days", firm.repeat_within_days)
    return {
        "message": message,
        "measure": _(
            "Percentage points more who order again within {within}, for one more point of "
            "“{question}”; 95% intervals",
            within=within,
            question=firm.main.label,
        ),
        "source": source(_(FOLLOWED), int(rows["n"].max()) if len(rows) else 0),
    }


def _ladder_message(rungs: pd.DataFrame) -> str:
    known = rungs[rungs["value"].notna() & (rungs["role"] == "estimate")]
    if known.empty:
        return _("No design gives a number")
    clear = int(((known["low"] > 0) | (known["high"] < 0)).sum())
    return ngettext(
        "The link is clear in {clear} of {n} design that measures it",
        "The link is clear in {clear} of {n} designs that measure it",
        len(known),
        clear=clear,
    )


def _choices_message(choices: pd.DataFrame) -> str:
    if choices.empty:
        return _("No way of counting gave a number")
    spans = choices.groupby("kind", sort=False)["value"].agg(lambda one: one.max() - one.min())
    return _(HANGS_ON[str(spans.idxmax())])


def described(message: str, rest: str) -> str:
    """Return a description for those who can't see a picture: its message, then more sentences."""
    return following(_("{message}.", message=message), rest)
