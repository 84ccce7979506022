"""The words on other scores than today's: scenarios, elasticity, how sure one could be."""

from __future__ import annotations

from collections.abc import Mapping

import pandas as pd

from profitchain.core.estimates import Estimate, MaybeEstimate, NotEstimable
from profitchain.core.formats import MINUS, digits, ends
from profitchain.core.i18n import N_, _, following, ngettext
from profitchain.effects.power import MORE_TO_HALVE, POWER
from profitchain.effects.scenarios import Levels
from profitchain.panel.edition import Edition
from profitchain.words import scores
from profitchain.words.captions import FOLLOWED, Caption, source
from profitchain.words.designs import described
from profitchain.words.prose import sentence
from profitchain.words.reasons import text
from profitchain.words.repeat_effect import no_ten_points
from profitchain.words.worth import WORDS, followed_source, window_days

CLAIMED = 3.0  # percent more spend for 1% more satisfaction, as often quoted

NAMES = (  # of rows, as `effects` has them; translated where they are shown

    N_("Every detractor becomes a passive"), N_("All below {cut} reach {cut}"),
    N_("All above {cut} reach {cut}"), N_("{segment}: {group} up to the mean of all"),
    N_("All scenarios"), N_("all"), N_("yes"), N_("no"), N_("percent per percent"), N_("months"),
)  # fmt: skip


def ends_sentence(parts: Mapping[str, MaybeEstimate], *, or_nothing: bool = False) -> str:
    """Return whether a point counts for more at the bottom of the scale or at its top.

    `or_nothing`: say nothing rather than why it can't be said.
    """
    apart = parts["difference"]
    if isinstance(apart, NotEstimable):
        why = text(apart)
        unsaid = _("Whether mending or delighting counts for more can't be said: {why}", why=why)
        return "" if or_nothing else unsaid
    detail = sentence(
        "Per answer and within the window, a point goes with {mending:number} ({mending:interval}) "
        "at the bottom of the scale and {delighting:number} ({delighting:interval}) at its top; "
        "their difference is {difference:number} ({difference:interval}).",
        mending=parts["mending"], delighting=parts["delighting"], difference=apart,
    )  # fmt: skip
    mending, delighting = _("**Mending counts for more.**"), _("**Delighting counts for more.**")
    head = mending if apart.value > 0 else delighting
    at_ends = [parts[end] for end in ("mending", "delighting")]
    if all(isinstance(end, Estimate) and end.value < 0 for end in at_ends):
        head = _("**A point goes with less at both ends of the scale.**")
    elif apart.spans_zero:
        head = _("**No clear difference between mending and delighting.**")
    return following(head, detail)


def tops_sentence(levels: Levels | NotEstimable) -> str:
    """Return how many answers can't rise any more."""
    if isinstance(levels, NotEstimable):
        return _("No scenario can be told: {why}", why=text(levels))
    return _(
        "{share} of the answers already stand at the best end of the scale and stay there.",
        share=f"{levels.at_the_top:.0%}",
    )


def elasticity_sentence(elasticity: MaybeEstimate) -> str:
    """Return by how many percent sales differ for 1% more score, beside what is often claimed."""
    if isinstance(elasticity, NotEstimable):
        return _("What 1% more satisfaction goes with can't be said: {why}", why=text(elasticity))
    words = {
        "size": f"{digits(abs(elasticity.value), 2)}%",
        "evidence": _(
            "{level} interval {ends}; n = {n}",
            level=f"{elasticity.level:.0%}",
            ends=ends(_percent(elasticity.low), _percent(elasticity.high)),
            n=digits(elasticity.n, 0),
        ),
        "unclear": _(", an interval that spans zero") if elasticity.spans_zero else "",
    }
    more = N_(
        "At the present mean, 1% more score goes with {size} more sales ({evidence}){unclear}."
    )
    less = N_(
        "At the present mean, 1% more score goes with {size} less sales ({evidence}){unclear}."
    )
    message = _(more if elasticity.value >= 0 else less, **words)
    return following(message, _claim_sentence(elasticity))


def plan_sentences(
    effect: MaybeEstimate, smallest: MaybeEstimate, months: MaybeEstimate
) -> tuple[str, str]:
    """Return the smallest effect to be found, and what would halve the interval."""
    seen = sentence(
        "Answers like these would find a difference of {smallest:difference_number} for one more "
        "point four times in five; the one measured is {effect:difference}.",
        otherwise="The smallest effect that would be found can't be said: {why}",
        smallest=smallest, effect=effect,
    )  # fmt: skip
    if isinstance(months, NotEstimable):
        why = text(months)
        return seen, _("How long it takes to halve the interval can't be said: {why}", why=why)
    return seen, ngettext(
        "Half as wide an interval takes four times the answers: {answers} more, or {n} more month "
        "at this period's rate.",
        "Half as wide an interval takes four times the answers: {answers} more, or {n} more months "
        "at this period's rate.",
        round(months.value),
        n=digits(months.value, 0),
        answers=digits(MORE_TO_HALVE * months.n, 0),
    )


def _claim_sentence(elasticity: Estimate) -> str:
    """Return whether the effect that is often claimed lies inside an interval."""
    inside = N_("The often quoted {claimed} lies inside it.")
    outside = N_("The often quoted {claimed} lies outside it.")
    is_inside = elasticity.low <= CLAIMED <= elasticity.high
    return _(inside if is_inside else outside, claimed=f"{CLAIMED:g}%")


def _percent(value: float) -> str:
    return f"{digits(value, 2)}%".replace("-", MINUS)


def scenarios_caption(table: pd.DataFrame, edition: Edition, money: str) -> Caption:
    """Return the caption of a table of scenarios."""
    return {
        "message": _("What other scores would go with"),
        "measure": _(
            "Difference in {what} per answer within {days}, adjusted; 95% intervals",
            what=_(WORDS[money]),
            days=window_days(edition),
        ),
        "source": followed_source(table["n"].max(), edition, money) if len(table) else _(FOLLOWED),
        "units": {"answers_moved": "share", "NPS_points": "count"},
        "empty": no_ten_points(edition.company.main),
    }


def starts_caption(
    starts: pd.DataFrame, levels: Levels | NotEstimable, edition: Edition, money: str
) -> Caption:
    """Return the caption of what a point goes with from each score on."""
    clear = starts[(starts["low"] > 0) | (starts["high"] < 0)]
    where = _("At no score is a further point's worth clear")
    if starts["value"].isna().all():
        where = _("Where on the scale a point counts most can't be said")
    elif len(clear):
        most = clear.loc[clear["value"].abs().idxmax()]
        more, less = (
            N_("A point goes with most from {step}"),
            N_("A point goes with the largest loss from {step}"),
        )
        where = _(more if most["value"] > 0 else less, step=text(most["step"]))
    return {
        "message": where,
        "measure": _(
            "Difference in {what} per answer within {days}, adjusted, for one more point from "
            "each score on",
            what=_(WORDS[money]),
            days=window_days(edition),
        ),
        "source": followed_source(levels.n, edition, money),
        "description": described(where, scores.spread(starts)),
        "unit": edition.company.currency,
        "reference": 0,
    }


def elasticity_caption(along: pd.DataFrame, edition: Edition) -> Caption:
    """Return the caption of the elasticity at other mean scores."""
    return {
        "message": _("1% more score means something else at every mean score"),
        "measure": _(
            "Percent more sales within {days} for 1% more score, and the most by which the mean "
            "could rise; 95% intervals",
            days=window_days(edition),
        ),
        "source": source(FOLLOWED, along["n"].max()),
        "units": {"most_rise": "share"},
    }


def experiment_caption(plan: pd.DataFrame, edition: Edition, money: str) -> Caption:
    """Return the caption of an experiment's size."""
    return {
        "message": _("How large an experiment would have to be"),
        "measure": _(
            "Customers in each of two equal arms, one a point more satisfied, followed for {days}; "
            "two-sided 5%, power {power}",
            days=window_days(edition),
            power=f"{POWER:.0%}",
        ),
        "source": followed_source(plan["n"].max(), edition, money),
        "units": {"customers_per_arm": "count"},
    }


def plan_table(plan: pd.DataFrame) -> pd.DataFrame:
    """Return an experiment's sizes as a table, differences of shares in percentage points."""
    is_share = plan["unit"] == "share"
    numbers = ["value", "low", "high"]
    table = plan.assign(
        outcome=plan["outcome"].replace({"repeats": N_("come back")}),
        unit=plan["unit"].mask(is_share, "percentage points"),
    )
    table[numbers] = table[numbers].mask(is_share, table[numbers] * 100)
    moved = [*numbers, "unit", "why"]
    return table.rename(columns={name: f"one_more_point_{name}" for name in moved})
