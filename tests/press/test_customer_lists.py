"""Lists of customers: written on demand, outside what is published, safe in a spreadsheet."""

from __future__ import annotations

import pandas as pd
import pytest

from profitchain import cli
from profitchain.panel.edition import read_period
from profitchain.press import customer_lists, fork_server, publish


@pytest.fixture(scope="module")
def edition(example):
    return read_period(example, "2026Q3")


@pytest.fixture(scope="module")
def written(edition, tmp_path_factory):
    path = tmp_path_factory.mktemp("firm") / "lists" / "at_risk.csv"
    return path, customer_lists.write_at_risk(edition, path)


def test_the_list_names_every_customer_of_the_base_once_the_best_to_call_first(edition, written):
    path, told = written
    rows = pd.read_csv(path)
    now = edition.table("customers").query("back == 0 and orders > 0")
    assert sorted(rows["customer_id"]) == sorted(
        customer_lists.customer_ids(edition).merge(now, on="row")["customer_id"]
    )
    assert rows["rank"].tolist() == list(range(1, len(rows) + 1))
    assert rows["at_stake"].is_monotonic_decreasing
    assert f"{len(rows):,} customers" in told
    assert (rows["at_stake"] - rows["risk"] * rows["value"]).abs().max() < 0.03  # all are rounded


def test_the_list_is_its_owners_alone(written):
    assert written[0].stat().st_mode & 0o777 == 0o600
    assert list(written[0].parent.iterdir()) == [written[0]]


def test_an_id_that_looks_like_a_formula_is_text_in_the_list(edition, tmp_path, monkeypatch):
    ids = customer_lists.customer_ids(edition).assign(
        customer_id=lambda t: "=cmd|'" + t["customer_id"]
    )
    monkeypatch.setattr(customer_lists, "customer_ids", lambda _: ids)
    customer_lists.write_at_risk(edition, tmp_path / "list.csv")
    assert pd.read_csv(tmp_path / "list.csv")["customer_id"].str.startswith("'=").all()


def test_no_notebook_can_open_the_customers_ids(edition):
    assert not edition.has("customer_ids")
    with pytest.raises(Exception, match="customer_ids"):
        edition.table("customer_ids")


@pytest.mark.slow
def test_without_a_forecast_no_list_is_written_and_the_reason_is_told(example, tmp_path):
    early = read_period(example, "2024Q2")
    told = customer_lists.write_at_risk(early, tmp_path / "list.csv")
    assert told.startswith("No list of customers was written: 3 ends of periods")
    assert not (tmp_path / "list.csv").exists()


@pytest.mark.parametrize("asked", [True, False])
def test_only_the_flag_makes_a_list(example, monkeypatch, capsys, tmp_path, asked):
    monkeypatch.chdir(example.parents[1])
    monkeypatch.setenv(fork_server.PLAIN, "plain")
    monkeypatch.setattr(publish, "publish", lambda *_, **__: tmp_path / "index.html")
    monkeypatch.setattr(customer_lists, "place_of", lambda *_: tmp_path / "list.csv")
    command = [
        "report",
        "2026Q3",
        "--company",
        "data/example",
        "--out",
        str(tmp_path),
        *(["--lists"] if asked else []),
    ]
    assert cli.main(command) == 0
    shown = capsys.readouterr()
    assert (tmp_path / "list.csv").exists() is asked
    assert ("list.csv" in shown.err) is asked
    assert shown.out == f"{tmp_path / 'index.html'}\n"


def test_a_list_beside_published_pages_is_refused(edition):
    with pytest.raises(customer_lists.ParameterError, match="Publish to a folder outside"):
        customer_lists.place_of(edition, edition.company.folder)
