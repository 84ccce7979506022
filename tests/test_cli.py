"""A command that can't be carried out says why before anything runs, and exits with 1 or 2."""

from __future__ import annotations

import re
import sys

import pandas as pd
import pytest
from editions import write_company

from profitchain import cli
from profitchain.press import fork_server, publish

EXAMPLE = ["report", "--company", "data/example"]


@pytest.fixture(autouse=True)
def nothing_runs(monkeypatch, example):
    monkeypatch.chdir(example.parents[1])
    monkeypatch.setenv(fork_server.PLAIN, "plain")
    monkeypatch.setattr(publish, "_run_all", lambda *_: pytest.fail("a notebook ran"))


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ([*EXAMPLE, "2026Q5"], "'2026Q5' is not a period. Write a quarter as 2026Q1"),
        ([*EXAMPLE, "--only", "03_satisfacton"], "Did you mean '03_satisfaction'?"),
        ([*EXAMPLE, "--set", "within_dayz=30"], "Did you mean 'within_days'?"),
        ([*EXAMPLE, "--set", "company=elsewhere"], "No notebook has a parameter 'company'"),
        ([*EXAMPLE, "--set", "within_days=soon"], "within_days='soon' is not int"),
        ([*EXAMPLE, "--set", "within_days"], "write it as --set name=value"),
        (
            [*EXAMPLE, "--only", "03_satisfaction", "--set", "within_days=30"],
            "No notebook has a parameter 'within_days'",
        ),
        ([*EXAMPLE, "--language", "zh-Hnat"], "Did you mean 'zh-Hant'?"),
        (["report", "--company", "data/nowhere"], "No company.yml in 'data/nowhere'"),
        (["check", "--company", "data/nowhere"], "No company.yml in 'data/nowhere'"),
        (["new", " "], "Name the question that the page answers"),
        (["new", "Why?", "--after", "77"], "There is no notebook '77'"),
        (["languages", "klingonese"], "'klingonese' is no language that is known"),
        (["verify", "reports/nowhere"], "'reports/nowhere' holds no edition"),
    ],
)
def test_an_order_that_cannot_be_carried_out_is_refused_in_words(capsys, arguments, words):
    assert cli.main(arguments) == 1
    shown = capsys.readouterr()
    assert words in shown.err
    assert "Traceback" not in shown.err
    assert shown.out == ""


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ([], "required: COMMAND"),
        (["reprot"], "invalid choice: 'reprot'"),
        (["report", "--compny", "x"], "unknown: --compny"),
        (["report", "2026Q1", "2026Q2"], "unknown: 2026Q2"),
        (["example"], "required: DIR"),
        (["example", "x", "--customers", "many"], "invalid int value: 'many'"),
    ],
)
def test_a_command_that_does_not_exist_is_refused_with_the_usage(capsys, arguments, words):
    with pytest.raises(SystemExit) as refused:
        cli.main(arguments)
    assert refused.value.code == 2
    told = capsys.readouterr().err
    assert words in told
    assert "usage: profitchain" in told


def test_what_follows_test_goes_to_pytest_as_it_stands(monkeypatch):
    ran = []

    class Done:
        returncode = 3

    monkeypatch.setattr(
        cli.subprocess, "run", lambda command, **_: ran.append(command[1:]) or Done()
    )
    assert cli.main(["test", "-k", "store", "--lf"]) == 3
    assert cli.main(["test", "--quick"]) == cli.main(["test", "--quick", "tests/core"]) == 3
    assert cli.main(["test"]) == 3
    asked, quick, some, every = (" ".join(words) for words in ran)
    assert asked == "-m pytest -k store --lf"
    parallel = "--numprocesses=auto --dist=loadfile --no-loadscope-reorder"
    left_out = "not slow and not certify and not browser and not worlds and not edition"
    assert quick == f"-m pytest -m {left_out}"
    assert some == f"-m pytest -m {left_out} tests/core"
    assert every == f"-m pytest {parallel}"


def test_ctrl_c_says_that_nothing_was_published(monkeypatch, capsys, tmp_path):
    def interrupted(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(publish, "publish", interrupted)
    assert cli.main([*EXAMPLE, "--out", str(tmp_path)]) == 130
    assert "Nothing was published" in capsys.readouterr().err


def test_what_came_in_is_told_with_reasons_and_what_cannot_be_published_is_refused(
    tmp_path, capsys
):
    orders = {"order_id": [1, 2, 3], "customer_id": ["a", "b", "c"], "revenue": [5, "much", 6]}
    tables = {
        "orders": pd.DataFrame(orders).assign(
            ordered_at=["2026-02-01", "2026-03-01", "2026-03-31"]
        ),
        "customers": pd.DataFrame({"customer_id": ["a", "b"]}),
    }
    company = str(write_company(tmp_path / "shop", tables))
    assert cli.main(["check", "--company", company]) == 0
    told = capsys.readouterr().out
    assert "orders" in told and "1 set aside" in told
    assert cli.main(["report", "2031Q1", "--company", company, "--out", str(tmp_path)]) == 1
    assert "No order lies in 2031Q1" in capsys.readouterr().err
    out = f"{company}/orders.csv/reports"
    assert cli.main(["report", "2026Q1", "--company", company, "--out", out]) == 1
    assert "Nothing can be written to" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("command", "folder"),
    [(["example", "x"], "demo"), (["certify"], "certify"), (["bench"], "bench")],
)
def test_a_command_that_no_wheel_holds_says_that_it_needs_a_checkout(
    command, folder, monkeypatch, capsys
):
    for module in [name for name in sys.modules if name.startswith(f"{folder}.")]:
        monkeypatch.delitem(sys.modules, module)
    monkeypatch.setitem(sys.modules, folder, None)  # as where it can't be found
    assert cli.main(command) == 1
    assert f"needs `lib/{folder}`" in capsys.readouterr().err


def test_the_licence_of_every_package_is_listed(capsys):
    assert cli.main(["licences"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert any(re.match(r"duckdb +\d[\d.]+ +MIT", line) for line in lines)
    assert all(len(line.split(maxsplit=2)) == 3 for line in lines)
