"""The words on what is hidden: how strong it would have to be, and what noise in the score does."""

from __future__ import annotations

from typing import Any

import pandas as pd

from profitchain.core.estimates import MaybeEstimate, NotEstimable
from profitchain.core.formats import ends, plain
from profitchain.core.i18n import _, pgettext
from profitchain.evidence.hidden_confounding import StraightLine, contours, drawn_to
from profitchain.panel.edition import Edition
from profitchain.words.designs import per_point
from profitchain.words.presentation import Presentation, Said
from profitchain.words.reasons import control_name, text


def needed_strength(robust: MaybeEstimate, sure: MaybeEstimate, compared: pd.DataFrame) -> Said:
    """Return how strong something hidden would have to be, against the strongest control."""
    for figure in (robust, sure):
        if isinstance(figure, NotEstimable):
            return Said("no_strength", {"why": text(figure)})
    needed = {"robust": robust, "sure": sure}
    once = compared[compared["times"] == 1]
    if once.empty:
        return Said("strength_alone", needed)
    row = once.iloc[0]
    strongest = {
        "control": control_name(row["control"]),
        "of_score": plain(row["score_share"], "share"),
        "of_repeats": plain(row["outcome_share"], "share"),
    }
    return Said("strength", needed | strongest)


def hidden(
    line: StraightLine | NotEstimable, compared: pd.DataFrame, *, edition: Edition
) -> Presentation:
    """Return what hidden causes are compared with: each control, and the strongest thrice."""
    points = compared.assign(label="", unit="share")
    if len(compared):
        strongest = compared["control"].iloc[0]
        points = points[(points["times"] == 1) | (points["control"] == strongest)]
        labels = [
            control_name(row.control) + ("" if row.times == 1 else f" × {row.times:g}")
            for row in points.itertuples()
        ]
        columns = ["label", "score_share", "outcome_share", "value", "low", "high", "n", "unit"]
        points = points.assign(label=labels)[columns]
    return Presentation(points, _withstands(line, compared), {"n": line.n}, _lines(line, points))


def _lines(line: StraightLine | NotEstimable, points: pd.DataFrame) -> dict[str, Any]:
    """Return what the drawing needs besides its points."""
    labels = {
        "x_label": pgettext("an axis: share", "of the score"),
        "y_label": pgettext("an axis: share", "of who came back"),
    }
    if isinstance(line, NotEstimable):
        return labels | {"lines": pd.DataFrame(columns=["line"]), "reach": (1.0, 1.0)}
    reach = drawn_to(line, points)
    return labels | {"lines": contours(line, reach=reach), "reach": reach, "height": 400}


def _withstands(line: StraightLine | NotEstimable, compared: pd.DataFrame) -> str:
    if isinstance(line, NotEstimable):
        return "few"
    once = compared[compared["times"] == 1]
    if once.empty:
        return "nothing_known"
    broken = once[(once["low"] <= 0) & (once["high"] >= 0)]
    return "withstands" if broken.empty else "breaks"


def in_ratios(
    line: MaybeEstimate,
    effect: MaybeEstimate,
    ratio: MaybeEstimate,
    strength: MaybeEstimate,
    *,
    edition: Edition,
) -> list[Said]:
    """Return the slope by least squares beside a logit's, and the E-value of one more point."""
    slopes = Said("slopes", {"line": line, "effect": effect})
    for slope in (line, effect):
        if isinstance(slope, NotEstimable):
            slopes = Said("no_slopes", {"why": text(slope)})
            break
    if isinstance(strength, NotEstimable):
        return [slopes, Said("no_e_value", {"why": text(strength)})]
    assert not isinstance(ratio, NotEstimable)  # it has an E-value
    values = {"ratio": ratio, "strength": strength, "near": plain(strength.low, "ratio")}
    key = "e_value_unclear" if strength.low <= 1 else "e_value" if ratio.value >= 1 else "e_less"
    return [slopes, Said(key, values)]


def two_answers(
    agreed: MaybeEstimate, stated: tuple[float, ...], *, edition: Edition
) -> list[Said]:
    """Return how alike two answers of one customer are, and which reliability is used."""
    used = Said("stated", {"range": ends(f"{min(stated):g}", f"{max(stated):g}")})
    if isinstance(agreed, NotEstimable):
        return [Said("not_alike", {"why": text(agreed)}), used]
    if agreed.value < min(stated):
        return [Said("moved_between", {"found": agreed}), used]
    return [Said("measured", {"found": agreed})]


def noise(rows: pd.DataFrame, *, edition: Edition) -> Presentation:
    """Return the effect at each reliability of the score, in percentage points."""
    names = [f"{share:g}" if share < 1 else _("1 (no noise)") for share in rows["reliability"]]
    return Presentation(per_point(rows).assign(reliability=names), "noisier")
