"""Value today against hand counts, closed forms and invented worlds; and what can't be said."""

from __future__ import annotations

import statistics
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from profitchain.core.errors import ParameterError
from profitchain.core.estimates import Estimate, NotEstimable
from profitchain.core.periods import Period
from profitchain.measures import (
    concentration,
    profitability,
    purchase_rhythm,
    rfm,
    value_dimensions,
    value_satisfaction_matrix,
)
from profitchain.sources.settings import Question
from profitchain.stats.comparisons import ABOVE_OTHERS, ALIKE
from profitchain.words import catalogue, presentation, purchases
from profitchain.words.reasons import text

QUARTER = Period("2026Q1")
NPS = Question(name="nps", kind="nps")
EXACT = 1e-12
MANY = 200_000  # customers of whom a closed form holds within half a percent
WORLDS = 250


def people(**columns: object) -> pd.DataFrame:
    """Return a snapshot of customers, with whatever is not said filled in plainly."""
    n = max(len(value) for value in columns.values() if isinstance(value, list | np.ndarray))
    plain = {
        "back": 0, "row": np.arange(n), "cluster": np.arange(n), "sampled": 1, "repeats": 0,
        "last_age_days": 0, "age_days": 400, "repeat_revenue": 0.0, "orders": 1, "revenue": 10.0,
        "period_orders": 1, "period_revenue": 10.0,
    }  # fmt: skip
    return pd.DataFrame(plain | columns)


def rfm_of(rows: pd.DataFrame) -> list[str]:
    now = rfm.snapshot(rows, 0)
    return rfm.rfm(now, rfm.limits(now), period=QUARTER).astype(str).tolist()


# --- groups by recency, frequency and money ------------------------------------------------------


def test_the_groups_are_those_that_a_hand_would_make():
    rows = people(
        age_days=[400] * 9 + [30, 900],
        last_age_days=[398, 396, 394, 320, 318, 316, 120, 110, 100, 0, 0],
        orders=[9, 9, 2, 2, 9, 1, 9, 1, 1, 1, 0],
        revenue=[900.0, 60, 700, 50, 55, 40, 800, 30, 20, 45, 0],
    )
    assert rfm_of(rows) == [
        "Champions", "Regulars", "Big spenders", "Occasional", "Regulars", "Occasional",
        "Gone quiet", "Cooling", "Cooling", "New", "Lapsed",
    ]  # fmt: skip


def test_where_nearly_everybody_has_one_order_frequency_parts_nobody():
    rows = people(orders=[1] * 19 + [2], revenue=np.arange(20.0))
    ends = rfm.limits(rfm.snapshot(rows, 0))
    assert not ends["frequency"].parts_them
    assert ends["revenue"].parts_them
    assert ends["frequency"].of(pd.Series([1, 2])).tolist() == [2, 3]


@given(
    st.lists(st.tuples(st.integers(0, 3), st.integers(-50, 50), st.integers(0, 300)), min_size=1)
)
def test_everybody_stands_in_exactly_one_group(drawn):
    orders, revenue, quiet = map(list, zip(*drawn, strict=True))
    rows = people(
        orders=orders, revenue=[float(r) for r in revenue], last_age_days=[400 - q for q in quiet]
    )
    found = rfm_of(rows)
    assert set(found) <= set(rfm.GROUPS)
    assert [group == "Lapsed" for group in found] == [not placed for placed in orders]


def test_a_customer_who_changes_groups_has_changed_and_not_the_limits():
    now = people(orders=[1, 2, 3, 4, 5, 6], revenue=[1.0, 2, 3, 4, 5, 6])
    before = now.assign(back=1)
    groups = rfm.grouped(pd.concat([now, before]), QUARTER)
    assert groups.now["group"].tolist() == groups.before["group"].tolist()
    table = rfm.group_table(groups)
    assert (table["change"].fillna(0) == 0).all()
    assert table["share_of_revenue"].sum() == pytest.approx(1, abs=EXACT)


def in_groups(sizes: dict[str, int]) -> rfm.ValueGroups:
    """Return so many customers in each group, all of them with an answer and ten of money."""
    names = np.repeat(list(sizes), list(sizes.values()))
    group = pd.Categorical(names, categories=rfm.GROUPS)
    rows = people(orders=(names != "Lapsed").astype(int), score=[9.0] * len(names))
    rows["revenue"] = 10.0 * rows["orders"]
    ends = rfm.limits(rfm.snapshot(rows, 0))
    return rfm.ValueGroups(
        now=rows.assign(group=group), before=rows.iloc[:0], ends=ends, money="revenue"
    )


HIDDEN = {  # sizes, and which groups may not be shown where five customers are the fewest
    "one small group takes the next smallest with it": (
        {"Champions": 3, "Regulars": 9, "New": 7, "Lapsed": 6}, {"Champions", "New"},
    ),
    "two that are too few together take a third": (
        {"Champions": 2, "Regulars": 2, "New": 7, "Lapsed": 9}, {"Champions", "Regulars", "New"},
    ),
    "two that are enough together suffice": (
        {"Champions": 4, "Regulars": 4, "New": 7, "Lapsed": 9}, {"Champions", "Regulars"},
    ),
    "the lapsed are told from all customers, not from those who ordered": (
        {"Champions": 8, "Regulars": 9, "New": 7, "Lapsed": 3}, {"New", "Lapsed"},
    ),
    "nobody is hidden where all are enough": ({"Champions": 8, "New": 5, "Lapsed": 9}, set()),
}  # fmt: skip


@pytest.mark.parametrize("case", HIDDEN)
def test_no_group_too_small_to_show_can_be_told_by_subtraction(case):
    sizes, hidden = HIDDEN[case]
    groups = in_groups(sizes)
    table = rfm.group_table(groups, question=NPS, smallest=5).set_index("group")
    counted = ["customers", "share_of_customers", "share_of_revenue", "score_value", "answers"]
    assert set(table.index[table["customers"].isna()]) == hidden
    assert table.loc[list(hidden), counted].isna().all(axis=None)
    shown = [group for group in sizes if group not in hidden]
    assert table.loc[shown, "customers"].tolist() == [sizes[group] for group in shown]
    assert (table.loc[shown, "score_value"] == 100).all()
    for said in (
        rfm.group_sizes(groups, smallest=5),
        rfm.group_shares(groups, "revenue", smallest=5),
    ):
        assert {group for group in sizes if isinstance(said[group], NotEstimable)} == hidden


def test_profit_by_group_hides_whom_the_total_would_tell():
    groups = in_groups({"Champions": 3, "Regulars": 9, "New": 7, "Lapsed": 6})
    rows = groups.now.assign(margin=5.0)
    rows = profitability.profits(rows, profitability.costing(rows, costs(retention=19)))
    table = profitability.profit_table(rows, currency="EUR", smallest=5).set_index("group")
    assert table["n"].dropna().to_dict() == {
        "Regulars": 9, "Big spenders": 0, "Occasional": 0, "Gone quiet": 0, "Cooling": 0,
        "All who ordered": 19,
    }  # fmt: skip
    for hidden in ("Champions", "New"):
        known = table.loc[hidden].drop(["profit_why", "profit_unit"])
        assert known.isna().all()
    assert table.at["Regulars", "profit_value"] == 4


def test_a_group_too_small_before_has_no_change():
    rows = people(orders=[1] * 20, revenue=[1.0] * 20)
    before = rows.assign(back=1, orders=[1] * 17 + [0] * 3)
    groups = rfm.grouped(pd.concat([rows, before]), QUARTER)
    table = rfm.group_table(groups, smallest=5).set_index("group")
    assert table.at["Occasional", "customers"] == 20
    assert table.loc[["Occasional", "Lapsed"], "change"].isna().all()


# --- how few carry how much ----------------------------------------------------------------------

PLACES = (np.arange(MANY) + 0.5) / MANY
SHAPES = {  # quantiles, the top tenth's share, the Gini index
    "uniform": (PLACES, 0.19, 1 / 3),
    "exponential": (-np.log1p(-PLACES), 0.1 * (1 + np.log(10)), 0.5),
    "Pareto 3": ((1 - PLACES) ** (-1 / 3), 0.1 ** (2 / 3), 1 / 5),
    "all alike": (np.ones(MANY), 0.1, 0.0),
}


@pytest.mark.parametrize("shape", SHAPES)
def test_the_top_tenth_and_the_gini_index_have_their_closed_forms(shape):
    amounts, share, index = SHAPES[shape]
    shuffled = pd.Series(np.random.default_rng(1).permutation(amounts))
    assert concentration.top_share(shuffled).value == pytest.approx(share, rel=0.005)
    assert concentration.gini(shuffled).value == pytest.approx(index, rel=0.005, abs=1e-9)


def test_the_top_tenth_of_105_is_ten_and_half_of_the_next():
    amounts = pd.Series(np.arange(1.0, 106))
    assert concentration.top_share(amounts).value == pytest.approx(
        (sum(range(96, 106)) + 0.5 * 95) / amounts.sum(), abs=EXACT
    )


TOP, GINI = concentration.top_share, concentration.gini
NORMAL = statistics.NormalDist()
WORLD_OF_MONEY = {  # how money is drawn, the true top tenth's share, the true Gini index
    "exponential": (lambda rng, n: rng.exponential(size=n), 0.1 * (1 + np.log(10)), 0.5),
    "lognormal": (
        lambda rng, n: rng.lognormal(size=n),
        NORMAL.cdf(1 - NORMAL.inv_cdf(0.9)), 2 * NORMAL.cdf(np.sqrt(0.5)) - 1,
    ),
    "Pareto 2.5": (lambda rng, n: 1 + rng.pareto(2.5, n), 0.1**0.6, 0.25),
}  # fmt: skip


@pytest.mark.parametrize("figure", [TOP, GINI])
@pytest.mark.parametrize(("world", "n"), [("exponential", 500), ("lognormal", 300),
                                          ("Pareto 2.5", 300)])  # fmt: skip
def test_the_interval_of_concentration_holds_the_truth_in_95_of_100_worlds(figure, world, n):
    rng = np.random.default_rng(7)
    draw, *truths = WORLD_OF_MONEY[world]
    truth = truths[figure is GINI]
    found = [figure(pd.Series(draw(rng, n))) for _ in range(WORLDS)]
    held = np.mean([one.low <= truth <= one.high for one in found])
    assert 0.9 <= held <= 0.985


def test_where_a_few_carry_nearly_all_the_interval_reaches_further_up():
    said = TOP(pd.Series(1 + np.random.default_rng(1).pareto(2.5, 300)))
    assert said.high - said.value > 1.3 * (said.value - said.low)


def test_the_error_of_concentration_is_that_of_resampling():
    rng = np.random.default_rng(3)
    amounts = rng.exponential(size=800)
    said = concentration.top_share(pd.Series(amounts))
    drawn = [np.sort(rng.choice(amounts, 800))[::-1] for _ in range(800)]
    spread = np.std([one[:80].sum() / one.sum() for one in drawn])
    assert (said.high - said.low) / (2 * 1.96) == pytest.approx(spread, rel=0.12)


def test_clusters_that_move_together_widen_the_interval():
    amounts = pd.Series(np.repeat(np.random.default_rng(2).exponential(size=100), 5))
    alone = concentration.top_share(amounts)
    together = concentration.top_share(amounts, clusters=pd.Series(np.repeat(np.arange(100), 5)))
    ratio = (together.high - together.low) / (alone.high - alone.low)
    assert ratio == pytest.approx(np.sqrt(5), rel=0.1)


def test_refunds_above_purchases_leave_nothing_to_share_and_single_ones_stay_in():
    lost = concentration.top_share(pd.Series([-1.0] * 60 + [0.5] * 60))
    assert isinstance(lost, NotEstimable) and "not above zero" in text(lost)
    some = concentration.curve(pd.Series([-50.0, *np.ones(99)]))
    assert some["value"].max() > 1
    assert some["value"].iloc[-1] == 1


def test_the_top_tenth_is_of_the_period_s_customers_alone():
    rows = people(
        period_orders=[1] * 100 + [0] * 40,
        period_revenue=[float(k) for k in range(1, 101)] + [0.0] * 40,
        revenue=[float(k) for k in range(1, 141)],
    )
    said = concentration.shares(rows)
    assert said["top_decile_revenue_share"].value == pytest.approx(sum(range(91, 101)) / 5050)
    assert said["top_decile_revenue_share"].n == 100
    assert said["top_decile_revenue_share_lookback"].n == 140
    assert "top_decile_margin_share" not in said


@pytest.mark.parametrize("n", [0, 1, 99])
def test_few_customers_have_no_top_tenth(n):
    assert isinstance(concentration.top_share(pd.Series(np.ones(n))), NotEstimable)
    assert isinstance(concentration.gini(pd.Series(np.ones(n))), NotEstimable)


def test_no_place_of_the_curve_tells_of_fewer_customers_than_may_be_shown():
    amounts = pd.Series(np.arange(1.0, 151))
    places = concentration.curve(amounts, smallest=10)["customers"]
    assert places.iloc[[1, -2]].tolist() == [0.1, 0.9]
    assert "at the top" in text(concentration.top_share(amounts, smallest=20))


# --- profit after the cost to serve --------------------------------------------------------------


def served() -> pd.DataFrame:
    return people(
        orders=[1, 2, 1, 0], revenue=[50.0, 100, 40, 0], margin=[20.0, 40, 5, 0],
        contact_cost=[0.0, 8, 7, 3], member=[0, 1, 1, 1],
    )  # fmt: skip


def costs(**amounts: float) -> pd.DataFrame:
    return pd.DataFrame({"purpose": list(amounts), "amount": list(amounts.values())})


@pytest.mark.parametrize(
    ("by", "profit"), [("orders", [17.5, 22, -9.5]), ("customers", [16.66667, 23.66667, -10.33333])]
)
def test_profit_is_what_a_hand_would_leave(by, profit):
    spent = costs(programme=10, retention=4, service=24, acquisition=99)
    charged = profitability.costing(served(), spent)
    rows = profitability.profits(served(), charged, by=by)
    assert charged.shared == {"retention": 4, "service": 24 - 18}  # contacts are within service
    assert charged.left_out == {"acquisition": 99}
    assert charged.elsewhere == 3  # a contact of a customer without an order
    assert rows["profit"].tolist() == pytest.approx(profit, abs=1e-4)
    assert rows["other_costs"].sum() == pytest.approx(20, abs=EXACT)
    assert rows["at_a_loss"].tolist() == [0, 0, 1]


def test_no_cost_is_charged_twice_nor_lost():
    for spent in (costs(service=24), costs(service=5), costs(programme=10), costs()):
        charged = profitability.costing(served(), spent)
        rows = profitability.profits(served(), charged)
        total = rows["contact_cost"].sum() + rows["other_costs"].sum() + charged.elsewhere
        purposes = spent.set_index("purpose")["amount"]
        within = max(purposes.get("service", 0.0), 18.0)
        assert total == pytest.approx(within + purposes.get("programme", 0.0), abs=EXACT)


def test_profit_without_margin_or_costs_says_what_is_missing():
    bare = people(orders=[1] * 20)
    charged = profitability.costing(bare, costs())
    rows = profitability.profits(bare, charged)
    assert "needs `margin`" in text(profitability.profit_per_customer(rows, currency="EUR"))
    groups = rfm.grouped(bare, QUARTER)
    told = profitability.profit_table(rows.assign(group=groups.now["group"]), currency="EUR")
    assert list(told) == ["group", "n", "revenue"]
    known = bare.assign(margin=3.0)
    rows = profitability.profits(known, profitability.costing(known, costs()))
    assert "needs `costs`" in text(profitability.profit_per_customer(rows, currency="EUR"))


def test_a_rule_for_sharing_that_does_not_exist_is_refused():
    with pytest.raises(ParameterError, match="orders, customers"):
        profitability.profits(served(), profitability.costing(served(), costs()), by="weight")


def test_mean_profit_is_the_plain_mean_with_its_plain_error():
    rng = np.random.default_rng(5)
    rows = people(margin=rng.normal(20, 9, 400), orders=rng.integers(1, 4, 400))
    left = profitability.profits(rows, profitability.costing(rows, costs(retention=800)))
    said = profitability.profit_per_customer(left, currency="EUR")
    assert said.value == pytest.approx(rows["margin"].mean() - 2, abs=1e-9)
    plain = 1.966 * left["profit"].std() / np.sqrt(400)
    assert said.high - said.value == pytest.approx(plain, rel=0.01)


# --- how they buy --------------------------------------------------------------------------------


def test_the_rhythm_is_what_a_hand_would_count():
    rows = people(
        orders=[1] * 10 + [2] * 5 + [4] * 5 + [0],
        repeats=[0] * 10 + [1] * 5 + [4] * 5 + [9],
        last_age_days=[0] * 10 + [30] * 5 + [200] * 5 + [9],
        revenue=[10.0] * 21, quantity=[2.0] * 20 + [0.0],
    )  # fmt: skip
    said = purchase_rhythm.rhythm(rows, currency="EUR")
    values = {name: one.value for name, one in said.items()}
    assert values == pytest.approx(
        {
            "orders_per_customer": 2, "one_order_share": 0.5, "two_or_three_share": 0.25,
            "four_or_more_share": 0.25, "days_between": 40, "units_per_order": 1,
            "revenue_per_order": 5, "once_ever_share": 10 / 21,
        }
    )  # fmt: skip
    in_a_year, ever = (
        SimpleNamespace(company=SimpleNamespace(lookback_months=months), stands_for=1)
        for months in (12, 0)
    )
    assert says_of_rhythm(said, in_a_year) == (
        "50.0% ordered only once in the last 12 months; of all customers ever, 47.6% did"
    )
    assert says_of_rhythm(said, ever) == "47.6% of customers ordered only once"


def says_of_rhythm(figures, edition) -> str:
    shown = purchases.rhythm(figures, edition=edition)
    values = {"lookback": presentation.lookback_words(edition)} | dict(shown.values)
    says = catalogue.page("06_value")["exhibits"]["rhythm"]["says"]
    return presentation.text(says, shown.says, values)


def test_the_median_gap_s_interval_holds_the_truth_in_95_of_100_worlds():
    rng, held = np.random.default_rng(11), []
    for _ in range(WORLDS):
        gaps = rng.exponential(50, 60)
        said = purchase_rhythm.days_between(people(repeats=np.ones(60), last_age_days=gaps))
        held.append(said.low <= 50 * np.log(2) <= said.high)
    assert 0.93 <= np.mean(held) <= 0.995


def months(years: int, index: np.ndarray, growth: float = 0.0) -> pd.DataFrame:
    names = [str(one) for one in pd.period_range("2022-01", periods=12 * years, freq="M")]
    days = np.array([pd.Period(name).days_in_month for name in names])
    level = 10_000 * np.exp(growth * np.arange(12 * years)) * days / 30
    return pd.DataFrame({"month": names, "orders": (level * np.tile(index, years)).round()})


def test_the_season_is_found_whatever_the_growth():
    index = 1 + 0.3 * np.sin(np.arange(12) * np.pi / 6)
    truth = index / np.exp(np.log(index).mean())
    for growth in (0.0, 0.03):
        found = purchase_rhythm.season(months(3, index, growth))
        assert found["value"].tolist() == pytest.approx(truth.tolist(), rel=0.01)


def test_months_that_differ_by_chance_alone_do_not_stand_out():
    rng, stood = np.random.default_rng(13), []
    for _ in range(60):
        flat = months(3, np.ones(12))
        found = purchase_rhythm.season(flat.assign(orders=rng.poisson(flat["orders"] / 20)))
        stood.append(found["verdict"].ne(ALIKE).any())
    assert np.mean(stood) <= 0.12  # without a correction some 45 of 100


def test_a_month_that_differs_stands_out():
    found = purchase_rhythm.season(months(3, np.array([1.0] * 11 + [1.5]))).set_index("month")
    assert found.at["Dec", "verdict"] == ABOVE_OTHERS


def test_a_first_month_that_the_tables_hold_in_part_is_no_season():
    whole = months(3, np.ones(12)).assign(first_day=1, last_day=28)
    part = whole.copy()
    part.loc[0, ["orders", "first_day"]] = [900, 28]
    assert purchase_rhythm.years_known(whole) == 3
    assert purchase_rhythm.years_known(part) == 2
    assert purchase_rhythm.season(part)["value"].tolist() == pytest.approx([1] * 12, abs=0.01)
    late = whole.assign(last_day=31)
    late.loc[len(late) - 1, ["orders", "last_day"]] = [900, 3]
    assert purchase_rhythm.years_known(late) == 2
    seldom = whole.assign(orders=3, first_day=[9] + [2] * 35)  # nine days may well be empty
    assert purchase_rhythm.years_known(seldom) == 3
    monthly = whole.assign(first_day=15, last_day=15)  # so does this firm bill
    assert purchase_rhythm.years_known(monthly) == 3


def test_a_short_history_says_how_many_months_are_missing():
    found = purchase_rhythm.season(months(1, np.ones(12)))
    assert text(found["why"].tolist()[0]).endswith("12 of 24 months are missing.")
    assert purchase_rhythm.years_known(months(1, np.ones(12))) == 0


# --- value and satisfaction ----------------------------------------------------------------------


def four(now: list[tuple], before: list[tuple] = ()) -> value_satisfaction_matrix.Fields:
    """Return fields of customers given as (orders, revenue, score)."""
    parts = [
        people(
            **pd.DataFrame(rows, columns=["orders", "revenue", "score"]).to_dict("list"), back=at
        )
        for at, rows in enumerate((now, before))
        if rows
    ]
    return value_satisfaction_matrix.fields(pd.concat(parts), NPS)


NOW = [(1, 90.0, 9), (1, 80.0, 6), (1, 10.0, 7), (1, 5.0, 0), (1, 70.0, None), (1, 8.0, None),
       (0, 0.0, 3)]  # fmt: skip


def test_each_field_holds_whom_a_hand_would_put_there():
    assert four(NOW).now["field"].tolist() == [
        "Loyal", "Hostages", "At risk", "Deserters", "No answer, high value",
        "No answer, low value", "No order",
    ]  # fmt: skip


def test_the_field_table_counts_money_and_shares():
    table = value_satisfaction_matrix.field_table(four(NOW)).set_index("field")
    assert table.loc["All who ordered", ["customers", "revenue"]].tolist() == [6, 263]
    assert table.at["Loyal", "share_of_answers"] == 0.25
    assert table.at["Hostages", "share_of_revenue"] == pytest.approx(80 / 263)


def test_moves_are_counted_by_customer_and_small_cells_are_hidden():
    loyal = [(1, 90.0, 9)] * 5 + [(1, 90.0, 3)] * 6 + [(0, 0.0, None)]
    now = loyal + [(1, 5.0, 2)] * 9 + [(1, 5.0, 8)] * 3
    before = [(1, 90.0, 9)] * 12 + [(1, 5.0, 2)] * 12
    found = four(now, before)
    told = value_satisfaction_matrix.field_moves(found, smallest=4).set_index(["before", "now"])
    assert told.at[("Loyal", "Hostages"), "share"] == 0.5
    assert told.at[("Loyal", "Deserters"), "moved"] == 0
    # one customer is nobody's business, and five less would tell of that one
    assert told.loc[[("Loyal", "No order"), ("Loyal", "Loyal")], "moved"].isna().all()
    left = value_satisfaction_matrix.moved_share(found, "Loyal", smallest=4)
    assert isinstance(left, NotEstimable)
    assert isinstance(
        value_satisfaction_matrix.moved_share(found, "Loyal", "No order", smallest=4), NotEstimable
    )
    assert value_satisfaction_matrix.moved_share(found, "Loyal").value == pytest.approx(7 / 12)
    assert value_satisfaction_matrix.moved_share(found, "Loyal", "No order").value == pytest.approx(
        1 / 12
    )


def test_a_field_too_small_before_and_the_next_smallest_have_no_moves():
    before = [(1, 90.0, 9)] * 12 + [(1, 90.0, 2)] * 11 + [(1, 5.0, 9)] * 13 + [(1, 5.0, 2)] * 3
    told = value_satisfaction_matrix.field_moves(four(before, before), smallest=4)
    assert set(told["before"]) == {"Loyal", "At risk"}


def test_no_field_too_small_to_show_can_be_told_by_subtraction():
    now = [(1, 90.0, 9)] * 20 + [(1, 90.0, 2)] * 3 + [(1, 5.0, 9)] * 15 + [(1, 5.0, 2)] * 8
    found = four(now + [(1, 90.0, None)] * 9 + [(1, 5.0, None)] * 9)
    table = value_satisfaction_matrix.field_table(found, smallest=5).set_index("field")
    assert set(table.index[table["customers"].isna()]) == {"Hostages", "Deserters"}
    assert table.at["All who ordered", "customers"] == 64
    sizes = value_satisfaction_matrix.field_sizes(found, smallest=5)
    assert [isinstance(one, NotEstimable) for one in sizes.values()] == [False, True, False, True]
    high, low = (
        value_satisfaction_matrix.not_satisfied_share(found, high=high, smallest=5)
        for high in (True, False)
    )
    assert text(high) == "Fewer than 5 of them are not satisfied."
    assert "or a group beside it" in text(low)  # eight, who would tell of the three
    assert value_satisfaction_matrix.not_satisfied_share(found, high=True).value == pytest.approx(
        3 / 23
    )


def test_a_silent_few_are_not_told_by_subtraction_either():
    now = [(1, 90.0, 9)] * 20 + [(1, 90.0, 2)] * 12 + [(1, 5.0, 9)] * 13 + [(1, 5.0, 2)] * 18
    table = value_satisfaction_matrix.field_table(
        four([*now, (1, 90.0, None), (1, 5.0, None)]), smallest=5
    )
    hidden = set(table["field"][table["customers"].isna()])
    assert hidden == {"No answer, high value", "No answer, low value", "Hostages"}


def test_a_low_score_is_satisfied_where_low_is_easy():
    effort = Question(name="ces", kind="ces", easy_is="low")
    rows = people(orders=[1, 1], revenue=[9.0, 9.0], score=[1.0, 7.0])
    found = value_satisfaction_matrix.fields(rows, effort)
    assert found.now["field"].tolist() == ["Loyal", "Hostages"]


@pytest.mark.parametrize("rows", [people(orders=[1, 1]), people(orders=[0, 0], score=[1.0, 2.0])])
def test_without_answers_or_orders_there_are_no_fields(rows):
    found = value_satisfaction_matrix.fields(rows, NPS)
    assert isinstance(found, NotEstimable)
    assert value_satisfaction_matrix.field_table(found).empty
    assert value_satisfaction_matrix.field_moves(found).empty
    assert all(
        isinstance(one, NotEstimable)
        for one in value_satisfaction_matrix.field_sizes(found).values()
    )


# --- the seven dimensions ------------------------------------------------------------------------


def told_dimensions(rows: pd.DataFrame) -> pd.DataFrame:
    groups = rfm.grouped(rows, QUARTER)
    how = {
        "profit": NotEstimable("nobody"),
        "answered": value_satisfaction_matrix.answered_share(groups.now),
    }
    return value_dimensions.dimensions(groups.now, currency="EUR", **how).set_index("dimension")


def test_each_dimension_is_measured_by_what_the_firm_has_and_else_says_what_it_needs():
    bare = told_dimensions(people(orders=[1, 2, 3, 4, 5, 6]))
    assert len(bare) == 7
    assert bare.at["Financial", "value"] == 10
    assert text(bare.at["Data", "why"]) == "Needs table `responses` and a main question."
    assert text(bare.at["Operational", "why"]) == "Needs table `contacts`."
    assert {text(bare.at[one, "why"]) for one in ("Technology", "Human")} == {"Not measured here."}
    more = people(orders=[1, 2, 3, 4, 5, 6]).assign(contacts=[0, 0, 0, 1, 1, 1], referrals=1)
    full = told_dimensions(more)
    assert full.at["Operational", "value"] == pytest.approx(100 * 3 / 21)
    assert full.at["Strategic", "value"] == 100


def test_a_few_new_customers_are_not_counted_where_they_may_not_be_shown():
    rows = people(orders=[1] * 30, age_days=[10] * 3 + [400] * 27)
    groups = rfm.grouped(rows, QUARTER)
    how = {"profit": NotEstimable("nobody"), "answered": NotEstimable("nobody"), "smallest": 5}
    told = value_dimensions.dimensions(groups.now, currency="EUR", **how).set_index("dimension")
    assert np.isnan(told.at["Strategic", "n"])
    assert text(told.at["Strategic", "why"]) == (
        "Not shown: it, or a group beside it, has fewer than 5 customers."
    )
    assert told.at["Financial", "n"] == 30
    back = people(repeats=[1] * 3 + [0] * 27, last_age_days=[9] * 30)
    said = purchase_rhythm.days_between(back, smallest=5)
    assert (said.n, "fewer than 5" in text(said)) == (30, True)


def test_nothing_is_said_of_a_firm_without_customers():
    nobody = people(orders=[1]).iloc[:0]
    groups = rfm.grouped(nobody, QUARTER)
    assert not [
        one for one in concentration.shares(groups.now).values() if isinstance(one, Estimate)
    ]
    assert not [
        one
        for one in purchase_rhythm.rhythm(groups.now, currency="EUR").values()
        if isinstance(one, Estimate)
    ]
