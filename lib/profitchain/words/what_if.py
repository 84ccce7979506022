"""The words on other scores than today's: scenarios, elasticity, how sure one could be."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import pandas as pd

from profitchain.core.estimates import Estimate, MaybeEstimate, NotEstimable
from profitchain.core.formats import MINUS, digits
from profitchain.core.formats import ends as interval_ends
from profitchain.core.i18n import N_, _
from profitchain.effects.power import MORE_TO_HALVE, POWER
from profitchain.effects.scenarios import Levels, clear_stretch, steps_of_money
from profitchain.panel.edition import Edition
from profitchain.words.captions import FOLLOWED, followed_source
from profitchain.words.presentation import Presentation, Said
from profitchain.words.prose import first_capital
from profitchain.words.reasons import text
from profitchain.words.repeat_effect import no_ten_points
from profitchain.words.worth import WORDS, window_days

CLAIMED = 3.0  # percent more spend for 1% more satisfaction, as often quoted

NAMES = (  # of rows, as `effects` has them; translated where they are shown

    N_("Every detractor becomes a passive"), N_("All below {cut} reach {cut}"),
    N_("All above {cut} reach {cut}"), N_("{segment}: {group} up to the mean of all"),
    N_("All scenarios"), N_("all"), N_("yes"), N_("no"), N_("percent per percent"), N_("months"),
)  # fmt: skip


def ends(parts: Mapping[str, MaybeEstimate], *, edition: Edition) -> list[Said]:
    """Return whether a point counts for more at the bottom of the scale or at its top."""
    apart = parts["difference"]
    if isinstance(apart, NotEstimable):
        return [Said("no_ends", {"why": text(apart)})]
    at_ends = [parts[end] for end in ("mending", "delighting")]
    if all(isinstance(end, Estimate) and end.value < 0 for end in at_ends):
        key = "less_at_both"
    elif apart.spans_zero:
        key = "alike_at_both"
    else:
        key = "mend" if apart.value > 0 else "delight"
    values = {"mending": at_ends[0], "delighting": at_ends[1], "difference": apart}
    return [Said(key, values)]


def at_the_top(levels: Levels | NotEstimable, *, edition: Edition) -> list[Said]:
    """Return how many answers can't rise any more."""
    if isinstance(levels, NotEstimable):
        return [Said("no_scenario", {"why": text(levels)})]
    return [Said("tops", {"share": f"{levels.at_the_top:.0%}"})]


def elasticity_now(figure: MaybeEstimate, *, edition: Edition) -> list[Said]:
    """Return by how many percent sales differ for 1% more score, beside what is often claimed."""
    if isinstance(figure, NotEstimable):
        return [Said("no_elasticity", {"why": text(figure)})]
    values = {
        "size": _percent(abs(figure.value)),
        "ends": interval_ends(_percent(figure.low), _percent(figure.high)),
        "n": digits(figure.n, 0),
    }
    inside = figure.low <= CLAIMED <= figure.high
    key = "more_sales" if figure.value >= 0 else "less_sales"
    claim = Said("claim_inside" if inside else "claim_outside", {"claimed": f"{CLAIMED:g}%"})
    return [Said(key, values), claim]


def plan(
    effect: MaybeEstimate, smallest: MaybeEstimate, months: MaybeEstimate, *, edition: Edition
) -> list[Said]:
    """Return the smallest effect to be found, and what would halve the interval."""
    why = next((text(one) for one in (smallest, effect) if isinstance(one, NotEstimable)), "")
    seen = Said("no_smallest", {"why": why})
    if not why:
        seen = Said("smallest", {"smallest": smallest, "effect": effect})
    if isinstance(months, NotEstimable):
        return [seen, Said("no_months", {"why": text(months)})]
    values = {
        "count": round(months.value),
        "n": digits(months.value, 0),
        "answers": digits(MORE_TO_HALVE * months.n, 0),
    }
    return [seen, Said("months", values)]


def _percent(value: float) -> str:
    return f"{digits(value, 2)}%".replace("-", MINUS)


def scenarios(table: pd.DataFrame, money: str, *, edition: Edition) -> Presentation:
    """Return scenarios of other scores."""
    values = _in_window(table, edition, money)
    return Presentation(table, "what", {**values, "empty": _(no_ten_points(edition.company.main))})


nps_points = scenarios


def by_start(
    starts: pd.DataFrame, levels: Levels | NotEstimable, money: str, *, edition: Edition
) -> Presentation:
    """Return what a point goes with from each score on, and where clearly."""
    known = steps_of_money(starts, currency=edition.company.currency).set_index("step")
    steps = {step: one for step, row in known.iterrows()
             if isinstance(one := Estimate.of(row), Estimate)}  # fmt: skip
    gain = clear_stretch(steps)
    loss = clear_stretch({step: one.times(-1) for step, one in steps.items()})
    says = "gain" if gain else "loss" if loss else "unclear" if steps else "none"
    source = followed_source(levels.n, edition, money)
    values = _in_window(starts, edition, money) | {"source": source, **ends_of(gain or loss)}
    return Presentation(starts, says, values)


def ends_of(steps: Iterable[str]) -> dict[str, str]:
    """Return from which score to which a stretch of steps ("6 to 7") leads."""
    scores = [score for step in steps for score in step.split(" to ")] or ["", ""]
    return {"start": scores[0], "end": scores[-1]}


def elasticity(along: pd.DataFrame, *, edition: Edition) -> Presentation:
    """Return the elasticity at other mean scores."""
    return Presentation(along, "what", _in_window(along, edition, "spend"))


def experiment(plan: pd.DataFrame, money: str, *, edition: Edition) -> Presentation:
    """Return an experiment's sizes, differences of shares in percentage points."""
    is_share = plan["unit"] == "share"
    numbers = ["value", "low", "high"]
    table = plan.assign(
        outcome=plan["outcome"].replace({"repeats": N_("come back")}),
        unit=plan["unit"].mask(is_share, "percentage points"),
    )
    table[numbers] = table[numbers].mask(is_share, table[numbers] * 100)
    table = table.rename(
        columns={name: f"one_more_point_{name}" for name in [*numbers, "unit", "why"]}
    )
    values = _in_window(plan, edition, money) | {"power": f"{POWER:.0%}"}
    return Presentation(table, "what", values)


def _in_window(rows: pd.DataFrame, edition: Edition, money: str) -> dict[str, object]:
    """Return what is measured, within how many days, and on how many answers."""
    source = followed_source(rows["n"].max(), edition, money) if len(rows) else _(FOLLOWED)
    return {
        "What": first_capital(_(WORDS[money])),
        "window": window_days(edition),
        "source": source,
    }
