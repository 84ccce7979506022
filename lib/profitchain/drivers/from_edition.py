"""All that a firm's answers say of its drivers: what page 04 shows and records.

Of the answers of the lookback to the main question; a higher score is better, whatever the scale.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from profitchain.core.estimates import Estimate, MaybeEstimate, NotEstimable, to_frame
from profitchain.drivers.action_costs import ActionCost, action_costs
from profitchain.drivers.comparisons import Tests, shares_by_segment, shares_over_time
from profitchain.drivers.halo import CLEAR, TwoSides, bent_probit, equal_slopes, two_sides
from profitchain.drivers.interactions import Interaction, interactions
from profitchain.drivers.mending import Mending, mending, one_point_more, probit_of, worth_of
from profitchain.drivers.moments import Driver, DriverAnswers, read_drivers
from profitchain.drivers.path_model import PathModel, path_model
from profitchain.drivers.shares import DriverShares, driver_shares
from profitchain.drivers.skips import SkipCheck, skip_check
from profitchain.effects.value_of_a_point import money_to_speak_of
from profitchain.effects.worth_curve import worth_curve
from profitchain.panel.driver_cells import ASKED, COLUMN, refuse_without
from profitchain.panel.edition import Edition
from profitchain.panel.panel import segment_columns
from profitchain.sources.company import Company
from profitchain.sources.settings import Question
from profitchain.stats.margins import Wald
from profitchain.stats.model_design import Outcome
from profitchain.stats.ratios import ratio

FEWEST_PATHS = 200  # answers


@dataclass(frozen=True, slots=True, kw_only=True)
class DriverFigures:
    """What a firm's answers say of its drivers; each part may be a reason instead.

    `performance` has one row a driver that is a question: driver, value, low, high (0 to 100), n,
    why. `served` are the shares among those to whom every driver applied, where one may not apply.
    `stated` and `gaps`, of questions of kind importance and expectation: question, driver, value,
    low, high, n, why. `skips` compares the shares with those that have skips filled in; None where
    nobody skipped. `actions` are those of the firm that are to mend a driver and name a cost;
    `pairs` each two questions' interaction.
    `usable` of the main question's `answered` answers lack nothing.
    """

    drivers: tuple[Driver, ...]
    answers: DriverAnswers | NotEstimable
    answered: int
    shares: DriverShares | NotEstimable
    mending: Mending | NotEstimable
    one_more: pd.DataFrame
    equal: Wald | NotEstimable
    sides: list[TwoSides] | NotEstimable
    performance: pd.DataFrame
    served: DriverShares | NotEstimable | None
    stated: pd.DataFrame
    gaps: pd.DataFrame
    paths: PathModel | NotEstimable | None
    skips: SkipCheck | NotEstimable | None = None
    actions: Sequence[ActionCost] = ()
    pairs: Sequence[Interaction] = ()

    @property
    def usable(self) -> int:
        return self.answers.answers if isinstance(self.answers, DriverAnswers) else self.answers.n

    @property
    def apart(self) -> bool:
        """Whether the answers show that drivers differ, and don't just move together."""
        return isinstance(self.equal, Wald) and self.equal.p < CLEAR

    @property
    def names(self) -> list[str]:
        """The drivers that enter, in the order of the shares."""
        of = self.answers.drivers if isinstance(self.answers, DriverAnswers) else self.drivers
        return [driver.name for driver in of]


def drivers_of(company: Company, cells: pd.DataFrame) -> list[Driver]:
    """Return what may move a firm's score: its questions of such kinds, then further columns.

    A further column whose cells are all numbers enters as a number, else as categories.
    """
    drivers = [
        Driver(name=q.name, column=ASKED + q.name, scale=q.scale, target=q.better(q.satisfied_at),
               blank=q.blank, label=str(q.label))
        for q in company.driving
    ]  # fmt: skip
    for name in company.driving_columns:
        is_number = pd.to_numeric(cells[COLUMN + name].dropna(), errors="coerce").notna().all()
        drivers.append(
            Driver(name=name, column=COLUMN + name, kind="number" if is_number else "category",
                   blank="not_applicable", label=name)
        )  # fmt: skip
    return drivers


def driver_rows(
    edition: Edition, summary: str = "driver_cells"
) -> tuple[pd.DataFrame, list[Driver]]:
    """Return the firm's driver cells as the methods read them, and its drivers.

    Raises NotMeasured of a firm that asks of none.

    Parameters
    ----------
    summary : those of the lookback, or `driver_periods` or `driver_segments`.
    """
    firm = edition.company
    refuse_without(firm)
    cells = edition.table(summary)
    assert firm.main is not None
    answers = {"score": firm.main} | {ASKED + q.name: q for q in firm.driving}
    cells = cells.assign(**{name: q.better(cells[name]) for name, q in answers.items()})
    drivers = drivers_of(firm, cells)
    numbers = [driver.column for driver in drivers if driver.kind == "number"]
    return cells.assign(**{name: pd.to_numeric(cells[name]) for name in numbers}), drivers


def driver_figures(edition: Edition) -> DriverFigures:
    """Return all that the answers of the lookback say of a firm's drivers."""
    (rows, drivers), firm = driver_rows(edition), edition.company
    answers = read_drivers(rows, drivers)
    shares = answers if isinstance(answers, NotEstimable) else driver_shares(answers)
    mended, equal, sides, more, pairs = _by_probit(edition, answers, shares)
    asked, few = firm.questions, edition.smallest
    return DriverFigures(
        drivers=tuple(drivers), answers=answers, answered=int(rows["n"].sum()), shares=shares,
        mending=mended, one_more=more, equal=equal, sides=sides, pairs=pairs,
        performance=performance(rows, drivers, smallest=few),
        served=_served(rows, drivers), stated=stated_importance(rows, asked, smallest=few),
        gaps=expectation_gaps(rows, asked, smallest=few), paths=_paths(rows, firm),
        skips=_skips(rows, answers, shares),
        actions=action_costs(edition, mended) if isinstance(mended, Mending) else (),
    )  # fmt: skip


def drift_of(edition: Edition) -> tuple[pd.DataFrame, Tests]:
    """Return `shares_over_time` of the trend's periods."""
    cells, drivers = driver_rows(edition, "driver_periods")
    return shares_over_time(cells, drivers, [period.name for period in edition.periods])


def segments_of(edition: Edition) -> tuple[pd.DataFrame, Tests]:
    """Return `shares_by_segment` of the lookback and the firm's segments."""
    segments = [s for s in segment_columns(edition.company) if s in edition.company.segments]
    cells, drivers = driver_rows(edition, "driver_segments" if segments else "driver_cells")
    return shares_by_segment(cells, drivers, segments)


def recorded(
    figures: DriverFigures, currency: str
) -> dict[str, pd.DataFrame | Estimate | NotEstimable]:
    """Return what is published of these figures, by the ids of the record; groups are drivers."""
    found, mended = figures.shares, figures.mending
    numbers: dict[str, pd.DataFrame | Estimate | NotEstimable] = {
        "driver_performance": figures.performance
    }
    if len(figures.one_more):
        rows = figures.one_more[figures.one_more["outcome"] == "mean"]
        numbers["driver_effect"] = rows.drop(columns="unit")
    if isinstance(found, NotEstimable):
        return numbers | dict.fromkeys(("driver_r2", "driver_share_explained"), found)
    names, n = figures.names, found.r2.n
    numbers["driver_r2"] = found.r2
    numbers["driver_share_explained"] = to_frame(found.estimates(), driver=names)
    numbers["driver_share_total"] = to_frame(found.estimates(of_all=True), driver=names)
    numbers["driver_first_probability"] = _certain(names, found.first, n)
    if isinstance(mended, Mending):
        names = [driver.name for driver in mended.drivers]
        if figures.apart:  # else none is to be mended on these answers
            numbers["driver_best_probability"] = _certain(names, mended.best, n)
        numbers["driver_gain"] = to_frame(mended.gain, driver=names)
        worth = to_frame(worth_of(mended), driver=names)
        numbers["driver_worth"] = worth.assign(unit=currency)
    return numbers


def _certain(names: list[str], values: np.ndarray, n: int) -> pd.DataFrame:
    """Return probabilities as rows, each its own interval."""
    rows = pd.DataFrame({"driver": names, "value": values, "low": values, "high": values})
    return rows.assign(n=n, why="")


def performance(
    rows: pd.DataFrame, drivers: Sequence[Driver], *, smallest: int = 0
) -> pd.DataFrame:
    """Return each question's mean as 0 (the scale's lowest) to 100, of all who answered it."""
    questions = [driver for driver in drivers if driver.kind == "question"]
    found = []
    for driver in questions:
        given = rows[rows[driver.column].notna()]
        low, high = driver.scale
        above = given["n"] * 100 * (given[driver.column] - low) / (high - low)
        found.append(_mean(given, above, (0.0, 100.0), smallest))
    return to_frame(found, driver=[driver.name for driver in questions])


def stated_importance(
    rows: pd.DataFrame, questions: Mapping[str, Question], *, smallest: int = 0
) -> pd.DataFrame:
    """Return how important drivers are said to be, as 0 to 100, of questions that ask so."""
    asked = [question for question in questions.values() if question.kind == "importance"]
    found = []
    for question in asked:
        given = rows[rows[ASKED + question.name].notna()]
        low, high = question.scale
        above = given["n"] * 100 * (given[ASKED + question.name] - low) / (high - low)
        found.append(_mean(given, above, (0.0, 100.0), smallest))
    return to_frame(found, question=[q.name for q in asked], driver=[q.of for q in asked])


def expectation_gaps(
    rows: pd.DataFrame, questions: Mapping[str, Question], *, smallest: int = 0
) -> pd.DataFrame:
    """Return what was experienced less what had been expected, in shares of the scale (-100, 100).

    Of those who answered both. Below zero: less than expected.
    """
    asked = [question for question in questions.values() if question.kind == "expectation"]
    found = []
    for question in asked:
        driver = questions[question.of]
        names = [ASKED + question.of, ASKED + question.name]
        given = rows[rows[names].notna().all(axis=1)]
        lived, hoped = (
            100 * (given[ASKED + q.name] - q.scale[0]) / (q.scale[1] - q.scale[0])
            for q in (driver, question)
        )
        found.append(_mean(given, given["n"] * (lived - hoped), (-100.0, 100.0), smallest))
    return to_frame(found, question=[q.name for q in asked], driver=[q.of for q in asked])


def _mean(
    given: pd.DataFrame, above: pd.Series, ends: tuple[float, float], smallest: int = 0
) -> MaybeEstimate:
    sums = pd.DataFrame({"cluster": given["cluster"], "above": above, "n": given["n"]})
    return ratio(sums, numerator="above", denominator="n", unit="points", bounds=ends,
                 smallest=smallest)  # fmt: skip


def _by_probit(
    edition: Edition, answers: DriverAnswers | NotEstimable, shares: DriverShares | NotEstimable
) -> tuple[
    Mending | NotEstimable, Wald | NotEstimable, list[TwoSides] | NotEstimable, pd.DataFrame,
    Sequence[Interaction],
]:  # fmt: skip
    """Return mending, the test of equal slopes, both sides of the middle, one point more, pairs."""
    if isinstance(answers, NotEstimable):
        return answers, answers, answers, pd.DataFrame(), ()
    model = probit_of(answers)
    if isinstance(model, NotEstimable):
        return model, model, model, pd.DataFrame(), ()
    more, equal = one_point_more(answers, model), equal_slopes(answers, model)
    bent = bent_probit(answers)
    sides = two_sides(answers, model, bent)
    pairs = () if isinstance(bent, NotEstimable) else interactions(answers, model, bent)
    if isinstance(shares, NotEstimable):
        return shares, equal, sides, more, pairs
    no_orders = NotEstimable("no_orders_to_worth", n=answers.answers)
    curve = worth_curve(edition, model.levels) if edition.has("worth_cells") else no_orders
    return mending(answers, model, curve), equal, sides, more, pairs


def _served(rows: pd.DataFrame, drivers: Sequence[Driver]) -> DriverShares | NotEstimable | None:
    """Return the shares among those to whom every question applied; None where all always do."""
    some = [d for d in drivers if d.kind == "question" and d.blank == "not_applicable"]
    if not some:
        return None
    rows = rows[rows[[driver.column for driver in some]].notna().all(axis=1)]
    answers = read_drivers(rows, drivers)
    return answers if isinstance(answers, NotEstimable) else driver_shares(answers)


def _skips(
    rows: pd.DataFrame, answers: DriverAnswers | NotEstimable, shares: DriverShares | NotEstimable
) -> SkipCheck | NotEstimable | None:
    if isinstance(answers, NotEstimable) or isinstance(shares, NotEstimable):
        return None
    return skip_check(rows, answers.drivers, shares)


def _paths(rows: pd.DataFrame, firm: Company) -> PathModel | NotEstimable | None:
    """Return the path model of the firm's blocks, of answers that lack none; None without any."""
    if not firm.blocks or firm.main is None:
        return None
    main = firm.main.name
    names = [name for block in firm.blocks.values() for name in block.questions]
    columns = {name: "score" if name == main else ASKED + name for name in names}
    given = rows[rows[[*columns.values()]].notna().all(axis=1)]
    if (n := int(given["n"].sum())) < FEWEST_PATHS:
        return NotEstimable("too_few_answers", answers=n, fewest=FEWEST_PATHS, n=n)
    values = given[[*columns.values()]].to_numpy(float)
    covariance = np.cov(values, rowvar=False, aweights=given["n"].to_numpy(float))
    if not (np.diag(covariance) > 0).all():
        return NotEstimable("a_driver_never_varies", n=n)
    return path_model(
        pd.DataFrame(covariance, index=names, columns=names),
        {name: block.questions for name, block in firm.blocks.items()},
        {name: block.follows for name, block in firm.blocks.items() if block.follows},
    )


def money_of_year(edition: Edition) -> Outcome:
    """Return in what money worth is said: margin where every order has its own, else revenue."""
    return money_to_speak_of(edition) if edition.has("worth_year") else "spend"
