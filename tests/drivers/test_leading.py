"""How surely one leads: against the integral it stands for, and beside what is so in worlds."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from scipy.integrate import quad
from scipy.stats import norm

from certify.driver_answers import KINDS, by_chance, by_kind, certify_naming, driver_world
from profitchain.drivers.leading import chance_of_other, first_probability
from profitchain.drivers.mending import ENOUGH
from profitchain.stats.glm import Quantities

CLUSTERS = 256


def quantities(values: np.ndarray, rng: np.random.Generator) -> Quantities:
    """Return numbers with independent errors of 1."""
    errors = rng.standard_normal((CLUSTERS, len(values)))
    errors = np.linalg.qr(errors)[0]
    return Quantities(values=values, errors=pd.DataFrame(errors), n=5000, effective=5000.0)


@pytest.mark.parametrize("lead", [0.01, 0.5, 1.3, 1.8, 3.0, 6.0])
def test_the_chance_is_the_integral_over_how_far_the_hyper_g_prior_shrinks(lead: float):
    def weight(shrunk: float) -> float:
        """Return prior Beta(1/2, 1) of what is taken off, times the density of the lead."""
        return float(shrunk**-0.5 * norm.pdf(lead, scale=shrunk**-0.5))

    def behind(shrunk: float) -> float:
        return float(norm.sf(lead * np.sqrt(1 - shrunk)) * weight(shrunk))

    found = quad(behind, 0, 1, epsabs=0)[0] / quad(weight, 0, 1, epsabs=0)[0]
    assert chance_of_other(np.array([lead]))[0] == pytest.approx(found, rel=1e-6)


def test_a_chance_falls_from_a_half_to_nothing_and_is_never_below_that_of_draws():
    leads = np.linspace(0.001, 40, 400)
    chances = chance_of_other(leads)
    assert chances[0] == pytest.approx(0.5, abs=1e-3)
    assert (np.diff(chances[:300]) < 0).all()
    assert (chances >= norm.sf(leads)).all()
    assert chances[-1] < 1e-100


def test_few_customers_make_a_lead_less_sure():
    lead = np.array([2.0])
    assert chance_of_other(lead, 5) > chance_of_other(lead, 50) > chance_of_other(lead)


def test_two_are_told_apart_as_their_lead_over_its_error_says():
    rng = np.random.default_rng(1)
    for lead in (0.5, 2.0, 3.0):
        found = first_probability(quantities(np.array([lead, 0.0]), rng))
        assert found[1] == pytest.approx(chance_of_other([lead / np.sqrt(2)])[0], abs=0.03)
        assert found.sum() == pytest.approx(1)


def test_what_moves_together_with_the_leader_and_lies_behind_is_never_first():
    one = quantities(np.array([1.0]), np.random.default_rng(2))
    assert first_probability(one.combine(np.array([[1.0], [0.0], [0.999]])))[0] > 0.7
    both = Quantities(values=np.array([1.0, 0.5]), errors=pd.concat([one.errors] * 2, axis=1),
                      n=5000, effective=5000.0)  # fmt: skip
    assert first_probability(both).tolist() == [1.0, 0.0]


def test_in_worlds_where_half_are_near_equal_a_chance_is_so_as_often_as_it_says():
    """Four true numbers: two alike, the others behind; or as far apart as it comes. 600 worlds."""
    rng, said, so, drawn = np.random.default_rng(3), [], [], []
    for world in range(600):
        spread = 4.0 if world % 2 else 0.2
        true = rng.permutation([0.0, rng.normal(0, spread), *rng.normal(-3, 2, 2)])
        seen = quantities(true + rng.standard_normal(4), rng)
        chances = first_probability(seen)
        said.append(chances.max())
        so.append(true[chances.argmax()] == true.max())
        behind = seen.values.max() - np.sort(seen.values)[-2]
        drawn.append(norm.cdf(behind / np.sqrt(2)))
    said, so, drawn = np.array(said), np.array(so), np.array(drawn)
    for low, high in ((0.4, 0.7), (0.7, 0.9), (0.9, 1.01)):
        inside = (said >= low) & (said < high)
        assert so[inside].mean() == pytest.approx(said[inside].mean(), abs=0.08)
    assert so[said >= 0.9].mean() >= 0.9
    middle = (drawn >= 0.8) & (drawn < 0.95)
    assert so[middle].mean() < drawn[middle].mean() - 0.05  # what draws alone would say


@pytest.mark.worlds
def test_near_equals_are_rarely_named_and_a_clear_one_mostly():
    rng, kinds = np.random.default_rng(4), [*KINDS]
    near, clear = ([driver_world(rng, kind) for _ in range(25)] for kind in (kinds[0], kinds[-1]))
    assert np.mean([world.chance >= ENOUGH for world in near]) <= 0.1
    named = [world for world in clear if world.chance >= ENOUGH]
    assert len(named) >= 0.6 * len(clear)
    assert all(world.lost == 0 for world in named)


@pytest.mark.slow
def test_who_is_named_alone_is_the_best_in_nine_of_ten_and_chances_hold():
    """1,200 worlds; figures in the certificate."""
    tried = certify_naming(400, seed=19)
    kinds = by_kind(tried).set_index("kind")
    assert kinds.loc["all", "right"] >= 0.9
    assert (kinds["as_good"] >= 0.9).all()
    assert kinds.loc["weights at random", "right"] >= 0.9
    assert kinds.loc["one ahead by four tenths", "alone"] >= 0.7
    assert kinds.loc["two or three within a tenth", "alone"] <= 0.1
    for row in by_chance(tried).itertuples():
        error = np.sqrt(row.said * (1 - row.said) / row.worlds)
        assert abs(row.so - row.said) <= 0.03 + 2 * error
