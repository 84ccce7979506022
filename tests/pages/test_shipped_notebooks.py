"""A page says whether its notebook is as shipped; git is not needed to know it."""

from __future__ import annotations

import shutil
from pathlib import Path

import nbformat
import pytest

from profitchain.core.provenance import NOTEBOOKS
from profitchain.pages import notebooks
from profitchain.press.chosen_notebooks import all_notebooks

MEND = ".venv/bin/python -m profitchain.pages.notebooks"


@pytest.fixture
def notebook(tmp_path, repo) -> Path:
    """A copy of a shipped notebook."""
    return Path(shutil.copy(repo / "notebooks" / "07_repeat_purchase.ipynb", tmp_path))


def changed(path: Path, change) -> Path:
    content = nbformat.read(path, as_version=4)
    change(content)
    nbformat.write(content, path)
    return path


def parameters(content: nbformat.NotebookNode) -> nbformat.NotebookNode:
    return next(cell for cell in content.cells if "parameters" in cell.metadata.get("tags", []))


def test_the_shipped_notebooks_are_written_down_as_they_are(repo):
    known = notebooks.shipped_sha256()
    stale = [
        path.name
        for path in sorted((repo / "notebooks").glob("[0-9]*.ipynb"))
        if path.stem in known and notebooks.state_of(path) != "shipped"
    ]
    assert not stale, f"If these are to be shipped as they are now, run: {MEND}"
    assert set(known) <= {path.stem for path in all_notebooks(NOTEBOOKS)}, f"Run: {MEND}"


def run_it(content):
    for place, cell in enumerate(content.cells):
        cell.metadata["collapsed"] = True
        if cell.cell_type == "code":
            cell.execution_count = place
            cell.outputs = [nbformat.v4.new_output("stream", text="seen")]


def look_at_own_company(content):
    cell = parameters(content)
    cell.source = cell.source.replace('"data/example"', '"data/mine"')
    cell.source = cell.source.replace('period: str = ""', 'period: str = "2026Q1"')


def leave_an_empty_cell(content):
    content.cells.append(nbformat.v4.new_code_cell(""))


@pytest.mark.parametrize("change", [run_it, look_at_own_company, leave_an_empty_cell])
def test_a_notebook_that_says_and_does_the_same_is_as_shipped(notebook, change):
    assert notebooks.state_of(changed(notebook, change)) == "shipped"


def another_word(content):
    content.cells[0].source += " Indeed."


def another_default(content):
    cell = parameters(content)
    cell.source = cell.source.replace("within_days: int = 0", "within_days: int = 30")


def another_order(content):
    content.cells[5:7] = reversed(content.cells[5:7])


def another_tag(content):
    content.cells[0].metadata["tags"] = ["analyst"]


def one_cell_less(content):
    content.cells.pop()


@pytest.mark.parametrize(
    "change", [another_word, another_default, another_order, another_tag, one_cell_less]
)
def test_a_notebook_that_says_or_does_something_else_is_changed(notebook, change):
    assert notebooks.state_of(changed(notebook, change)) == "changed"
    assert notebooks.state_words("changed") == "This notebook was changed"


def test_a_notebook_of_another_name_was_added(notebook):
    assert notebooks.state_of(notebook.rename(notebook.with_stem("07b_mine"))) == "added"
    assert notebooks.state_words("shipped") == ""


def test_what_is_written_down_anew_is_shipped_from_then_on(notebook, tmp_path, monkeypatch):
    changed(notebook, another_word)
    monkeypatch.setattr(notebooks, "SHIPPED", tmp_path / "shipped.json")
    notebooks.write_shipped([notebook], tmp_path / "shipped.json")
    assert notebooks.state_of(notebook) == "shipped"
    monkeypatch.undo()
    notebooks.shipped_sha256.cache_clear()
    assert notebooks.state_of(notebook) == "changed"
