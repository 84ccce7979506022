"""Two drivers together: against a full fit and statsmodels, and false or missed in known worlds."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
import statsmodels.api as sm
from driver_worlds import DRIVERS, NAMES, answered, cells_of, firm
from scipy.stats import norm

import profitchain as pc
from profitchain.drivers.from_edition import driver_figures
from profitchain.drivers.halo import bent_probit, beyond, two_sides
from profitchain.drivers.interactions import Interaction, interactions
from profitchain.drivers.mending import probit_of
from profitchain.drivers.moments import DriverAnswers, read_drivers
from profitchain.drivers.ordered_probit import OrderedProbit, fit_ordered_probit

NOISE = 1.4
SLOPES = np.array([0.85, 0.70, 0.50, 0.30]) / 0.9  # of the score's scale, a point


def planted(
    rng: np.random.Generator, n: int, *, both: float = 0.0, low: float = 0.0
) -> pd.DataFrame:
    """Return answers whose score is a sum of what was answered, and of what is planted.

    `both` is what quality and delivery add together, in the noise's deviations a point of each;
    `low` what a low answer on quality costs beside, in points.
    """
    rows = answered(rng, n)
    given = rows[[*NAMES]].to_numpy() - 3
    own, new = rng.standard_normal(n // 2), rng.standard_normal(n)
    noise = np.sqrt(0.4) * own[rows["cluster"]] + np.sqrt(0.6) * new
    latent = 6.1 + given @ SLOPES + NOISE * (both * given[:, 0] * given[:, 1] + noise)
    latent += low * np.minimum(given[:, 0], 0)
    return rows.assign(score=np.clip(np.rint(latent), 0, 10))


def pairs_of(rows: pd.DataFrame) -> list[Interaction]:
    answers, model, bent = fitted(rows)
    return interactions(answers, model, bent)


def fitted(rows: pd.DataFrame) -> tuple[DriverAnswers, OrderedProbit, OrderedProbit]:
    answers = read_drivers(rows, DRIVERS)
    assert isinstance(answers, DriverAnswers)
    model, bent = probit_of(answers), bent_probit(answers)
    assert isinstance(model, OrderedProbit)
    assert isinstance(bent, OrderedProbit)
    return answers, model, bent


def test_a_column_that_joins_has_nearly_the_slope_of_the_full_fit():
    answers, _model, bent = fitted(answered(np.random.default_rng(1), 2000))

    def product(points: np.ndarray) -> np.ndarray:
        return (points[:, 0] - 3) * (points[:, 1] - 3)

    joined = bent.joined(product(bent.points)[:, None])
    below = [np.minimum(answers.columns[:, at] - 3, 0) for at in range(4)]
    columns = np.column_stack([answers.columns, *below, product(answers.columns)])
    full = fit_ordered_probit(answers.outcome, columns, answers.n, answers.cluster).slopes
    error = np.sqrt(full.covariance[-1, -1])
    assert joined.values[0] == pytest.approx(full.values[-1], abs=0.05 * error)
    assert np.sqrt(joined.covariance[0, 0]) == pytest.approx(error, rel=0.03)


def test_what_the_others_tell_already_can_not_join():
    _answers, _model, bent = fitted(answered(np.random.default_rng(2), 600))
    again = np.column_stack([bent.points[:, 0], bent.points[:, 0] * bent.points[:, 1]])
    assert np.isnan(bent.joined(again).values).tolist() == [True, False]


def test_least_squares_is_statsmodels():
    rows = answered(np.random.default_rng(3), 900)
    found, given = pairs_of(rows), rows[[*NAMES]].to_numpy() - 3
    names = [[driver.name for driver in pair.drivers] for pair in found]
    assert names[:2] == [["quality", "delivery"], ["quality", "service"]]
    p = []
    for one, other in [(0, 1), (0, 2), (0, 3), (1, 2), (1, 3), (2, 3)]:
        design = sm.add_constant(np.column_stack([given, given[:, one] * given[:, other]]))
        fit = sm.OLS(rows["score"].to_numpy(), design).fit(
            cov_type="cluster", use_t=False,
            cov_kwds={"groups": rows["cluster"].to_numpy(), "use_correction": False},
        )  # fmt: skip
        assert found[len(p)].straight == pytest.approx(fit.params[-1], abs=1e-10)
        p.append(fit.pvalues[-1])
    assert min(pair.p_straight for pair in found) == pytest.approx(6 * min(p), rel=0.5)


def test_cells_give_what_their_rows_give():
    rows = answered(np.random.default_rng(4), 800).assign(cluster=lambda r: r["cluster"] % 40)
    single, together = pairs_of(rows), pairs_of(cells_of(rows))
    for one, other in zip(single, together, strict=True):
        assert one.latent == pytest.approx(other.latent, abs=1e-7)
        assert one.p_latent == pytest.approx(other.p_latent, abs=1e-7)
        assert one.p_straight == pytest.approx(other.p_straight, abs=1e-7)


def test_room_for_what_does_not_matter_makes_p_rise():
    one, error = np.array([0.3]), np.array([0.1])
    assert beyond(one, error, np.zeros(1), np.inf)[0] == pytest.approx(2 * norm.sf(3))
    found = beyond(one, error, np.array([0.1]), np.inf)[0]
    assert found == pytest.approx(norm.sf(2) + norm.sf(4))
    assert beyond(one, error, np.array([0.3]), np.inf)[0] == pytest.approx(0.5, abs=1e-6)


def test_the_ceiling_is_told_from_what_two_drivers_truly_add():
    rng = np.random.default_rng(5)
    ceiling, true = pairs_of(planted(rng, 3000)), pairs_of(planted(rng, 3000, both=0.3))
    assert [pair.clear for pair in ceiling] == [False] * 6
    assert sum(pair.only_ceiling for pair in ceiling) >= 4
    assert [pair.clear for pair in true] == [True] + [False] * 5
    assert true[0].latent == pytest.approx(0.3, abs=0.1)


def test_what_is_too_small_to_matter_is_never_clear_however_many_answer():
    """The ends of the drivers' own scales make a product of it: some 0.04, where slopes are 0.4."""
    rows = answered(np.random.default_rng(6), 60_000, rho=0.7)
    answers, model, bent = fitted(cells_of(rows.assign(cluster=rows["cluster"] % 256)))
    found = interactions(answers, model, bent)
    assert np.mean([pair.latent for pair in found]) == pytest.approx(0.04, abs=0.015)
    assert not any(pair.clear for pair in found)
    assert all(side.kind == "performance" for side in two_sides(answers, model, bent))


def test_the_page_says_it_is_the_ceiling_only_where_least_squares_finds_one(tmp_path):
    rng, said = np.random.default_rng(7), {}
    worlds = {"ceiling": planted(rng, 3000), "true": planted(rng, 3000, both=0.3),
              "middle": answered(rng, 1500, centre=5.0, weights=(0.5, 0.4, 0.3, 0.2))}  # fmt: skip
    for name, rows in worlds.items():
        folder = tmp_path / name
        folder.mkdir()
        edition = firm(folder, rows)
        page = pc.page("04_drivers", edition)
        said[name] = str(page.note("interactions", driver_figures(edition)))
    assert "only the end of the scale" in said["ceiling"]
    assert "more or less than their sum" not in said["ceiling"]
    assert "more or less than their sum: Quality × Delivery." in said["true"]
    assert "Least squares" not in said["middle"]
    assert "their sum" not in said["middle"]


def false_ones(rng: np.random.Generator, worlds: int, n: int, **planting: float) -> float:
    """Return the share of worlds that show any interaction, of such with none true."""
    worlds_of = (planted(rng, n, **planting) for _world in range(worlds))
    return float(np.mean([any(pair.clear for pair in pairs_of(rows)) for rows in worlds_of]))


@pytest.mark.slow
def test_of_a_hundred_worlds_without_an_interaction_at_most_five_show_one():
    """Of 900 and 1,000 with other seeds, 6 and 3 did in a thousand. The third have a bend."""
    rng = np.random.default_rng(15)
    worlds = [answered(rng, 1000, rho=rho) for rho in (0.2, 0.45, 0.7) for _world in range(333)]
    assert np.mean([any(pair.clear for pair in pairs_of(rows)) for rows in worlds]) <= 0.03
    assert false_ones(rng, 300, 1000) <= 0.03
    assert false_ones(rng, 300, 1000, low=0.8) <= 0.05


@pytest.mark.slow
def test_a_planted_interaction_is_found():
    rng = np.random.default_rng(16)
    for both, n, least in ((0.3, 1000, 0.8), (0.2, 3000, 0.8)):
        found = [pairs_of(planted(rng, n, both=both)) for _world in range(100)]
        assert np.mean([pairs[0].clear for pairs in found]) >= least
        assert np.mean([any(pair.clear for pair in pairs[1:]) for pairs in found]) <= 0.1
