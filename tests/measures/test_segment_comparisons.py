"""Groups of customers are compared fairly, and clusters are shown only where they earn it."""

from __future__ import annotations

import re
import warnings
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest
from group_worlds import SIZES, by_rule, compared, kept, snapshots
from scipy import integrate, stats
from statsmodels.stats.meta_analysis import combine_effects

from profitchain.core.estimates import Estimate, NotEstimable
from profitchain.exhibits import evidence_charts, exhibit, record_ids
from profitchain.measures import clustering, segment_comparisons
from profitchain.measures.segment_comparisons import ALIKE, compared_fairly
from profitchain.stats import shrinkage
from profitchain.stats.ratios import ratio
from profitchain.stats.shrinkage import GroupMeans
from profitchain.words import catalogue, clusters, presentation, reasons, segments

WORLDS = 150
FIRM = SimpleNamespace(stands_for=1, assumed_margin=0.0)
UNTRIED = NotEstimable("too_few_to_say")
# Alderman and Powers' eight coaching schools (Rubin 1981, table 1): effects, standard errors
SCHOOLS = np.array([28, 8, -3, 7, -1, 1, 18, 12.0]), np.array([15, 10, 16, 11, 9, 11, 10, 18.0])
# trials of the BCG vaccine (Colditz et al. 1994, JAMA 271: 698-702): cases and others, both arms;
# log risk ratios have Q = 152.23 (Viechtbauer 2010, J. Stat. Softw. 36(3)), Paule-Mandel 0.318
BCG = (
    np.array([4, 6, 3, 62, 33, 180, 8, 505, 29, 17, 186, 5, 27]),
    np.array([119, 300, 228, 13536, 5036, 1361, 2537, 87886, 7470, 1699, 50448, 2493, 16886]),
    np.array([11, 29, 11, 248, 47, 372, 10, 499, 45, 65, 141, 3, 29]),
    np.array([128, 274, 209, 12619, 5761, 1079, 619, 87892, 7232, 1600, 27197, 2338, 17825]),
)


def many(normal_groups: tuple[np.ndarray, np.ndarray]) -> GroupMeans:
    mean, errors = normal_groups
    names = pd.RangeIndex(len(mean))
    return GroupMeans(names=names, n=np.full(len(mean), 100.0), mean=mean, variance=errors**2)


def fairly(
    values: np.ndarray, group: np.ndarray, **how: object
) -> segment_comparisons.SegmentComparison:
    return compared_fairly([compared(values, group)], ["group"], **how)


def spoken(said: presentation.Said) -> str:
    words = catalogue.page("06_value")
    return presentation.text(words["answer"] | words["notes"], said.key, said.values)


@pytest.fixture
def few_draws(monkeypatch):
    monkeypatch.setattr(shrinkage, "DRAWS", 399)


def test_the_variance_between_groups_is_that_of_statsmodels_by_paule_and_mandel():
    mean, errors = np.array([0.1, 0.9, 0.4, 1.6, -0.3]), np.array([0.2, 0.3, 0.1, 0.4, 0.25])
    outside = combine_effects(mean, errors**2, method_re="iterated", atol=1e-12)
    assert shrinkage.paule_mandel(mean, errors**2) == pytest.approx(outside.tau2, rel=1e-7)
    assert shrinkage.cochran_q(mean, errors**2) == pytest.approx(outside.q, rel=1e-12)


def test_the_variance_between_trials_of_a_vaccine_is_the_published_one():
    a, b, c, d = BCG
    ratios = np.log(a / (a + b)) - np.log(c / (c + d))
    variance = 1 / a - 1 / (a + b) + 1 / c - 1 / (c + d)
    assert shrinkage.paule_mandel(ratios, variance) == pytest.approx(0.3181, abs=5e-5)
    assert shrinkage.cochran_q(ratios, variance) == pytest.approx(152.2330, abs=5e-5)


def test_eight_schools_are_drawn_together_as_an_outside_integration_says():
    mean, errors = SCHOOLS
    ours = shrinkage.shrunk(many(SCHOOLS))

    def given(tau: float) -> tuple[float, np.ndarray]:
        total = errors**2 + tau**2
        middle = np.average(mean, weights=1 / total)
        log = stats.norm.logpdf(mean, middle, np.sqrt(total)).sum()
        drawn = (mean * tau**2 + middle * errors**2) / total
        return np.exp(log + 30) / np.sqrt((1 / total).sum()), drawn

    weight = integrate.quad(lambda tau: given(tau)[0], 0, np.inf)[0]
    for school in range(8):
        at = integrate.quad(lambda tau, s=school: given(tau)[0] * given(tau)[1][s], 0, np.inf)[0]
        assert ours["value"][school] == pytest.approx(at / weight, abs=0.02)
    assert ours["value"][0] == pytest.approx(11, abs=1)  # Gelman et al. 2013, table 5.3: median 10


def test_two_groups_are_not_drawn_together():
    pair = many((np.array([1.0, 3.0]), np.array([1.0, 1.0])))
    assert shrinkage.shrunk(pair)["value"].tolist() == [1.0, 3.0]


def test_raw_estimates_are_those_of_the_ratios_of_the_suite():
    values, group = kept(np.random.default_rng(3), np.full(8, 0.4))
    rows = fairly(values, group).groups
    one = compared(values, group)
    for row in rows.itertuples():
        said = ratio(one.rows[one.rows["group"] == row.group], **one.measure.parts)
        assert (row.raw_value, row.raw_low, row.raw_high) == (said.value, said.low, said.high)


@pytest.mark.parametrize("law", ["share", "skewed money", "rare"])
def test_where_no_group_differs_they_cannot_be_told_apart_in_95_percent(few_draws, law):
    rng, found = np.random.default_rng(11), 0
    for _ in range(WORLDS):
        values, group = kept(rng, np.full(8, 0.02 if law == "rare" else 0.35))
        values = rng.lognormal(3, 1, len(group)) if law == "skewed money" else values
        found += shrinkage.heterogeneity(pd.Series(values), pd.Series(group)).p < 0.05
    assert found <= stats.binom.ppf(0.999, WORLDS, 0.05)
    if law == "share":
        assert found >= stats.binom.ppf(0.001, WORLDS, 0.05)


def test_sixty_small_groups_of_skewed_money_are_not_told_apart_by_luck(few_draws):
    rng, found = np.random.default_rng(5), 0
    group = np.repeat(np.arange(60), 12)
    for _ in range(60):
        values = pd.Series(rng.lognormal(3, 1, len(group)))
        found += shrinkage.heterogeneity(values, pd.Series(group)).p < 0.05
    assert found <= stats.binom.ppf(0.999, 60, 0.05)


def test_groups_that_differ_are_found_and_named():
    values, group = kept(np.random.default_rng(2), [0.3] * 7 + [0.55])
    found = fairly(values, group)
    assert found.segments["verdict"].tolist() == ["differ"]
    assert found.groups.set_index("group")["verdict"]["7"] == "above the others"
    (said,) = segments.differences(found, [compared(values, group)])
    assert said.key == "all_differ"
    assert said.values["differences"] == "Customers **differ by group** in retention rate"


def test_a_group_is_not_named_where_its_segment_does_not_differ():
    values, group = kept(np.random.default_rng(4), [0.35] * 8)
    found = fairly(values, group)
    assert set(found.groups["verdict"]) == {ALIKE}
    (said,) = segments.differences(found, [compared(values, group)])
    assert (said.key, said.values["segments"]) == ("alike", "group")


@pytest.mark.parametrize("between", [0.0, 0.03, 0.12])
def test_shrunk_rates_beat_raw_ones_and_their_intervals_hold_the_truth(between):
    rng, raw, drawn, held, heard = np.random.default_rng(7), 0.0, 0.0, 0, 0
    for _ in range(WORLDS):
        truth = np.clip(0.4 + rng.normal(0, between, 8), 0.05, 0.95)
        values, group = kept(rng, truth)
        groups = shrinkage.group_means(pd.Series(values), pd.Series(group))
        ours = shrinkage.shrunk(groups)
        raw += ((groups.mean - truth) ** 2).sum()
        drawn += ((ours["value"] - truth) ** 2).sum()
        held += ((ours["low"] <= truth) & (truth <= ours["high"])).sum()
        heard += len(truth)
    assert drawn < raw * (0.5 if between < 0.1 else 1.0)
    assert held / heard > 0.93


def test_the_funnel_holds_groups_drawn_by_lot_and_closes_at_everybody():
    rng = np.random.default_rng(1)
    values = (rng.random(2000) < 0.3).astype(float)
    one = compared(values, np.repeat([0, 1], 1000))
    limits = segment_comparisons.funnel(one, pd.DataFrame({"customers": [50, 2000]}))
    row = limits.iloc[len(limits) // 2]
    size = int(row["customers"])
    drawn = np.array([rng.choice(values, size, replace=False).mean() for _ in range(4000)])
    assert ((drawn >= row["low_95"]) & (drawn <= row["high_95"])).mean() == pytest.approx(
        0.95, abs=0.02
    )
    assert limits.iloc[-1]["high_998"] - limits.iloc[-1]["low_998"] < 2 / 2000


def test_the_limits_are_spiegelhalters_where_groups_are_few_of_all():
    one = compared(np.r_[np.ones(30_000), np.zeros(70_000)], np.zeros(100_000))
    limits = segment_comparisons.funnel(one, pd.DataFrame({"customers": [100, 400]}))
    for row in limits.itertuples():
        n = int(row.customers)
        count = stats.binom.ppf(0.975, n, 0.3)
        excess = (stats.binom.cdf(count, n, 0.3) - 0.975) / stats.binom.pmf(count, n, 0.3)
        assert row.high_95 == pytest.approx((count - excess) / n, abs=2e-3)


def test_scatter_is_one_by_chance_and_more_where_groups_differ():
    rng, sizes = np.random.default_rng(1), (200,) * 60
    calm = [_scatter(kept(rng, np.full(60, 0.3), sizes)) for _ in range(20)]
    wild = _scatter(kept(rng, np.clip(rng.normal(0.3, 0.1, 60), 0, 1), sizes))
    assert np.mean(calm) == pytest.approx(1, abs=4 * np.sqrt(2 / 60 / 20))
    assert wild > 3


def _scatter(world: tuple[np.ndarray, np.ndarray]) -> float:
    values, group = world
    by_group = pd.Series(values).groupby(group)
    shown = pd.DataFrame({"customers": by_group.size(), "value": by_group.mean()})
    return segment_comparisons.over_dispersion(shown, compared(values, group))


@pytest.mark.parametrize("values", [np.zeros(40), np.ones(40), np.arange(40) % 2])
@pytest.mark.parametrize("groups", [1, 2, 3, 40])
def test_no_firm_is_too_small_or_too_alike_to_be_answered(values, groups):
    group = np.arange(40) % groups
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        found, one = fairly(values, group, smallest=10), compared(values, group)
        said = [
            *segments.differences(found, [one]),
            *segments.kept(found, segment_comparisons.overall(one), edition=FIRM),
        ]
        words = segments.apart(found, [one], edition=FIRM)
        words += [spoken(each) for each in said]
        for shown in (
            segments.groups_funnel(found, one, segment_comparisons.overall(one), edition=FIRM),
            segments.groups(found, [one], edition=FIRM),
        ):
            assert shown.says in ("apart", "alike", "none")
        table = segments.groups_table(found, [one])
        record_ids.findings_of_groups(found, UNTRIED)
    assert len(table) == groups
    assert not [text for text in words if "nan" in text]
    assert (found.groups["n"] < 10).equals(found.groups["raw_value"].isna())


def test_without_segments_the_page_says_so():
    found = compared_fairly([compared(*kept(np.random.default_rng(1), [0.4] * 8))], [])
    assert not segments.differences(found, [])
    assert segments.apart(found, [], edition=FIRM) == [segments.NO_SEGMENTS]
    assert segments.groups_table(found, []).empty


def test_nobody_active_before_leaves_reasons_and_no_numbers():
    nothing = compared(np.zeros(0), np.zeros(0))
    found = compared_fairly([nothing], ["group"], smallest=10)
    assert found.segments["why"].map(reasons.text).str.startswith("No group").all()
    assert isinstance(segment_comparisons.overall(nothing), NotEstimable)


def test_retention_of_everybody_is_that_of_the_previous_periods_customers():
    customers = snapshots(500).assign(group="a")
    before = customers["back"] == 1
    customers.loc[before & (customers["row"] < 100), "period_orders"] = 0
    rows = customers[before & (customers["row"] >= 100)]
    said = segment_comparisons.overall(segment_comparisons.retention(customers))
    assert said.n == 400
    assert said.value == pytest.approx((rows["next_orders"] > 0).mean())


def test_planted_clusters_are_recovered():
    customers = snapshots(1500, planted=3).drop(columns="contacts")
    rows = customers[customers["back"] == 2]
    found = clustering.find(rows, 3)
    table = pd.crosstab(clustering.assigned(rows, found), rows["kind"])
    assert table.max(axis=1).sum() / len(rows) > 0.85


def test_clusters_are_those_of_lloyds_algorithm_at_rest():
    rows = snapshots(400, planted=2)
    rows = rows[rows["back"] == 2]
    found = clustering.find(rows, 3)
    logs = np.log1p(clustering.features(rows))[found.centres.columns]
    points = (logs - found.middle) / found.scale
    means = points.groupby(clustering.assigned(rows, found)).mean()
    assert np.allclose(means, found.centres, atol=0.02)


def test_clusters_beat_rules_where_what_counts_lies_beyond_them_and_only_there():
    gains = [_trial(snapshots(2000, seed=seed, hidden=30.0)) for seed in range(3)]
    assert all(one.is_worth_showing for one in gains)
    none = [_trial(snapshots(600, seed=seed)) for seed in range(20)]
    assert sum(one.is_worth_showing for one in none) <= stats.binom.ppf(0.999, 20, 0.025)
    assert clusters.verdict(none[0]) != "clusters_better"
    assert clusters.verdict(gains[0]) == "clusters_better"


def _trial(customers: pd.DataFrame) -> clustering.ClusteringTrial:
    return clustering.trial(customers, (by_rule(customers, 2), by_rule(customers, 1)))


def test_the_gain_is_the_difference_of_two_shares_counted_by_hand():
    customers = snapshots(800, hidden=20.0)
    tried = _trial(customers)
    before, after = (customers[customers["back"] == back] for back in (2, 1))
    came, mean = after["next_margin"].to_numpy(), before["next_margin"].mean()
    groups = before["next_margin"].groupby(by_rule(customers, 2)).mean()
    predicted = by_rule(customers, 1).map(groups).fillna(mean).to_numpy()
    by_hand = 1 - ((came - predicted) ** 2).sum() / ((came - mean) ** 2).sum()
    rule, clusters = tried.table["saved_value"]
    assert rule == pytest.approx(by_hand)
    assert tried.gain.value == pytest.approx(clusters - rule)


def test_the_trial_comes_out_the_same_twice_and_later_periods_have_no_say():
    customers = snapshots(600, hidden=20.0)
    changed = customers.copy()
    changed.loc[changed["back"] < 2, "next_margin"] += 5
    centres = [_trial(one).clusters.centres for one in (customers, customers, changed)]
    assert centres[0].equals(centres[1])
    assert centres[0].equals(centres[2])


@pytest.mark.parametrize("n", [0, 3, 60])
def test_firms_too_small_or_too_alike_for_clusters_are_told_why(n):
    customers = snapshots(n).assign(orders=1, margin=5.0, contacts=0, age_days=10, last_age_days=10)
    tried = _trial(customers)
    assert isinstance(tried, NotEstimable)
    assert clusters.verdict(tried) == "unknown"
    assert clusters.trial_table(tried).empty


def test_a_rule_that_makes_one_group_is_no_rival():
    customers = snapshots(600, hidden=20.0)
    one = tuple(by_rule(customers, back).map(lambda _: "all") for back in (2, 1))
    tried = clustering.trial(customers, one)
    assert isinstance(tried, NotEstimable)
    assert "one group" in reasons.text(tried)


def test_a_cluster_near_the_mean_gets_no_name_that_overclaims():
    centre, times = pd.Series({"orders": 0.9, "money": 0.8}), pd.Series({"orders": 2, "money": 1.1})
    assert clustering.distinct_traits(centre, times) == (("orders", True),)
    assert clustering.distinct_traits(centre * 0.3, times) == ()


def test_the_profile_counts_every_customer_once_and_hides_small_clusters():
    customers = snapshots(600, planted=3)
    tried = _trial(customers)
    whole = clustering.profile(customers, tried.clusters, unit="EUR")
    assert whole["customers"].sum() == 600
    hidden = clustering.profile(customers, tried.clusters, unit="EUR", smallest=601)
    assert hidden["customers"].isna().all()
    assert hidden["next_period_value"].isna().all()


def test_what_is_recorded_has_a_stable_id_and_a_group():
    values, group = kept(np.random.default_rng(2), [0.3] * 7 + [0.55], SIZES)
    recorded = record_ids.findings_of_groups(fairly(values, group), UNTRIED)
    *parts, gain = [one.parts[0] for one in recorded]
    assert (gain.id, gain.estimate) == ("clustering_gain", UNTRIED)
    assert {part.id for part in parts} == {"retention_rate_shrunk", "segment_heterogeneity_p"}
    assert {part.group for part in parts if part.id.endswith("shrunk")} == {
        f"group: {at}" for at in range(8)
    }
    assert all(isinstance(part.estimate, Estimate) for part in parts)


@pytest.mark.parametrize("groups", [8, 60])
def test_the_funnel_names_few_groups_whole_and_those_outside_of_many(groups):
    rates = [0.3] * (groups - 1) + [0.7]
    values, group = kept(np.random.default_rng(6), rates, (150,) * groups)
    shown = segments.funnel_frame(fairly(values, group)).assign(
        group=lambda rows: "Group-" + rows["group"]
    )
    limits = segment_comparisons.funnel(compared(values, group), shown)
    drawn = exhibit.chart(
        evidence_charts.draw_funnel, shown, id="funnel", message="m", measure="m", source="s",
        description="d", limits=limits, middle=float(values.mean()), height=380,
    )  # fmt: skip
    wide, narrow = drawn.body.split("</svg>")[:2]
    for picture in (wide, narrow):
        names = re.findall(r">(Group-\d+)<", picture)
        assert len(names) == len(set(names))
        assert f"Group-{groups - 1}" in names
        assert len(names) <= 8
    assert len(re.findall(r">Group-\d+<", wide)) == 8 or groups == 60
