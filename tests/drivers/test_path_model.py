"""Path models: the published ECSI example of mobile phones, and a covariance in closed form."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from profitchain.core.estimates import NotEstimable
from profitchain.drivers.path_model import PathModel, path_model

BLOCKS = {
    "Image": [f"IMAG{at}" for at in range(1, 6)],
    "Expectation": ["CUEX1", "CUEX2", "CUEX3"],
    "Value": ["PERV1", "PERV2"],
    "Satisfaction": ["CUSA1", "CUSA2", "CUSA3"],
}
# Correlations of 250 customers of mobile phones: Tenenhaus, Esposito Vinzi, Chatelin and Lauro
# (2005), Comput. Stat. Data Anal. 48: 159-205; computed from `mobi` of the R package seminr.
ECSI = """
.3895104020
.2625910527 .1305409530
.4450076508 .2976874950 .4138990249
.4291353474 .2953840966 .3370885593 .4270861454
.2421017601 .2860433501 .2196850100 .2228556025 .2573888107
.2765758558 .2034815887 .2491010410 .3038491205 .3640176596 .3258033801
.2091395114 .3014439625 .1174810147 .2475030104 .1204425066 .2137628759 .1071807023
.3452149277 .2208483132 .2752386176 .3426525245 .1874015512 .2647074401 .1357003735 .2435871427
.3826682770 .2795346412 .3421515830 .5164493248 .3003458797 .2771213889 .1898903809 .2611207394 .7001482231
.4517729296 .4058171565 .2187215317 .4397160022 .4427477860 .3246616307 .3697081718 .3317124267 .3287279204 .4200769976
.3807704413 .2710728314 .3203653807 .4338248677 .3874073377 .2994224238 .2702809629 .2547163323 .3866066204 .5071296756 .5392009267
.5279486029 .3669913082 .2870652234 .4912067715 .4507645500 .3064156448 .2794939516 .2213664602 .4871356328 .6046577124 .4899523129 .5923568337"""  # noqa: E501
# What seminr 2 gives (tests/fixtures/V_3_6_0: rho1, path_coef1, loadings1, rsquaredplsc), PLSc
# under the factorial scheme
RHO = [0.745259028158099, 0.461548791591939, 0.857578544960532, 0.782558691647281]
PATHS = [0.537704707482867, 0.240967661696417, 0.25827986805094]
R2 = 0.885707115746682
LOADINGS = [
    *(0.681330024716575, 0.521278271799338, 0.410112763312163, 0.680389608942476),
    *(0.638496321953613, 0.494277870827744, 0.487740006832332, 0.426779732808667),
    *(0.741892556089151, 0.943732643413645, 0.719458946793877, 0.687819429423528),
    0.794919272741098,
]


def ecsi() -> pd.DataFrame:
    lines = ECSI.split("\n")[1:]
    matrix = np.eye(13)
    for at, line in enumerate(lines, 1):
        matrix[at, :at] = matrix[:at, at] = [float(number) for number in line.split()]
    names = [name for questions in BLOCKS.values() for name in questions]
    return pd.DataFrame(matrix, index=names, columns=names)


def test_the_published_example_comes_out():
    found = path_model(ecsi(), BLOCKS, {"Satisfaction": ["Image", "Expectation", "Value"]})
    assert isinstance(found, PathModel)
    assert found.reliability.to_numpy() == pytest.approx(RHO, abs=1e-6)
    assert found.paths["Satisfaction"].dropna().to_numpy() == pytest.approx(PATHS, abs=1e-6)
    assert found.loadings.to_numpy() == pytest.approx(LOADINGS, abs=1e-6)
    assert found.r2["Satisfaction"] == pytest.approx(R2, abs=1e-6)


def test_paths_of_causes_seen_through_noise_are_those_of_the_causes():
    loading = {"a": [0.9, 0.8, 0.7], "b": [0.8, 0.8], "c": [0.9, 0.6, 0.8], "d": [1.0]}
    inner = np.array([[1, 0.3, 0.55, 0.2], [0.3, 1, 0.47, 0.1], [0.55, 0.47, 1, 0.4],
                      [0.2, 0.1, 0.4, 1]])  # fmt: skip
    places = np.concatenate([[at] * len(of) for at, of in enumerate(loading.values())])
    outer = np.concatenate([*loading.values()])
    matrix = inner[np.ix_(places, places)] * np.outer(outer, outer)
    np.fill_diagonal(matrix, 1.0)
    names = [f"{block}{at}" for block, of in loading.items() for at in range(len(of))]
    blocks = {block: [name for name in names if name[0] == block] for block in loading}
    scale = np.arange(1, len(names) + 1)  # units of questions don't matter
    covariance = pd.DataFrame(matrix * np.outer(scale, scale), index=names, columns=names)
    found = path_model(covariance, blocks, {"c": ["a", "b"], "d": ["c"]})
    assert found.paths["c"][["a", "b"]].to_numpy() == pytest.approx(
        np.linalg.solve(inner[:2, :2], inner[:2, 2]), abs=1e-8
    )
    assert found.paths.loc["c", "d"] == pytest.approx(0.4, abs=1e-8)
    assert found.loadings.to_numpy() == pytest.approx(outer, abs=1e-8)
    assert found.reliability["d"] == 1.0


def test_questions_that_do_not_hang_together_make_no_path_model():
    matrix = np.eye(4)
    matrix[0, 1] = matrix[1, 0] = -0.5
    matrix[2, 3] = matrix[3, 2] = 0.5
    matrix[0, 2] = matrix[2, 0] = matrix[1, 3] = matrix[3, 1] = 0.2
    names = ["x0", "x1", "y0", "y1"]
    covariance = pd.DataFrame(matrix, index=names, columns=names)
    found = path_model(covariance, {"x": names[:2], "y": names[2:]}, {"y": ["x"]})
    assert isinstance(found, NotEstimable)
