"""The chain of page 08: what its steps come to, and which message they earn."""

from __future__ import annotations

from types import SimpleNamespace

import pytest

from profitchain.core.estimates import Estimate, NotEstimable
from profitchain.words import worth


def estimate(value: float, half: float, unit: str = "EUR") -> Estimate:
    return Estimate(value=value, low=value - half, high=value + half, n=90, unit=unit)


def chain(total: object, repeat: object, easy_is: str | None = None):
    figure = SimpleNamespace(total=total, orders=5000, within=estimate(1.0, 0.5))
    main = SimpleNamespace(easy_is=easy_is, scale=(1, 7), label="Ease")
    company = SimpleNamespace(main=main, repeat_within_days=90)
    edition = SimpleNamespace(company=company, stands_for=1)
    return worth.chain(figure, repeat, "margin", edition=edition)


def test_an_experiences_money_times_the_experiences_is_the_years():
    shown = chain(estimate(10_000.0, 4000.0), estimate(0.025, 0.01, "share"))
    returns, each, many, total = shown.rows["value"]
    assert (each * many, total) == (pytest.approx(10_000.0), 10_000.0)
    assert returns == pytest.approx(2.5)
    assert shown.options["figures"] == ["+2.5 in 100", "€2.00", "5,000", "€10,000"]
    assert shown.says == "steps" and shown.values["size"] == "€10,000"


@pytest.mark.parametrize(
    ("total", "says"),
    [
        (estimate(1000.0, 4000.0), "unclear"),
        (NotEstimable("too_few_customers", n=8, needed=10), "none"),
    ],
)
def test_no_figure_is_claimed_that_is_not_clear(total, says):
    assert chain(total, estimate(0.025, 0.01, "share")).says == says


def test_where_low_is_easy_one_point_better_is_one_point_lower():
    shown = chain(estimate(10_000.0, 4000.0), estimate(-0.025, 0.01, "share"), "low")
    assert shown.options["figures"][0] == "+2.5 in 100"
    assert shown.options["start"][0] == "−1 point"
    assert "none below 1" in shown.options["start"][1]
