"""The example published and run in several ways: by the command, without kernels, by papermill."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import nbformat
import pandas as pd
from editions import contents, entries

REPO = Path(__file__).resolve().parents[2]


def test_two_runs_of_the_same_input_publish_the_same_bytes(example_by_command, example_reports):
    again = example_reports.with_name(f"{example_reports.name}-again")
    before, after = (contents(out / "example" / "2026Q3") for out in (example_by_command, again))
    assert before and sorted(after) == sorted(before)
    assert [name for name in before if before[name] != after[name]] == []


def by_papermill(notebook: str, out: Path, *parameters: str, cwd: Path) -> pd.DataFrame:
    """Run a notebook as an analyst would by hand and return what it recorded."""
    command = [sys.executable, "-m", "papermill", REPO / "notebooks" / notebook, out]
    done = subprocess.run(
        [*command, "--no-progress-bar", *parameters], cwd=cwd, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr
    shown = [each["data"] for cell in nbformat.read(out, as_version=4).cells
             for each in cell.get("outputs", []) if "data" in each]  # fmt: skip
    kind = "application/vnd.profitchain.findings+json"
    return pd.DataFrame([row for data in shown if kind in data for row in data[kind]["findings"]])


def test_papermill_by_hand_runs_a_notebook_with_parameters_from_any_folder(
    example, example_reports, tmp_path
):
    given = ["-p", "period", "2026Q2", "-p", "company", str(example)]
    rows = by_papermill("03_satisfaction.ipynb", tmp_path / "out.ipynb", *given, cwd=tmp_path)
    edition = example_reports / "example" / "2026Q2"
    published = [row for row in entries(edition) if row["page"] == "03_satisfaction"]
    assert rows["id"].tolist() == [row["id"] for row in published]
    assert rows["value"].tolist() == [row["value"] for row in published]
    assert rows["id"].eq("nps").any()


def test_a_notebook_runs_with_its_own_parameters(example_by_command, example, tmp_path):
    edition = example_by_command / "example" / "2026Q3"
    rows = by_papermill("01_data.ipynb", tmp_path / "out.ipynb", cwd=example.parents[1])
    mine = [row for row in entries(edition) if row["page"] == "01_data"]
    assert rows["value"].tolist() == [row["value"] for row in mine]
