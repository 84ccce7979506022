"""From what a page has computed to what it publishes under stable ids."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

import pandas as pd

from profitchain.core.estimates import Estimate, MaybeEstimate, NotEstimable, counted
from profitchain.core.i18n import N_, _
from profitchain.core.periods import Period
from profitchain.exhibits.findings import Recorded, finding
from profitchain.stats.comparisons import EVERYBODY, Measure, MeasureSeries, period_totals

TOTALS = {
    "orders": (N_("Orders"), "orders"),
    "revenue": (N_("Revenue"), "revenue"),
    "active_customers": (N_("Active customers"), "active"),
}

EVIDENCE = {
    "evidence_grade": N_("Evidence for the link (0 contradictory, 1 weak, 2 moderate, 3 strong)"),
    "robustness_value": N_(
        "Share of score and repeats that something hidden must explain, link gone"
    ),
    "robustness_value_significance": N_("The same, link no longer clear"),
    "e_value": N_("E-value of one more point"),
    "score_reliability": N_("Agreement of two answers of a customer within four weeks"),
    "repeat_effect_per_point_corrected": N_("Effect of one point, corrected for a noisy score"),
    "specifications_clear_share": N_("Share of ways of counting in which the link is clear"),
}


def of_stories(stories: Iterable[MeasureSeries]) -> list[Recorded]:
    """Return each measure as a finding, with its two changes and its trend."""
    return [
        finding(
            story.measure.id,
            story.now,
            label=story.measure.label,
            change=story.change,
            change_on_year=story.change_on_year,
            trend=story.trend,
        )
        for story in stories
    ]


def of_totals(
    totals: Mapping[str, MaybeEstimate], activity: pd.DataFrame, periods: Sequence[Period]
) -> list[Recorded]:
    """Return what was counted in full, as findings with their trends.

    Parameters
    ----------
    totals : as `loyalty.totals` returns.
    activity : one row a period and cluster.
    """
    return [
        finding(
            id,
            totals[id],
            label=label,
            trend=period_totals(activity, column, periods, unit=getattr(totals[id], "unit", "")),
        )
        for id, (label, column) in TOTALS.items()
    ]


def of_groups(measure: Measure, groups: pd.DataFrame) -> list[Recorded]:
    """Return a measure's findings by group, each named `segment: group`.

    Parameters
    ----------
    groups : one row a group: segment, group, value, low, high, n, why.
    """
    told = {"id": measure.id, "label": measure.label, "unit": measure.unit}
    return [_of_group(row, **told) for row in _told_apart(groups)]


def of_effects(groups: pd.DataFrame) -> list[Recorded]:
    """Return the effect of one point in each group (`groups`: as in `of_groups`)."""
    told = {"id": "repeat_effect_per_point", "unit": "share"}
    label = N_("Effect of one point on repeat orders")
    return [_of_group(row, **told, label=label) for row in _told_apart(groups)]


def of_count(id: str, label: str, n: int, unit: str) -> list[Recorded]:
    """Return what was counted in full as a finding."""
    return [finding(id, counted(n, unit=unit), label=label)]


def of_amounts(amounts: Mapping[str, MaybeEstimate]) -> list[Recorded]:
    """Return the effects of one point on orders, spend and margin as findings."""
    return [
        finding(f"{name}_effect_per_point", said, label=_AMOUNTS[name])
        for name, said in amounts.items()
    ]


_AMOUNTS = {
    "orders": N_("Effect of one point on orders"),
    "spend": N_("Effect of one point on spend"),
    "margin": N_("Effect of one point on margin"),
}


def of_moves(moves: pd.DataFrame) -> list[Recorded]:
    """Return what ten NPS points go with, one finding a mechanism."""
    return [
        finding(
            "repeat_effect_per_10_nps",
            _said(row, "share"),
            label=N_("Effect of ten NPS points on repeat orders"),
            group=row.mechanism,
        )
        for row in moves.itertuples()
    ]


def of_link(
    raw: MaybeEstimate, effect: MaybeEstimate, ten: MaybeEstimate, bend: object
) -> list[Recorded]:
    """Return the link's core findings: the effect of one point, of ten NPS points, and its bend."""
    told = {
        "repeat_effect_per_point": (effect, N_("Effect of one point on repeat orders")),
        "repeat_effect_per_point_unadjusted": (raw, N_("Effect of one point, not adjusted")),
        "repeat_effect_per_10_nps": (ten, N_("Effect of ten NPS points on repeat orders")),
        "linearity_p": (of_test(bend), N_("Test that every point counts the same, p")),
    }
    return [finding(id, said, label=label) for id, (said, label) in told.items()]


def of_response(rate: MeasureSeries, groups: pd.DataFrame, *, invited: bool) -> list[Recorded]:
    """Return the response rate with its groups, or why there is none where nobody knows who was."""
    if invited:
        return [*of_stories([rate]), *of_groups(rate.measure, groups)]
    why = _(
        "Who was asked is not known: needs `invitations` with the `response_id` of each answer."
    )
    return [finding("response_rate", NotEstimable(why), label=N_("Response rate"))]


def of_weighting(
    id: str, label: str, score: MaybeEstimate, effect: MaybeEstimate, effective: MaybeEstimate
) -> list[Recorded]:
    """Return what weights make of the score (`id`, `label`: its own) and of the effect."""
    told = {
        f"{id}_weighted": (score, _("{label}, weighted for who answered", label=label)),
        "repeat_effect_per_point_weighted": (effect, N_("Effect of one point, weighted")),
        "effective_answers": (effective, N_("Answers of equal weight that would tell as much")),
    }
    return [finding(id, said, label=label) for id, (said, label) in told.items()]


def of_rungs(rungs: pd.DataFrame) -> list[Recorded]:
    """Return the effect of one point by each design (`rungs`: as `effects_by_design`)."""
    label = N_("Effect of one point on repeat orders, by design")
    return [
        finding(
            "repeat_effect_per_point_by_design", _said(row, "share"), label=label, group=row.design
        )
        for row in rungs.itertuples()
    ]


def of_evidence(said: Mapping[str, MaybeEstimate]) -> list[Recorded]:
    """Return the grade of the evidence and what it rests on (`said`: by the ids of `EVIDENCE`)."""
    return [finding(id, one, label=EVIDENCE[id]) for id, one in said.items()]


def of_test(test: object) -> MaybeEstimate:
    """Return a test's p-value as it is recorded, or why there is none."""
    return test if isinstance(test, NotEstimable) else test.estimate


def _told_apart(groups: pd.DataFrame) -> Iterable[object]:
    """Return the groups' rows, none where the firm has declared no segment."""
    return groups[groups["segment"] != EVERYBODY].itertuples()


def _of_group(row: object, *, id: str, label: str, unit: str) -> Recorded:
    return finding(id, _said(row, unit), label=label, group=f"{row.segment}: {row.group}")


def _said(row: object, unit: str) -> MaybeEstimate:
    if row.why:
        return NotEstimable(row.why, n=int(row.n))
    return Estimate(value=row.value, low=row.low, high=row.high, n=int(row.n), unit=unit)


def of_worth(yearly: Mapping[str, MaybeEstimate], of_a_customer: MaybeEstimate) -> list[Recorded]:
    """Return what a point is worth a year, for the active base and for one of its customers.

    `of_a_customer` is in margin where that is known, else in revenue.
    """
    told = {
        "worth_of_a_point": (
            yearly["margin"],
            N_("Worth of a point in margin, active base, a year"),
        ),
        "worth_of_a_point_revenue": (
            yearly["spend"],
            N_("Worth of a point in revenue, active base, a year"),
        ),
        "worth_per_customer_a_year": (
            of_a_customer,
            N_("Worth of a point per active customer a year"),
        ),
    }
    return [finding(id, said, label=label) for id, (said, label) in told.items()]


def of_scenarios(scenarios: pd.DataFrame) -> list[Recorded]:
    """Return what each scenario goes with, for the active base and a year.

    Parameters
    ----------
    scenarios : one row a scenario, its name as index: a_year_ value, low, high, why, unit, n.
    """
    label = N_("What other scores go with, active base, a year")
    rows = scenarios.rename(columns=lambda name: name.removeprefix("a_year_")).itertuples()
    return [
        finding("worth_of_scenario", _said(row, row.unit), label=label, group=row.Index)
        for row in rows
    ]


def of_books(checked: pd.DataFrame) -> list[Recorded]:
    """Return by which share of the books' figure each of our totals parts from it."""
    return [
        finding(
            "control_difference",
            counted(row.apart, unit="share", n=round(abs(row.ours)))
            if row.apart == row.apart
            else NotEstimable(_("The books say 0.")),
            label=N_("Difference from the books"),
            group=row.measure,
        )
        for row in checked.itertuples()
    ]


def of_planning(smallest: MaybeEstimate, elasticity: MaybeEstimate) -> list[Recorded]:
    """Return the smallest effect that would be found, and the elasticity of sales."""
    return [
        finding("smallest_detectable_effect", smallest, label=N_("Smallest effect that is found")),
        finding("sales_elasticity", elasticity, label=N_("Percent more sales for 1% more score")),
    ]


LEAVING = {
    "quiet_share": N_("Customers of the lookback without an order within the window"),
    "expected_quiet_share": N_("Customers foretold to order nothing in the next period"),
    "hazard_ratio_per_point": N_("Pace of the next order for one more point, as a ratio"),
    "churn_auc": N_("How well leaving was foretold: AUC, out of time"),
    "churn_brier_skill": N_("How well leaving was foretold: Brier skill against the base rate"),
    "churn_auc_gain_from_satisfaction": N_("AUC that the scores add to purchase history"),
}


def of_leaving(
    said: Mapping[str, MaybeEstimate], at_risk: MaybeEstimate, groups: pd.DataFrame
) -> list[Recorded]:
    """Return who is leaving as findings, and the value at risk in all and by group.

    Parameters
    ----------
    said : by the ids of `LEAVING`.
    groups : as `rescue.at_risk_by_group` returns.
    """
    told = {
        "id": "value_at_risk",
        "label": N_("Lookback's value of those foretold to order nothing"),
    }
    unit = at_risk.unit if isinstance(at_risk, Estimate) else ""
    return [
        *(finding(id, one, label=LEAVING[id]) for id, one in said.items()),
        finding(told["id"], at_risk, label=told["label"]),
        *(_of_group(row, **told, unit=unit) for row in groups.itertuples()),
    ]
