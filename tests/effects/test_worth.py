"""The worth of a point is what better experiences truly bring, and adds up by closed forms."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import statsmodels.api as sm
from editions import write_company

import profitchain as pc
from certify import worth as trials
from certify.shops import DAYS, MECHANISMS, YEAR_STARTS, Shop, shop
from profitchain.core.estimates import Estimate, NotEstimable
from profitchain.effects.gains_by_age import ModelSetting, gains, standing_for
from profitchain.effects.value_of_a_point import OF_EXTRA_ORDERS, PARTS, Worth, worth_of_a_point
from profitchain.effects.worth_from_orders import HISTORY, FollowUp, follow_up
from profitchain.panel.edition import read_period
from profitchain.panel.follow_up import BANDS
from profitchain.sources.settings import Question

NPS = Question(name="nps", kind="nps")
EXACT = 1e-8  # the same sums in another order
DAY = 86_400
STARTS = int(pd.Timestamp("2026-04-01").timestamp()) - DAYS * DAY  # of a shop, in a firm's tables
NOISE = 0.3 / np.sqrt(20_000 / trials.CUSTOMERS)  # of a shop of 20,000: `certify` has that of 4,500
OFF = 0.25  # as far as a mechanism's mean may lie from the truth, by the certificate


@pytest.fixture(scope="module")
def small() -> FollowUp:
    lived = shop(MECHANISMS[0], 1500, 3)
    return follow_up(lived.orders, lived.answers, end=lived.end, categories=["tier"])


def worth_of(followed: FollowUp, **other: object) -> Worth:
    how = {"question": NPS, "controls": (*HISTORY, "tier"), "money": "margin", "currency": "EUR"}
    return worth_of_a_point(followed.cells, followed.orders, followed.year, **how | other)


@pytest.mark.parametrize(("moment", "followed"), [(0, 1), (1, 2)])
def test_an_order_of_the_day_of_an_answer_without_a_time_does_not_follow_it(moment, followed):
    days = [399.5, 400.5, 420.0]
    orders = pd.DataFrame({"cluster": 0, "at": [int(day * DAY) for day in days], "amount": 20.0})
    answers = pd.DataFrame({"cluster": [0], "at": [400 * DAY + moment], "score": [9.0]})
    cells = follow_up(orders, answers, end=700 * DAY).cells
    assert cells.loc[cells["band"] == 1, "margin"].tolist() == [followed * 20.0]


# --- the truth ------------------------------------------------------------------------------------


@pytest.mark.worlds
@pytest.mark.parametrize(
    "mechanism",
    [m if k in (0, 2, 6) else pytest.param(m, marks=pytest.mark.worlds)
     for k, m in enumerate(MECHANISMS)],
    ids=lambda mechanism: mechanism.name,
)  # fmt: skip
def test_the_figure_is_near_what_a_better_year_brings(mechanism):
    was, better = (shop(mechanism, 20_000, 5, better=better) for better in (False, True))
    truth = len(better.year) - len(was.year)
    worth = trials.worth_of(was)
    ratio = worth.total.value / (truth * was.year["amount"].mean())
    assert abs(ratio - 1) < OFF + 3 * NOISE
    assert worth.brought_forward == (mechanism.name == "only brought forward")


def test_a_better_year_differs_in_that_year_alone():
    was, better = (shop(MECHANISMS[0], 2000, 7, better=better) for better in (False, True))
    before = [lived.orders[lived.orders["at"] < YEAR_STARTS * DAY] for lived in (was, better)]
    pd.testing.assert_frame_equal(*(rows.reset_index(drop=True) for rows in before))
    assert better.year["score"].mean() > was.year["score"].mean() + 0.5
    assert better.year["score"].max() == 10


# --- closed forms ---------------------------------------------------------------------------------


def test_cells_and_single_answers_give_the_same(small):
    keys = [name for name in small.cells if name not in ("n", "repeats", "margin")]
    cells = small.cells.assign(cluster=small.cells["cluster"] % 30, recency_days=3, tenure_days=90)
    cells["month"] //= 6
    summed = cells.groupby(keys, observed=True)[["n", "repeats", "margin"]].sum().reset_index()
    assert len(summed) < 0.95 * len(cells)
    single, few = (
        worth_of(FollowUp(cells=rows, orders=small.orders, year=small.year)).total
        for rows in (cells, summed)
    )
    for end in ("value", "low", "high"):
        assert getattr(few, end) == pytest.approx(getattr(single, end), rel=EXACT)


def test_a_bands_gain_is_what_statsmodels_predicts(small):
    band = small.cells[small.cells["band"] == 1].reset_index(drop=True)
    setting = ModelSetting(money="margin", controls=("prior_orders", "month"), scale=(0, 10),
                           currency="EUR", level=0.95)  # fmt: skip
    found = gains(band.assign(month=band["month"].astype(str)), small.orders, setting)
    gain = found["straight line"]
    months = pd.get_dummies(band["month"].astype(str), drop_first=True, dtype=float)
    past = np.log1p(band["prior_orders"])
    score = band["score"].to_numpy(float)

    def design(scores: np.ndarray) -> np.ndarray:
        return np.column_stack([scores, np.ones(len(band)), past, months])

    model = sm.GLM(band["margin"], design(score), family=sm.families.Poisson())
    fitted = model.fit(tol=1e-13, cov_type="cluster", cov_kwds={"groups": band["cluster"]})
    weights = standing_for(band, small.orders)
    weights = weights / weights.sum()
    gradient, value = 0.0, 0.0
    for sign, at in ((1, np.minimum(score + 1, 10)), (-1, score)):
        mean = np.exp(design(at) @ fitted.params.to_numpy())
        value += sign * weights @ mean
        gradient += sign * (weights * mean) @ design(at)
    assert gain.values[0] == pytest.approx(value, rel=EXACT)
    variance = gradient @ np.asarray(fitted.cov_params()) @ gradient
    assert gain.covariance[0, 0] == pytest.approx(variance, rel=1e-6)


def test_parts_add_up_and_extra_orders_bring_four_fifths_of_the_gain_again(small):
    worth = worth_of(small)
    simple = sum(worth.parts[part].value for part in PARTS)
    amount = small.year["margin"].iloc[0]
    assert worth.parts[OF_EXTRA_ORDERS].value == pytest.approx(0.8 * simple**2 / amount)
    assert worth.total.value == pytest.approx(simple * (1 + 0.8 * simple / amount))
    assert worth.share.value == pytest.approx(worth.total.value / amount)
    values = [model.value for model in worth.models.values()]
    assert min(values) < worth.total.value < max(values)


def test_models_that_part_widen_the_interval(small):
    worth = worth_of(small)
    narrowest = min(model.high - model.low for model in worth.models.values())
    assert worth.total.high - worth.total.low > narrowest


def test_answers_are_weighted_to_the_orders_of_the_year():
    cells = pd.DataFrame({
        "prior_orders": [1, 1, 2, 7, 7], "tier": ["a", "b", "a", "a", "a"],
        "recent": [1, 1, 1, 1, 0], "n": [10, 20, 10, 4, 50],
    })  # fmt: skip
    orders = pd.DataFrame(
        {"prior_orders": [1, 1, 2, 5, 9], "tier": ["a", "b", "a", "a", "a"],
         "orders": [100, 40, 30, 60, 5]}
    )  # fmt: skip
    found = standing_for(cells, orders, ["tier"])
    # the class of five and more has four answers, so it joins the one below
    joined = (30 + 60 + 5) / 14
    assert found.tolist() == pytest.approx([100, 40, 10 * joined, 4 * joined, 0])
    alone = standing_for(cells, orders.groupby("prior_orders")["orders"].sum().reset_index())
    assert alone.sum() == pytest.approx(235)


def test_a_scale_whose_best_end_is_low_gives_the_same(small):
    mirrored = FollowUp(cells=small.cells.assign(score=10 - small.cells["score"]),
                        orders=small.orders, year=small.year)  # fmt: skip
    low = Question(name="effort", kind="ces", scale=(0, 10), easy_is="low")
    assert worth_of(mirrored, question=low).total.value == pytest.approx(
        worth_of(small).total.value, rel=EXACT
    )


# --- short history --------------------------------------------------------------------------------


@pytest.mark.parametrize(("kept", "days"), [(1, 90), (2, 180)])
def test_without_a_band_no_figure_but_what_is_known_so_far(small, kept, days):
    cells = small.cells[small.cells["band"] <= kept]
    worth = worth_of(FollowUp(cells=cells, orders=small.orders, year=small.year))
    whole = worth_of(small)
    assert worth.total.why.key == "too_few_followed"
    assert worth.days == days
    known = sum(whole.parts[part].value for part in PARTS[:kept])
    assert worth.within.value == pytest.approx(known)
    assert OF_EXTRA_ORDERS not in worth.parts


def test_under_a_year_of_orders_nothing_is_scaled_to_a_year(small):
    year = small.year.assign(days_known=300)
    worth = worth_of(FollowUp(cells=small.cells, orders=small.orders, year=year))
    assert worth.total.why.key == worth.share.why.key == "under_a_year_of_orders"
    assert worth.within.value == pytest.approx(
        sum(worth_of(small).parts[part].value for part in PARTS)
    )


def test_without_answers_or_with_one_score_there_is_a_reason(small):
    empty = FollowUp(cells=small.cells.iloc[:0], orders=small.orders, year=small.year)
    same = FollowUp(cells=small.cells.assign(score=9.0), orders=small.orders, year=small.year)
    for followed, key in ((empty, "too_few_followed"), (same, "all_scores_the_same")):
        worth = worth_of(followed)
        assert worth.total.why.key == key
        assert isinstance(worth.within, NotEstimable)
        assert worth.days == 0


# --- a firm's tables ------------------------------------------------------------------------------


def as_tables(lived: Shop) -> dict[str, pd.DataFrame]:
    orders, answers = lived.orders.reset_index(), lived.answers.reset_index()
    moment = {
        name: pd.to_datetime(rows["at"] + STARTS, unit="s").dt.strftime("%Y-%m-%d %H:%M:%S")
        for name, rows in (("orders", orders), ("answers", answers))
    }
    who = orders["cluster"].drop_duplicates()
    tiers = orders.groupby("cluster")["tier"].first().reindex(who)
    return {
        "orders": pd.DataFrame({
            "order_id": orders["index"], "customer_id": "C" + orders["cluster"].astype(str),
            "ordered_at": moment["orders"], "revenue": (2 * orders["amount"]).round(2),
            "margin": orders["amount"].round(2),
        }),
        "responses": pd.DataFrame({
            "response_id": answers["index"], "customer_id": "C" + answers["cluster"].astype(str),
            "responded_at": moment["answers"], "nps": answers["score"],
        }),
        "customers": pd.DataFrame({"customer_id": "C" + who.astype(str), "tier": tiers.to_numpy()}),
    }  # fmt: skip


@pytest.fixture(scope="module")
def firm(tmp_path_factory) -> tuple[Path, Shop]:
    lived = shop(MECHANISMS[0], 400, 4)
    folder = write_company(
        tmp_path_factory.mktemp("firm"), as_tables(lived), time_zone="UTC",
        questions={"nps": {"column": "nps", "kind": "nps"}}, main_question="nps",
        segments=["tier"],
        controls=["prior_orders", "recency", "tenure", "tier"], repeat_within_days=90,
    )  # fmt: skip
    return folder, lived


def test_the_engine_sums_up_what_sorting_does(firm):
    folder, lived = firm
    edition = read_period(folder, "2026Q1")
    rows = [part.assign(at=part["at"] + STARTS) for part in (lived.orders, lived.answers)]
    rows[0]["amount"] = rows[0]["amount"].round(2)
    ours = follow_up(*rows, end=STARTS + DAYS * DAY, categories=["tier"])
    year, classes = edition.table("worth_year"), edition.table("worth_orders")
    assert year["orders"].tolist() == ours.year["orders"].tolist()
    assert year["margin"].iloc[0] == pytest.approx(ours.year["margin"].iloc[0])
    theirs = classes.set_index(["prior_orders", "tier"])["orders"]
    own = ours.orders.astype({"tier": str}).set_index(["prior_orders", "tier"])["orders"]
    assert theirs.to_dict() == own[own > 0].to_dict()
    keys = ["band", "month", "recent", "score", "tier", "prior_orders", "recency_days"]
    found, expected = (
        cells.astype({"tier": str, "score": float}).groupby(keys)[["n", "repeats", "margin"]].sum()
        for cells in (edition.table("worth_cells"), ours.cells)
    )
    pd.testing.assert_frame_equal(found, expected, check_dtype=False, rtol=1e-9, atol=1e-9)


def test_plain_frames_give_the_pages_figure(firm):
    folder, _lived = firm
    edition = read_period(folder, "2026Q1")
    tables = {name: edition.rows(name) for name in ("orders", "responses", "customers")}
    orders, answers = (
        tables[name].merge(tables["customers"], on="customer_id")
        for name in ("orders", "responses")
    )
    worth = pc.worth_of_a_point(
        orders, answers, customer="customer_id", ordered_at="ordered_at", amount="margin",
        answered_at="responded_at", score="nps", controls=["tier"], ends_at="2026-04-01",
    )  # fmt: skip
    pages = worth_of_a_point(
        *(edition.table(f"worth_{name}") for name in ("cells", "orders", "year")),
        question=NPS, controls=edition.company.controls, money="margin", currency="EUR",
    )  # fmt: skip
    for ours, theirs in ((worth.total, pages.total), (worth.within, pages.within)):
        assert type(ours) is type(theirs)
        if isinstance(ours, Estimate):
            assert ours.value == pytest.approx(theirs.value, rel=EXACT)


def test_money_counts_by_how_many_of_the_years_orders_are_old_enough():
    at = (np.array([1, 100, 200, 300, 364]) * DAY).astype(int)  # of a year of 365 days
    orders = pd.DataFrame({"cluster": range(5), "at": at, "amount": 1.0})
    orders.loc[5] = [0, 1 * DAY + 40 * DAY + 5, 10.0]
    answers = pd.DataFrame({"cluster": [0], "at": [1 * DAY + 1], "score": [9]})
    cells = follow_up(orders, answers, end=365 * DAY).cells
    first = cells[cells["band"] == 1].iloc[0]
    # aged 40 days; the six orders are 364, 265, 165, 65, 1 and 323 days old (324 less an instant)
    assert first["margin"] == pytest.approx(10 * 5 / 6, abs=1e-4)
    assert len(cells) == sum(1 + end < 365 for _start, end in BANDS)


def test_the_certificates_section_names_what_lies_outside_its_goals():
    rows = pd.DataFrame({
        "mechanism": ["a", "b"], "answering": "by score", "truth": 0.03, "said": 1.0,
        "ratio": [1.0, 0.8], "noise": 0.2, "coverage": [0.95, 0.95], "chance": 0.01,
    })  # fmt: skip
    page = trials.section(rows, 30)
    assert "Outside the goals: b, answering by score." in page
    assert "| a | by score | 3.0 | 1.00 | 0.20 | 95 | 100 |" in page


def test_shops_are_judged_by_hand():
    tried = pd.DataFrame(
        [("m", "at random", 10, 20.0, 10.0, 30.0), ("m", "at random", 10, 40.0, 35.0, 45.0)],
        columns=["mechanism", "answering", "orders", "value", "low", "high"],
    )
    row = trials.judged(tried, {"m": (2.5, 0.05)}).iloc[0]
    assert (row["ratio"], row["coverage"], row["truth"]) == (pytest.approx(1.2), 0.5, 0.05)
