"""How often customers called or spoke of the firm in public, for each hundred or thousand orders.

Orders are counted in full; the number of events is the draw. Its interval is Garwood's exact one
for Poisson counts (1936, Biometrika 28: 437-442), widened by the mean size of clusters where a
customer calls more than once; a difference of two counts joins their intervals (MOVER: Zou and
Donner 2008, Stat. Med. 27: 1693-1702).
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd

from profitchain.core.estimates import Estimate, MaybeEstimate, NotEstimable, to_frame
from profitchain.core.periods import Period
from profitchain.panel.edition import Edition
from profitchain.stats import ratios
from profitchain.stats.disclosure_control import too_small
from profitchain.stats.event_rates import garwood
from profitchain.voice.shares import Texts, speaks

PER_MENTION, PER_CONTACT = 1_000, 100  # orders
FEWEST_EVENTS = 10
GOOD_STARS, BAD_STARS = 4, 2


def orders_by_period(edition: Edition) -> pd.Series:
    """Return how many orders each period of the trend has; of a firm without any, none."""
    if not edition.has("activity"):
        return pd.Series(dtype=float)
    return edition.table("activity").groupby("period")["orders"].sum()


def mentions_of(edition: Edition) -> pd.DataFrame:
    """Return an edition's `mention_counts`; no rows where the firm gives none."""
    names = ["period", "platform", "polarity", "rating", "mentions"]
    has = edition.has("mention_counts")
    return edition.table("mention_counts") if has else pd.DataFrame(columns=names)


def contacts_of(edition: Edition, texts: Texts) -> pd.DataFrame:
    """Return an edition's `contact_counts`; no rows where the firm gives none.

    Of a firm that gives contacts no topics, with rows by the topics that their texts speak of:
    `of_all` is then false, for a contact may stand in several.
    """
    names = ["period", "topic", "is_complaint", "contacts", "squares"]
    has = edition.has("contact_counts")
    counts = edition.table("contact_counts") if has else pd.DataFrame(columns=names)
    counts = counts.assign(of_all=True)
    if (counts["topic"] != "").any():
        return counts
    rows = texts.rows[texts.rows["source"] == "contacts"]
    several = {topic: rows[rows[speaks(topic)] == 1] for topic in texts.topics}
    parts = [_by_words(topic, hits) for topic, hits in several.items() if len(hits)]
    return pd.concat([counts, *parts], ignore_index=True)


def _by_words(topic: str, hits: pd.DataFrame) -> pd.DataFrame:
    """Return contacts of a topic by period, with their squares by customer."""
    each = hits.groupby(["period", "customer"]).size()
    sums = {"contacts": each.groupby("period").sum(), "squares": (each**2).groupby("period").sum()}
    return pd.DataFrame(sums).reset_index().assign(topic=topic, is_complaint=-1, of_all=False)


def net_positive(mentions: pd.DataFrame, orders: int) -> MaybeEstimate:
    """Return positive less negative mentions for each thousand orders.

    Parameters
    ----------
    mentions : one row a period, platform, polarity (1, 0, -1) and rating: `mentions`. Where no
        polarity is known, four stars are positive and two negative; what has neither counts for
        nothing.
    """
    if not orders:
        return NotEstimable("no_orders")
    sign = signs(mentions)
    good, bad = (int(mentions.loc[sign == which, "mentions"].sum()) for which in (1, -1))
    if good + bad < FEWEST_EVENTS:
        return NotEstimable(
            "too_few_mentions", n=good + bad, texts=good + bad, needed=FEWEST_EVENTS
        )
    (low, high), (low2, high2) = garwood(good), garwood(bad)
    net = good - bad
    each = PER_MENTION / orders
    return Estimate(
        value=net * each,
        low=(net - np.hypot(good - low, high2 - bad)) * each,
        high=(net + np.hypot(high - good, bad - low2)) * each,
        n=good + bad, unit="ratio", method="Garwood, MOVER",
    )  # fmt: skip


def signs(mentions: pd.DataFrame) -> pd.Series:
    """Return 1, 0 or -1 for each row of mentions, missing where nothing tells."""
    stars = mentions["rating"]
    by_stars = pd.Series(np.select([stars >= GOOD_STARS, stars <= BAD_STARS], [1.0, -1.0], 0.0),
                         index=mentions.index).where(stars.notna())  # fmt: skip
    return mentions["polarity"].astype(float).fillna(by_stars)


def net_positive_trend(
    mentions: pd.DataFrame, orders: pd.Series, periods: Sequence[Period]
) -> pd.DataFrame:
    """Return `net_positive` period by period: period, value, low, high, n, why.

    Parameters
    ----------
    orders : by the name of the period.
    """
    names = [str(period) for period in periods]
    values = [
        net_positive(mentions[mentions["period"] == name], int(orders.get(name, 0)))
        for name in names
    ]
    return to_frame(values, period=names)


def net_now(trend: pd.DataFrame) -> MaybeEstimate:
    """Return the last period's number of `net_positive_trend`."""
    return Estimate.of(trend.iloc[-1], unit="ratio")


def stars_by_platform(
    mentions: pd.DataFrame, periods: Sequence[str], *, smallest: int
) -> pd.DataFrame:
    """Return the mean of public stars by platform: platform, value, low, high, n, why."""
    rated = mentions[mentions["period"].isin(periods)].dropna(subset=["rating"])
    platforms = rated.groupby("platform")["mentions"].sum().sort_values(ascending=False).index
    values = [_stars(rated[rated["platform"] == name], smallest) for name in platforms]
    return to_frame(values, platform=list(platforms))


def _stars(rated: pd.DataFrame, smallest: int) -> MaybeEstimate:
    many = int(rated["mentions"].sum())
    if many < max(smallest, 2):
        return too_small(many, smallest)
    each = pd.DataFrame({"stars": rated["rating"].repeat(rated["mentions"])})
    sums = each.assign(cluster=range(len(each)), n=1)
    return ratios.ratio(sums, numerator="stars", denominator="n", unit="score", bounds=(1.0, 5.0))


def contacts_by_topic(
    contacts: pd.DataFrame, orders: pd.Series, now: Sequence[str], before: Sequence[str], *,
    smallest: int,
) -> pd.DataFrame:  # fmt: skip
    """Return contacts for each hundred orders: of all topics ("all"), and by topic.

    Parameters
    ----------
    contacts : as `contacts_of`: period, topic, is_complaint, contacts, squares, of_all.
    orders : by the name of the period.
    now, before : the periods of the span, and those to compare with.

    Returns
    -------
    topic, value, low, high, n (contacts), why, before (the rate then), complaints (their share of
    contacts, NaN where unknown).
    """
    mine = contacts[contacts["period"].isin(now)]
    sizes = mine.groupby("topic")["contacts"].sum().sort_values(ascending=False)
    topics = ["all", *(topic for topic in sizes.index if topic)]
    earlier = contacts[contacts["period"].isin(before)]
    parts, then = ([_of_topic(rows, topic) for topic in topics] for rows in (mine, earlier))
    many, many_before = (int(orders.reindex(list(of)).fillna(0).sum()) for of in (now, before))
    frame = to_frame([_rate(part, many, smallest) for part in parts], topic=topics)
    rates = to_frame([_rate(part, many_before, smallest) for part in then])
    frame["before"] = rates["value"]
    frame["complaints"] = [_complaints(part) for part in parts]
    return frame


def _of_topic(contacts: pd.DataFrame, topic: str) -> pd.DataFrame:
    return contacts[
        contacts["of_all"].astype(bool) if topic == "all" else contacts["topic"] == topic
    ]


def _rate(contacts: pd.DataFrame, orders: int, smallest: int) -> MaybeEstimate:
    count = int(contacts["contacts"].sum())
    if not orders:
        return NotEstimable("no_orders", n=count)
    if count < smallest:
        return too_small(count, smallest)
    spread = max(1.0, float(contacts["squares"].sum()) / count)
    low, high = garwood(count, spread=spread)
    each = PER_CONTACT / orders
    ends = {"value": count * each, "low": low * each, "high": high * each}
    return Estimate(**ends, n=count, unit="ratio", method="Garwood, clustered")


def _complaints(contacts: pd.DataFrame) -> float:
    known = contacts[contacts["is_complaint"] >= 0]
    total = known["contacts"].sum()
    return (
        float(known.loc[known["is_complaint"] == 1, "contacts"].sum() / total) if total else np.nan
    )
