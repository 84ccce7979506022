"""The certificate counts right, and a small one holds: intervals hold the truth as often as said.

`python3 lib certify` is the large one; PROFITCHAIN_WORLDS=1000 makes this one as large.
"""

from __future__ import annotations

import os
import pickle
from dataclasses import is_dataclass

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from certify import certify as certification
from certify import driver_shops, event_firms, firms, grades, link_firms, run, shops
from certify.certify import (
    certificate,
    certify,
    certify_clusters,
    clusters_section,
    outside_goal,
)
from certify.firms import TRIALS, FirmTrial, firm
from certify.link_firms import LinkFirm
from profitchain.command_options import CERTIFIED

FIRMS = int(os.environ.get("PROFITCHAIN_WORLDS", "40"))
ALLOWED = 0.0005  # how often one figure of a right estimator may fail by chance


@pytest.fixture(scope="module")
def judged() -> pd.DataFrame:
    kinds = [TRIALS[1], TRIALS[2], TRIALS[4]]
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(certification, "REQUESTS_OF_TRUTH", 60_000)
        rows = [
            certification._judged(
                certification._tried(kind, 0, FIRMS), {kind.name: certification.true_numbers(kind)}
            )
            for kind in kinds
        ]
    return pd.concat(rows, ignore_index=True)


@pytest.mark.parametrize("module", [firms, shops, driver_shops, event_firms, link_firms])
def test_whatever_is_tried_can_be_sent_to_another_process(module):
    kinds = [
        kind
        for tried in vars(module).values()
        if isinstance(tried, tuple)
        for kind in tried
        if is_dataclass(kind)
    ]
    assert len(kinds) > 2
    assert [pickle.loads(pickle.dumps(kind)) for kind in kinds]


def test_every_headline_number_is_covered_as_often_as_chance_allows(judged):
    said = (judged["said"] * FIRMS).round()
    lowest = stats.binom.ppf(ALLOWED, said, 0.94) / said
    short = judged[judged["coverage"] < lowest]
    assert short.empty, short.to_string()
    assert (judged["said"] > 0.9).all()


def test_no_headline_number_is_biased_by_half_a_standard_deviation(judged):
    assert judged["bias"].abs().max() < 0.5 + 3 / np.sqrt(FIRMS) - 0.2


def test_the_raw_effect_is_not_mistaken_for_the_adjusted_one():
    kind = TRIALS[3]
    truth = certification.true_numbers(kind)
    assert truth["slope, raw"] > 1.5 * truth["one more point"]


def test_who_answers_moves_the_answers_but_not_the_requests():
    everybody = firm(firms.many(TRIALS[4], 40_000), np.random.default_rng(3))
    answered = everybody[everybody["answered"] == 1]
    assert 0.3 < everybody["answered"].mean() < 0.7
    assert answered["nps"].mean() > everybody["nps"].mean() + 0.1


def test_what_is_expected_is_what_many_draws_come_to():
    kind = FirmTrial(name="many", requests=300_000)
    drawn, expected = (firm(kind, np.random.default_rng(5), expected=how) for how in (False, True))
    pd.testing.assert_series_equal(drawn["nps"], expected["nps"])
    for column, slack in (("repeats", 0.004), ("spend", 0.4)):
        assert drawn[column].mean() == pytest.approx(expected[column].mean(), abs=slack)


def test_coverage_and_bias_are_counted_by_hand():
    tried = pd.DataFrame(
        [("a", "x", 1, 0, 2), ("a", "x", 3, 2, 4), ("a", "x", 2, 1, 3), ("a", "x", *[np.nan] * 3)],
        columns=["firm", "number", "value", "low", "high"],
    )
    row = certification._judged(tried, {"a": {"x": 1.5}}).iloc[0]
    assert (row["said"], row["coverage"], row["bias"]) == (0.75, pytest.approx(2 / 3), 0.5)
    assert row["width"] == 2


def test_a_certificate_names_what_misses_the_goal():
    judged = pd.DataFrame(
        {"firm": ["a", "a", "b", "b"], "number": ["x", "y", "x", "y"], "truth": 1.0,
         "said": [1, 1, 0.5, 0], "coverage": [0.95, 0.90, 0.96, np.nan],
         "bias": [0.1, -0.2, 0.0, np.nan], "width": 3.9}
    )  # fmt: skip
    assert outside_goal(judged)["number"].tolist() == ["y"]
    clustered = pd.DataFrame(
        {"clusters": ["every customer", "buckets"], "coverage": [0.95, 0.94], "width": [1, 1.01],
         "noise": [0, 0.04]}
    )  # fmt: skip
    page = certificate(judged, 400) + clusters_section(clustered, 160)
    assert "- y, a: 90.0%" in page
    assert "| y | 90.0 | – |" in page
    assert "moves a\nfigure by 2.1 points" in page
    assert "| buckets | 94.0 | 101.0% | 4.0% |" in page
    assert "In 160 firms" in page


def test_a_part_written_again_keeps_the_other_parts(tmp_path):
    path = tmp_path / "page.md"
    path.write_text("# Old\n\nold\n\n## Own\n\nold\n\n## Made by a test\n\n| kept |\n")
    certification.write_certificate("\n## Own\n\nnew\n\n## More\n\nmore\n", path)
    parts = ["# Old\n\nold", "## Own\n\nnew", "## Made by a test\n\n| kept |", "## More\n\nmore"]
    assert path.read_text() == "\n\n".join(parts) + "\n"
    certification.write_certificate("# New\n\n## Own\n\nnewer\n", path)
    assert path.read_text().startswith("# New\n\n## Own\n\nnewer\n\n## Made")


def test_the_command_knows_every_part():
    assert tuple(run.PARTS) == CERTIFIED


@pytest.mark.slow
def test_the_command_tries_firms_side_by_side(monkeypatch):
    monkeypatch.setattr(certification, "REQUESTS_OF_TRUTH", 5_000)
    rows = certify(2, kinds=[FirmTrial(name="tiny", requests=300)], workers=1)
    assert set(rows["number"]) >= {"nps", "slope, weighted", "margin of one more point"}


def test_buckets_of_customers_cover_as_customers_do_and_answers_alone_do_not():
    kind = FirmTrial(name="many", requests=6_000, customers=1_000)
    found = certify_clusters(FIRMS, kind=kind, requests=60_000, workers=1).set_index("clusters")
    named = [*certification.CLUSTERS, certification.TOGETHER]
    exact, buckets, none, banded = found.loc[named].itertuples()
    assert exact.width == 1 and exact.noise == 0
    assert buckets.width == pytest.approx(1, abs=0.03)
    assert buckets.noise < 0.1
    assert banded.width == pytest.approx(buckets.width, rel=1e-3)
    assert none.width < 0.97
    lowest = stats.binom.ppf(ALLOWED, FIRMS, 0.94) / FIRMS
    assert min(exact.coverage, buckets.coverage, banded.coverage) >= lowest


def test_grades_are_counted_and_what_misses_the_goal_is_named():
    found = pd.DataFrame(
        [("none", 6000, "moderate")] * 9 + [("none", 6000, "weak")] * 91
        + [("true 34", 6000, "moderate")] * 95 + [("true 34", 6000, "weak")] * 5
        + [("trend", 1500, "strong")] + [("trend", 1500, "moderate")] * 29
        + [("late parcel", 6000, "moderate")] * 10,
        columns=["kind", "answers", "grade"],
    )  # fmt: skip
    assert grades.outside(found) == [
        "none, 6,000 answers: moderate in 9%",
        "trend, 1,500 answers: strong in 3%",
    ]
    events = event_firms.certify_events(2, (event_firms.EventFirm(regions=4, touched=2),))
    assert events.loc[0, ["judged", "clear"]].tolist() == [0, 0]
    page = grades.section(found, events)
    assert "| none | 6,000 | 100 | 0 | 0 | 0 | 91 | 9 | 0 |" in page
    assert "| 4 (2) | 0.03 | 0 | 2 | 0.0 |" in page


def test_firms_are_graded_side_by_side():
    kind = LinkFirm(name="tiny", answers=100)
    found = grades.certify_grades(2, kinds=[kind], sizes=[6000], workers=1)
    assert found["answers"].tolist() == [6000, 6000]
    assert set(found["grade"]) <= {*grades.GRADES}
