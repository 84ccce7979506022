"""Which numbers the pages publish: each one's stable id, its label, and how it is read."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import NamedTuple, TypeAlias

import pandas as pd

from profitchain.core.estimates import Estimate, MaybeEstimate, NotEstimable, counted
from profitchain.core.i18n import N_, _
from profitchain.exhibits.findings import Recorded, finding
from profitchain.lifetime.by_group import ALIKE, ScoreGroupComparison
from profitchain.lifetime.churn_model import ChurnForecast, MaybeForecast
from profitchain.lifetime.customer_value import CustomerValue
from profitchain.lifetime.holdout_test import HoldoutTest
from profitchain.lifetime.retention_targeting import money_column
from profitchain.measures.clustering import ClusteringTrial
from profitchain.measures.segment_comparisons import SegmentComparison
from profitchain.stats.comparisons import EVERYBODY, Course, Measure, MeasureSeries
from profitchain.stats.margins import Wald
from profitchain.words.measures import LABELS as MEASURE_LABELS
from profitchain.words.measures import label as label_of

LABELS = {
    # 03_satisfaction, 05_loyalty
    "responses": N_("Survey answers"),
    "orders": N_("Orders"),
    "revenue": N_("Revenue"),
    "active_customers": N_("Active customers"),
    "guest_orders": N_("Orders of guests"),
    "guest_revenue": N_("Revenue of guests"),
    "new_customers": N_("New customers"),
    # 06_value
    "top_decile_revenue_share": N_("Revenue carried by the top tenth of the period's customers"),
    "top_decile_margin_share": N_("Margin carried by the top tenth of the period's customers"),
    "top_decile_revenue_share_lookback": N_("Revenue carried by the top tenth, lookback"),
    "top_decile_margin_share_lookback": N_("Margin carried by the top tenth, lookback"),
    "revenue_gini": N_("Gini index of revenue over the period's customers"),
    "margin_gini": N_("Gini index of margin over the period's customers"),
    "profit_per_customer": N_("Profit per customer after cost to serve, lookback"),
    "loss_making_share": N_("Customers who cost more than their margin, lookback"),
    "value_group_customers": N_("Customers of the value group"),
    "value_group_revenue_share": N_("Share of the lookback's revenue"),
    "value_group_margin_share": N_("Share of the lookback's margin"),
    "answered_customers_share": N_("Customers of the lookback with an answer"),
    "high_value_dissatisfied_share": N_("Not satisfied, of customers of high value with an answer"),
    "four_field_customers": N_("Customers in the field"),
    "orders_per_customer_lookback": N_("Orders per customer, lookback"),
    "days_between_purchases": N_("Days between purchases, median customer"),
    # 10_lifetime
    "lifetime_value_mean": N_("Lifetime value of a customer ({span})"),
    "lifetime_value_total": N_("Lifetime value of all customers ({span})"),
    "lifetime_value_new": N_("Lifetime value of a new customer ({span})"),
    "lifetime_value_difference": N_(
        "Lifetime value ({money}), {best} less {worst}, among like customers"
    ),
    "share_alive": N_("Mean chance to be still a customer, range of two models"),
    "expected_orders_12m": N_("Expected days with an order, a customer, 12 months"),
    "lifetime_holdout_ratio": N_("Purchase days expected by those that came"),
    "lifetime_holdout_money_ratio": N_("Payments expected by those that came"),
    # 11_churn
    "quiet_share": N_("Customers of the lookback without an order within the window"),
    "expected_quiet_share": N_("Customers expected to order nothing in the next period"),
    "hazard_ratio_per_point": N_("Pace of the next order for one more point, as a ratio"),
    "churn_auc": N_("How well leaving was predicted: AUC, out of time"),
    "churn_brier_skill": N_("How well leaving was predicted: Brier skill against the base rate"),
    "churn_auc_gain_from_satisfaction": N_("AUC that the scores add to purchase history"),
    "value_at_risk": N_("Lookback's {money}, weighted by the chance to order nothing next"),
    # 06_value: which groups differ
    "{id}_shrunk": N_("{measure}, drawn to the mean"),
    "segment_heterogeneity_p": N_("Test that the groups of a segment are alike, p"),
    "clustering_gain": N_(
        "Squared error saved by clusters found in the data, less that by groups by rule"
    ),
    # 07_repeat_purchase
    "repeat_effect_per_point": N_("Effect of one point on repeat orders"),
    "repeat_effect_per_point_unadjusted": N_("Effect of one point, not adjusted"),
    "repeat_effect_slope": N_("Effect of one point on repeat orders, slope of a straight line"),
    "repeat_effect_per_10_nps": N_("Effect of ten NPS points on repeat orders"),
    "linearity_p": N_("Test that every point counts the same, p"),
    "orders_effect_per_point": N_("Effect of one point on orders"),
    "spend_effect_per_point": N_("Effect of one point on spend"),
    "margin_effect_per_point": N_("Effect of one point on margin"),
    # 08_worth
    "worth_of_a_point": N_("Margin of the year, had every experience been one point better"),
    "worth_of_a_point_revenue": N_(
        "Revenue of the year, had every experience been one point better"
    ),
    "worth_of_a_point_share": N_("Worth of a point as a share of the year's margin"),
    "worth_of_a_point_revenue_share": N_("Worth of a point as a share of the year's revenue"),
    "worth_of_a_point_by_age": N_("Worth of a point by days since the experience"),
    "worth_of_a_point_by_model": N_("Worth of a point by way to count"),
    "worth_of_scenario": N_("What other scores go with, an answer within the window"),
    "control_difference": N_("Difference from the books"),
    "smallest_detectable_effect": N_("Smallest effect that is found"),
    "sales_elasticity": N_("Percent more sales for 1% more score"),
    # 09_sensitivity
    "evidence_grade": N_("Evidence for the link (0 contradictory, 1 weak, 2 moderate, 3 strong)"),
    "robustness_value": N_(
        "Share of score and repeats that something hidden must explain, link gone"
    ),
    "robustness_value_significance": N_("The same, link no longer clear"),
    "e_value": N_("E-value of one more point"),
    "score_reliability": N_("Agreement of two answers of a customer within four weeks"),
    "repeat_effect_per_point_corrected": N_("Slope of one more point, corrected for a noisy score"),
    "repeat_effect_per_point_by_design": N_("Slope of one more point on repeat orders, by design"),
    "specifications_clear_share": N_("Share of ways of counting in which the link is clear"),
}
UNITS = {"responses": "answers", "new_customers": "customers"}  # of mere counts
Label: TypeAlias = str | Mapping[str, str]  # or a label and how rows are read, as `Rows` has it
Measured: TypeAlias = MeasureSeries | tuple[Measure, pd.DataFrame | MaybeEstimate] | Recorded
Numbers: TypeAlias = (
    MaybeEstimate | Course | Wald | int | Mapping[str, MaybeEstimate] | pd.DataFrame | tuple
)


class Rows(NamedTuple):
    """How a frame with one row a group is read.

    `group` names a row's group by its columns; `column` is what the names of value, low and high
    begin with, or a column that is its own interval; `unit` is used where no column says it, `why`
    where a row has no number, `label` where groups are called differently.
    """

    group: str = "{segment}: {group}"
    column: str = ""
    unit: str = ""
    why: str = ""
    label: str = ""


ROWS = {
    "control_difference": Rows("{measure}", "apart", "share", "books_say_zero"),
    "lifetime_value_mean": Rows(label=N_("Lifetime value of a customer ({money})")),
    "repeat_effect_per_10_nps": Rows("{mechanism}", unit="share"),
    "repeat_effect_per_point": Rows(unit="share"),
    "repeat_effect_per_point_by_design": Rows("{design}", unit="share"),
    "segment_heterogeneity_p": Rows("{measure} by {segment}", "p_adjusted", "p"),
    "worth_of_scenario": Rows("{Index}", "per_answer_"),
    "{id}_shrunk": Rows(column="shrunk_"),
}


def findings_of(
    computed: Mapping[str, Numbers], labels: Mapping[str, Label] = LABELS, /, **words: object
) -> list[Recorded]:
    """Return what a page has computed as findings, by their ids in `labels`.

    `words` are what stands for the `{names}` in ids and labels.
    """
    return [
        finding(id.format(**words), number, label=_(label, **words), group=group, trend=trend)
        for id, numbers in computed.items()
        for trend in [numbers.trend if isinstance(numbers, Course) else None]
        for label, group, number in _labelled(id, numbers, labels)
    ]


def findings_of_measured(measured: Measured) -> list[Recorded]:
    """Return a measure over time, or a measure with its groups or a number, as findings."""
    match measured:
        case Recorded():
            return [measured]
        case MeasureSeries():
            return findings_of_series([measured])
        case measure, pd.DataFrame() as groups:
            return findings_of_segments(measure, groups)
        case measure, number:
            return [finding(measure.id, number, label=label_of(measure))]


def findings_of_series(series: Iterable[MeasureSeries]) -> list[Recorded]:
    """Return each measure as a finding, with its two changes and its trend."""
    return [
        finding(
            story.measure.id,
            story.now,
            label=label_of(story.measure),
            change=story.change,
            change_on_year=story.change_on_year,
            trend=story.trend,
        )
        for story in series
    ]


def findings_of_segments(measure: Measure, groups: pd.DataFrame) -> list[Recorded]:
    """Return a measure by group (`groups`: segment, group, value, low, high, n, why)."""
    return [
        finding(measure.id, estimate, label=label_of(measure), group=group)
        for group, estimate in _of_rows(groups, Rows(unit=measure.unit))
    ]


def findings_of_lifetime(
    prospects: CustomerValue,
    groups: pd.DataFrame,
    like_customers: ScoreGroupComparison | None,
    holdout: HoldoutTest | NotEstimable,
) -> list[Recorded]:
    """Return what customers are worth from now on, also by group, and how well a trial did."""
    words = {"money": _(prospects.money), "months": prospects.horizon_months}
    span = _("{money}, next {months} months, discounted", **words)
    if prospects.under_contract:
        span = _("{money}, to come, discounted", **words)
    of_all: dict[str, Numbers] = {
        "lifetime_value_mean": prospects.mean,
        "lifetime_value_total": prospects.total,
        "lifetime_value_new": prospects.new_customer,
        "share_alive": prospects.share_alive,
        "expected_orders_12m": prospects.orders_12_months,
    }
    recorded = findings_of(of_all, span=span)
    money = _(prospects.money)
    recorded += findings_of({"lifetime_value_mean": groups}, money=money)
    if like_customers is not None:
        ends = {"best": _(like_customers.best), "worst": _(like_customers.worst)}
        ends |= {"money": money}
        recorded += findings_of({"lifetime_value_difference": like_customers.difference}, **ends)
    ids = ("lifetime_holdout_ratio", "lifetime_holdout_money_ratio")
    if isinstance(holdout, NotEstimable):
        return recorded + findings_of(dict.fromkeys(ids, holdout))
    return recorded + findings_of(dict(zip(ids, (holdout.ratio, holdout.money_ratio), strict=True)))


def findings_of_risk(
    at_risk: MaybeEstimate, groups: pd.DataFrame, forecast: MaybeForecast, currency: str
) -> list[Recorded]:
    """Return the money that may stay away (`at_risk_by_group`'s too): a sum weighted by chances."""
    margin = isinstance(forecast, ChurnForecast) and money_column(forecast.now) == "margin"
    words = {"money": _("margin") if margin else _("revenue")}
    recorded = findings_of({"value_at_risk": at_risk}, **words)
    return recorded + findings_of({"value_at_risk": groups.assign(unit=currency)}, **words)


def findings_of_groups(
    fair: SegmentComparison, clusters: ClusteringTrial | NotEstimable
) -> list[Recorded]:
    """Return each group's measures drawn to the mean, how unlike groups are, and clusters' gain.

    Ids: `retention_rate_shrunk` and the like by `segment: group`; `segment_heterogeneity_p` by
    measure and segment (unit p, Holm over all of them).
    """
    shrunk = [
        recorded
        for id, groups in fair.groups.groupby("measure", sort=False)
        for recorded in findings_of({"{id}_shrunk": groups}, id=id, measure=_(MEASURE_LABELS[id]))
    ]
    tests = fair.segments.assign(measure=fair.segments["measure"].map(MEASURE_LABELS))
    gain = clusters if isinstance(clusters, NotEstimable) else clusters.gain
    return [*shrunk, *findings_of({"segment_heterogeneity_p": tests, "clustering_gain": gain})]


def _labelled(
    id: str, numbers: Numbers, labels: Mapping[str, Label]
) -> Iterator[tuple[str, str | None, MaybeEstimate]]:
    """Yield what stands under one id: label, group (None: the whole firm), number."""
    label, rows = labels[id], ROWS.get(id, Rows())
    if not isinstance(label, str):
        reading = {key: value for key, value in label.items() if key != "label"}
        label, rows = label["label"], Rows(**reading)
    match numbers:
        case pd.DataFrame():
            for group, number in _of_rows(numbers, rows):
                yield rows.label or label, group, number
        case Mapping():
            for group, number in numbers.items():
                yield label, group, number
        case Course():
            yield label, None, numbers.now
        case Wald():
            yield label, None, numbers.estimate
        case int():
            yield label, None, counted(numbers, unit=UNITS.get(id, "count"))
        case tuple():
            for each in numbers:
                yield from _labelled(id, each, labels)
        case _:
            yield label, None, numbers


def _of_rows(groups: pd.DataFrame, rows: Rows) -> Iterator[tuple[str, MaybeEstimate]]:
    """Yield each group's name and number; those of a firm without segments are none."""
    numbers = groups.rename(columns=lambda name: name.removeprefix(rows.column) or "value")
    if rows.column in groups:
        numbers = numbers.assign(low=numbers["value"], high=numbers["value"])
    for row in numbers.itertuples():
        if getattr(row, "segment", "") not in (EVERYBODY, ALIKE):
            number = Estimate.of(row, unit=rows.unit)
            if rows.why and isinstance(number, NotEstimable):
                number = NotEstimable(rows.why, n=number.n)
            yield rows.group.format(**row._asdict()), number
