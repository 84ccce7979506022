"""The sentences on how soon customers come back: whether groups differ, and with one more point."""

from __future__ import annotations

from profitchain.core.estimates import MaybeEstimate, NotEstimable
from profitchain.core.formats import digits, interval, number, p_words
from profitchain.core.i18n import N_, _, following, listed
from profitchain.lifetime.cox_model import EarlyAndLate
from profitchain.words import reasons
from profitchain.words.prose import sentence

CLEAR = 0.05  # a test's p below this counts as a sign
ONE_PACE = N_("**No clear difference in pace**: one more point goes with a ratio of {ratio}.")
FASTER = N_(
    "One more point goes with a pace of the next order **{times} times** as fast "
    "({ratio:evidence})."
)


def log_rank_sentence(test: MaybeEstimate) -> str:
    """Return whether the groups come back at different paces, nothing adjusted."""
    if isinstance(test, NotEstimable):
        return _("Whether the groups differ can't be tested: {why}", why=reasons.text(test))
    p = p_words(test.value)
    if test.value < CLEAR:
        return _("The groups come back at clearly different paces (log-rank test, {p}).", p=p)
    return _("No clear difference between the groups (log-rank test, {p}).", p=p)


def pace_sentence(ratio: MaybeEstimate, even: MaybeEstimate, parts: EarlyAndLate, n: int) -> str:
    """Return what one more point goes with in the pace of the next order, and whether it lasts."""
    if isinstance(ratio, NotEstimable):
        return _("What one more point goes with can't be said: {why}", why=reasons.text(ratio))
    told = sentence(ONE_PACE if ratio.low <= 1 <= ratio.high else FASTER, ratio=ratio,
                    times=f"{ratio.value:.2f}")  # fmt: skip
    if ratio.n < n:
        sample = _("A sample of {some} of {all} customers.", some=digits(ratio.n, 0),
                   all=digits(n, 0))  # fmt: skip
        told = following(told, sample)
    if isinstance(even, NotEstimable):
        return told
    p = p_words(even.value)
    if even.value >= CLEAR:
        return following(told, _("No sign that the ratio changes with time ({p}).", p=p))
    day = f"{parts.day:.0f}"
    when = {_("up to day {day}", day=day): parts.early, _("after day {day}", day=day): parts.late}
    split = listed(_in_part(words, part) for words, part in when.items())
    changes = _(
        "**The ratio changes with time** ({p}), so it is a mean: {split}.", p=p, split=split
    )
    return following(told, changes)


def _in_part(when: str, ratio: MaybeEstimate) -> str:
    if isinstance(ratio, NotEstimable):
        return _("{when} {ratio}", when=when, ratio=number(ratio))
    words = {"when": when, "ratio": number(ratio), "ends": interval(ratio)}
    return _("{when} {ratio} ({ends})", **words)
