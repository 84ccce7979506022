"""What page 04 may say follows the evidence: one driver, several, none; with money and without."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from driver_worlds import answered, firm

import profitchain as pc
from profitchain.core.errors import NotMeasured
from profitchain.drivers.from_edition import DriverFigures, driver_figures, recorded
from profitchain.words import drivers as words

Firm = tuple[pc.Edition, DriverFigures]


def of(folder: Path, seed: int, n: int, **world: object) -> Firm:
    edition = firm(folder, answered(np.random.default_rng(seed), n, **world))
    return edition, driver_figures(edition)


@pytest.fixture(scope="module")
def clear(tmp_path_factory: pytest.TempPathFactory) -> Firm:
    return of(tmp_path_factory.mktemp("clear"), 1, 1500, weights=(1.0, 0.3, 0.3, 0.2))


def keys(edition: pc.Edition, figures: DriverFigures) -> list[str]:
    return [said.key for said in words.answer(figures, "spend", edition=edition)]


def test_one_driver_is_named_where_it_is_best_and_why_there_is_no_money(clear):
    edition, figures = clear
    assert keys(edition, figures) == ["alone_score", "no_money"]
    page = pc.page("04_drivers", edition)
    assert "**Mend Quality first.**" in "".join(page.answer(figures, "spend").sentences)
    assert page.show("worth", figures, "spend").message == "Mending Quality goes with most"
    assert not page.note("not_decided", figures).sentences
    assert "driver_best_probability" in recorded(figures, "EUR")


def test_where_money_is_open_the_score_is_said_and_the_largest_worth(clear):
    edition, figures = clear
    open_ones = [replace(one, value=9.0, low=-1.0, high=20.0, unit="EUR")
                 for one in figures.mending.gain]  # fmt: skip
    unsure = replace(figures, mending=replace(figures.mending, worth=open_ones))
    assert keys(edition, unsure) == ["alone_score", "money_open"]
    page = pc.page("04_drivers", edition)
    assert "€9.00 (−€1.00 to €20.00)" in "".join(page.answer(unsure, "spend").sentences)
    assert words.worth(unsure, "spend", edition=edition).values["unit"] == "score"


def test_drivers_that_lie_close_are_not_decided_between(tmp_path):
    edition, figures = of(tmp_path, 3, 700, weights=(0.65, 0.62, 0.3, 0.2))
    assert len(figures.mending.first) > 1
    assert keys(edition, figures)[0] == "undecided_score"
    assert words.worth(figures, "spend", edition=edition).says == "close"
    assert [said.key for said in words.not_decided(figures, edition=edition)] == ["chances"]


def test_a_mood_that_colours_all_answers_names_no_driver(clear):
    edition, figures = clear
    alike = replace(figures, equal=replace(figures.equal, p=0.4))
    assert keys(edition, alike) == ["together"]
    assert words.worth(alike, "spend", edition=edition).says == "together"
    assert "driver_best_probability" not in recorded(alike, "EUR")


def test_too_few_answers_are_a_stated_outcome_of_every_exhibit(tmp_path):
    edition, figures = of(tmp_path, 4, 100)
    assert figures.usable == 100
    assert figures.performance["value"].notna().all()
    page = pc.page("04_drivers", edition)
    assert "at least 200 are needed" in "".join(page.answer(figures, "spend").sentences)
    for id in ("shares", "performance", "one-more", "sides", "asked", "served", "paths"):
        assert page.show(id, figures).message, id
    assert page.show("worth", figures, "spend").message == "What to mend first can't be said yet"
    assert page.record(**recorded(figures, "EUR"))


def test_a_firm_that_asks_of_no_driver_is_told_what_the_page_needs(tmp_path):
    rows = answered(np.random.default_rng(5), 100)
    (tmp_path / "company.yml").write_text(
        "{name: F, currency: EUR, tables: {responses: {file: responses.csv}}, "
        "questions: {nps: {kind: nps}}}",
        encoding="utf-8",
    )
    days = pd.date_range("2026-01-01", "2026-09-30", periods=100).strftime("%Y-%m-%d")
    rows = rows.assign(response_id=range(100), responded_at=days, nps=rows["score"])
    rows[["response_id", "responded_at", "nps"]].to_csv(tmp_path / "responses.csv", index=False)
    with pytest.raises(NotMeasured, match="kind: driver"):
        driver_figures(pc.open_edition(tmp_path, "2026Q3"))
