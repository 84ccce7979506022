"""The sentences on the link between satisfaction and what follows: "goes with", never "causes"."""

from __future__ import annotations

from collections.abc import Mapping

import pandas as pd

from profitchain.company import Question
from profitchain.estimates import Estimate, Said, Unsaid
from profitchain.formats import digits, number
from profitchain.narration import percent
from profitchain.wording import sentence

CLEAR = 0.05  # a test's p below this is taken for a bend
SEVERAL = 0.05  # a score that fewer than this share of all gave is not compared in a message


def effect_sentence(effect: Said, label: str, days: int) -> str:
    """Return the page's first answer: what one more point goes with, adjusted."""
    if isinstance(effect, Unsaid):
        return f"What one more point on “{label}” goes with can't be said: {effect.why}"
    if effect.spans_zero:
        return sentence(
            "**No clear link** between “{label}” and ordering again within {days} days: one more "
            "point goes with a difference of {effect:difference}, and the interval spans zero.",
            effect=effect, label=label, days=days,
        )  # fmt: skip
    return sentence(
        "One more point on “{label}” goes with **{size} {way}** customers ordering again within "
        "{days} days ({effect:difference_evidence}).",
        label=label, size=number(_upward(effect), difference=True), days=days,
        way="more" if effect.value > 0 else "fewer", effect=_upward(effect),
    )  # fmt: skip


def bend_sentence(test: object, bands: pd.DataFrame) -> str:
    """Return what the test of linearity says, and where on the scale the link is clearest."""
    if isinstance(test, Unsaid):
        return f"Whether each point counts the same can't be said: {test.why}"
    p = "p below 0.001" if test.p < 0.001 else f"p = {test.p:.3f}"
    if test.p < CLEAR:
        where = bands_message(bands, test)
        return f"Points do **not** all count the same (test of a straight line: {p}). {where}."
    return (
        f"No sign that some points count more than others (test of a straight line: {p}), which is "
        "no proof that all count the same."
    )


def ten_points_sentence(ten: Said, main: Question) -> str:
    """Return what ten points of NPS go with, and by which answers they would come."""
    if main.kind != "nps":
        return ""
    if isinstance(ten, Unsaid) or ten.spans_zero:
        return sentence(
            "Ten NPS points go with no clear difference in the repeat rate: {ten:difference}.",
            otherwise="What ten NPS points go with can't be said: {why}",
            ten=ten,
        )
    return sentence(
        "Ten NPS points, half from detractors who become passives and half from passives who "
        "become promoters, go with a repeat rate **{size} {way}** ({ten:difference_evidence}).",
        size=number(_upward(ten), difference=True), way="higher" if ten.value > 0 else "lower",
        ten=_upward(ten),
    )  # fmt: skip


def no_ten_points(main: Question) -> str:
    """Return why ten NPS points mean nothing for a question that isn't a net promoter question."""
    return f"The main question, “{main.label}”, is no net promoter question: it has no NPS points."


def rates_message(rates: pd.DataFrame) -> str:
    """Return the share that came back after the lowest and the highest score that many gave."""
    shown = rates[rates["value"].notna() & (rates["n"] >= SEVERAL * rates["n"].sum())]
    if len(shown) < 2:
        return "Too few answers to compare scores"
    low, high = shown.iloc[0], shown.iloc[-1]
    return (
        f"{percent(low['value'])} ordered again after a {low['score']:.2g}, "
        f"{percent(high['value'])} after a {high['score']:.2g}"
    )


def adjustment_message(compared: pd.DataFrame) -> str:
    """Return what adjusting does to the effect: most of it stays, shrinks, or can't be said."""
    if compared["value"].isna().any():
        return "What adjusting does to the link can't be said"
    raw, adjusted = compared["value"].iloc[0], compared["value"].iloc[1]
    if raw <= 0:
        return "The link before and after adjusting"
    share = 100 * (raw - adjusted) / raw
    if abs(share) < 5:
        return "Adjusting for history hardly changes the link"
    way = "weaker" if share > 0 else "stronger"
    return f"Adjusting for history makes the link {abs(share):.0f}% {way}"


def bend_message(test: object) -> str:
    """Return whether the curve is bent, as an exhibit's message."""
    if isinstance(test, Unsaid):
        return "How repeat purchases rise along the scale"
    if test.p < CLEAR:
        return "Some points count more than others"
    return "No clear departure from a straight line"


def bands_message(bands: pd.DataFrame, test: object) -> str:
    """Return in which band of the scale the link is steepest, where the test finds a bend."""
    known = bands.dropna(subset=["value"])
    if known.empty:
        return "Too few answers to compare parts of the scale"
    clear = known[known["low"] > 0]
    if clear.empty:
        return "In no part of the scale is the link clear"
    most = clear.loc[clear["value"].idxmax()]
    if isinstance(test, Unsaid) or test.p >= CLEAR:
        return "No part of the scale clearly counts for more than the others"
    return f"The link is steepest from {most['band']}"


def moves_table(moves: pd.DataFrame, main: Question) -> pd.DataFrame:
    """Return what ten NPS points go with as a table: mechanism, answers moved, effect in points.

    It has no rows where the main question gives no net promoter score.
    """
    moves = moves if main.kind == "nps" else moves.iloc[:0]
    shown = moves.rename(columns={"mechanism": "ten points by", "moved_share": "answers moved"})
    numbers = shown[["value", "low", "high"]] * 100
    shown = shown.assign(possible=shown["possible"].map({True: "yes", False: "no"}))
    shown = shown.assign(**{name: numbers[name] for name in numbers}, unit="percentage points")
    return shown.drop(columns="moves")


def amounts_message(spend: Said) -> str:
    """Return what one more point goes with in money spent."""
    if isinstance(spend, Unsaid):
        return "Orders and money: too few to say"
    if spend.spans_zero:
        return "No clear link with the money spent"
    way = "more" if spend.value > 0 else "less"
    return (
        f"One more point goes with {number(spend.times(1 if spend.value > 0 else -1))} {way} spent"
    )


def answers_followed(cells: pd.DataFrame, facts: Mapping[str, int]) -> str:
    """Return how many answers were followed to the end, and how many still wait."""
    return (
        f"{digits(cells['n'].sum(), 0)} answers of {digits(cells['cluster'].nunique(), 0)} "
        "customers were followed to the end of their window; "
        f"{digits(facts.get('still_open', 0), 0)} answers of this period or before are still "
        "inside it and wait for a later edition."
    )


def _upward(effect: Estimate) -> Estimate:
    """Return an effect without its sign, for words such as "fewer" that carry it."""
    return effect if effect.value >= 0 else effect.times(-1)
