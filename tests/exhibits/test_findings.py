"""The record: what is recorded comes back the same, and nothing unsure comes back as a number."""

from __future__ import annotations

import dataclasses
import json
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest

from profitchain.core.errors import ParameterError
from profitchain.core.estimates import Estimate, NotEstimable
from profitchain.core.periods import Period
from profitchain.exhibits import findings
from profitchain.pages import summary
from profitchain.words import prose, reasons

PERIOD = Period("2026Q3")
NPS = Estimate(value=42.1, low=38.8, high=45.4, n=1204, unit="points")
CHANGE = Estimate(value=4.2, low=0.4, high=8.0, n=2400, unit="points")
STILL = Estimate(value=0.01, low=-0.02, high=0.04, n=900, unit="share")
RATE = Estimate(value=0.31, low=0.29, high=0.33, n=900, unit="share")
TREND = pd.DataFrame(
    {
        "period": ["2026Q1", "2026Q2", "2026Q3"],
        "value": [30, np.nan, 42.1],
        "low": [27, np.nan, 38.8],
        "high": [33, np.nan, 45.4],
        "n": [900, 0, 1204],
    }
)


def recorded():
    return findings.record(
        findings.finding("nps", NPS, label="NPS", change=CHANGE, trend=TREND),
        findings.finding("nps", NPS.times(0.5), label="NPS", group="North"),
        findings.finding("repeat_rate", RATE, label="Repeat rate", change=STILL),
        findings.finding(
            "ces", NotEstimable("as_recorded", text="Only 4 answers.", n=4), label="Effort"
        ),
    )


@pytest.fixture
def found(tmp_path):
    bundle = recorded()._repr_mimebundle_()[findings.MEDIA_TYPE]
    bundle = json.loads(json.dumps(bundle, allow_nan=False))
    exhibit = {"id": "a", "message": "NPS <rose>", "csv": "data/03_satisfaction-a.csv"}
    stories = [
        findings.PageStory(name="00_summary", question="What now?", answers=("**Up**.",)),
        findings.PageStory(
            name="03_satisfaction", question="How satisfied?", answers=("NPS rose.", "A lot."),
            exhibits=(exhibit,), findings=tuple(bundle["findings"]), unsaid=tuple(bundle["unsaid"]),
            trends=tuple(bundle["trends"]),
        ),
        findings.PageStory(name="08_worth", question="Worth what?", why="needs table `costs`"),
    ]  # fmt: skip
    findings.write_findings(tmp_path, period=PERIOD, stories=stories, company="Lantern & Loom")
    return findings.findings_in(tmp_path, PERIOD)


def test_a_recorded_finding_comes_back_with_interval_n_and_unit(found):
    assert found.get("nps") == NPS
    assert found.get("nps", "North") == NPS.times(0.5)
    assert found.get("nps_change") == CHANGE
    assert found.trend("nps")["value"].tolist() == [30, 42.1]


def test_what_is_not_known_comes_back_with_its_reason_and_never_as_a_number(found):
    assert reasons.text(found.get("ces")) == "Only 4 answers."
    assert isinstance(found.get("no_such_id"), NotEstimable)
    assert "ces" not in set(found.findings["id"])


def test_findings_json_has_the_published_fields(found, tmp_path):
    first = json.loads((tmp_path / "findings.json").read_text())[0]
    assert first == {
        "id": "nps", "value": 42.1, "low": 38.8, "high": 45.4, "n": 1204, "unit": "points",
        "label": "NPS", "period": "2026Q3", "page": "03_satisfaction",
    }  # fmt: skip


def test_one_id_cannot_stand_for_two_numbers():
    one = findings.finding("nps", NPS, label="NPS")
    with pytest.raises(ParameterError, match="'nps' is recorded twice"):
        findings.record(one, one)


def test_the_folder_of_a_running_build_goes_before_the_published_edition(
    found, tmp_path, monkeypatch
):
    edition = SimpleNamespace(period="2026Q3", company=SimpleNamespace(slug="no-such-company"))
    assert findings.read_findings(edition).pages == ()
    monkeypatch.setenv(findings.BUILD_FOLDER, str(tmp_path))
    assert findings.read_findings(edition).answers["03_satisfaction"] == ["NPS rose.", "A lot."]


def test_an_edition_tells_its_company_period_and_first_sentence(found, tmp_path):
    told = findings.edition_story(tmp_path)
    assert (told.company, told.period, told.headline) == ("Lantern & Loom", PERIOD, "**Up**.")


def test_a_card_says_figure_interval_change_and_course(found):
    html = summary.key_figures(found, ["nps", "ces", "nothing"]).html
    for words in ("42.1", "38.8 to 45.4", "<dt>quarter</dt>", "<svg"):
        assert words in html
    assert '<span role="img" aria-label="up">▲</span> 4.2 points' in html
    assert "From 30.0 points in Q1 2026 to 42.1 points in Q3 2026." in html
    assert "Too few to say" in html and "Only 4 answers." in html
    assert "Not measured in this edition." in html


def test_only_a_clear_change_is_told_as_one(found):
    assert summary.changes(found).sentences == (
        "Against the quarter before: NPS **up 4.2 points** (0.4 to 8.0); no clear change in 1 of 2 "
        "measures.",
    )


def test_each_page_is_answered_or_said_to_be_not_measured(found):
    html = summary.answers(found).html
    group, told = html.split("<details>")
    assert "<h3>How are we doing?</h3>" in group
    assert '<a href="03_satisfaction.html">How satisfied?</a><span>NPS rose.</span>' in group
    assert "Not measured (1)" in told
    assert "needs table <code>costs</code>" in html
    assert "What now?" not in html


def test_every_exhibit_can_be_downloaded(found):
    html = summary.downloads(found, others=[("all.xlsx", "All in one workbook")]).html
    assert '<a href="data/03_satisfaction-a.csv" download>NPS &lt;rose&gt;</a>' in html
    assert 'href="all.xlsx"' in html and 'href="findings.json"' in html


def test_the_first_page_says_one_sentence_a_question_none_twice_and_what_is_due(found):
    pages = (
        findings.PageStory(
            name="04_drivers", question="What first?", answers=("**Price.** It pays 0.5 points.",)
        ),
        findings.PageStory(name="08_worth", question="Worth?", answers=("A point is €9.",)),
        findings.PageStory(
            name="17_watch", question="Now?", answers=("**无事。**一切如常。", "Due: call back.")
        ),
    )
    above = prose.answer("A point is **€9**.\nSurely.")
    html = summary.answers(dataclasses.replace(found, pages=pages), above=above).html
    assert "<span><strong>Price.</strong></span>" in html and "0.5 points" not in html
    assert "<span>Said above.</span>" in html
    assert "一切如常" not in html and "<span>Due: call back.</span>" in html
