"""The sentences on the link between satisfaction and what follows: "goes with", never "causes"."""

from __future__ import annotations

from collections.abc import Mapping

import pandas as pd

from profitchain.core.estimates import Estimate, MaybeEstimate, NotEstimable
from profitchain.core.formats import digits, number, p_words, plain
from profitchain.core.i18n import N_, _, following, listed, ngettext
from profitchain.sources.company import Question
from profitchain.stats.clusters import clusters
from profitchain.stats.glm import PENALISED
from profitchain.stats.margins import Wald
from profitchain.stats.model_matrix import Controls
from profitchain.words.prose import scale_of, sentence
from profitchain.words.reasons import control_name, text
from profitchain.words.scores import percent

CLEAR = 0.05  # a test's p below this is taken for a bend
HARDLY = 0.05  # an effect that adjusting moves by less than this share hardly changes
SEVERAL = 0.05  # a score that fewer than this share of all gave is not compared in a message

NAMES = (  # of rows, as `effects` has them; translated where they are shown
    N_("Not adjusted"), N_("Adjusted"),
    N_("detractors become passives"), N_("10 of 100 answers move from 0-6 to 7-8"),
    N_("passives become promoters"), N_("10 of 100 answers move from 7-8 to 9-10"),
    N_("detractors become promoters"), N_("5 of 100 answers move from 0-6 to 9-10"),
    N_("half by each of the first two steps"),
    N_("5 of 100 answers move from 0-6 to 7-8, and 5 from 7-8 to 9-10"),
    N_("detractors"), N_("passives"), N_("promoters"), N_("all"), N_("all answers"),
)  # fmt: skip


def link_sentences(effect: MaybeEstimate, main: Question, days: int, rates: pd.DataFrame) -> str:
    """Return the page's first answer, with what is odd about the link where something is.

    Parameters
    ----------
    rates : the share that ordered again at each score (`repeat_effect.raw_rates`).
    """
    link = effect_sentence(effect, main, days)
    return following(link, separation_sentence(effect, rates), reversed_sentence(effect, main))


def effect_sentence(effect: MaybeEstimate, main: Question, days: int) -> str:
    """Return what one more point goes with, adjusted."""
    if isinstance(effect, NotEstimable):
        return _(
            "What one more point on “{label}” goes with can't be said: {why}",
            label=main.label,
            why=text(effect),
        )
    template = N_(
        "One more point on the {scale} question “{label}”, none beyond {best}, goes with **{size} "
        "more** customers ordering again within {days} ({effect:difference_evidence})."
    )
    if effect.spans_zero:
        template = N_(
            "**No clear link** between “{label}” and ordering again within {days}: one more point "
            "on its {scale} scale goes with a difference of {effect:difference}, and the interval "
            "spans zero."
        )
    elif effect.value < 0:
        template = N_(
            "One more point on the {scale} question “{label}”, none beyond {best}, goes with "
            "**{size} fewer** customers ordering again within {days} "
            "({effect:difference_evidence})."
        )
    return sentence(
        template, label=main.label, scale=scale_of(main), best=f"{main.scale[1]:g}",
        days=plain(days, "days"), size=number(upward(effect), difference=True),
        effect=effect if effect.spans_zero else upward(effect),
    )  # fmt: skip


def separation_sentence(effect: MaybeEstimate, rates: pd.DataFrame) -> str:
    """Return which scores tell perfectly who came back, where the effect had to be penalised."""
    if isinstance(effect, NotEstimable) or PENALISED not in effect.method:
        return ""
    nobody, everybody = (
        listed(f"{score:g}" for score in rates.loc[rates["value"] == share, "score"])
        for share in (0.0, 1.0)
    )
    template = N_("Score and history tell **perfectly** for some who comes back")
    if nobody and everybody:
        template = N_("The score tells **perfectly** who comes back: after {nobody} nobody did, "
                      "after {everybody} everybody")  # fmt: skip
    elif nobody:
        template = N_("After {nobody} **nobody** came back")
    elif everybody:
        template = N_("After {everybody} **everybody** came back")
    return _("{first}; so the effect is told score by score, by a penalised fit (Firth's).",
             first=_(template, nobody=nobody, everybody=everybody))  # fmt: skip


def reversed_sentence(effect: MaybeEstimate, main: Question) -> str:
    """Return the question whether the scale is turned round, where better scores go with less."""
    best, worst = (f"{end:g}" for end in main.scale[:: 1 if main.easy_is == "low" else -1])
    better = 1 if main.easy_is != "low" else -1
    if not isinstance(effect, Estimate) or effect.times(better).high >= 0:
        return ""
    return _("A link this way round is rare: **is {worst} the best answer here and {best} the "
             "worst?** Then turn the scores round where they come from.",
             best=best, worst=worst)  # fmt: skip


def bend_sentence(test: Wald | NotEstimable, bands: pd.DataFrame) -> str:
    """Return what the test of linearity says, and where on the scale the link is clearest."""
    if isinstance(test, NotEstimable):
        return _("Whether each point counts the same can't be said: {why}", why=text(test))
    p = p_words(test.p)
    if test.p < CLEAR:
        return following(
            _("Points do **not** all count the same (test of a straight line: {p}).", p=p),
            _("{message}.", message=bands_message(bands, test)),
        )
    return _(
        "A straight line is not rejected ({p}), which is no proof that all points count the same.",
        p=p,
    )


def ten_points_sentence(ten: MaybeEstimate, main: Question) -> str:
    """Return what ten points of NPS go with, and by which answers they would come."""
    if main.kind != "nps":
        return ""
    if isinstance(ten, NotEstimable) or ten.spans_zero:
        return sentence(
            "Ten NPS points go with no clear difference in the repeat rate: {ten:difference}.",
            otherwise="What ten NPS points go with can't be said: {why}",
            ten=ten,
        )
    higher = N_(
        "Ten NPS points, half from detractors who become passives and half from passives who "
        "become promoters, go with a repeat rate **{size} higher** ({ten:difference_evidence})."
    )
    lower = N_(
        "Ten NPS points, half from detractors who become passives and half from passives who "
        "become promoters, go with a repeat rate **{size} lower** ({ten:difference_evidence})."
    )
    size = number(upward(ten), difference=True)
    return sentence(higher if ten.value > 0 else lower, size=size, ten=upward(ten))


def adjusted_sentence(controls: Controls | NotEstimable) -> str:
    """Return for which controls the effect is adjusted, and what became of the others."""
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


def no_ten_points(main: Question | None) -> str:
    """Return why ten NPS points mean nothing for a question that isn't a net promoter question."""
    return _(
        "The main question, “{label}”, is no net promoter question: it has no NPS points.",
        label=main.label if main else "",
    )


def rates_message(rates: pd.DataFrame) -> str:
    """Return the share that came back after the lowest and the highest score that many gave."""
    common = rates[rates["value"].notna() & (rates["n"] >= SEVERAL * rates["n"].sum())]
    if len(common) < 2:
        return _("Too few answers to compare scores")
    low, high = common.iloc[0], common.iloc[-1]
    return _(
        "{low_share} ordered again after a {low}, {high_share} after a {high}",
        low_share=percent(low["value"]), low=f"{low['score']:.2g}",
        high_share=percent(high["value"]), high=f"{high['score']:.2g}",
    )  # fmt: skip


def adjustment_message(compared: pd.DataFrame) -> str:
    """Return what adjusting does to the effect: most of it stays, shrinks, or can't be said."""
    if compared["value"].isna().any():
        return _("What adjusting does to the link can't be said")
    raw, adjusted = compared["value"].iloc[0], compared["value"].iloc[1]
    if raw * adjusted <= 0:
        return _("The link before and after adjusting")
    share = (raw - adjusted) / raw
    if abs(share) < HARDLY:
        return _("Adjusting for history hardly changes the link")
    weaker = N_("Adjusting for history makes the link {size} weaker")
    stronger = N_("Adjusting for history makes the link {size} stronger")
    return _(weaker if share > 0 else stronger, size=f"{100 * abs(share):.0f}%")


def bend_message(test: Wald | NotEstimable) -> str:
    """Return whether the curve is bent, as an exhibit's message."""
    if isinstance(test, NotEstimable):
        return _("How repeat purchases go along the scale")
    if test.p < CLEAR:
        return _("Some points count more than others")
    return _("No clear departure from a straight line")


def bands_message(bands: pd.DataFrame, test: Wald | NotEstimable) -> str:
    """Return in which band of the scale the link is steepest, where the test finds a bend."""
    estimated = bands.dropna(subset=["value"])
    if estimated.empty:
        return _("Too few answers to compare parts of the scale")
    clear = estimated[(estimated["low"] > 0) | (estimated["high"] < 0)]
    if clear.empty:
        return _("In no part of the scale is the link clear")
    most = clear.loc[clear["value"].abs().idxmax()]
    if isinstance(test, NotEstimable) or test.p >= CLEAR:
        return _("No part of the scale clearly counts for more than the others")
    rises = _("The link is steepest from {band}", band=text(most["band"]))
    falls = _("The link falls most steeply from {band}", band=text(most["band"]))
    return rises if most["value"] > 0 else falls


def moves_table(moves: pd.DataFrame, main: Question) -> pd.DataFrame:
    """Return what ten NPS points go with as a table: mechanism, answers moved, effect in points.

    It has no rows where the main question gives no net promoter score.
    """
    moves = moves if main.kind == "nps" else moves.iloc[:0]
    table = moves.rename(columns={"mechanism": "ten points by", "moved_share": "answers moved"})
    numbers = table[["value", "low", "high"]] * 100
    table = table.assign(possible=table["possible"].map({True: N_("yes"), False: N_("no")}))
    table = table.assign(**{name: numbers[name] for name in numbers}, unit="percentage points")
    return table.drop(columns="moves")


def amounts_message(spend: MaybeEstimate) -> str:
    """Return what one more point goes with in money spent."""
    if isinstance(spend, NotEstimable) and spend.why.key == "revenue_not_known":
        return _("Orders alone: they carry no amounts")
    if isinstance(spend, NotEstimable):
        return _("Orders and money: too few to say")
    if spend.spans_zero:
        return _("No clear link with the money spent")
    more = N_("One more point goes with {size} more spent")
    less = N_("One more point goes with {size} less spent")
    return _(more if spend.value > 0 else less, size=number(upward(spend)))


def answers_followed(cells: pd.DataFrame, facts: Mapping[str, int]) -> str:
    """Return how many answers were followed to the end, and how many still wait."""
    still_open = facts.get("still_open", 0)
    followed = ngettext(
        "{answers} of {customers} was followed to the end of its window",
        "{answers} of {customers} were followed to the end of their window",
        cells["n"].sum(),
        answers=plain(cells["n"].sum(), "answers"),
        customers=plain(facts.get("customers_followed") or clusters(cells), "customers"),
    )
    waiting = ngettext(
        "{n} answer of this period or before is still inside it and waits for a later edition",
        "{n} answers of this period or before are still inside it and wait for a later edition",
        still_open,
        n=digits(still_open, 0),
    )
    return _("{first}; {second}.", first=followed, second=waiting)


def upward(effect: Estimate) -> Estimate:
    """Return an effect without its sign, for words such as "fewer" that carry it."""
    return effect if effect.value >= 0 else effect.times(-1)
