"""What loyal customers bring beside their own orders: what its page may say of it."""

from __future__ import annotations

from collections.abc import Mapping

import pandas as pd

from profitchain.benefits.after_scores import AfterScores
from profitchain.benefits.grades import grade_of
from profitchain.benefits.grades import grades as grades_of
from profitchain.benefits.growth import NEW
from profitchain.benefits.offers import OfferLift
from profitchain.benefits.whole_worth import LINES, WholeWorth
from profitchain.core.estimates import Estimate, MaybeEstimate, NotEstimable, counted, to_frame
from profitchain.core.formats import digits, interval, number
from profitchain.core.i18n import N_, _
from profitchain.panel.edition import Edition
from profitchain.words.captions import drawn_from, source
from profitchain.words.catalogue import words_of
from profitchain.words.presentation import Presentation, Said
from profitchain.words.prose import first_capital, listed
from profitchain.words.reasons import text
from profitchain.words.voice import listing_of

NAMES = words_of("benefits", "names")
GRADES = words_of("benefits", "grades")
STEPS = words_of("benefits", "steps")


def name_in_words(name: str) -> str:
    """Return what a line, part or kind of this page is called; a firm's own word as it is."""
    return _(NAMES[name]) if name in NAMES else _(name.replace("_", " "))


def answer(
    whole: WholeWorth,
    referrals: AfterScores | NotEstimable,
    growth: Mapping[str, MaybeEstimate],
    *,
    edition: Edition,
) -> list[Said | str]:
    """Return what a point goes with in all, whether good scores refer more, and who came again."""
    said: list[Said | str] = []
    if edition.company.main is not None:
        said.append(_worth_said(whole))
    if isinstance(referrals, AfterScores) and isinstance(referrals.apart, Estimate):
        apart = referrals.apart
        values = {"ratio": apart, "n": digits(_events(referrals), 0)}
        said.append(Said("refer_more" if apart.low > 1 else "refer_alike", values))
    kept = growth["net_revenue_retention"]
    if isinstance(kept, Estimate) and len(said) < 3:
        said.append(Said("retained", {"kept": kept, "n": digits(kept.n, 0)}))
    return said or [Said("unknown", {"why": reason_of(whole.total)})]


def _worth_said(whole: WholeWorth) -> Said:
    total, repeat = whole.total, whole.lines[LINES[0]]
    if isinstance(total, NotEstimable) or isinstance(repeat, NotEstimable):
        return Said("unknown", {"why": reason_of(total)})
    values = {"size": number(total), "repeat": number(repeat), "ends": interval(total, bare=True)}
    return Said("unclear" if total.spans_zero else "worth", values)


def whole_bridge(whole: WholeWorth, *, edition: Edition) -> Presentation:
    """Return the lines that are known, and their sum."""
    known = {name: line for name, line in whole.lines.items() if isinstance(line, Estimate)}
    if isinstance(whole.total, NotEstimable):
        return Presentation(_no_rows("line"), "none", {"source": _("Orders and answers")})
    figures = {"all": whole.total, **known}
    rows = to_frame(figures.values(), line=[_graded_line(name, known) for name in figures])
    first = known[LINES[0]].value
    is_repeat = first >= whole.total.value - first
    note = drawn_from(
        source(N_("Answers followed for at least 90 days"), whole.total.n), edition.stands_for
    )
    return Presentation(rows, "repeat" if is_repeat else "other", {"source": note})


def _graded_line(name: str, known: Mapping[str, Estimate]) -> str:
    """Return a line's name with the grade of its evidence; that of repeat margin is page 09's."""
    words = first_capital(name_in_words(name))
    if name not in known or name == LINES[0]:
        return words
    return _("{part} ({grade})", part=words, grade=_(GRADES[grade_of(known[name])]))


def word_of_mouth(found: AfterScores | NotEstimable, *, edition: Edition) -> Presentation:
    """Return referrals for each hundred answers by group of scores."""
    return _after(found, ("more", "unclear"), "referrals", rises=True)


def later_complaints(found: AfterScores | NotEstimable, *, edition: Edition) -> Presentation:
    """Return complaints for each hundred later orders by group of scores."""
    return _after(found, ("fewer", "unclear"), "complaints", rises=False)


def _after(
    found: AfterScores | NotEstimable, says: tuple[str, str], name: str, *, rises: bool
) -> Presentation:
    if isinstance(found, NotEstimable):
        return Presentation(_no_rows("score"), "none", {name: "0", "listing": text(found)})
    rows = to_frame(
        found.rates.values(), score=[first_capital(name_in_words(group)) for group in found.rates]
    )
    slope, values = (
        found.slope,
        {name: digits(_events(found), 0), "listing": listing_of(rows, "ratio")},
    )
    if rows["value"].isna().all():
        return Presentation(_no_rows("score"), "none", values)
    clear = isinstance(slope, Estimate) and (slope.low > 0 if rises else slope.high < 0)
    return Presentation(_shown(rows), says[0] if clear else says[1], values)


def offer_lifts(found: list[OfferLift] | NotEstimable, *, edition: Edition) -> Presentation:
    """Return the lift of each kind of offer beyond those held out."""
    lifts = [] if isinstance(found, NotEstimable) else found
    rows = to_frame([one.lift for one in lifts], kind=[_graded_kind(one) for one in lifts])
    rows = _shown(rows)
    values = {"offers": digits(sum(one.offered for one in lifts), 0), "kinds": "",
              "listing": listing_of(rows, "share")}  # fmt: skip
    if rows.empty:
        return Presentation(_no_rows("kind"), "none", values)
    clear = [
        name_in_words(one.kind)
        for one in lifts
        if isinstance(one.lift, Estimate) and one.lift.low > 0
    ]
    return Presentation(
        rows, "clear" if clear else "unclear", values | {"kinds": listed(clear) if clear else ""}
    )


def _graded_kind(one: OfferLift) -> str:
    words, grade = first_capital(name_in_words(one.kind)), grade_of(one.lift, by_lot=True)
    return _("{part} ({grade})", part=words, grade=_(GRADES[grade]))


def grades(parts: Mapping[str, object], *, edition: Edition) -> list[Said]:
    """Return in one line the grade of each part's evidence, the best first."""
    found = grades_of(parts)
    by_grade = [
        _("{grade} for {parts}", grade=_(words),
          parts=listed([name_in_words(name) for name in found if found[name] == grade]))
        for grade, words in GRADES.items() if grade in found.values()
    ]  # fmt: skip
    return [Said("graded", {"grades": "; ".join(by_grade)})] if found else []


def offers_money(found: list[OfferLift] | NotEstimable, *, edition: Edition) -> list[Said]:
    """Return in a sentence each what offers of each kind bring in money, or their raw rate."""
    if isinstance(found, NotEstimable):
        return [Said("offers_none", {"why": text(found)})]
    has_amount = edition.has("offer_cells") and "revenue" in edition.table("offer_cells")
    amounts = (
        _("margin of what was accepted")
        if has_amount
        else _("margin of a mean order, for no amount is given")
    )
    said = []
    for one in found:
        kind = first_capital(name_in_words(one.kind))
        if isinstance(one.money, Estimate) and isinstance(one.incremental, Estimate):
            values = {
                "kind": kind,
                "money": one.money,
                "incremental": one.incremental,
                "amounts": amounts,
            }
            said.append(Said("offers_unclear" if one.money.spans_zero else "offers_money", values))
        elif isinstance(one.rate, Estimate):
            said.append(Said("offers_rate", {"kind": kind, "rate": one.rate}))
    return said


def offers_by_score(rows: pd.DataFrame, *, edition: Edition) -> Presentation:
    """Return the lift of offers by the score before."""
    named = rows.assign(group=[first_capital(name_in_words(name)) for name in rows["group"]])
    return Presentation(_shown(named), "what" if rows["value"].notna().any() else "none")


def growth_bridge(steps: pd.DataFrame, *, edition: Edition) -> Presentation:
    """Return the steps from the year before's revenue to this year's."""
    values = steps.set_index("step")["value"]
    if values.isna().any():
        empty = text(NotEstimable(steps["why"].iloc[-1], n=int(steps["n"].iloc[-1])))
        return Presentation(_no_rows("step"), "none", {"empty": empty})
    currency = edition.company.currency
    rows = pd.DataFrame({
        "step": [_(STEPS[step]) for step in steps["step"]],
        "revenue": [number(counted(value, unit=currency)) for value in steps["value"]],
        "customers": steps["n"],
    })  # fmt: skip
    if NEW in values:
        return Presentation(rows, "together", {"empty": ""})
    is_earned = values["referred"] > values["won"]
    return Presentation(rows, "earned" if is_earned else "bought", {"empty": ""})


def earned_growth(growth: Mapping[str, MaybeEstimate], *, edition: Edition) -> list[Said]:
    """Return how much growth was earned, not bought."""
    earned = growth["earned_growth"]
    if isinstance(earned, NotEstimable):
        return [Said("not_earned", {"why": text(earned)})]
    return [Said("earned", {"earned": earned})]


def what_is_missing(parts: Mapping[str, object], *, edition: Edition) -> list[Said]:
    """Return in one line which parts this firm's tables don't allow, and what each needs."""
    lacking = {name: part for name, part in parts.items() if isinstance(part, NotEstimable)}
    if not lacking:
        return [Said("all_measured")]
    each = [
        _("{part} ({why})", part=name_in_words(name), why=text(why).rstrip("."))
        for name, why in lacking.items()
    ]
    return [Said("not_measured", {"parts": _("{list}.", list=listed(each))})]


def reason_of(number: MaybeEstimate) -> str:
    """Return why a number is missing, in words; "" where it isn't."""
    return text(number) if isinstance(number, NotEstimable) else ""


def _events(found: AfterScores) -> int:
    return sum(rate.n for rate in found.rates.values() if isinstance(rate, Estimate))


def _no_rows(label: str) -> pd.DataFrame:
    return to_frame([], **{label: []})


def _shown(rows: pd.DataFrame) -> pd.DataFrame:
    return rows[rows["value"].notna()].reset_index(drop=True)
