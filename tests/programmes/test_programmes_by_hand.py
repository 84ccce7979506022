"""Joining, CUPED, lots and costs, each counted by hand, by a closed form, or as published."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest
import statsmodels.api as sm

from profitchain.core.estimates import Estimate, NotEstimable
from profitchain.effects.power import smallest_detectable
from profitchain.programmes import lots, memberships
from profitchain.programmes.contrasts import in_money, relative, two_means
from profitchain.programmes.design_desk import by_lot, drawn_test, smallest_shown
from profitchain.programmes.events import effects_of_events
from profitchain.programmes.member_panel import panels, usual_order
from profitchain.programmes.record import published_effects
from profitchain.programmes.staggered_joining import (
    NEVER,
    Joining,
    Timing,
    drift_before,
    effect_at,
    joining_effect,
)
from profitchain.sources.lot_files import TREATED

PLAIN = Timing(base=1, around=0, since=0, horizon=1, as_shares=False, fewest=1, others=2)


def joining(outcomes: list[list[float]], joined: list[int], place: list[int] | None = None):
    values = np.array(outcomes, float)
    codes = np.array(place or [0] * len(joined))
    alike = np.repeat(codes[:, None], values.shape[1], axis=1)
    return Joining(outcomes=values, joined=np.array(joined), alike=alike)


def test_two_groups_and_two_months_are_a_difference_of_differences():
    panel = joining([[1, 5], [3, 9], [2, 3], [4, 5]], [1, 1, NEVER, NEVER])
    assert effect_at(panel, PLAIN, 0).value == pytest.approx((5 + 9 - 1 - 3) / 2 - 1)


def test_who_joined_earlier_is_no_comparison():
    # The first joined at 1 and gains 10 from then on, 30 in the month after: as a comparison for
    # those who join at 2 they would make a loss of it. By hand: (7 - 5) - (2 - 1) = 1.
    panel = joining(
        [[0, 10, 30], [0, 10, 30], [0, 5, 7], [0, 5, 7], [0, 1, 2], [0, 1, 2]],
        [1, 1, 2, 2, NEVER, NEVER],
    )
    at_join = effect_at(panel, PLAIN, 0)
    early = (10 - 0) - (5 - 0 + 5 - 0 + 1 + 1) / 4  # those who join at 2 and never, at 1
    assert at_join.value == pytest.approx((2 * early + 2 * 1) / 4)
    assert effect_at(panel, PLAIN, 1).value == pytest.approx(30 - 2)


def test_months_around_joining_are_left_out():
    values = np.full((60, 12), 20.0)
    values[:30, 5:7] += 50.0  # the order that made them join, and the month before
    panel = joining(values.tolist(), [6] * 30 + [11] * 30)
    timing = Timing(base=2, around=1, since=1, horizon=3, fewest=5)
    assert joining_effect(panel, timing).value == pytest.approx(0)
    near = Timing(base=2, around=0, since=1, horizon=3, fewest=5)
    assert joining_effect(panel, near).value < -50


def test_what_hits_a_place_in_a_month_hits_both_sides():
    place = np.repeat([0, 1], 40)
    member = np.arange(80) % 40 < np.where(place == 1, 30, 10)
    values = np.where(member, 30.0, 10.0)[:, None] * np.ones(10)  # members buy three times as much
    values[place == 1, 6] *= 2
    panel = joining(values.tolist(), np.where(member, 5, 9).tolist(), list(place))
    assert effect_at(panel, Timing(base=2, fewest=1), 1).value == pytest.approx(0)


def test_what_later_members_gain_is_taken_off_the_comparison():
    joined = np.array([6] * 40 + [8] * 15 + [10] * 15 + [NEVER] * 40)
    since = np.arange(16) - joined[:, None]
    values = 20.0 + np.where(since >= 0, 10.0, 0.0)
    panel = joining(values.tolist(), joined.tolist())
    timing = Timing(base=3, horizon=6, fewest=30)
    assert effect_at(panel, timing, 6).value < 10
    assert joining_effect(panel, timing).value == pytest.approx(6 * 10)


def test_who_was_no_customer_yet_has_no_month_before():
    # Half of the members know the last month before alone: zeros would make a rise of theirs.
    values = np.full((80, 10), 10.0)
    values[:20:2, :4] = np.nan
    panel = joining(values.tolist(), [6] * 20 + [NEVER] * 60)
    assert effect_at(panel, Timing(fewest=1), 1).value == pytest.approx(0)


def test_an_order_at_which_most_join_is_seen():
    months = every_month(300, first=5)
    third = joins_of(range(80), 7)  # their first purchase is in month 5, their third in month 7
    (panel,) = panel_of(third, months[(months["person"] < 80) | (months["month"] % 2 == 1)])
    assert usual_order(panel) == 3
    found = memberships.effects_of(panel, currency="EUR")
    assert found.doubtful and not found.holds and found.grade == "weak"
    spread = joins_of(range(80), np.arange(80) % 24 + 9)
    (panel,) = panel_of(spread, months)
    assert usual_order(panel) == 0


def test_a_drift_before_is_seen():
    rises = np.where(np.arange(80)[:, None] < 40, np.arange(16.0), 0.0)
    values = 100 + rises + np.random.default_rng(1).normal(0, 0.1, (80, 16))
    panel = joining(values.tolist(), [10] * 40 + [14] * 40)
    drift = drift_before(panel, Timing(base=3, fewest=5))
    # The base is months 6 to 8; the three before it lie 2, 3 and 4 months from its middle.
    assert drift.value == pytest.approx(12 * 3.0, rel=0.05)


def test_cuped_is_its_closed_form():
    rng = np.random.default_rng(5)
    n = 4000
    before = rng.gamma(2, 20, n)
    treated = rng.random(n) < 0.3
    after = 0.8 * before + rng.normal(0, 10, n) + 3.0 * treated
    plain = two_means(after, treated, ~treated, method="")
    adjusted = lots.cuped(after, before, treated)
    # The same as least squares on the arm and what was bought before (common slope within arms).
    design = sm.add_constant(np.column_stack([treated, before]))
    fit = sm.OLS(after, design).fit(cov_type="HC3")
    assert adjusted.value == pytest.approx(fit.params[1], rel=1e-9)
    assert adjusted.error == pytest.approx(fit.bse[1], rel=0.01)
    left = 1 - np.corrcoef(after - 3.0 * treated, before)[0, 1] ** 2
    assert (adjusted.error / plain.error) ** 2 == pytest.approx(left, rel=0.05)


def test_the_sample_ratio_is_pearsons_chi_square():
    from scipy.stats import chisquare

    assert lots.sample_ratio(430, 570, 0.4) == pytest.approx(
        chisquare([430, 570], [400, 600]).pvalue
    )
    assert lots.sample_ratio(0, 0, 0.5) == 1.0


def design_of(**other: object) -> SimpleNamespace:
    parts = {"test": "t", "action": "A", "days": 90, "known_days": 90, "share": 0.5, "fault": ""}
    return SimpleNamespace(**(parts | other))


def drawn_rows(treated: int, held: int, effect: float = 0.0, seed: int = 0) -> pd.DataFrame:
    rng = np.random.default_rng(seed)
    arm = np.array([TREATED] * treated + ["held"] * held)
    before = rng.gamma(1, 20, len(arm))
    after = 0.5 * before + rng.gamma(1, 10, len(arm)) + effect * (arm == TREATED)
    return pd.DataFrame({"arm": arm, "stratum": "", "reached": pd.array([None] * len(arm), "Int64"),
                         "money_then": before, "money_now": after})  # fmt: skip


def test_what_a_lot_says_of_an_action_is_of_all_who_were_drawn_for_it():
    found = lots.lot_effect(design_of(), drawn_rows(2000, 2000, 3.0), currency="EUR")
    small = lots.lot_effect(design_of(action="B"), drawn_rows(9, 9), currency="EUR")
    money = lots.money_by_action([found, small])
    assert money["A"].low < 6000 < money["A"].high and money["A"].low > 0
    assert money["A"].value == pytest.approx(2000 * found.effect.value)
    assert money["B"].why.key == "few_in_an_arm"
    assert lots.a_year_by_action([found])["A"].value == pytest.approx(found.effect.value * 365 / 90)


def test_a_test_finds_its_effect_and_says_what_would_have_shown():
    found = lots.lot_effect(design_of(), drawn_rows(2000, 2000, 3.0), currency="EUR")
    assert found.effect.low < 3.0 < found.effect.high and found.effect.low > 0
    assert found.plain.high - found.plain.low > found.effect.high - found.effect.low
    assert found.smallest.value == pytest.approx(smallest_detectable(found.effect))
    assert found.a_year.value == pytest.approx(found.effect.value * 365 / 90)
    assert found.against is None and not found.is_broken and not found.is_blurred


def test_a_lot_that_was_broken_midway_gives_no_effect():
    found = lots.lot_effect(design_of(), drawn_rows(2000, 1700, 3.0), currency="EUR")
    assert found.is_broken and found.effect.why.key == found.plain.why.key == "lot_broken"


def test_customers_treated_against_the_lot_are_counted_and_stay_where_drawn():
    rows = drawn_rows(100, 100)
    rows["reached"] = pd.array([1] * 90 + [0] * 10 + [1] * 7 + [0] * 93, "Int64")
    found = lots.lot_effect(design_of(), rows, currency="EUR")
    assert (found.against, found.missed) == (7, 10) and found.is_blurred
    plain = rows.groupby("arm")["money_now"].mean()
    assert found.plain.value == pytest.approx(plain[TREATED] - plain["held"])


@pytest.mark.parametrize(
    ("design", "rows", "key"),
    [
        (design_of(fault="lot_file_unreadable"), drawn_rows(0, 0), "lot_file_unreadable"),
        (design_of(), drawn_rows(20, 20), "few_in_an_arm"),
        (design_of(), drawn_rows(90, 90).drop(columns="money_now"), "no_such_outcome"),
    ],
)
def test_a_test_that_says_nothing_says_why(design, rows, key):
    assert lots.lot_effect(design, rows, currency="EUR").effect.why.key == key


def customers(n: int = 1003, seed: int = 1) -> pd.DataFrame:
    rng = np.random.default_rng(seed)
    before = rng.gamma(1, 30, n)
    return pd.DataFrame({
        "customer_id": [f"C{k:05}" for k in range(n)], "segment": rng.choice(["N", "S"], n),
        "orders": rng.integers(1, 9, n),
        "now": 0.5 * before + rng.gamma(1, 10, n), "before": before,
    })  # fmt: skip


def test_a_lot_is_even_in_each_stratum_and_the_same_again():
    people = customers()
    test = drawn_test(people, share=0.3, seed=7)
    assert abs(test.treated - 0.3 * len(people)) < 1 and test.treated + test.held == len(people)
    parts = test.rows.groupby("stratum")["arm"].agg(["size", lambda arm: (arm == TREATED).sum()])
    assert (abs(parts.iloc[:, 1] - 0.3 * parts["size"]) < 1).all()
    shuffled = people.sample(frac=1, random_state=3).reset_index(drop=True)
    pd.testing.assert_frame_equal(test.rows, drawn_test(shuffled, share=0.3, seed=7).rows)
    other = drawn_test(people, share=0.3, seed=8).rows
    assert (other["arm"] != test.rows["arm"]).mean() > 0.2


def test_everybody_is_drawn_alike_over_many_lots():
    people = customers(41)
    drawn = np.mean([
        by_lot(people["customer_id"], people["segment"], share=0.4, seed=seed)["arm"] == TREATED
        for seed in range(600)
    ], axis=0)  # fmt: skip
    assert abs(drawn - 0.4).max() < 4 * np.sqrt(0.24 / 600)


def test_the_smallest_effect_is_found_in_four_of_five_tests():
    spread, n, rng = 25.0, 300, np.random.default_rng(2)
    size = smallest_shown(spread, n, n)
    draws = rng.normal(0, spread, (800, 2, n)).mean(axis=2)
    error = spread * np.sqrt(2 / n)
    clear = np.abs(draws[:, 0] + size - draws[:, 1]) > 1.96 * error
    assert 0.76 < clear.mean() < 0.84


def test_too_few_to_draw_is_said():
    assert drawn_test(customers(50), share=0.5, seed=1).why.key == "few_in_an_arm"


# programmes -------------------------------------------------------------------------------------


def panel_of(joins: pd.DataFrame, months: pd.DataFrame, last: int = 40, places: bool = False):
    people = (
        months.groupby("person", as_index=False)["month"].min().rename(columns={"month": "first"})
    )
    people["place"] = np.where(people["person"] % 2, "a", "b") if places else ""
    return list(panels(joins, people.assign(earlier=0), months, last=last))


def every_month(n: int, first: int = 5, last: int = 40, money: float = 10.0) -> pd.DataFrame:
    person, month = np.meshgrid(np.arange(n), np.arange(first, last + 1), indexing="ij")
    rows = pd.DataFrame({"person": person.ravel(), "month": month.ravel(), "orders": 1})
    return rows.assign(revenue=2 * money, margin=money)


def joins_of(persons: range, joined: object, programme: str = "Club") -> pd.DataFrame:
    return pd.DataFrame({"programme": programme, "person": persons, "joined": joined})


def test_a_raw_gap_by_hand():
    months = every_month(100)
    months.loc[months["person"] < 40, ["revenue", "margin"]] *= 3
    (panel,) = panel_of(joins_of(range(40), 20), months)
    found = memberships.effects_of(panel, currency="EUR")
    assert found.effects["raw"].value == pytest.approx(12 * 20.0)
    assert found.relatives["raw"].value == pytest.approx(2.0)
    assert found.effects["lot"].why.key == "no_lot_drawn"


def test_matching_takes_history_away():
    # Those who order twice a month join; others of the same pace don't: nothing is left.
    months = every_month(200)
    brisk = months["person"] % 2 == 0
    months.loc[brisk, ["orders", "revenue", "margin"]] *= 2
    chosen = [k for k in range(200) if k % 4 == 0]
    (panel,) = panel_of(joins_of(chosen, 20), months)
    found = memberships.effects_of(panel, currency="EUR")
    assert found.effects["raw"].value > 50
    assert found.effects["matched"].value == pytest.approx(0)


def keys_of(panel) -> dict[str, str]:
    found = memberships.effects_of(panel, currency="EUR", smallest=10)
    return {name: "" if isinstance(one, Estimate) else one.why.key
            for name, one in found.effects.items()}  # fmt: skip


def test_everybody_a_member_leaves_nobody_to_compare_with():
    joined = np.random.default_rng(0).integers(12, 36, 200)
    (panel,) = panel_of(joins_of(range(200), joined), every_month(200))
    keys = keys_of(panel)
    assert keys["raw"] == "nobody_to_compare_with" and keys["did"] == ""


def test_a_programme_s_broken_lot_leaves_joining_itself():
    joined = np.random.default_rng(0).integers(12, 36, 100)
    (panel,) = panel_of(joins_of(range(100), joined), every_month(200))
    broken = lots.lot_effect(design_of(), drawn_rows(2000, 1700), currency="EUR")
    one = memberships.effects_of(panel, currency="EUR", test=broken)
    assert one.effects["lot"].why.key == "lot_broken" and one.best == "did"
    whole = lots.lot_effect(design_of(), drawn_rows(2000, 2000), currency="EUR")
    one = memberships.effects_of(panel, currency="EUR", test=whole)
    assert one.best == "lot" and one.grade == "strong"


def test_ten_members_are_too_few():
    (panel,) = panel_of(joins_of(range(10), 20), every_month(200))
    assert set(keys_of(panel).values()) == {"too_few_members", "no_lot_drawn"}


def test_all_who_joined_at_once_have_nobody_beside_them():
    (panel,) = panel_of(joins_of(range(200), 20), every_month(200))
    assert keys_of(panel)["did"] == "too_few_alike"


def test_joining_before_the_first_order_has_no_before():
    (panel,) = panel_of(joins_of(range(80), 2), every_month(200))
    assert set(keys_of(panel).values()) == {"joined_before_first_order", "no_lot_drawn"}


def test_overlapping_programmes_are_parted_or_said():
    club, other = joins_of(range(80), 20), joins_of(range(10, 80), 22, "Card")
    found = panel_of(pd.concat([club, other]), every_month(200))
    assert {one.programme: one.others for one in found} == {"Club": 70, "Card": 70}
    assert all(keys_of(one)["raw"] == "programmes_overlap" for one in found)
    few = panel_of(pd.concat([club, joins_of(range(75, 130), 22, "Card")]), every_month(300))
    assert few[0].others == 5 and keys_of(few[0])["raw"] == ""


def test_a_gap_in_a_firm_of_a_year_is_not_said():
    (panel,) = panel_of(joins_of(range(80), 38), every_month(200, first=30))
    assert keys_of(panel)["raw"] == "too_few_months"


def test_a_return_is_the_effect_by_the_cost_of_a_member():
    months = every_month(200)
    joined = np.random.default_rng(0).integers(12, 36, 100)
    (panel,) = panel_of(joins_of(range(100), joined), months)
    one = memberships.effects_of(panel, currency="EUR")
    cost, gain = memberships.returned([one], 500.0, scale=1.0, currency="EUR")
    assert cost.value == 5.0 and gain.value == pytest.approx(one.effects["did"].value / 5)
    tied = replace(one, usual_order=3)
    assert memberships.returned([tied], 500.0, scale=1.0, currency="EUR")[1].why.key == (
        "joining_doubtful"
    )
    assert memberships.returned([one, one], 5.0, scale=1.0, currency="EUR")[0].why.key == (
        "costs_without_purpose"
    )
    assert memberships.returned([one], 0.0, scale=1.0, currency="EUR")[0].why.key == (
        "costs_without_purpose"
    )


def test_a_share_is_of_what_there_would_have_been_without():
    rng = np.random.default_rng(4)
    values = np.concatenate([rng.normal(150, 9, 400), rng.normal(100, 9, 900)])
    gap = two_means(values, np.arange(1300) < 400, np.arange(1300) >= 400, method="")
    share = relative(gap)
    means = values[:400].mean(), values[400:].mean()
    assert share.value == pytest.approx(means[0] / means[1] - 1)
    error = np.hypot(9 / 20, means[0] / means[1] * 9 / 30) / means[1]
    assert (share.high - share.low) / 3.93 == pytest.approx(error, rel=0.05)
    assert in_money(NotEstimable("nothing_counted"), unit="EUR").why.key == "nothing_counted"


# events -----------------------------------------------------------------------------------------


def answers(regions: int, touched: int, fall: float = 0.0, n: int = 40) -> pd.DataFrame:
    rng = np.random.default_rng(regions)
    rows = [
        {"region": f"r{r:02}", "answered_on": day, "cluster": r * 1000 + k,
         "score": 8.0 + (r < touched and day >= date(2026, 1, 1)) * fall + rng.normal(0, 0.5),
         "repeat": int(rng.random() < 0.5)}
        for r in range(regions)
        for k, day in enumerate([date(2025, 7 + k % 6, 10) for k in range(n)]
                                + [date(2026, 1 + k % 6, 10) for k in range(n)])
    ]  # fmt: skip
    frame = pd.DataFrame(rows)
    return frame.assign(nps=np.where(frame["score"] >= 7.5, 100.0, 0.0))


def event(*regions: str | None) -> pd.DataFrame:
    return pd.DataFrame(
        {"event": "crisis", "happened_on": date(2026, 1, 1), "region": list(regions)}
    )


def test_touched_regions_stand_against_the_rest():
    rows = answers(10, 5, -1.5)
    (one,) = effects_of_events(rows, event(*[f"r{r:02}" for r in range(5)]))
    assert one.apart and one.is_valid and (one.regions, one.touched) == (10, 5)
    assert one.chance < 0.05 and abs(one.outcomes["score"].value + 1.5) < 0.2
    assert one.main is one.outcomes["nps"] and one.main.unit == "points"


def test_few_regions_are_said_to_be_few():
    (one,) = effects_of_events(answers(4, 1, -1.5), event("r00"))
    assert not one.is_valid and one.chance == 0.25
    (two,) = effects_of_events(answers(2, 1, -1.5), event("r00"))
    assert two.main.why.key == "few_regions_to_compare"


def test_an_event_that_touched_everybody_is_before_and_after():
    (one,) = effects_of_events(answers(4, 4, -1.0), event(None))
    assert not one.apart and abs(one.outcomes["score"].value + 1.0) < 0.1


def test_whom_another_event_touched_is_not_in_before_and_after():
    rows = answers(4, 1, -1.5)  # one of four fell in January, a year in the middle of all answers
    to_all = event(None).assign(event="price rise", happened_on=date(2025, 10, 1))
    found = effects_of_events(rows, pd.concat([to_all, event("r00")]))
    assert [one.event for one in found] == ["crisis", "price rise"]
    later = found[1].outcomes["score"]
    kept = rows[rows["region"] != "r00"]
    after = kept["answered_on"] >= date(2025, 10, 1)
    assert later.n == len(kept)
    assert later.value == pytest.approx(
        kept.loc[after, "score"].mean() - kept.loc[~after, "score"].mean()
    )


def test_an_event_without_answers_around_it_is_said():
    late = event(None).assign(happened_on=date(2027, 1, 1))
    (one,) = effects_of_events(answers(4, 1), late)
    assert one.main.why.key == "few_answers_around"


def test_the_record_takes_the_latest_test_where_a_programme_has_no_lot():
    test = lots.lot_effect(design_of(), drawn_rows(500, 500), currency="EUR")
    none = NotEstimable("needs_table", table="memberships")
    numbers = published_effects(none, NotEstimable("needs_table", table="events"), [test])
    year, own = numbers["programme_effect"], numbers["test_effect"]
    assert list(year["design"]) == ["lot"] and year["value"][0] == test.a_year.value
    assert list(own["action"]) == [test.action] and own["value"][0] == test.effect.value
    assert isinstance(numbers["event_effect"], NotEstimable)
    assert isinstance(published_effects(none, none, [])["programme_effect"], NotEstimable)
