"""The words on what is hidden: how strong it would have to be, and what noise in the score does."""

from __future__ import annotations

import pandas as pd

from profitchain.core.estimates import MaybeEstimate, NotEstimable
from profitchain.core.formats import ends, plain
from profitchain.core.i18n import N_, _, following, pgettext
from profitchain.evidence.hidden_confounding import StraightLine, contours, drawn_to
from profitchain.sources.company import Company
from profitchain.words import reasons
from profitchain.words.captions import FOLLOWED, Caption, source
from profitchain.words.designs import described, per_point, per_point_caption
from profitchain.words.prose import sentence
from profitchain.words.reasons import control_name


def hidden_sentence(robust: MaybeEstimate, sure: MaybeEstimate, compared: pd.DataFrame) -> str:
    """Return how strong something hidden would have to be, against the strongest control."""
    strength = sentence(
        "To explain the link away, something that nobody recorded would have to explain "
        "**{robust:number}** of what is still open both in the score and in who came back; "
        "{sure:number} would do to leave it unclear.",
        otherwise="How strong something hidden would have to be can't be said: {why}",
        robust=robust, sure=sure,
    )  # fmt: skip
    once = compared[compared["times"] == 1]
    if once.empty:
        return strength
    row = once.iloc[0]
    strongest = _(
        "Our strongest control, {control}, explains {of_score} and {of_repeats}.",
        control=control_name(row["control"]), of_score=plain(row["score_share"], "share"),
        of_repeats=plain(row["outcome_share"], "share"),
    )  # fmt: skip
    return following(strength, strongest)


def e_value_sentence(ratio: MaybeEstimate, strength: MaybeEstimate) -> str:
    """Return the E-value of one more point in words, with that of the interval's near end."""
    if isinstance(strength, NotEstimable):
        return _("No E-value: {why}", why=reasons.text(strength))
    if strength.low <= 1:
        return sentence(
            "One more point goes with a repeat {ratio:number} times as likely ({ratio:evidence}): "
            "as the interval includes 1, nothing hidden is needed to explain it.",
            ratio=ratio,
        )
    both = N_(
        "One more point goes with a repeat {ratio:number} times as likely ({ratio:evidence}). "
        "Something hidden that makes both one more point and a repeat {strength:number} times as "
        "likely could explain that away (its E-value); {near} times would do to leave it unclear."
    )
    apart = N_(
        "One more point goes with a repeat {ratio:number} times as likely ({ratio:evidence}). "
        "Something hidden that makes one more point {strength:number} times as likely and a repeat "
        "as many times less could explain that away (its E-value); {near} times would do to leave "
        "it unclear."
    )
    return sentence(
        both if isinstance(ratio, NotEstimable) or ratio.value >= 1 else apart,
        ratio=ratio, strength=strength, near=plain(strength.low, "ratio"),
    )  # fmt: skip


def reliability_sentence(agreement: MaybeEstimate, stated: tuple[float, ...]) -> str:
    """Return how alike two answers of one customer are, and which reliability is used."""
    used = _(
        "The correction uses the range that studies of single questions report, {range}.",
        range=ends(f"{min(stated):g}", f"{max(stated):g}"),
    )
    if isinstance(agreement, NotEstimable):
        why = reasons.text(agreement)
        return following(_("How noisy the score is can't be measured here: {why}", why=why), used)
    measured = sentence(
        "Two answers that a customer gave within four weeks agree to {found:number} "
        "({found:evidence}; 1: fully).",
        found=agreement,
    )
    if agreement.value < min(stated):
        less = _(
            "That is less than a noisy question alone explains: satisfaction itself moved between "
            "them."
        )
        return following(measured, less, used)
    return following(measured, _("The correction uses that figure."))


def contour_points(compared: pd.DataFrame) -> pd.DataFrame:
    """Return what a drawing of contours compares with: each control, and the strongest thrice."""
    if compared.empty:
        return compared.assign(label="", unit="share")
    strongest = compared["control"].iloc[0]
    rows = compared[(compared["times"] == 1) | (compared["control"] == strongest)]
    labels = [
        control_name(row.control) + ("" if row.times == 1 else f" × {row.times:g}")
        for row in rows.itertuples()
    ]
    columns = ["label", "score_share", "outcome_share", "value", "low", "high", "n", "unit"]
    return rows.assign(label=labels, unit="share")[columns]


def contours_caption(line: StraightLine | NotEstimable, compared: pd.DataFrame) -> Caption:
    """Return the caption of the contours and what the drawing needs besides its points."""
    message = _hidden_message(line, compared)
    caption = {
        "message": message,
        "measure": _(
            "Share of what is still open in the score (across) and in who came back (up) that "
            "something hidden would explain; dots: as strong as what we adjust for"
        ),
        "source": source(_(FOLLOWED), line.n),
        "description": described(message, _("The numbers stand in the table of controls.")),
        "x_label": pgettext("an axis: share", "of the score"),
        "y_label": pgettext("an axis: share", "of who came back"),
    }
    if isinstance(line, NotEstimable):
        return caption | {"lines": pd.DataFrame(columns=["line"]), "reach": (1.0, 1.0)}
    reach = drawn_to(line, contour_points(compared))
    return caption | {"lines": contours(line, reach=reach), "reach": reach, "height": 400}


def compared_table(compared: pd.DataFrame) -> pd.DataFrame:
    """Return what would be left beside something hidden as strong as each control, once to thrice.

    In percentage points, one row a control; without controls there are no rows.
    """
    rows = per_point(compared)
    names = {"control": "as strong as", "score_share": "explains of the score"}
    names |= {"outcome_share": "explains of repeats"}
    table = rows.drop_duplicates("control")[["control", "score_share", "outcome_share"]]
    table = table.rename(columns=names)
    for times, part in rows.groupby("times"):
        left = "left" if times == 1 else f"left at {times:g} times"
        numbers = part.set_index("control")[["value", "low", "high"]].loc[table["as strong as"]]
        for name in numbers:
            table[f"{left}_{name}"] = numbers[name].to_numpy()
    controls = [control_name(control) for control in table["as strong as"]]
    return table.assign(**{"as strong as": controls}).reset_index(drop=True)


def compared_caption(line: StraightLine | NotEstimable) -> Caption:
    """Return the caption of what would be left beside hidden confounders of known strength."""
    return {
        "message": _("What would be left of the link beside something hidden"),
        "measure": _(
            "Slopes in percentage points a point, by least squares, with 95% intervals; shares "
            "are of what all else that is adjusted for leaves open"
        ),
        "source": source(_(FOLLOWED), line.n),
        "units": {"explains of the score": "share", "explains of repeats": "share"},
        "empty": _("Nothing is adjusted for, so there is nothing to compare with."),
    }


def corrections_table(rows: pd.DataFrame) -> pd.DataFrame:
    """Return the effect at each reliability, in percentage points."""
    names = [f"{share:g}" if share < 1 else _("1 (no noise)") for share in rows["reliability"]]
    return per_point(rows).assign(reliability=names)


def corrections_caption(rows: pd.DataFrame, firm: Company) -> Caption:
    """Return the caption of the correction for a noisy score."""
    return per_point_caption(
        _("The noisier the score, the stronger the link behind it"), firm, rows
    )


def line_sentence(line: MaybeEstimate, effect: MaybeEstimate) -> str:
    """Return how the slope by least squares compares with that of a logit."""
    return sentence(
        "By least squares, which these formulas need, the slope of one more point is "
        "{line:difference}; that of a logit is {effect:difference_number}.",
        otherwise="No straight line fits: {why}", line=line, effect=effect,
    )  # fmt: skip


def _hidden_message(line: StraightLine | NotEstimable, compared: pd.DataFrame) -> str:
    if isinstance(line, NotEstimable):
        return _("How strong something hidden must be: too few to say")
    once = compared[compared["times"] == 1]
    if once.empty:
        return _("How strong something hidden would have to be")
    broken = once[(once["low"] <= 0) & (once["high"] >= 0)]
    if broken.empty:
        return _("The link would outlive something hidden as strong as any control")
    return _("Something hidden as strong as a known control would leave the link unclear")
