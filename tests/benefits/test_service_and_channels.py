"""Complaints handled and left, refunds, referrals and channels: by hand, and of thin input."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
import statsmodels.formula.api as smf
from editions import write_company

import profitchain as pc
from profitchain.benefits import after_scores, channels, complaint_handling
from profitchain.core.estimates import NotEstimable
from profitchain.stats.ratios import benjamini_hochberg

ASKED = {"questions": {"nps": {"column": "nps", "kind": "nps"}}, "main_question": "nps"}
ASKED |= {"privacy": {"smallest_group": 1}}


def frame(names: str, *rows: tuple) -> pd.DataFrame:
    return pd.DataFrame(rows, columns=names.split())


TABLES = {
    "orders": frame(
        "order_id customer_id ordered_at revenue margin",
        ("o0", "old", "2023-01-05T10:00:00", 10.0, 4.0),
        ("o1", "a", "2024-02-01T10:00:00", 100.0, 40.0),
        ("o2", "a", "2024-09-01T10:00:00", 50.0, 20.0),
        ("o3", "a", "2025-01-31T09:00:00", 30.0, 12.0),  # 365 days less an hour after the first
        ("o4", "a", "2025-05-01T10:00:00", 60.0, 24.0),
        ("x1", "a", "2025-05-20T10:00:00", -60.0, -24.0),  # pays o4 back, though o5 came between
        ("o5", "a", "2025-05-10T10:00:00", 80.0, 32.0),
        ("o6", "b", "2024-03-01T10:00:00", 70.0, 28.0),
        ("o7", "b", "2025-04-01T10:00:00", 70.0, 28.0),  # more than a year after the first
        ("o8", "c", "2025-03-20T10:00:00", 20.0, 8.0),  # referred by a, ten days before
        ("o9", "e", "2025-12-30T10:00:00", 20.0, 8.0),
    ),
    "customers": frame(
        "customer_id acquisition_channel", ("a", "ads"), ("b", "friends"), ("c", "friends")
    ),
    "responses": frame(
        "response_id customer_id responded_at nps",
        ("r1", "a", "2025-03-01T10:00:00", 9),
        ("r2", "b", "2025-04-05T10:00:00", 3),
        ("r3", "b", "2025-07-01T10:00:00", 7),
    ),
    "referrals": frame(
        "referral_id referrer_id customer_id referred_at",
        ("f1", "a", "c", "2025-03-10T10:00:00"),  # a had three orders before
        ("f2", "b", "nobody", "2025-03-11T10:00:00"),  # b had one
        ("f3", "a", "b", "2025-03-12T10:00:00"),  # b was a customer before
        ("f4", "a", "late", "2025-12-01T10:00:00"),  # may still order
    ),
    "contacts": frame(
        "contact_id customer_id opened_at closed_at is_complaint topic",
        ("k1", "a", "2025-03-20T10:00:00", "2025-03-21T10:00:00", True, "price"),  # came back
        ("k2", "b", "2025-04-10T10:00:00", None, True, "price"),  # left, didn't
        ("k3", "b", "2025-04-20T10:00:00", None, True, "price"),  # the same again: k2 not resolved
        ("k4", "b", "2025-04-21T10:00:00", "2025-04-22T10:00:00", False, "size"),  # another topic
        ("k5", "a", "2025-11-20T10:00:00", "2025-11-20T11:00:00", True, "price"),  # open window
        ("k6", "c", "2025-12-29T10:00:00", None, False, "price"),  # may still ask again
    ),
}


@pytest.fixture(scope="module")
def edition(tmp_path_factory):
    company = write_company(tmp_path_factory.mktemp("firm") / "few", TABLES, **ASKED)
    return pc.open_edition(company, "2025")


def test_a_complaint_is_followed_from_the_day_by_which_it_was_settled(edition):
    cells = edition.table("handling_cells")
    by_side = cells.groupby("handled")[["n", "came", "both", "before", "after"]].sum()
    assert by_side.loc[True].tolist() == [1, 1, 0, 0, 0]
    assert by_side.loc[False].tolist() == [2, 0, 2, 6, 14]  # from 3 to 7, after each of two
    assert cells.set_index("handled").loc[True, ["score", "prior"]].tolist() == [9, 3]
    found = complaint_handling.complaint_handling(edition)
    assert found.n == {"handled": 1, "left": 2}
    assert found.difference.why.key == "too_few_complaints"


def test_a_contact_that_is_followed_by_another_on_the_topic_was_not_resolved(edition):
    cells = edition.table("contact_repeats")
    assert cells[["contacts", "again"]].sum().tolist() == [5, 1]


def test_a_refund_belongs_to_the_order_of_its_amount(edition):
    cells = edition.table("return_cells").set_index("score")
    assert cells.loc[9, ["orders", "refunds", "paid_back"]].tolist() == [2, 1, 60]
    assert cells.loc[9, "revenue"] == 140 and 3 not in cells.index


def test_who_was_a_customer_before_is_no_conversion(edition):
    cells = edition.table("conversion_cells").groupby("loyal")
    sums = cells[["referred", "ordered", "customers_before"]].sum()
    assert sums.loc[True].tolist() == [1, 1, 1] and sums.loc[False].tolist() == [1, 0, 0]


def test_a_newcomer_is_followed_for_a_year_from_the_first_order(edition):
    cells = edition.table("channel_cells").set_index("channel")
    assert cells.loc["ads", ["customers", "retained", "margin"]].tolist() == [1, 1, 72]
    assert cells.loc["friends", ["customers", "retained", "margin"]].tolist() == [1, 0, 28]


def test_a_firm_without_what_it_takes_is_told_so(tmp_path):
    orders = TABLES["orders"]
    tables = {name: TABLES[name] for name in ("orders", "responses")}
    tables["orders"] = orders[orders["revenue"] > 0]
    bare = pc.open_edition(write_company(tmp_path / "bare", tables, **ASKED), "2025")
    assert complaint_handling.complaint_handling(bare).why.values == (("table", "contacts"),)
    assert complaint_handling.first_contact_resolution(bare).why.key == "needs_table"
    assert channels.referral_conversion(bare).why.key == "needs_table"
    assert channels.channels(bare).why.key == "no_such_column"
    assert after_scores.refunds(bare).why.key == "no_refunds_in_orders"
    assert after_scores.paid_back_by_group(bare) == {}
    contacts = TABLES["contacts"].drop(columns="closed_at")
    half = write_company(tmp_path / "half", {"orders": orders, "contacts": contacts})
    told = complaint_handling.complaint_handling(pc.open_edition(half, "2025"))
    assert isinstance(told, NotEstimable) and told.why.key == "no_such_column"


def complaints(draw: np.random.Generator, many: int = 900, effect: float = 0.0) -> pd.DataFrame:
    """Return complaints of which those of good history are handled more, and come back more."""
    who = draw.integers(0, many // 2, many)
    liking = draw.random(many // 2)[who]
    score = np.where(liking > 0.6, 9.0, np.where(liking > 0.3, 7.0, 3.0))
    handled = draw.random(many) < 0.2 + 0.06 * score
    came = draw.random(many) < 0.1 + 0.05 * score + effect * handled
    after = np.clip(6 + draw.normal(0, 2, many), 0, 10)  # back to the mean, whoever answers
    return pd.DataFrame({
        "handled": handled, "score": score, "prior": draw.integers(0, 4, many), "cluster": who,
        "n": 1, "came": came.astype(int), "both": 1, "before": score, "after": after,
    })  # fmt: skip


def test_like_is_compared_with_like(question):
    cells = complaints(np.random.default_rng(1), many=4_000)
    found = complaint_handling.handling_of(cells, question)
    rates = found.rates
    assert rates["handled"].value - rates["left"].value > 0.04  # history alone
    assert found.difference.low <= 0 <= found.difference.high
    assert found.rises["left"].value > found.rises["handled"].value  # they had farther to rise
    assert found.rise_difference.low <= 0 <= found.rise_difference.high


@pytest.fixture(scope="module")
def question(edition):
    return edition.company.main


def test_the_difference_within_strata_is_that_of_a_regression_with_their_dummies(question):
    cells = complaints(np.random.default_rng(2), effect=0.1)
    grouped = complaint_handling.with_group(cells, question).assign(
        treated=lambda t: t["handled"].astype(float)
    )
    found = complaint_handling.difference_within(grouped, outcome="came", many="n")
    fit = smf.ols("came ~ treated + C(group):C(prior)", grouped).fit(
        cov_type="cluster", cov_kwds={"groups": grouped["cluster"]}
    )
    assert found.value == pytest.approx(fit.params["treated"])
    error = (found.high - found.low) / 2 / 1.96
    assert error == pytest.approx(fit.bse["treated"], rel=0.03)


def test_adjusted_p_values_are_statsmodels():
    from statsmodels.stats.multitest import multipletests

    p = np.array([0.01, 0.02, 0.03, 0.5, 0.04])
    assert benjamini_hochberg(p) == pytest.approx(multipletests(p, method="fdr_bh")[1])


def by_channel(draw: np.random.Generator, chance: dict[str, float], each: int) -> pd.DataFrame:
    rows = [
        pd.DataFrame({"channel": name, "retained": (draw.random(each) < share).astype(int),
                      "margin": draw.gamma(2, 30, each)})
        for name, share in chance.items()
    ]  # fmt: skip
    cells = pd.concat(rows, ignore_index=True)
    return cells.assign(cluster=range(len(cells)), customers=1)


@pytest.mark.worlds
def test_channels_are_told_apart_only_beyond_chance():
    draw = np.random.default_rng(4)
    alike = [
        channels.channels_of(by_channel(draw, dict.fromkeys("abcde", 0.4), 80), currency="EUR")
        for _world in range(60)
    ]
    assert np.mean([found.are_apart for found in alike]) <= 0.2  # two measures at 5% each
    found = channels.channels_of(
        by_channel(draw, {"a": 0.7, "b": 0.4, "c": 0.4}, 300), currency="EUR"
    )
    assert found.retained["channel"].iloc[0] == "a"
    assert found.retained["verdict"].iloc[0] == "above the others"
    few = channels.channels_of(by_channel(draw, {"a": 0.5}, 9), currency="EUR")
    assert few.why.key == "too_few_customers"


def referred(many: int, bought: int) -> pd.DataFrame:
    ordered = [int(at < bought) for at in range(many)]
    loyal = [True, False] * (many // 2)
    return pd.DataFrame({"loyal": loyal, "cluster": range(many), "referred": 1, "ordered": ordered})


def test_a_table_that_holds_only_referrals_that_ordered_tells_no_conversion():
    assert channels.conversion_of(referred(100, 98)).why.key == "only_referrals_that_ordered"
    found = channels.conversion_of(referred(100, 50))
    assert found.every.value == 0.5 and found.difference.spans_zero
