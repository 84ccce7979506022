"""The words on what a point of satisfaction is worth: one figure, in money of the last 365 days."""

from __future__ import annotations

from collections.abc import Mapping

import pandas as pd
from babel.dates import format_date

from profitchain.core.estimates import Estimate, MaybeEstimate, NotEstimable, to_frame
from profitchain.core.formats import interval, number, plain
from profitchain.core.i18n import N_, _, locale
from profitchain.effects.value_of_a_point import PARTS, Worth
from profitchain.measures.data_quality import differing
from profitchain.panel.edition import Edition
from profitchain.words.captions import FOLLOWED as FOLLOWED_TO_THE_END
from profitchain.words.captions import Caption, drawn_from, source
from profitchain.words.designs import described
from profitchain.words.prose import listed, scale_of, sentence
from profitchain.words.reasons import text
from profitchain.words.repeat_effect import upward

WORDS = {"margin": N_("margin"), "spend": N_("revenue")}
NOT_CHECKED = N_("Not checked against the books: they give no totals for this period.")
BOOKED = {
    "revenue": N_("revenue"),
    "orders": N_("orders"),
    "active_customers": N_("active customers"),
}
NAMES = (  # of rows, as `effects` has them; translated where they are shown
    N_("first 90 days"), N_("day 91 to 180"), N_("day 181 to 365"),
    N_("experiences of the extra orders"), N_("straight line"), N_("line that may bend"),
    N_("straight line, differing by earlier orders"),
    N_("line that may bend, differing by earlier orders"),
    N_("all together"), N_("their mean: the figure"),
)  # fmt: skip


def books_sentence(checked: pd.DataFrame, tolerance: float) -> str:
    """Return a warning that our totals part from the books, or "" where they agree."""
    apart = differing(checked)
    if apart.empty:
        return ""
    totals = [
        _(
            "{measure} {ours}, theirs {books}",
            measure=_(BOOKED[row.measure]),
            ours=plain(row.ours, row.unit),
            books=plain(row.books, row.unit),
        )
        for row in apart.itertuples()
    ]
    return _(
        "**Our totals part from the books** by more than {tolerance}: {measures}. Until that is "
        "cleared up, read the money on this page with care.",
        tolerance=f"{tolerance:.1%}",
        measures=listed(totals),
    )


def worth_sentence(worth: MaybeEstimate, share: MaybeEstimate, edition: Edition, money: str) -> str:
    """Return the figure: what the year would have brought, had each experience been better."""
    main = edition.company.main
    assert main is not None  # without it, the page has nothing to say
    if isinstance(worth, NotEstimable):
        unsaid = N_("What one more point on “{label}” is worth in a year can't be said yet: {why}")
        return _(unsaid, label=main.label, why=text(worth))
    template = N_(
        "Had every experience of the year to {day} been one point better on the {scale} question "
        "“{label}”, none beyond {best}, {what} would have been **{size} higher** ({ends}; {part} "
        "of the year's), if customers of like history differ by nothing else that matters."
    )
    if worth.spans_zero:
        template = N_(
            "**No clear worth of a point**: had every experience of the year to {day} been one "
            "point better on the {scale} question “{label}”, none beyond {best}, {what} would have "
            "differed by {signed} ({ends}; {part} of the year's), an interval that spans zero."
        )
    elif worth.value < 0:
        template = N_(
            "Had every experience of the year to {day} been one point better on the {scale} "
            "question “{label}”, none beyond {best}, {what} would have been **{size} lower** "
            "({ends}; {part} of the year's), if customers of like history differ by nothing else "
            "that matters."
        )
    shown = worth if worth.spans_zero else upward(worth)
    return sentence(
        template, day=last_day(edition), scale=scale_of(main), label=main.label,
        best="{:g}".format(main.scale[0 if main.easy_is == "low" else 1]), what=_(WORDS[money]),
        size=number(shown), signed=number(shown), ends=_interval_words(shown),
        part=number(upward(share)) if isinstance(share, Estimate) else "",
    )  # fmt: skip


def parts_sentence(worth: Worth) -> str:
    """Return how soon the worth comes, or, where follow-up is too short, what is known so far."""
    if isinstance(worth.total, NotEstimable):
        return _known_sentence(worth)
    first, second, third = (worth.parts[part] for part in PARTS)
    values = {"first": number(first), "second": number(second), "third": number(third)}
    if worth.brought_forward:
        return _(
            "{first} of it comes within 90 days of the experience; {second} by day 180 and {third} "
            "later take from that, the sign of orders that only came sooner.",
            **values,
        )
    return _(
        "{first} of it comes within 90 days of the experience, {second} by day 180, {third} later, "
        "the rest from the extra orders' own experiences.",
        **values,
    )


def _known_sentence(worth: Worth) -> str:
    within = worth.within
    if isinstance(within, NotEstimable):
        return ""
    return sentence(
        "Known so far: within the first {days} days after each of the last year's experiences, one "
        "point better, none above the top, goes with a difference of {size} ({ends}). What follows "
        "isn't known yet, and some may be orders that would have come later anyway.",
        days=worth.days, size=number(within), ends=_interval_words(within),
    )  # fmt: skip


def last_day(edition: Edition) -> str:
    """Return the last day of the period, in words."""
    return format_date(edition.period.last_day, "long", locale=locale())


def _interval_words(estimate: Estimate) -> str:
    ends = interval(estimate, bare=True)
    return _("{level} interval {ends}", level=f"{estimate.level:.0%}", ends=ends)


def books_note(checked: pd.DataFrame, tolerance: float) -> str:
    """Return whether our totals were checked against the books, and with what outcome."""
    if checked.empty:
        return _(NOT_CHECKED)
    return books_sentence(checked, tolerance) or _(
        "Our {measures} agree with the books within {tolerance}.",
        measures=listed(_(BOOKED[name]) for name in checked["measure"]),
        tolerance=f"{tolerance:.1%}",
    )


def assumed_clause(edition: Edition, money: str) -> str:
    """Return the assumption on margin, or "" where orders carry their own."""
    share = assumed_share(edition, money)
    return _("; margin is assumed at {share} of revenue", share=share) if share else ""


def assumed_share(edition: Edition, money: str) -> str:
    """Return the share of revenue that is assumed to be margin, or "" where orders carry theirs."""
    rate = edition.assumed_margin
    return f"{rate:.0%}" if rate and money == "margin" else ""


def parts_rows(worth: Worth) -> pd.DataFrame:
    """Return the figure and its parts as a chart's rows: label, value, low, high, n, why."""
    rows = {"all together": worth.total, **worth.parts}
    return to_frame(rows.values(), label=[_(name) for name in rows])


def parts_caption(worth: Worth, edition: Edition, money: str) -> Caption:
    """Return the caption of the worth and its parts by days since the experience."""
    first, what = worth.parts.get(PARTS[0]), _(WORDS[money])
    message = _("What a better experience brings, by days since it")
    if isinstance(worth.total, Estimate) and isinstance(first, Estimate):
        is_clear = not worth.total.spans_zero and worth.total.value > 0
        if is_clear and worth.brought_forward:
            message = _("Part of what comes first is taken back later")
        elif is_clear and first.value > worth.total.value / 2:
            message = _("More than half of it comes within 90 days")
        elif worth.total.spans_zero:
            message = _("No clear worth of a point")
    return {
        "message": message,
        "measure": _(
            "Difference in {what} of the 365 days to {day}, each of their {orders} experiences one "
            "point better, none above the top; 95% intervals",
            what=what, day=last_day(edition), orders=plain(worth.orders, "count"),
        ),
        "source": worth_source(worth, edition),
        "description": described(message, _("The values stand in the table.")),
        "unit": edition.company.currency,
        "reference": 0,
    }  # fmt: skip


def models_rows(worth: Worth) -> dict[str, MaybeEstimate]:
    """Return the ways to count and their mean, by name."""
    return {**worth.models, "their mean: the figure": worth.total}


def models_caption(worth: Worth, edition: Edition, money: str) -> Caption:
    """Return the caption of the same figure by each way to count."""
    return {
        "message": _("One figure, and the ways to count that it is the mean of"),
        "measure": _(
            "Difference in {what} of the 365 days to {day}, every experience one point better, "
            "none above the top; 95% intervals",
            what=_(WORDS[money]),
            day=last_day(edition),
        ),
        "source": worth_source(worth, edition),
    }


def recorded(worth: Worth, money: str) -> dict[str, MaybeEstimate | Mapping[str, MaybeEstimate]]:
    """Return what is recorded: the figure, its share of the year's money, its parts, its models.

    In revenue under ids of its own: margin is then not known, or only assumed.
    """
    id = "worth_of_a_point" if money == "margin" else "worth_of_a_point_revenue"
    numbers: dict[str, MaybeEstimate | Mapping[str, MaybeEstimate]] = {
        id: worth.total,
        f"{id}_share": worth.share,
        "worth_of_a_point_by_age": worth.parts,
        "worth_of_a_point_by_model": worth.models,
    }
    if money != "margin":
        numbers["worth_of_a_point"] = NotEstimable("margin_not_given", n=worth.within.n)
    return numbers


def worth_source(worth: Worth, edition: Edition) -> str:
    """Return the source note of the worth: answers followed, drawn ones said."""
    note = source(N_("Answers followed for at least 90 days"), worth.within.n)
    return drawn_from(note, edition.stands_for)


def books_caption(checked: pd.DataFrame, edition: Edition) -> Caption:
    """Return the caption of our totals beside those of the books."""
    message = (
        _("Our totals agree with the books") if len(checked) else _("Not checked against the books")
    )
    if len(differing(checked)):
        message = _("Our totals part from the books")
    return {
        "message": message,
        "measure": _(
            "Totals of the period; apart: the difference as a share of the books' figure; up to "
            "{tolerance} is let pass",
            tolerance=f"{edition.company.control_tolerance:.1%}",
        ),
        "source": _("Orders, counted in full; the books' control totals"),
        "units": {"apart": "share"},
        "empty": _(NOT_CHECKED),
    }


def books_table(checked: pd.DataFrame) -> pd.DataFrame:
    """Return totals and books as a table: measure with its unit, ours, books, apart, verdict."""
    names = [
        _("revenue, {currency}", currency=row.unit)
        if row.measure == "revenue"
        else BOOKED[row.measure]
        for row in checked.itertuples()
    ]
    return checked.assign(measure=names).drop(columns=["unit"])


def window_days(edition: Edition) -> str:
    """Return the firm's window for an order after an answer, in words."""
    return plain(edition.company.repeat_within_days, "days")


def followed_source(n: float, edition: Edition, money: str) -> str:
    """Return the source note of answers followed to the end, and what is assumed on margin."""
    rows, share = source(_(FOLLOWED_TO_THE_END), int(n)), assumed_share(edition, money)
    if not share:
        return rows
    return _("{source}; margin is assumed at {share} of revenue", source=rows, share=share)
