"""The benchmark runs programs in turns, does its sums right and says what it could not run."""

from __future__ import annotations

import subprocess
import sys

import numpy as np
import pandas as pd
import pytest

from bench import contests, peers
from bench import rows as invented_rows
from bench import run as benchmarks
from bench.contests import PARTS, Contender, Contest
from bench.run import BenchPlan, Measured, bars, compared, contended, run, section, table
from profitchain.cli import main
from profitchain.core.errors import ParameterError

FAKE = """
import json, sys
pace = float(sys.argv[2])
print("noise before the result")
if pace < 0:
    sys.exit("it broke")
told = {"seconds": pace, "cpu": 2 * pace, "megabytes": 10 * pace, "result": "a|b",
        "versions": {"x": "1"}}
print(json.dumps(told))
"""


@pytest.fixture
def fakes(tmp_path, monkeypatch):
    (tmp_path / "fake.py").write_text(FAKE, encoding="utf-8")
    monkeypatch.setattr(contests, "SCRIPTS", tmp_path)


def fake(name: str, pace: float, **options: object) -> Contender:
    return Contender(name=name, script="fake", task="go", arguments=(str(pace),), **options)


def measured(contender: str, seconds: float | None, **more: object) -> Measured:
    return Measured(part="fits", contest="Fit: 10", contender=contender, seconds=seconds, **more)


def test_seconds_are_told_as_multiples_of_ours():
    rows = compared([measured("profitchain", 2.0), measured("a", 5.0), measured("b", None)])
    assert [row.times_ours for row in rows] == [1.0, 2.5, None]
    assert compared([measured("profitchain", None), measured("a", 5.0)])[1].times_ours is None


@pytest.mark.usefixtures("fakes")
def test_each_program_runs_by_itself_and_what_fails_is_said():
    others = (fake("slow", 6.0), fake("broken", -1.0), fake("huge", 1.0, gigabytes=1e6))
    contest = Contest(title="Fit: 10", contenders=(fake("profitchain", 2.0), *others))
    rows = contended("fits", contest, BenchPlan(runs=2))
    assert [row.seconds for row in rows] == [2.0, 6.0, None, None]
    assert rows[1].times_ours == 3.0 and rows[1].megabytes == 60
    assert rows[2].result == "failed: it broke"
    assert "needs about 1,000,000 GB" in rows[3].result
    assert "| Fit: 10 | slow | 6 | 3 | 12 | 60 | a/b |" in table(rows)
    assert "x 1." in section("fits", rows, 2, "A machine")


def test_a_peer_that_cannot_be_installed_is_said_and_the_others_go_on(tmp_path, monkeypatch):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    failing = subprocess.CompletedProcess([], 1, "", "ERROR: No matching distribution")
    monkeypatch.setattr(peers.venv, "create", lambda folder, with_pip: folder.mkdir(parents=True))
    monkeypatch.setattr(peers.subprocess, "run", lambda *_given, **_named: failing)
    with pytest.raises(peers.PeerMissing, match="polars could not be installed: ERROR: No match"):
        peers.python_of("polars")
    assert not list((tmp_path / "profitchain").iterdir())


def test_a_large_peer_is_left_out_unless_asked_for():
    contest = Contest(title="t", contenders=(fake("x", 1.0, peer="pymc-marketing"),))
    assert "--all" in contended("lifetime", contest, BenchPlan(runs=1))[0].result


def test_an_unknown_part_is_refused_before_anything_runs(capsys):
    with pytest.raises(ParameterError, match="no part 'fit'"):
        next(run(BenchPlan(parts=("growth", "fit"))))
    assert main(["bench", "--parts", "fit"]) == 1
    assert "fits" in capsys.readouterr().err


def test_help_names_every_part(capsys):
    with pytest.raises(SystemExit):
        main(["bench", "--help"])
    said = capsys.readouterr().out
    assert ", ".join(PARTS) in " ".join(said.split())


def test_parts_that_were_not_run_keep_their_place_on_the_page(tmp_path):
    page = tmp_path / "BENCHMARKS.md"
    benchmarks.write({"fits": "## fits: a\n\nold"}, page)
    benchmarks.write({"growth": "## growth: b\n\nnew"}, page)
    benchmarks.write({"fits": "## fits: a\n\nnewer"}, page)
    text = page.read_text(encoding="utf-8")
    assert text.index("## growth: b\n\nnew") < text.index("## fits: a\n\nnewer")
    assert "old" not in text and text.count("# How fast") == 1


def test_bars_are_as_long_as_what_they_stand_for():
    sizes = {"1": (2.0, 50.0), "10": (8.0, 100.0)}
    rows = [
        Measured(part="growth", contest=f"Prepare: {size} orders", contender="profitchain",
                 seconds=seconds, megabytes=megabytes)
        for size, (seconds, megabytes) in sizes.items()
    ]  # fmt: skip
    lengths = [line.count("█") for line in bars(rows).splitlines() if "█" in line]
    assert lengths == [10, 40, 20, 40]
    assert bars(rows[:1]) == ""


def test_every_contest_names_a_script_that_has_its_task(tmp_path, monkeypatch):
    monkeypatch.setattr(contests, "firm_of", lambda orders: tmp_path)
    monkeypatch.setattr(contests, "read_period", lambda folder: None)
    for part in PARTS.values():
        found = part.contests(2000, tmp_path)
        assert found and all(
            contest.contenders[0].name.startswith("profitchain") for contest in found
        )
        for one in [one for contest in found for one in contest.contenders]:
            text = (contests.SCRIPTS / f"{one.script}.py").read_text(encoding="utf-8")
            assert f"def {one.task}(" in text or f'"{one.task}":' in text
            assert one.peer in {"", *peers.PINS}


@pytest.mark.filterwarnings("error")
def test_ours_finds_what_statsmodels_finds_on_a_small_panel(tmp_path):
    found = contests.fits(30_000, tmp_path)
    ours, logit = found[1].contenders[0], found[1].contenders[2]
    order = BenchPlan(runs=1)
    assert contended("fits", found[0], order)[0].result.endswith("groups")
    effects = [benchmarks._once(one, order)["result"] for one in (ours, logit)]
    values = [[float(number) for number in text.split(" ± ")] for text in effects]
    np.testing.assert_allclose(values[0][0], values[1][0], rtol=2e-4)
    np.testing.assert_allclose(values[0][1], values[1][1], rtol=0.2)


def test_invented_customers_buy_no_sooner_than_they_come(tmp_path):
    invented_rows.write_customers(tmp_path / "c.parquet", 5000)
    rows = pd.read_parquet(tmp_path / "c.parquet")
    assert (rows["last_age_days"] <= rows["age_days"]).all()
    assert ((rows["repeats"] > 0) | (rows["last_age_days"] == 0)).all()
    assert 0.3 < (rows["repeats"] > 0).mean() < 0.8
    assert sys.executable == str(peers.python_of(""))
