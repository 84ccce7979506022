"""What programmes, events and tests by lot did: what their page may say of it."""

from __future__ import annotations

import pandas as pd

from profitchain.core.estimates import Estimate, MaybeEstimate, NotEstimable, to_frame
from profitchain.core.formats import digits, interval, number, period_label
from profitchain.core.group_names import group_name
from profitchain.core.i18n import _
from profitchain.core.periods import Period
from profitchain.panel.edition import Edition
from profitchain.programmes.events import NPS, EventEffect
from profitchain.programmes.lots import LotEffect
from profitchain.programmes.memberships import DESIGNS, ProgrammeEffects
from profitchain.words.catalogue import words_of
from profitchain.words.presentation import Presentation, Said
from profitchain.words.reasons import text

Programmes = list[ProgrammeEffects] | NotEstimable
Events = list[EventEffect] | NotEstimable
LONGEST_LABEL = 48  # letters that two lines beside a chart have room for
NAMES = words_of("programmes", "names")


def answer(
    programmes: Programmes, events: Events, tests: list[LotEffect], *, edition: Edition
) -> list[Said | str]:
    """Return what the strongest design says of the programme, and the latest test or event."""
    said: list[Said | str] = []
    if isinstance(programmes, list):
        said += _of_programme(programmes[0])
    known = [test for test in tests if isinstance(test.effect, Estimate)]
    if known and len(said) < 3:
        said.append(_of_test(known[-1]))
    if not said and isinstance(events, list):
        clear = [one for one in events if isinstance(one.main, Estimate)]
        said += [_of_event(clear[0])] if clear else []
    return said or [Said("unknown", {"why": text(_why(programmes, tests))})]


def _of_programme(one: ProgrammeEffects) -> list[Said]:
    raw, did, lot = (one.effects[name] for name in ("raw", "did", "lot"))
    values = {"programme": one.programme, "grade": _(one.grade)}
    said = []
    if isinstance(lot, Estimate):
        said.append(Said("lot_unclear" if lot.spans_zero else "lot", values | _figures(lot)))
    elif isinstance(did, Estimate):
        values |= _figures(did) | {"order": digits(one.usual_order, 0)}
        said.append(Said(_joining_key(one, did), values))
    elif isinstance(raw, Estimate):
        said.append(Said("raw_alone", values | _figures(raw) | {"why": text(did)}))
    else:
        return [Said("unknown", {"why": text(raw)})]
    gap, alike = one.relatives["raw"], one.relatives["matched"]
    if (
        isinstance(gap, Estimate)
        and isinstance(alike, Estimate)
        and min(gap.value, alike.value) > 0
    ):
        said.append(Said("who_joins", {"gap": gap, "alike": alike}))
    return said


def _joining_key(one: ProgrammeEffects, did: Estimate) -> str:
    if one.doubtful:
        return "did_at_order" if one.usual_order else "did_doubtful"
    return "did_unclear" if did.spans_zero else "did"


def _of_test(test: LotEffect) -> Said:
    assert isinstance(test.effect, Estimate)
    values = {"action": test.action, "days": digits(test.known_days, 0)} | _figures(test.effect)
    if test.is_blurred:
        return Said("test_against", values | {"against": digits(test.against or 0, 0)})
    return Said("test_unclear" if test.effect.spans_zero else "test", values)


def _of_event(one: EventEffect) -> Said:
    main = one.main
    assert isinstance(main, Estimate)
    values = {"event": group_name("event", one.event), **_figures(main)}
    if one.apart and not one.is_valid:
        return Said("event_few", values | {"regions": digits(one.regions, 0)})
    return Said("event_apart" if one.apart else "event_all", values)


def _figures(estimate: Estimate) -> dict[str, str]:
    return {
        "size": number(estimate, sign=True), "ends": interval(estimate, bare=True),
        "n": digits(estimate.n, 0),
    }  # fmt: skip


def _why(programmes: Programmes, tests: list[LotEffect]) -> NotEstimable:
    if tests and isinstance(tests[-1].effect, NotEstimable):
        return tests[-1].effect
    return programmes if isinstance(programmes, NotEstimable) else NotEstimable("nothing_counted")


def programme_designs(programmes: Programmes, *, edition: Edition) -> Presentation:
    """Return the largest programme's effect by each design that gives one."""
    if isinstance(programmes, NotEstimable):
        return Presentation(to_frame([], design=[]), "none", {"n": "0", "programme": ""})
    one = programmes[0]
    rows = to_frame(one.effects.values(), design=[_(NAMES[name]) for name in one.effects])
    rows = rows[rows["value"].notna()].reset_index(drop=True)
    values = {"n": digits(one.members, 0), "programme": one.programme}
    if rows.empty:
        return Presentation(rows, "none", values)
    best, raw = one.effects.get(one.best), one.effects["raw"]
    if one.best == "raw":
        return Presentation(rows, "raw_alone", values)
    if one.best == "did" and one.doubtful:
        return Presentation(rows, "doubtful", values)
    if isinstance(best, Estimate) and best.spans_zero and isinstance(raw, Estimate) and raw.low > 0:
        return Presentation(rows, "selected", values)
    clear = isinstance(best, Estimate) and not best.spans_zero
    return Presentation(rows, "clear" if clear else "unclear", values)


def before_joining(programmes: Programmes, *, edition: Edition) -> list[Said]:
    """Return whether members and the others moved alike before, and what would have shown."""
    if isinstance(programmes, NotEstimable):
        return [Said("no_drift_known", {"why": text(programmes)})]
    one = programmes[0]
    tied = [Said("at_an_order", {"order": digits(one.usual_order, 0)})] if one.usual_order else []
    if isinstance(one.drift, NotEstimable):
        return [*tied, Said("no_drift_known", {"why": text(one.drift)})]
    values = {"drift": one.drift, "smallest": one.smallest}
    return [*tied, Said("drifted_before" if one.drifted else "alike_before", values)]


def programme_return(cost: MaybeEstimate, gain: MaybeEstimate, *, edition: Edition) -> list[Said]:
    """Return what a programme costs a member, and what a unit of it returns."""
    if isinstance(cost, NotEstimable):
        return [Said("no_cost", {"why": text(cost)})]
    if isinstance(gain, NotEstimable):
        return [Said("cost_alone", {"cost": cost})]
    return [Said("cost_and_return", {"cost": cost, "gain": gain})]


def event_changes(events: Events, *, edition: Edition) -> Presentation:
    """Return the change of NPS points, or of the score, by events that touched some and not others.

    Where all touched everybody, from before to after, which the message says.
    """
    judged = _judged(events)
    known = [one for one in judged if one.apart] or judged
    unit = known[0].main.unit if known and isinstance(known[0].main, Estimate) else "points"
    names = [_shortened(group_name("event", one.event)) for one in known]
    rows = to_frame([one.main for one in known], event=names)
    values = {"empty": text(events) if isinstance(events, NotEstimable) else ""}
    return Presentation(rows, _said_of_events(known), values, {"unit": unit})


def event_effects(events: Events, *, edition: Edition) -> Presentation:
    """Return what each event did to scores and repeats, as far as it can be said."""
    known = _judged(events)
    if not known:
        why = text(events) if isinstance(events, NotEstimable) else _("No event can be judged.")
        return Presentation(pd.DataFrame(), "none", {"empty": why})
    has_nps = any(NPS in one.outcomes for one in known)
    rows = pd.DataFrame({
        "event": [group_name("event", one.event) for one in known],
        "since": [_month(one) for one in known],
        "compared": [_compared(one) for one in known],
        ("NPS" if has_nps else "score"): [_figure(one.main) for one in known],
        "repeat": [_figure(one.outcomes["repeat"]) for one in known],
    })  # fmt: skip
    return Presentation(rows, "what", {"empty": ""})


def _judged(events: Events) -> list[EventEffect]:
    found = events if isinstance(events, list) else []
    return [one for one in found if isinstance(one.main, Estimate)]


def _said_of_events(known: list[EventEffect]) -> str:
    """Return which message the events earn."""
    apart = [one for one in known if one.apart]
    if not known:
        return "none"
    if not apart:
        return "all"
    if any(one.is_sure for one in apart):
        return "valid"
    if any(one.is_valid for one in apart):
        return "unclear"
    clear = [one for one in apart if isinstance(one.main, Estimate) and not one.main.spans_zero]
    return "few_clear" if clear else "few"


def _shortened(name: str) -> str:
    """Return a name as a label: the table below has the whole of it."""
    return name if len(name) <= LONGEST_LABEL else f"{name[: LONGEST_LABEL - 1].rstrip()}…"


def _month(one: EventEffect) -> str:
    return period_label(Period.containing(one.day, "month"))


def _compared(one: EventEffect) -> str:
    if not one.apart:
        return _("before and after")
    return _("{touched} of {regions} groups", touched=one.touched, regions=one.regions)


def lots(tests: list[LotEffect], *, edition: Edition) -> Presentation:
    """Return each test by lot: its customers, effect plain and by CUPED, what would have shown."""
    if not tests:
        return Presentation(pd.DataFrame(), "none")
    rows = pd.DataFrame({
        "action": [test.action for test in tests],
        "customers": [f"{digits(test.treated, 0)} / {digits(test.held, 0)}" for test in tests],
        "effect": [_figure(test.effect) for test in tests],
        "plain": [_figure(test.plain) for test in tests],
        "would show": [_alone(test.smallest) for test in tests],
        "against the lot": [_count(test.against) for test in tests],
        "not reached": [_count(test.missed) for test in tests],
    })  # fmt: skip
    for name in ("against the lot", "not reached"):
        if not any(rows[name].astype(str)):
            rows = rows.drop(columns=name)
    if any(test.is_broken for test in tests):
        return Presentation(rows, "broken")
    if any(test.is_blurred for test in tests):
        return Presentation(rows, "against")
    clear = [t for t in tests if isinstance(t.effect, Estimate) and not t.effect.spans_zero]
    return Presentation(rows, "clear" if clear else "unclear")


def all_programmes(programmes: Programmes, *, edition: Edition) -> Presentation:
    """Return every programme with its effects by design."""
    if isinstance(programmes, NotEstimable):
        return Presentation(pd.DataFrame(), "none", {"empty": text(programmes)})
    rows = pd.DataFrame(
        {"programme": [one.programme for one in programmes],
         "members": [one.members for one in programmes],
         "grade": [_(one.grade) for one in programmes]}
        | {NAMES[name]: [_figure(one.effects[name]) for one in programmes] for name in DESIGNS}
    )  # fmt: skip
    return Presentation(rows, "what", {"empty": ""})


def _figure(value: MaybeEstimate) -> str:
    if isinstance(value, NotEstimable):
        return text(value)
    return f"{number(value, sign=True)} ({interval(value, bare=True)})"


def _count(number: int | None) -> str:
    return "" if number is None else digits(number, 0)


def _alone(value: MaybeEstimate) -> str:
    return "" if isinstance(value, NotEstimable) else number(value)
