"""A firm's steps, what is known of customers and newcomers, and the record of earlier forecasts."""

from __future__ import annotations

import json
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest

from profitchain.core.estimates import NotEstimable
from profitchain.core.periods import Period
from profitchain.disclosure import ledger
from profitchain.exhibits import earlier_forecasts
from profitchain.outlook import base_and_newcomers, forecast, history, rolling
from profitchain.panel.outlook_steps import step_starts, steps_of

QUARTER = Period("2026Q3")


def steps(orders: dict[str, list[int]], *, per: int = 3) -> pd.DataFrame:
    """Return `step_cohorts` of customers by the steps (back) in which each bought."""
    rows = []
    for backs in orders.values():
        backs = sorted(backs, reverse=True)
        for place, back in enumerate(backs):
            later = backs[place + 1] if place + 1 < len(backs) else back - per
            rows.append((backs[0], back, min(back - later, per), 1, 1, 10.0))
    columns = ["first", "back", "gap", "customers", "orders", "revenue"]
    frame = pd.DataFrame(rows, columns=columns)
    return frame.groupby(["first", "back", "gap"], as_index=False).sum()


def test_windows_count_each_customer_once():
    bought = {"a": [8, 5, 4, 1, 0], "b": [7, 2], "c": [9, 3, 1], "d": [0]}
    past = history.history_of(steps(bought), QUARTER)
    assert len(past.sums) == 9  # the first step, 9 back, is left out
    for end in range(7):
        alone = sum(any(end <= back < end + 3 for back in backs) for backs in bought.values())
        assert past.windows[8 - end] == alone
    assert past.by_period("customers") == {"2026Q1": 2.0, "2026Q2": 2.0, "2026Q3": 4.0}
    assert past.by_period("revenue")["2026Q3"] == 50.0


def test_first_buyers_add_up_to_all_customers():
    past = history.history_of(steps({"a": [8, 0], "b": [7], "c": [9], "d": [0]}), QUARTER)
    assert past.first_buyers.tolist() == [1, 1, 1, 0, 0, 0, 0, 0, 0, 1]


@pytest.mark.parametrize(
    "name, unit, per, last",
    [
        ("2026Q3", "month", 3, "2026-09-01"),
        ("2026", "month", 12, "2026-12-01"),
        ("2026-09", "month", 1, "2026-09-01"),
        ("2026-W14", "week", 1, "2026-03-30"),
        ("2026FY1231Q1", "month", 3, "2027-02-28"),
    ],
)
def test_periods_are_whole_steps(name, unit, per, last):
    period = Period(name)
    assert steps_of(period) == (unit, per)
    starts = step_starts(period)
    assert str(starts[-1]) == last and starts[-per] == period.first_day
    assert starts == sorted(set(starts))


def test_a_month_without_orders_counts_as_none():
    bought = {str(number): [back for back in range(30) if back != 4] for number in range(20)}
    past = history.history_of(steps(bought), QUARTER)
    assert past.empty == 1
    found = rolling.predict(past.steps("orders"))
    assert np.isfinite(found.values).all()


def test_orders_that_end_early_are_no_forecast():
    past = history.history_of(steps({str(n): list(range(20)) for n in range(50)}), QUARTER)
    edition = SimpleNamespace(facts={"days_uncovered": 20})
    assert history.ended_early(edition, past)
    quiet = history.history_of(steps({"a": [15, 9, 3, 0]}), QUARTER)
    assert not history.ended_early(edition, quiet)


def test_the_season_of_the_base_is_that_of_the_last_two_years():
    months = list(range(37))
    bought = {f"{b}-{n}": [b] for b in months for n in range(30 + 30 * ((36 - b) % 12 == 11))}
    past = history.history_of(steps(bought), QUARTER)
    seasons = base_and_newcomers.season_of(past, len(past.sums))
    high = int(np.argmax(past.sums["orders"].to_numpy()[:12]))
    assert int(np.argmax(seasons)) == high
    assert seasons[high] / np.median(seasons) == pytest.approx(2, rel=0.05)


@pytest.mark.worlds
def test_base_and_newcomers_predict_customers_who_buy_and_leave_at_random():
    """A world after the model: gamma rates, beta chances to leave, newcomers at a steady pace."""
    rng = np.random.default_rng(4)
    period, count, horizon = Period("2026-12"), 36, 4
    people, rows = [], []
    for month in range(count + horizon):
        for _ in range(60):
            start, rate, leave = month + rng.uniform(), rng.gamma(1.2, 0.35), rng.beta(1, 6)
            days, at = [start], start
            while rng.uniform() > leave:
                at += rng.exponential(1 / rate)
                days.append(at)
            people.append(np.array([day for day in days if day < count + horizon]))
    for days in people:
        seen = np.unique(np.floor(days)).astype(int)
        for place, step in enumerate(seen):
            if step >= count:
                continue
            bought = int((np.floor(days) == step).sum())
            later = seen[place + 1] if place + 1 < len(seen) else step + 1
            rows.append((count - 1 - seen[0], count - 1 - step, min(later - step, 1), 1, bought,
                         10.0 * bought))  # fmt: skip
    columns = ["first", "back", "gap", "customers", "orders", "revenue"]
    cells = pd.DataFrame(rows, columns=columns).groupby(columns[:3], as_index=False).sum()
    past = history.history_of(cells, period)
    snapshots = pd.concat([_snapshot(people, count - back).assign(back=back) for back in range(7)])
    known = int((cells["first"] == cells["back"]).mul(cells["customers"]).sum())
    edition = SimpleNamespace(
        company=SimpleNamespace(contractual=False), by_contract=False, has=lambda name: True,
        facts={"customers": known}, table=lambda name: snapshots,
    )  # fmt: skip
    track = base_and_newcomers.base_and_newcomers(edition, past)
    came = [sum(int((np.floor(d) == count + ahead).sum()) for d in people) for ahead in range(4)]
    assert track[-1] == pytest.approx(came, rel=0.12)
    assert np.isfinite(track[-7:, 0]).all() and np.isnan(track[: count - 8, 0]).all()


def _snapshot(people: list[np.ndarray], end: int) -> pd.DataFrame:
    month = 365 / 12
    days = [np.unique((d[d < end] * month).astype(int)) for d in people if (d < end).any()]
    first, last = (np.array([d[at] for d in days]) for at in (0, -1))
    return pd.DataFrame({
        "repeats": [len(d) - 1 for d in days],
        "last_age_days": last - first,
        "age_days": np.floor(end * month).astype(int) - first,
        "cluster": np.arange(len(days)),
    })  # fmt: skip


def ahead_of(values: np.ndarray) -> forecast.Outlook:
    rows = pd.DataFrame({"first": len(values), "back": range(len(values), -1, -1), "gap": 1,
                         "customers": 1, "orders": 1, "revenue": np.r_[1.0, values]})  # fmt: skip
    period = Period("2026-12")
    past = history.history_of(rows, period)
    found = {"revenue": rolling.predict(past.steps("revenue"))}
    coming = tuple(period.shift(ahead) for ahead in range(1, 5))
    return forecast.Outlook(past=past, coming=coming, measures=found, base=None, currency="EUR")


def test_without_editions_the_method_predicts_from_earlier_months():
    values = 100 + np.random.default_rng(1).normal(0, 5, 40)
    record = forecast.track_record(ahead_of(values))
    assert not record.published and len(record.rows) == 8 and record.level == 0.80
    assert record.rows["period"].iloc[0] == "2026-12"
    assert record.rows["came"].iloc[0] == pytest.approx(values[-1])
    before = forecast.track_record(ahead_of(np.r_[values[:-1], 1e6]))
    assert before.rows["value"].iloc[0] == pytest.approx(record.rows["value"].iloc[0])


def test_what_editions_predicted_is_the_record_and_failed_intervals_are_named():
    values = 100 + np.random.default_rng(1).normal(0, 5, 40)
    names = [str(Period("2026-12").shift(-back)) for back in range(5)]
    told = pd.DataFrame({"period": names, "value": 300.0, "low": 250.0, "high": 350.0})
    record = forecast.track_record(ahead_of(values), told)
    assert record.published and record.inside == 0 and record.failed
    assert record.bias.high < 0
    right = forecast.track_record(ahead_of(values), told.assign(value=100.0, low=50.0))
    assert right.inside == 5 and not right.failed


def test_only_editions_of_earlier_periods_count(tmp_path, monkeypatch):
    monkeypatch.setenv(ledger.SHELF, str(tmp_path))
    for name in ("2026Q1", "2026Q2", "2026Q3", "2026-06"):
        folder = tmp_path / "firm" / name
        folder.mkdir(parents=True)
        row = {"id": "forecast_revenue", "value": 5.0, "low": 4.0, "high": 6.0, "n": 3,
               "unit": "EUR", "period": name, "page": "16_outlook", "label": "x",
               "group": str(Period(name).shift(1))}  # fmt: skip
        far = row | {"group": str(Period(name).shift(2)), "value": 9.0, "high": 10.0}
        (folder / "findings.json").write_text(json.dumps([row, far]))
        pages = {"company": "firm", "period": name, "pages": []}
        (folder / "pages.json").write_text(json.dumps(pages))
        (folder / "record.json").write_text("{}")
        (folder / "index.html").write_text("")
    edition = SimpleNamespace(company=SimpleNamespace(slug="firm"), period=Period("2026Q3"))
    found = earlier_forecasts.earlier_forecasts(edition, "forecast_revenue")
    assert found["period"].tolist() == ["2026Q2", "2026Q3"] and set(found["value"]) == {5.0}


def test_eight_months_are_too_few():
    found = ahead_of(np.full(8, 50.0)).measures["revenue"]
    assert isinstance(found, NotEstimable)
    assert isinstance(forecast.track_record(ahead_of(np.full(8, 50.0))), NotEstimable)
