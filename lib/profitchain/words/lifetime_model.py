"""Whether the model of lifetime value predicts: its verdict on the past, edges, trial in detail."""

from __future__ import annotations

from datetime import date

import pandas as pd
from babel.dates import format_date

from profitchain.core.estimates import Estimate, NotEstimable
from profitchain.core.formats import digits
from profitchain.core.i18n import N_, _, locale
from profitchain.lifetime.bgnbd_gammagamma import DAYS_A_WEEK
from profitchain.lifetime.expected_value import LifetimeModels
from profitchain.lifetime.holdout_test import (
    CLOSE,
    FAR,
    HoldoutTest,
    MaybeHoldout,
    failure,
    holdout_verdict,
    silence,
)
from profitchain.panel.edition import Edition
from profitchain.words import reasons
from profitchain.words.presentation import Presentation, Said, source
from profitchain.words.prose import listed

EDGES = {  # the first that holds counts; what it explains is not told again
    frozenset({"a low", "b low"}): N_("some leave at the first chance, the others never"),
    frozenset({"a high", "b high"}): N_("all leave with the same chance"),
    frozenset({"a low"}): N_("nobody ever leaves"),
    frozenset({"b low"}): N_("everybody leaves at the first chance"),
    frozenset({"r high"}): N_("all buy at the same rate"),
}
ALIKE = 2.0  # of log-likelihood: less sets no model apart
WITHOUT_END = {"low": N_("{name} low without end"), "high": N_("{name} high without end")}
EXPLAINED = {"a low": "b high", "b low": "a high", "r high": "alpha high"}
VERDICTS = {
    "fits": "fits",
    "unsure": "unsure",
    "slightly too many": "slightly_many",
    "slightly too few": "slightly_few",
    "too many": "too_many",
    "too few": "too_few",
}


def verdict(trial: MaybeHoldout) -> Said:
    """Return whether the model, fitted on the past, predicted what then came."""
    if isinstance(trial, NotEstimable):
        return Said("untried", {"why": reasons.text(trial)})
    if isinstance(trial.ratio, NotEstimable):
        return Said("unjudged", {"why": reasons.text(trial.ratio)})
    values = {"day": _day(trial.calibrated_to), "days": trial.days, "ratio": trial.ratio}
    why = failure(trial)
    if why is not None and why.why.key == "lifetime_model_is_off_by_silence":
        return Said("off_by_silence", {"why": reasons.text(why)})
    return Said(VERDICTS[holdout_verdict(trial.ratio)], values)


def edges_sentence(models: LifetimeModels) -> str:
    """Return what the purchase model says where its parameters ran to an edge; "" where none."""
    edges, names = set(models.purchases.edges), []
    if not edges:
        return ""
    for parts, words in EDGES.items():
        if parts <= edges:
            edges -= parts | {EXPLAINED[part] for part in parts}
            names.append(_(words))
    for name, way in (edge.split() for edge in sorted(edges)):
        names.append(_(WITHOUT_END[way], name=name))
    return _(
        "**The model stands at an edge:** {named}. The data can't tell this from a less extreme "
        "case; the parameters concerned are held there and carry no error.",
        named=listed(names),
    )


def trial_rule(trial: MaybeHoldout, *, edition: Edition) -> list[Said | str]:
    """Return which model was chosen, two further ratios, and the rule of the verdict."""
    if isinstance(trial, NotEstimable):
        return [verdict(trial)]
    said = [chosen(trial)] if trial.models.rival else []
    if isinstance(trial.ratio_with_new, Estimate):
        said.append(Said("newcomers", {"ratio": trial.ratio_with_new}))
    if isinstance(trial.money_ratio, Estimate):
        said.append(Said("payments", {"ratio": trial.money_ratio}))
    rule = Said("rule", {"share": f"{CLOSE:.0%}", "far": f"{FAR:g}"})
    return [*said, rule, edges_sentence(trial.models)]


def chosen(trial: HoldoutTest) -> Said:
    """Return which of the two models of purchases is used, and why."""
    models = trial.models
    values: dict[str, object] = {"model": models.purchases.name, "gain": digits(trial.gain, 1)}
    values["rival"] = models.rival.name if models.rival else ""
    return Said("alike" if trial.gain < ALIKE else "likelier", values)


def lifetime_holdout(trial: HoldoutTest, *, edition: Edition) -> Presentation:
    """Return expected (line) and come (dots) by earlier repeats, and the ratio's verdict."""
    line, dots = _frames(trial)
    n, most = int(trial.by_repeats["customers"].sum()), trial.by_repeats["repeats"].max()
    values: dict[str, object] = {"source": source(_("Customers known at that day"), n)}
    says = "little"
    if isinstance(trial.ratio, Estimate):
        says, values["share"] = holdout_says(trial.ratio)
    before = _("repeats before ({most}: or more)", most=most)
    values |= {"day": _day(trial.calibrated_to)}
    return Presentation(line, says, values, {"points": dots, "x_label": before})


def holdout_says(ratio: Estimate) -> tuple[str, str]:
    """Return what a ratio of expected to happened says of the model, and by which share."""
    says = VERDICTS[holdout_verdict(ratio)].split("_")[-1]
    is_off = says in ("many", "few")
    return says, f"{abs(ratio.value - 1):.0%}" if is_off else f"{CLOSE:.0%}"


def lifetime_silence(trial: HoldoutTest, *, edition: Edition) -> Presentation:
    """Return what was expected of customers and what came, by how long they had been silent."""
    rows = trial.by_silence
    bands = [silence(*ends) for ends in rows[["silent_from", "silent_to"]].to_numpy()]
    named = rows.drop(columns=["silent_from", "silent_to", "is_off"])
    named = named.rename(columns=lambda name: name.replace("happened", "came"))
    named.insert(0, "days_silent", bands)
    note = source(_("Customers known at that day"), int(rows["customers"].sum()))
    values = {"off": int(rows["is_off"].sum()), "all": len(rows), "source": note}
    shown = named.assign(expected_unit="orders", came_unit="orders")
    return Presentation(shown, "bands", values)


def lifetime_tracking(trial: HoldoutTest, *, edition: Edition) -> Presentation:
    """Return repeats over time, expected (line) and come (dots)."""
    rows, came = trial.tracking, trial.tracking["came"]
    last = rows.iloc[-1]
    dots = rows[["weeks"]].assign(value=came, low=came, high=came)
    values: dict[str, object] = {"source": source(_("Customers"), int(last["n"]))}
    values["weeks"] = digits(trial.days / DAYS_A_WEEK, 0)
    if not last["came"]:
        return Presentation(rows, "no_repeat", values, {"points": dots})
    values["times"] = digits(last["value"] / last["came"], 2)
    return Presentation(rows, "by_the_end", values, {"points": dots})


def _frames(trial: HoldoutTest) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Return the line (expected) and the dots (happened) of the chart: x, value, low, high, n."""
    rows = trial.by_repeats.rename(columns={"customers": "n"})
    line, dots = (
        rows.rename(columns=lambda name, part=part: name.removeprefix(f"{part}_"))[
            ["repeats", "value", "low", "high", "n"]
        ]
        for part in ("expected", "happened")
    )
    came = dots[["value", "low", "high"]].add_prefix("came_")
    return pd.concat([line, came], axis=1), dots.dropna(subset=["value"])


def _day(iso: str) -> str:
    """Return a day as a reader says it: 30 September 2025."""
    return format_date(date.fromisoformat(iso), "long", locale=locale())
