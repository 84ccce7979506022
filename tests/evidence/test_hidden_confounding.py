"""How strong something hidden must be, how noisy a score is, every other way of counting."""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest
import statsmodels.api as sm
from link_worlds import CONTROLS, compressed, confounded, rows
from scipy import stats

from profitchain.core.estimates import Estimate, NotEstimable
from profitchain.effects.repeat_effect import repeat_effect
from profitchain.evidence import hidden_confounding, measurement_error, specification_curve
from profitchain.evidence.hidden_confounding import (
    StraightLine,
    e_value,
    robustness_value,
    straight_line,
)
from profitchain.exhibits import evidence_charts, style
from profitchain.words import designs, reasons
from profitchain.words import hidden_confounding as hidden_words

EXACT = 1e-9  # the same sums in another order

# printed by references/sensitivity_sensemakr.py (PySensemakr 0.0.8, statsmodels 0.14.6)
SENSEMAKR = {
    "effect": [0.03239762815104158, 0.006730001173118569],
    "partial_r2": 0.015264222134127698,
    "robustness": [0.11699291810328577, 0.07108397906971296],
    "bounds": {
        "prior_orders": [
            [0.015839551481997626, 0.00850684045996772, 0.029352830987629343],
            [0.03167910296399525, 0.01702234313728536, 0.026256867188293363],
            [0.047518654445992875, 0.02554688817453765, 0.02310778101750343],
        ],
        "tier": [
            [0.007452672479331037, 0.004615883458942382, 0.03086568178896627],
            [0.014905344958662074, 0.009232799289391714, 0.029321995463043076],
            [0.02235801743799311, 0.013850768201746846, 0.02776636572455246],
        ],
    },
    "error_beside_prior_orders": 0.0067572866872319315,
}


@pytest.fixture(scope="module")
def world() -> pd.DataFrame:
    return confounded(np.random.default_rng(7))[0]


@pytest.fixture(scope="module")
def line(world: pd.DataFrame) -> StraightLine:
    return straight_line(world, controls=CONTROLS)


def test_the_straight_line_is_least_squares_with_clustered_errors(world, line):
    tiers = pd.get_dummies(world["tier"], dtype=float)[["gold", "silver"]]
    columns = sm.add_constant(
        np.column_stack([world["score"], np.log1p(world["prior_orders"]), tiers])
    )
    found = sm.OLS(world["repeats"], columns).fit()
    clustered = found.get_robustcov_results("cluster", groups=world["cluster"])
    assert line.effect == pytest.approx(found.params.iloc[1], abs=EXACT)
    assert line.error == pytest.approx(found.bse.iloc[1], abs=EXACT)
    assert line.error_clustered == pytest.approx(clustered.bse[1], abs=EXACT)
    assert line.df == found.df_resid


def test_cells_give_the_same_line_as_single_answers(world, line):
    cells = compressed(world.drop(columns="spend").assign(spend=0.0))
    assert len(cells) < len(world)
    same = straight_line(cells, controls=CONTROLS)
    assert same.moments == pytest.approx(line.moments, rel=1e-7)
    assert same.error_clustered == pytest.approx(line.error_clustered, abs=EXACT)


def test_robustness_values_are_those_of_sensemakr(line):
    assert [line.effect, line.error] == pytest.approx(SENSEMAKR["effect"], abs=EXACT)
    assert line.partial_r2 == pytest.approx(SENSEMAKR["partial_r2"], abs=EXACT)
    critical = stats.t.ppf(0.975, line.df - 1) / np.sqrt(line.df - 1)
    found = [robustness_value(line.reach), robustness_value(line.reach, critical)]
    assert found == pytest.approx(SENSEMAKR["robustness"], abs=EXACT)


def test_comparisons_with_groups_of_columns_are_those_of_sensemakr(line):
    compared = hidden_confounding.benchmarks(line).set_index(["control", "times"])
    for control, expected in SENSEMAKR["bounds"].items():
        columns = ["score_share", "outcome_share", "value"]
        assert compared.loc[control, columns].to_numpy() == pytest.approx(
            np.array(expected), abs=EXACT
        )
    row = compared.loc[("prior_orders", 1)]
    stretch = line.error_clustered / line.error
    error = SENSEMAKR["error_beside_prior_orders"] * stretch
    assert (row["high"] - row["low"]) / 2 == pytest.approx(line.quantile * error, abs=EXACT)


def test_leaving_a_control_out_does_exactly_what_the_formula_says_of_hidden_ones(world):
    """The bias of the left-out control, from its two shares, is the difference of the two fits."""
    short = straight_line(world, controls=["tier"])
    long = straight_line(world, controls=["tier", "prior_orders"])
    of_score = 1 - long.error**-2 / short.error**-2 * _scale(long) / _scale(short)
    of_outcome = 1 - _left_open(long) / _left_open(short)
    said = hidden_confounding.effect_beside(short, of_score, of_outcome)
    assert said.value == pytest.approx(long.effect, abs=EXACT)


def _left_open(line: StraightLine) -> float:
    every = list(range(len(line.moments) - 1))
    return hidden_confounding.unexplained(line.moments, hidden_confounding.OUTCOME, every)


def _scale(line: StraightLine) -> float:
    return _left_open(line) / line.df


@pytest.mark.parametrize(
    ("reach", "critical", "expected"),
    [
        (0.0, 0.0, 0.0),
        (0.05, 0.06, 0.0),
        (1.0, 0.0, 2 / (1 + np.sqrt(5))),
        (3.0, 0.5, (9 - 0.25) / 10),  # the interval alone is what is wide
    ],
)
def test_robustness_values_in_closed_form(reach, critical, expected):
    assert robustness_value(reach, critical) == pytest.approx(expected)


def test_something_hidden_as_strong_as_the_robustness_value_leaves_nothing(line):
    value, sure = hidden_confounding.robustness(line)
    assert hidden_confounding.effect_beside(line, value.value, value.value).value == pytest.approx(
        0, abs=EXACT
    )
    assert hidden_confounding.effect_beside(line, sure.value, sure.value).low == pytest.approx(
        0, abs=1e-4
    )
    assert value.low == sure.value == sure.low == sure.high < value.value < value.high


def test_the_drawn_lines_leave_what_their_names_say(line):
    drawn = hidden_confounding.contours(line, reach=(0.4, 0.3))
    left = {
        name: [
            hidden_confounding.effect_beside(line, row.score_share, row.outcome_share)
            for row in part.itertuples()
        ]
        for name, part in drawn.groupby("line")
    }
    half = [said.value for said in left["half left"]]
    assert half == pytest.approx([line.effect / 2] * len(half), abs=EXACT)
    assert max(abs(said.value) for said in left["nothing left"]) < EXACT
    assert max(abs(said.low) for said in left["no longer clear"]) < 1e-5
    assert drawn["score_share"].max() <= 0.4
    assert drawn["outcome_share"].max() <= 0.3


def test_turning_the_scale_round_changes_the_sign_alone(world, line):
    turned = straight_line(world.assign(score=10 - world["score"]), controls=CONTROLS)
    first, second = hidden_confounding.benchmarks(line), hidden_confounding.benchmarks(turned)
    assert turned.reach == pytest.approx(line.reach)
    assert list(first["control"]) == list(second["control"])
    assert second["value"].to_numpy() == pytest.approx(-first["value"].to_numpy())
    assert second["low"].to_numpy() == pytest.approx(-first["high"].to_numpy())


@pytest.mark.parametrize(
    ("ends", "expected"),
    [
        ((3.9, 1.8, 8.7), (7.26, 3.0, 16.88)),  # VanderWeele and Ding (2017): 7.26 and 3.0
        ((0.8, 0.7, 0.9), (1.81, 1.46, 2.21)),
        ((1.1, 0.9, 1.4), (1.43, 1.0, 2.15)),
        ((1.0, 1.0, 1.0), (1.0, 1.0, 1.0)),
    ],
)
def test_e_values_in_closed_form(ends, expected):
    value, low, high = ends
    found = e_value(Estimate(value=value, low=low, high=high, n=100, unit="ratio"))
    assert (found.value, found.low, found.high) == pytest.approx(expected, abs=0.006)


def test_the_risk_ratio_is_the_standardised_one_of_a_logit(world):
    found = hidden_confounding.risk_ratio(world, controls=["prior_orders"])
    score, history = world["score"].to_numpy(), np.log1p(world["prior_orders"].to_numpy())
    columns = np.column_stack([np.ones(len(world)), score, history])
    model = sm.Logit(world["repeats"], columns).fit(
        disp=0, cov_type="cluster", cov_kwds={"groups": world["cluster"]}
    )

    def logged(values: np.ndarray) -> float:
        rates = []
        for side in (-0.5, 0.5):
            columns[:, 1] = score.mean() + side
            rates.append((1 / (1 + np.exp(-columns @ values))).mean())
        return np.log(rates[1] / rates[0])

    values, step = model.params.to_numpy(), 1e-6
    slope = [
        (logged(values + step * one) - logged(values - step * one)) / (2 * step)
        for one in np.eye(3)
    ]
    error = np.sqrt(slope @ model.cov_params().to_numpy() @ slope)
    assert np.log(found.value) == pytest.approx(logged(values), abs=1e-7)
    assert np.log(found.high / found.low) / 2 == pytest.approx(1.96 * error, rel=0.01)


@pytest.mark.parametrize(
    "cells",
    [
        rows(score=[7.0] * 60, repeats=[0, 1] * 30),
        rows(score=[3.0, 8.0] * 5, repeats=[0, 1] * 5),
        rows(score=[], repeats=[]),
        rows(score=[3.0, 8.0] * 40, repeats=[0] * 80),
    ],
    ids=["one score", "ten answers", "no answers", "no repeats"],
)
def test_what_cannot_be_said_gives_its_reason_everywhere(cells):
    line = straight_line(cells)
    compared = hidden_confounding.benchmarks(line)
    ratio = hidden_confounding.risk_ratio(cells)
    said = [line, *hidden_confounding.robustness(line), ratio, e_value(ratio)]
    said += [
        hidden_confounding.effect_of_line(line),
        measurement_error.corrected_effect(cells, no_pairs()),
    ]
    assert all(isinstance(one, NotEstimable) and one.why for one in said)
    assert compared.empty
    assert measurement_error.corrections(cells)["why"].all()
    strength = hidden_words.needed_strength(*hidden_confounding.robustness(line), compared)
    assert strength.key == "no_strength"
    shown = hidden_words.hidden(line, compared, edition=None)
    assert shown.says == "few" and shown.rows.empty


def test_a_perfect_score_has_no_straight_line():
    cells = rows(score=[2.0] * 30 + [9.0] * 30, repeats=[0] * 30 + [1] * 30)
    assert isinstance(straight_line(cells), NotEstimable)


def no_pairs() -> pd.DataFrame:
    return pd.DataFrame({"first": [], "second": [], "cluster": []}, dtype=float)


def noisy(
    rng: np.random.Generator, *, answers: int = 6000, reliability: float = 0.7, slope: float = 0.06
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Return cells whose repeats follow satisfaction itself, and pairs of noisy scores of it."""
    history = rng.poisson(2, answers)
    satisfaction = 6 + 0.8 * np.log1p(history) + rng.standard_normal(answers)
    spread = satisfaction.var() * (1 / reliability - 1)
    scores = satisfaction[:, None] + np.sqrt(spread) * rng.standard_normal((answers, 2))
    chance = 0.45 + slope * (satisfaction - 6.7) + 0.05 * np.log1p(history)
    repeats = (rng.random(answers) < np.clip(chance, 0.01, 0.99)).astype(int)
    cells = rows(score=scores[:, 0], prior_orders=history, repeats=repeats)
    close = pd.DataFrame({"first": scores[:, 0], "second": scores[:, 1]})
    return cells, close.assign(cluster=cells["cluster"])


@pytest.mark.worlds
def test_the_correction_finds_the_link_behind_a_noisy_score():
    rng = np.random.default_rng(11)
    covered, values, raw = [], [], []
    for _ in range(150):
        cells, close = noisy(rng, answers=4000)
        found = measurement_error.corrected_effect(cells, close, controls=["prior_orders"])
        values.append(found.value)
        raw.append(repeat_effect(cells, controls=["prior_orders"]).value)
        covered.append(found.low <= 0.06 <= found.high)
    assert np.mean(raw) < 0.045
    assert np.mean(values) == pytest.approx(0.06, abs=3 * np.std(values) / np.sqrt(150))
    assert sum(covered) >= stats.binom.ppf(0.001, 150, 0.95)


def test_reliability_is_the_share_that_is_not_noise():
    rng = np.random.default_rng(5)
    covered = []
    for _ in range(60):
        found = measurement_error.reliability(noisy(rng, answers=800)[1])
        covered.append(found.low <= 0.7 <= found.high)
    assert np.mean(covered) >= 0.88


def test_reliability_by_hand():
    first, second = [1.0, 1.0, 3.0, 3.0] * 20, [1.0, 3.0, 1.0, 3.0] * 20
    close = pd.DataFrame({"first": first, "second": second, "cluster": range(80)})
    assert measurement_error.reliability(close).value == pytest.approx(0.0)
    assert measurement_error.reliability(close.assign(second=first)).value == pytest.approx(1.0)
    assert measurement_error.reliability(
        close.assign(second=4 - np.array(first))
    ).value == pytest.approx(-1)
    assert isinstance(measurement_error.reliability(close.head(49)), NotEstimable)
    assert isinstance(
        measurement_error.reliability(close.assign(first=2.0, second=2.0)), NotEstimable
    )


def test_only_close_answers_of_one_customer_make_a_pair():
    days = ["2026-01-01", "2026-01-29", "2026-03-01", "2026-03-02", "2026-03-03"]
    answers = pd.DataFrame(
        {
            "person": [1, 1, 1, 2, 2],
            "answered_on": pd.to_datetime(days),
            "score": [5, 7, 9, 2, 3],
            "cluster": [1, 1, 1, 2, 2],
        }
    )
    found = measurement_error.close_pairs(answers.sample(frac=1, random_state=0))
    assert found[["first", "second"]].to_numpy().tolist() == [[5, 7], [2, 3]]
    assert measurement_error.close_pairs(answers.head(0)).empty


def test_corrections_follow_the_formula_and_grow_with_the_noise(world):
    found = measurement_error.corrections(world, controls=CONTROLS).set_index("reliability")
    effect = repeat_effect(world, controls=CONTROLS)
    explained = straight_line(world, controls=CONTROLS).score_r2
    assert found.loc[1.0, ["value", "low", "high"]].tolist() == pytest.approx(
        [effect.value, effect.low, effect.high]
    )
    expected = effect.value * (1 - explained) / (0.8 - explained)
    assert found.loc[0.8, "value"] == pytest.approx(expected)
    assert found["value"].is_monotonic_increasing


def test_a_score_that_is_mostly_noise_is_not_corrected(world):
    found = measurement_error.corrections(world, controls=CONTROLS, reliabilities=[0.2])
    assert found["why"].tolist()[0] == ""
    assert "leaves nothing" in reasons.text(found["why"].tolist()[1])


def test_answers_less_alike_than_noise_explains_leave_the_stated_range(world):
    rng = np.random.default_rng(1)
    scores = rng.integers(0, 11, (500, 2)).astype(float)
    close = pd.DataFrame(scores, columns=["first", "second"]).assign(cluster=range(500))
    found = measurement_error.corrected_effect(world, close, controls=CONTROLS)
    stated = measurement_error.corrections(world, controls=CONTROLS).iloc[1:]
    assert (found.low, found.high) == (stated["low"].min(), stated["high"].max())
    assert found == measurement_error.corrected_effect(world, no_pairs(), controls=CONTROLS)


def firm(**how: object) -> SimpleNamespace:
    told = {"controls": [*CONTROLS], "segments": ["region"], "repeat_within_days": 90}
    return SimpleNamespace(**told | how)


@pytest.fixture(scope="module")
def curve(world: pd.DataFrame) -> pd.DataFrame:
    cells = world.assign(region=np.where(world["cluster"] % 3 == 0, "North", "South"))
    windows = pd.concat([cells.assign(window=days) for days in (30, 90)])
    return specification_curve.specification_curve(windows, firm(), cells=cells)


def test_every_form_meets_every_set_of_controls_at_the_own_window(curve):
    own = curve[curve["window"] == 90]
    forms, sets = own["cut"].unique(), own["adjusted_for"].unique()
    assert set(sets) == {
        "all", "none", "all but prior_orders", "all but tier", "all and all segments",
    }  # fmt: skip
    assert len(own) == len(forms) * len(sets)
    assert (curve["window"] == 30).sum() == len(forms)
    assert curve["is_own"].sum() == 1
    assert curve["value"].is_monotonic_increasing


def test_the_own_specification_is_the_adjusted_effect(curve, world):
    own = curve[curve["is_own"]].iloc[0]
    effect = repeat_effect(world, controls=CONTROLS)
    assert own[["value", "low", "high"]].tolist() == pytest.approx(
        [effect.value, effect.low, effect.high], rel=1e-6
    )


def test_a_contrast_is_a_difference_of_shares_over_the_distance_of_scores():
    cells = rows(
        score=[2.0] * 50 + [4.0] * 50 + [9.0] * 100,
        repeats=[1] * 10 + [0] * 40 + [1] * 20 + [0] * 30 + [1] * 60 + [0] * 40,
    )
    found = specification_curve.contrast(cells, 9.0)
    assert found.value == pytest.approx((0.6 - 0.3) / (9 - 3))


def test_contrasts_of_a_straight_world_are_its_slope():
    rng = np.random.default_rng(3)
    score = rng.integers(0, 11, 10_000)
    repeats = (rng.random(len(score)) < 0.3 + 0.03 * score).astype(int)
    cells = rows(score=score.astype(float), repeats=repeats)
    found = [
        specification_curve.contrast(cells, cut).value for cut in specification_curve.cuts_of(cells)
    ]
    assert found == pytest.approx([0.03] * 8, abs=0.005)


def test_cuts_leave_a_tenth_on_either_side():
    cells = rows(score=[1.0] * 9 + [2.0] * 1 + [3.0] * 80 + [4.0] * 10, repeats=[0, 1] * 50)
    assert specification_curve.cuts_of(cells) == [3.0, 4.0]
    assert specification_curve.cuts_of(cells.head(0)) == []
    assert specification_curve.cuts_of(cells[cells["score"] == 3]) == []


def test_a_firm_without_controls_or_segments_has_one_set():
    assert specification_curve.control_sets(firm(controls=[], segments=[])) == {"none": ()}
    assert list(specification_curve.control_sets(firm(controls=["tier"], segments=[]))) == [
        "all",
        "none",
    ]


def test_no_answers_give_a_curve_of_reasons():
    cells = rows(score=[], repeats=[])
    found = specification_curve.specification_curve(
        cells.assign(window=[]), firm(controls=[], segments=[]), cells=cells
    )
    assert found["why"].all()
    assert isinstance(specification_curve.clear_share(found), NotEstimable)
    assert specification_curve.by_choice(found).empty
    assert designs.agreement(found).key == "no_way"


@pytest.mark.parametrize(
    ("clear", "words", "share"),
    [
        (["positive"] * 41 + ["unclear"] * 3, ("mostly_clear", 41, 0, 44), 41 / 44),
        (["positive"] * 9 + ["negative"], ("flips", 9, 1, 10), 0.9),
        (["negative"] * 4, ("all_clear", 4, 0, 4), 1.0),
        (["unclear"] * 4, ("none_clear", 0, 0, 4), 0.0),
        (["positive", ""], ("all_clear", 1, 0, 1), 1.0),
    ],
)
def test_the_sentence_says_whether_the_conclusion_flips(clear, words, share):
    found = pd.DataFrame({"clear": clear})
    said = designs.agreement(found)
    assert (said.key, *said.values.values()) == words
    assert specification_curve.clear_share(found).value == pytest.approx(share)


@pytest.mark.parametrize("canvas", [style.WIDE, style.NARROW, style.PANEL])
def test_the_pictures_draw_what_they_are_given(canvas, line, curve):
    compared = hidden_confounding.benchmarks(line)
    shown = hidden_words.hidden(line, compared, edition=None)
    with style.canvas_figure(canvas, 400) as figure:
        ax = evidence_charts.draw_contours(
            figure.subplots(),
            shown.rows,
            lines=shown.options["lines"],
            reach=shown.options["reach"],
        )
        texts = [text.get_text() for text in ax.texts]
        assert {"half left", "nothing left", "prior orders", "× 3", "tier"} <= set(texts)
    with style.canvas_figure(canvas, 400) as figure:
        ways = designs.ways_of_counting(curve, edition=None).rows
        ax = evidence_charts.draw_specifications(figure.subplots(), ways, mark="ours")
        assert sum(len(line.get_xdata()) for line in ax.lines) == len(curve) + 1 + 2  # zero: two
        style.svg(figure, prefix="x", css_class=canvas.name)
