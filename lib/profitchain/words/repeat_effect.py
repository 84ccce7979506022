"""The words on the link between satisfaction and what follows: "goes with", never "causes"."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd

from profitchain.core.estimates import Estimate, MaybeEstimate, NotEstimable, to_frame
from profitchain.core.formats import digits, number, p_words, plain
from profitchain.core.group_names import with_group_names
from profitchain.core.i18n import N_, _, length, listed
from profitchain.panel.edition import Edition
from profitchain.sources.company import Question
from profitchain.stats.clusters import clusters
from profitchain.stats.comparisons import ABOVE, BELOW, in_percentage_points
from profitchain.stats.glm import PENALISED
from profitchain.stats.margins import Wald
from profitchain.stats.model_matrix import Controls
from profitchain.words.captions import followed_source
from profitchain.words.presentation import Presentation, Said
from profitchain.words.prose import scale_of
from profitchain.words.reasons import control_name, text
from profitchain.words.response import unfollowed_sentence
from profitchain.words.scores import percent

CLEAR = 0.05  # a test's p below this is taken for a bend
HARDLY = 0.05  # an effect that adjusting moves by less than this share hardly changes
SEVERAL = 0.05  # a score that fewer than this share of all gave is not compared in a message
LONGEST_NAMES = 8  # words of the groups that a message names

NAMES = (  # of rows, as `effects` has them; translated where they are shown
    N_("Not adjusted"), N_("Adjusted"),
    N_("detractors become passives"), N_("10 of 100 answers move from 0-6 to 7-8"),
    N_("passives become promoters"), N_("10 of 100 answers move from 7-8 to 9-10"),
    N_("detractors become promoters"), N_("5 of 100 answers move from 0-6 to 9-10"),
    N_("half by each of the first two steps"),
    N_("5 of 100 answers move from 0-6 to 7-8, and 5 from 7-8 to 9-10"),
    N_("detractors"), N_("passives"), N_("promoters"), N_("all"), N_("all answers"),
)  # fmt: skip


def answer(
    effect: MaybeEstimate,
    rates: pd.DataFrame,
    bend: Wald | NotEstimable,
    bands: pd.DataFrame,
    ten: MaybeEstimate,
    *,
    edition: Edition,
) -> list[Said | str]:
    """Return what a point goes with, what is odd about that, where it counts, ten NPS points.

    Parameters
    ----------
    rates : the share that ordered again at each score (`repeat_effect.raw_rates`).
    """
    main = edition.company.main
    assert main is not None  # without it, the page has nothing to say
    link = _link(effect, edition, main)
    if isinstance(effect, NotEstimable):
        return [link]
    said: list[Said | str] = [link, *_separation(effect, rates)]
    said += filter(None, [reversed_sentence(effect, main)])
    return [*said, _bend(bend, bands), *_ten_points(ten, main)][:3]


def _link(effect: MaybeEstimate, edition: Edition, main: Question) -> Said:
    if isinstance(effect, NotEstimable):
        return Said("unknown", {"why": text(effect)})
    key = "unclear" if effect.spans_zero else "more" if effect.value > 0 else "fewer"
    values = {
        "effect": effect if effect.spans_zero else upward(effect),
        "scale": scale_of(main),
        "top": f"{main.scale[1]:g}",
        "within": plain(edition.company.repeat_within_days, "days"),
    }
    return Said(key, values)


def _separation(effect: Estimate, rates: pd.DataFrame) -> list[Said]:
    """Return which scores tell perfectly who came back, where the effect had to be penalised."""
    if PENALISED not in effect.method:
        return []
    nobody, everybody = (
        listed(f"{score:g}" for score in rates.loc[rates["value"] == share, "score"])
        for share in (0.0, 1.0)
    )
    key = "decided"
    if nobody and everybody:
        key = "decided_both"
    elif nobody or everybody:
        key = "decided_nobody" if nobody else "decided_everybody"
    return [Said(key, {"nobody": nobody, "everybody": everybody})]


def reversed_sentence(effect: MaybeEstimate, main: Question) -> str:
    """Return the question whether the scale is turned round, where better scores go with less."""
    best, worst = (f"{end:g}" for end in main.scale[:: 1 if main.easy_is == "low" else -1])
    better = 1 if main.easy_is != "low" else -1
    if not isinstance(effect, Estimate) or effect.times(better).high >= 0:
        return ""
    return _("A link this way round is rare: **is {worst} the best answer here and {best} the "
             "worst?** Then turn the scores round where they come from.",
             best=best, worst=worst)  # fmt: skip


def _bend(test: Wald | NotEstimable, bands: pd.DataFrame) -> Said:
    """Return what the test of linearity says, and where on the scale the link is clearest."""
    if isinstance(test, NotEstimable):
        return Said("no_bend", {"why": text(test)})
    values = {"p": p_words(test.p)}
    if test.p >= CLEAR:
        return Said("straight", values)
    key, band = _steepest(bands, test)
    return Said(key if band else "bent", values | {"band": band})


def _steepest(bands: pd.DataFrame, test: Wald | NotEstimable) -> tuple[str, str]:
    """Return in which band of the scale the link is steepest, where the test finds a bend."""
    estimated = bands.dropna(subset=["value"])
    if estimated.empty:
        return "few", ""
    clear = estimated[(estimated["low"] > 0) | (estimated["high"] < 0)]
    if clear.empty:
        return "unclear", ""
    if isinstance(test, NotEstimable) or test.p >= CLEAR:
        return "alike", ""
    most = clear.loc[clear["value"].abs().idxmax()]
    return "steepest" if most["value"] > 0 else "falls", text(most["band"])


def _ten_points(ten: MaybeEstimate, main: Question) -> list[Said]:
    """Return what ten points of NPS go with, and by which answers they would come."""
    if main.kind != "nps":
        return []
    if isinstance(ten, NotEstimable):
        return [Said("no_ten", {"why": text(ten)})]
    if ten.spans_zero:
        return [Said("ten_unclear", {"ten": ten})]
    return [Said("ten_higher" if ten.value > 0 else "ten_lower", {"ten": upward(ten)})]


def curve(
    effect: MaybeEstimate, line: pd.DataFrame, dots: pd.DataFrame, *, edition: Edition
) -> Presentation:
    """Return the adjusted curve along the scale, and each score's own share as a dot."""
    says, values = _compared(dots, line)
    if isinstance(effect, Estimate) and effect.spans_zero and says == "rates":
        says = "unclear"
    return Presentation(line, says, values, {"points": dots})


def raw_rates(rates: pd.DataFrame, *, edition: Edition) -> Presentation:
    """Return the share that came back at each score, nothing adjusted."""
    return Presentation(rates, *_compared(rates))


def _compared(
    rates: pd.DataFrame, line: pd.DataFrame | None = None
) -> tuple[str, dict[str, object]]:
    """Return the share that came back after the lowest and the highest score that many gave.

    With a `line`, what it says at these scores.
    """
    answers: dict[str, object] = {"n": int(rates["n"].sum())}
    common = rates[rates["value"].notna() & (rates["n"] >= SEVERAL * rates["n"].sum())]
    said = common if line is None else line[line["value"].notna()]
    if len(common) < 2 or said.empty:
        return "few", answers
    ends = common["score"].iloc[[0, -1]]
    low, high = np.interp(ends, said["score"], said["value"])
    shares = {"low_share": percent(low), "high_share": percent(high)}
    return "rates", {
        **answers,
        **shares,
        "low": f"{ends.iloc[0]:.2g}",
        "high": f"{ends.iloc[-1]:.2g}",
    }


def bands(parts: pd.DataFrame, test: Wald | NotEstimable, *, edition: Edition) -> Presentation:
    """Return what one more point goes with in each part of the scale, in percentage points."""
    says, band = _steepest(parts, test)
    values = {"band": band, "n": int(parts["n"].sum())}
    return Presentation(in_percentage_points(parts), says, values)


def adjusted(raw: MaybeEstimate, effect: MaybeEstimate, *, edition: Edition) -> Presentation:
    """Return the effect of one point before and after comparing customers of like history."""
    rows = in_percentage_points(to_frame((raw, effect), label=["Not adjusted", "Adjusted"]))
    if isinstance(raw, NotEstimable) or isinstance(effect, NotEstimable):
        return Presentation(rows, "few")
    if raw.value * effect.value <= 0:
        return Presentation(rows, "turned")
    share = 1 - effect.value / raw.value
    says = "hardly" if abs(share) < HARDLY else "weaker" if share > 0 else "stronger"
    return Presentation(rows, says, {"size": f"{100 * abs(share):.0f}%"})


def by_segment(groups: pd.DataFrame, *, edition: Edition) -> Presentation:
    """Return the effect of one point within each group, and which groups differ from the rest."""
    rows = with_group_names(groups[groups["verdict"] != ""])
    above, below = (listed(map(_, rows.loc[rows["verdict"] == side, "group"]))
                    for side in (ABOVE, BELOW))  # fmt: skip
    differ = int(rows["verdict"].isin([ABOVE, BELOW]).sum())
    says = "both" if above and below else "stronger" if above else "weaker" if below else "alike"
    if len(rows) < 2:
        says = "few"
    elif length(f"{above} {below}") > LONGEST_NAMES:
        says = "several"
    n = groups.groupby("segment")["n"].sum().max() if len(groups) else 0
    values = {"above": above, "below": below, "differ": differ, "all": len(rows), "n": int(n)}
    return Presentation(in_percentage_points(groups), says, values)


def amounts(effects: Mapping[str, MaybeEstimate], *, edition: Edition) -> Presentation:
    """Return the orders and the money that go with one more point."""
    units = [getattr(effect, "unit", "") for effect in effects.values()]
    rows = to_frame(effects.values(), outcome=list(effects)).assign(unit=units)
    rows = rows[["outcome", "value", "low", "high", "n", "unit", "why"]]
    rows = rows.astype(dict.fromkeys(("value", "low", "high"), float))
    spend, values = (
        effects["spend"],
        {"source": followed_source(rows["n"].max(), edition, "margin")},
    )
    if isinstance(spend, NotEstimable):
        return Presentation(rows, "none" if spend.why.key == "revenue_not_known" else "few", values)
    says = "unclear" if spend.spans_zero else "more" if spend.value > 0 else "less"
    return Presentation(rows, says, values | {"size": number(upward(spend))})


def ten_points(moves: pd.DataFrame, *, edition: Edition) -> Presentation:
    """Return what ten NPS points go with: by what, answers moved, effect in percentage points.

    It has no rows where the main question gives no net promoter score.
    """
    main = edition.company.main
    moves = moves if main and main.kind == "nps" else moves.iloc[:0]
    table = moves.rename(columns={"mechanism": "ten points by", "moved_share": "answers moved"})
    numbers = table[["value", "low", "high"]] * 100
    table = table.assign(possible=table["possible"].map({True: N_("yes"), False: N_("no")}))
    table = table.assign(**{name: numbers[name] for name in numbers}, unit="percentage points")
    return Presentation(table.drop(columns="moves"), "moves", {"empty": no_ten_points(main)})


def no_ten_points(main: Question | None) -> str:
    """Return why ten NPS points mean nothing for a question that isn't a net promoter question."""
    return _(
        "The main question, “{label}”, is no net promoter question: it has no NPS points.",
        label=main.label if main else "",
    )


def adjusted_sentence(controls: Controls | NotEstimable) -> str:
    """Return for which controls an effect is adjusted, and what became of the others."""
    if isinstance(controls, NotEstimable):
        return _("Nothing could be adjusted for: {why}", why=text(controls))
    clause = _("Not adjusted")
    if controls.used:
        clause = _("Adjusted for {controls}", controls=listed(map(control_name, controls.used)))
    return _("{message}.", message=with_notes(clause, controls))


def with_notes(clause: str, controls: Controls) -> str:
    """Return a clause, and after it what became of controls that could not enter as they are."""
    for note in controls.notes:
        clause = _("{first}; {second}", first=clause, second=text(note))
    return clause


def follow_up(
    controls: Controls | NotEstimable, cells: pd.DataFrame, *, edition: Edition
) -> list[Said | str]:
    """Return what was adjusted for, how many answers were followed, and how many still wait."""
    facts, answers = edition.facts, int(cells["n"].sum())
    customers = facts.get("customers_followed") or clusters(cells)
    waiting = facts.get("still_open", 0)
    followed = {"count": answers, "answers": plain(answers, "answers")}
    return [
        adjusted_sentence(controls),
        Said("followed", followed | {"customers": plain(customers, "customers")}),
        Said("waiting", {"count": waiting, "n": digits(waiting, 0)}),
        unfollowed_sentence(facts),
    ]


def upward(effect: Estimate) -> Estimate:
    """Return an effect without its sign, for words such as "fewer" that carry it."""
    return effect if effect.value >= 0 else effect.times(-1)
