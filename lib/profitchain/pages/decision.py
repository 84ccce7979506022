"""What to decide, by a written rule, and the one chart of the first page."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from profitchain.core.estimates import Estimate, to_frame
from profitchain.core.formats import digits, interval, number
from profitchain.core.i18n import _, listed
from profitchain.drivers.mending import AS_GOOD, ENOUGH
from profitchain.effects.scenarios import clear_stretch
from profitchain.exhibits import charts, event_marks, exhibit
from profitchain.exhibits.exhibit import Exhibit
from profitchain.exhibits.findings import EditionFindings
from profitchain.measures.satisfaction import public_id
from profitchain.panel.edition import Edition
from profitchain.stats.comparisons import is_clear
from profitchain.words.prose import following, period_word
from profitchain.words.repeat_effect import upward
from profitchain.words.scores import in_sentence
from profitchain.words.what_if import ends_of
from profitchain.words.worth import BOOKED

BY_SCORE, BY_STEP = "repeat_rate_by_score", "worth_of_step"


def decide(findings: EditionFindings, edition: Edition) -> str:
    """Return the largest thing within reach, by rule: the first of these that is clear.

    Totals that part from the books; a driver that is best to mend in nine of ten; the stretch of
    the scale where a point clearly goes with money; the question that fell most clearly; a test.
    """
    rules = (_books_first, _driver, _step, _fallen)
    said = (words for rule in rules if (words := rule(findings, edition)))
    return next(
        said,
        ""
        if edition.company.main is None
        else _(
            "**Test before you spend.** No step of the scale, driver or change stands out clearly "
            "enough to be named."
        ),
    )


def _books_first(findings: EditionFindings, edition: Edition) -> str:
    for measure, apart in findings.groups("control_difference").items():
        if abs(apart.value) > edition.company.control_tolerance:
            return _(
                "**Clear up the books first.** Our {measure} part from theirs by {apart}.",
                measure=_(BOOKED[measure]), apart=number(upward(apart)),
            )  # fmt: skip
    return ""


def _driver(findings: EditionFindings, edition: Edition) -> str:
    best = findings.groups("driver_best_probability")
    worth = findings.groups("driver_worth")
    for driver, chance in best.items():
        money = worth.get(driver)
        if (
            chance.value >= ENOUGH
            and money is not None
            and money.low > 0
            and not any(
                other.value >= AS_GOOD * money.value
                for name, other in worth.items()
                if name != driver
            )
        ):
            return _(
                "**Mend {driver} first.** No other driver goes with as much money.\nHad no answer "
                "to it been low: {money} more in the year ({ends}).",
                driver=_label(driver, edition), money=number(money),
                ends=interval(money, bare=True),
            )  # fmt: skip
    return ""


def _label(driver: str, edition: Edition) -> str:
    labels = {q.name: str(q.label) for q in edition.company.all_questions}
    return labels.get(driver, driver)


def _step(findings: EditionFindings, edition: Edition) -> str:
    link = findings.get("repeat_effect_per_point")
    steps = clear_stretch(findings.groups(BY_STEP))
    if not steps or not isinstance(link, Estimate) or link.low <= 0:
        return ""
    return _(
        "**Raise answers from {start} to {end}.** There each further point clearly goes with "
        "more: {sizes} for each answer within {days} days.\n95% intervals {ends}, clear after "
        "correction. Try it in one place first.",
        **ends_of(steps), sizes=listed(number(one) for one in steps.values()),
        ends=listed(interval(one, bare=True) for one in steps.values()),
        days=digits(edition.company.repeat_within_days, 0),
    )  # fmt: skip


def _fallen(findings: EditionFindings, edition: Edition) -> str:
    """Return the question that fell most clearly on the year, corrected for all of them."""
    main, questions = edition.company.main, edition.company.all_questions
    ids = [public_id(question, questions) for question in questions]
    changes = {id: findings.get(f"{id}_change_on_year") for id in ids}
    fallen = {
        id: change
        for id, change in changes.items()
        if isinstance(change, Estimate) and is_clear(change, of=len(ids)) and change.value < 0
    }
    if main is None or not fallen:
        return ""
    id = min(fallen, key=lambda name: fallen[name].value / (fallen[name].high - fallen[name].low))
    size = number(upward(fallen[id]), difference=True)
    return _(
        "**Find out why {label} fell.** It is {size} lower than a year before.",
        label=in_sentence(findings.label(id)), size=size,
    )  # fmt: skip


def chart(findings: EditionFindings, edition: Edition) -> Exhibit | None:
    """Return the one chart: repeats along the scale, else the main score, else revenue, in time."""
    main, firm = edition.company.main, edition.company
    curve = findings.groups(BY_SCORE)
    if len(curve) > 2 and main is not None:
        rows = to_frame(curve.values(), score=[float(score) for score in curve])
        steps = clear_stretch(findings.groups(BY_STEP))
        return exhibit.chart(
            charts.draw_curve, rows, id="curve", unit="share", x_label=str(main.label),
            **_stretch(curve, steps),
            message=_curve_message(curve, steps),
            measure=_("Share ordering again within {days} days, by score; like customers compared",
                      days=digits(firm.repeat_within_days, 0)),
            source=_("95% intervals; answers followed to the end of their window"),
            description=_described(_curve_message(curve, steps)),
        )  # fmt: skip
    ids = [public_id(main, firm.all_questions)] if main is not None else []
    for id in [*ids, "revenue", "orders"]:
        course, now = findings.trend(id), findings.get(id)
        if len(course) > 1 and isinstance(now, Estimate):
            label = findings.label(id)
            return exhibit.chart(
                charts.draw_trend, course.drop(columns="id"), id="course", unit=now.unit,
                events=event_marks.of_edition(edition),
                message=label,
                measure=_("By {part}; band: 95% interval", part=period_word(edition.period)),
                source=_("The pages behind this one"),
                description=_described(label),
            )  # fmt: skip
    return None


def _stretch(curve: Mapping[str, Estimate], steps: Mapping[str, Estimate]) -> dict[str, Any]:
    """Return which part of the curve the chart speaks of, and what it says at its two ends."""
    rates = {float(score): rate for score, rate in curve.items()}
    ends = tuple(map(float, ends_of(steps).values())) if steps else ()
    if not ends or not set(ends) <= set(rates):
        return {}
    return {"stretch": ends, "gain": " → ".join(number(rates[end]) for end in ends)}


def _described(message: str) -> str:
    return following(_("{message}.", message=message), _("The values stand in the table."))


def _curve_message(curve: Mapping[str, Estimate], steps: Mapping[str, Estimate]) -> str:
    """Return what the curve shows: that repeats rise where money does, or the question alone."""
    rates = {float(score): rate for score, rate in curve.items()}
    ends = list(map(float, ends_of(steps).values())) if steps else []
    if not ends or not set(ends) <= set(rates) or rates[ends[0]].high >= rates[ends[1]].low:
        return _("Who scores higher orders again more often, or not")
    return _("From {start} to {end} more customers order again", **ends_of(steps))
