"""Worlds in which a claim is true or false by as much as one says, and a firm's figure there."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import numpy as np
import pandas as pd
from invented import (
    NPS,
    complaint_cells,
    cost_tables,
    edition_of,
    newcomer_months,
    people,
    scores,
    snapshots,
)

from profitchain.claims import (
    from_answers,
    from_books,
    from_customers,
    from_scores,
    from_trying,
)
from profitchain.claims.verdicts import Figure
from profitchain.core.estimates import NotEstimable
from profitchain.programmes.contrasts import relative, two_means

World = Callable[[np.random.Generator, float], Figure | NotEstimable]
DRIVERS = ("quality", "service", "price")


def left(draw, gap):
    who, eager = people(draw, 1_500)
    score = scores(draw, len(who))
    stays = 1 - np.clip(0.5 * eager, 0, 1) * np.where(score >= 9, 1 - gap, 1.0)
    cells = pd.DataFrame({"cluster": who, "score": score, "n": 1})
    cells["repeats"] = (draw.random(len(who)) < stays).astype(int)
    return from_scores.churn_gap_of(cells, NPS)


def complained(draw, gap):
    tables = {"complaint_cells": complaint_cells(draw, gap)}
    return from_scores.complaint_gap(edition_of(tables))


def complained_by_score(draw, gap):
    tables = {"complaint_cells": complaint_cells(draw, gap)}
    return from_scores.complaints_by_score(edition_of(tables))


def took_offers(draw, apart):
    who, eager = people(draw, 1_500)
    score = scores(draw, len(who))
    chance = np.clip(0.2 * eager + apart * (score >= 9), 0, 1)
    cells = pd.DataFrame({"cluster": who, "score": score, "n": 1, "lot": "offered"})
    cells["accepted"] = (draw.random(len(who)) < chance).astype(int)
    return from_scores.offers_taken(edition_of({"offer_cells": cells}))


def tried_and_answered(draw, apart):
    """Return feedback and new products of the loyal, who buy in other months than the new do."""
    who, eager = people(draw, 1_500)
    prior = draw.choice([1, 4], len(who))
    chance = np.clip(0.2 * eager + apart * (prior > 1), 0, 1)
    asked = pd.DataFrame({"cluster": who, "prior_orders": prior, "n": 1})
    asked["answered"] = (draw.random(len(who)) < chance).astype(int)
    month = (draw.random(len(who)) < np.where(prior > 1, 0.7, 0.3)).astype(int)
    orders = pd.DataFrame({"cluster": who, "month": month, "orders": 1})
    orders["loyalty"] = np.where(prior > 1, "loyal", "new")
    orders["tried"] = (draw.random(len(who)) < chance * (1 + month) / 2).astype(int)
    return from_trying.feedback_and_new_products(
        edition_of({"asked_cells": asked, "new_product_cells": orders})
    )


def referred(draw, ratio):
    who, eager = people(draw, 4_000)
    repeats = np.where(draw.random(4_000) < 0.5, 0, 3)[who]
    rows = pd.DataFrame({"cluster": who, "repeats": repeats, "periods": 1})
    rows["new_referrals"] = draw.poisson(0.1 * eager * np.where(repeats > 0, ratio, 1.0))
    return from_customers.referrals_of_loyal_of(rows)


def promoters(draw, gap):
    tables = {"customers": snapshots(draw, gap, by="score")}
    return from_customers.value_of_promoters(edition_of(tables))


def loyal(draw, gap):
    tables = {"customers": snapshots(draw, gap, by="repeats", many=8_000)}
    return from_customers.profit_of_loyal(edition_of(tables))


def prices(draw, gap):
    base = draw.gamma(2, 40, 800)
    cells = pd.DataFrame({"cluster": range(800), "at_new_price": base, "lines": 3})
    cells["apart"] = base * gap + draw.normal(0, 0.15, 800) * base
    cells["new_part"] = draw.normal(0, 0.05, 800) * base
    return from_customers.price_of_loyal(edition_of({"price_cells": cells}))


def margins(draw, gap):
    return from_customers.margin_of_referred_of(
        newcomer_months(draw, {"referral": gap, "search": 0.0, "social": 0.0})
    )


def channels(draw, gap):
    return from_customers.value_by_channel_of(
        newcomer_months(draw, {"search": 0.0, "social": gap, "newsletter": -gap})
    )


def winning(draw, ratio):
    return from_books.winning_by_keeping(edition_of(cost_tables(draw, ratio)))


def winning_above(draw, ratio):
    return from_books.winning_above_keeping(edition_of(cost_tables(draw, ratio)))


def referring_costs(draw, referred):
    return from_books.cost_of_referred(edition_of(cost_tables(draw, 3.0, referred)))


def offered(draw, share):
    lot = np.where(draw.random(6_000) < 0.5, "offered", "held out")
    chance = 0.005 + share * (lot == "offered")
    cells = pd.DataFrame({"kind": "upsell", "lot": lot, "cluster": range(6_000), "n": 1})
    cells["accepted"] = (draw.random(6_000) < chance).astype(int)
    many = float((lot == "offered").sum())
    year = pd.DataFrame({"orders": [many], "spend": [many * 50.0], "margin": [many * 20.0]})
    return from_books.sales_of_offers(edition_of({"offer_cells": cells, "worth_year": year}))


def by_lot(draw, gap):
    invited = draw.random(16_000) < 0.5
    spent = draw.gamma(4, 25, 16_000) * np.where(invited, 1 + gap, 1.0)
    everybody = draw.gamma(4, 25, 16_000) * np.where(draw.random(16_000) < 0.3, 1.9, 1.0)
    chose = everybody > 150  # the heavy buyers joined
    drawn, raw = (
        relative(two_means(money, side, ~side, method="means"))
        for money, side in ((spent, invited), (everybody, chose))
    )
    rows = pd.DataFrame({"design": ["raw", "lot"], "relative": [raw, drawn], "doubtful": False})
    return from_customers.spend_of_members_of(rows)


def answers(draw, slope, offset=0.0):
    who, eager = people(draw, 800)
    value, quality = (draw.integers(1, 6, len(who)).astype(float) for _ in range(2))
    noise = draw.normal(0, 1.5, len(who)) + 2 * (eager - 1)
    score = 6 + slope * (value - 3) + 0.5 * (quality - 3)
    score += offset * (value - 3) * (quality - 3) + noise
    return pd.DataFrame({"cluster": who, "score": score, "item0": value, "item1": quality})


def elasticity(draw, truth):
    return from_answers.score_per_value_of(answers(draw, truth * 6 / 3))


def correlation(draw, rho):
    rows = answers(draw, 0.0)
    spread = rows["score"].std()
    slope = rho / np.sqrt(1 - rho**2) * spread / np.sqrt(2)
    rows["score"] += slope * (rows["item0"] - 3)
    return from_answers.correlation_of(rows)


def offsets(draw, truth):
    return from_answers.offset_of(answers(draw, 0.8, -truth))


def linked(draw, *, gain=0.0, elasticity=0.0):
    """Return answers and what followed: the loyal give better scores and come back anyway."""
    who = np.repeat(np.arange(700), 2)
    loyal = (draw.random(700) < 0.5)[who]
    group = (draw.random(len(who))[:, None] > np.where(loyal[:, None], [0.2, 0.5], [0.5, 0.8])).sum(
        axis=1
    )
    score = np.choose(group, [draw.integers(4, 7, len(who)), 7 + (draw.random(len(who)) < 0.5), 9])
    own = draw.uniform(-0.08, 0.08, 700)[who] + np.where(loyal, 0.1, -0.1)
    chance = 0.4 + gain * 4 * (group - 1) + own  # ten NPS points: a fifth of a step
    spend = draw.gamma(2, 20, len(who)) * np.where(loyal, 1.5, 1.0)
    return pd.DataFrame({
        "cluster": who, "score": score.astype(float), "n": 1, "in_lookback": 1, "standing": loyal,
        "repeats": (draw.random(len(who)) < chance).astype(int),
        "spend": spend * np.exp(elasticity * score / 7.15),  # the mean score
    })  # fmt: skip


def of_links(cells):
    return edition_of({"link_cells": cells}, controls=("standing",))


def repeats_by_nps(draw, gain):
    return from_scores.repeat_gain_per_10_nps(of_links(linked(draw, gain=gain)))


def repeats_by_score(draw, gain):
    return from_scores.repeat_by_score(of_links(linked(draw, gain=gain)))


def spend_by_score(draw, gain):
    return from_scores.spend_gain_per_5_percent(of_links(linked(draw, elasticity=gain / 0.05)))


def bent(draw, at_the_top):
    who, eager = people(draw, 1_000)
    score = draw.integers(0, 11, len(who)).astype(float)
    odds = 0.15 * (score - 5) + 0.3 * (eager - 1) + at_the_top * np.maximum(score - 8, 0)
    cells = pd.DataFrame({"cluster": who, "score": score, "n": 1, "in_lookback": 1})
    cells["repeats"] = (draw.random(len(who)) < 1 / (1 + np.exp(-odds))).astype(int)
    return from_scores.bent_curve(edition_of({"link_cells": cells}))


def converted(draw, apart):
    who, eager = people(draw, 1_000)
    loyal = (draw.random(1_000) < 0.5)[who]
    chance = np.clip(0.3 * eager + apart * loyal, 0, 1)
    cells = pd.DataFrame({"cluster": who, "loyal": loyal, "referred": 1})
    cells["ordered"] = (draw.random(len(who)) < chance).astype(int)
    return from_customers.orders_of_loyal_referrals(edition_of({"conversion_cells": cells}))


def handled(draw, apart):
    """Return what handling brings where the loyal are handled more often, and come back anyway."""
    who, eager = people(draw, 2_000)
    prior, score = draw.integers(1, 4, 2_000)[who], scores(draw, len(who))
    is_handled = draw.random(len(who)) < 0.2 * prior
    chance = np.clip(0.1 * prior + 0.2 * eager + apart * is_handled, 0, 1)
    cells = pd.DataFrame({
        "cluster": who, "handled": is_handled, "score": score, "prior": prior, "n": 1,
        "came": (draw.random(len(who)) < chance).astype(int), "both": 0, "before": 0.0,
        "after": 0.0,
    })  # fmt: skip
    return from_customers.return_after_handling(
        edition_of({"handling_cells": cells}, given=("contacts",))
    )


def rated(draw, share):
    """Return answers in which quality has a share of what three drivers, all but alone, explain."""
    who, eager = people(draw, 500)
    items = draw.integers(1, 6, (len(who), 3)).astype(float)
    weights = np.sqrt([share, (1 - share) / 2, (1 - share) / 2])
    score = (items - 3) @ weights + draw.normal(0, 0.3, len(who)) + 0.2 * (eager - 1)
    asked = {f"asked_{name}": column for name, column in zip(DRIVERS, items.T, strict=True)}
    cells = pd.DataFrame({"cluster": who, "score": score, "n": 1, "in_lookback": 1, **asked})
    return edition_of({"driver_cells": cells}, drivers=DRIVERS)


def quality_share(draw, share):
    return from_answers.share_of_quality(rated(draw, share))


def quality_first(draw, lead):
    return from_answers.quality_above_others(rated(draw, (1 + 2 * lead) / 3))


class Planted(NamedTuple):
    """A world, and its truth: where the claim is true, where false, and where only just not true.

    `line` lies just outside the range widened by a quarter; of a claim of a side it is the line
    itself, where it may be called neither true nor false.
    """

    world: World
    true: float
    false: float
    line: float


PLANTED = {
    "C03": Planted(repeats_by_nps, 0.05, 0.0, 0.037),
    "C04": Planted(repeats_by_score, 0.03, -0.03, 0.0),
    "C08": Planted(winning, 10.0, 2.0, 12.6),
    "C10": Planted(winning_above, 1.4, 0.7, 1.0),
    "C11": Planted(bent, 1.0, 0.0, 0.0),
    "C18": Planted(offered, 0.10, 0.02, 0.126),
    "C21": Planted(winning, 5.0, 1.5, 3.7),
    "C22": Planted(converted, 0.10, -0.10, 0.0),
    "C25": Planted(referred, 3.0, 1.2, 2.2),
    "C29": Planted(promoters, 0.65, 0.25, 0.48),
    "C30": Planted(by_lot, 0.20, 0.02, 0.14),
    "C35": Planted(margins, 0.25, -0.05, 0.32),
    "C36": Planted(referring_costs, 0.6, 1.5, 1.0),
    "C40": Planted(margins, 0.16, -0.10, 0.11),
    "C41": Planted(complained, 0.62, 0.1, 0.46),
    "C42": Planted(spend_by_score, 0.15, 0.0, 0.11),
    "C43": Planted(left, 0.65, 0.4, 0.48),
    "C47": Planted(loyal, 0.25, 0.02, 0.18),
    "C49": Planted(prices, 0.15, 0.02, 0.11),
    "C50": Planted(complained_by_score, 0.5, -0.5, 0.0),
    "C57": Planted(elasticity, 2.0, 0.5, 1.49),
    "C59": Planted(correlation, 0.5, 0.25, 0.37),
    "C60": Planted(quality_share, 0.40, 0.10, 0.52),
    "C63": Planted(quality_first, 0.2, -0.2, 0.0),
    "C64": Planted(offsets, 0.15, -0.15, 0.0),
    "C65": Planted(took_offers, 0.06, -0.06, 0.0),
    "C66": Planted(tried_and_answered, 0.1, -0.06, 0.0),
    "C67": Planted(handled, 0.15, -0.10, 0.0),
    "C68": Planted(channels, 0.05, 0.0, 0.0),
}
