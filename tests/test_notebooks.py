"""Each notebook asks one question, tells it in prose, and leaves the counting to the library."""

from __future__ import annotations

import ast
import copy
import re
import statistics
from pathlib import Path

import nbformat
import papermill
import pytest
from nbstripout import strip_output

FOLDER = Path(__file__).resolve().parent.parent / "notebooks"
NOTEBOOKS = sorted(path.stem for path in FOLDER.glob("*.ipynb"))
RECORDS_NOTHING = {"00_summary", "18_methods"}  # built from what the others recorded, and are
MOST_CODE_LINES = 10
MOST_CODE_LINES_AT_THE_MEDIAN = 3
PARAMETER_TYPES = re.compile(r"str|int|float|bool|list\[str\]")  # papermill can't read `x | y`
PATH_LIKE = re.compile(
    r"(?:\.{0,2}|~|[A-Za-z]:)[/\\]\S*"
    r"|\S*\.(?:csv|duckdb|html|ipynb|json|parquet|png|svg|txt|xlsx|ya?ml)"
)
BELONGS_IN_THE_LIBRARY = (
    ast.FunctionDef,
    ast.AsyncFunctionDef,
    ast.Lambda,
    ast.ClassDef,
    ast.For,
    ast.AsyncFor,
    ast.While,
    ast.comprehension,
)

every_notebook = pytest.mark.parametrize("name", NOTEBOOKS)


def cells(name: str) -> list[nbformat.NotebookNode]:
    return nbformat.read(FOLDER / f"{name}.ipynb", as_version=4).cells


def code_cells(name: str) -> list[str]:
    return [cell.source for cell in cells(name) if cell.cell_type == "code"]


def nodes(source: str) -> list[ast.AST]:
    return list(ast.walk(ast.parse(source)))


def is_parameters(cell: nbformat.NotebookNode) -> bool:
    return "parameters" in cell.metadata.get("tags", [])


def test_there_are_notebooks_and_their_names_sort_them():
    assert NOTEBOOKS
    assert all(re.fullmatch(r"\d\d[a-z]?_[a-z0-9_]+", name) for name in NOTEBOOKS)


@every_notebook
def test_the_one_h1_opens_the_notebook_and_is_a_question(name):
    prose = [cell.source for cell in cells(name) if cell.cell_type == "markdown"]
    titles = [line for text in prose for line in text.splitlines() if line.startswith("# ")]
    assert len(titles) == 1
    assert titles[0].endswith(("?", "？", "؟"))
    assert cells(name)[0].source.startswith(titles[0])


@every_notebook
def test_prose_stands_before_every_code_cell(name):
    kinds = ["", *(cell.cell_type for cell in cells(name))]
    bare = [at for at, kind in enumerate(kinds) if kind == "code" and kinds[at - 1] != "markdown"]
    assert not bare, "the cells with these numbers follow no prose"


@every_notebook
def test_code_cells_are_short(name):
    lengths = [
        sum(bool(line.strip()) and not line.lstrip().startswith("#") for line in text.splitlines())
        for text in code_cells(name)
    ]
    assert min(lengths) > 0
    assert max(lengths) <= MOST_CODE_LINES
    assert statistics.median(lengths) <= MOST_CODE_LINES_AT_THE_MEDIAN


@every_notebook
def test_nothing_is_defined_looped_or_silenced(name):
    for source in code_cells(name):
        assert not [node for node in nodes(source) if isinstance(node, BELONGS_IN_THE_LIBRARY)]
        assert not re.search(r"\b(?:filterwarnings|simplefilter)\b", source)


@every_notebook
def test_no_code_names_a_file(name):
    texts = [cell for cell in cells(name) if cell.cell_type == "code" and not is_parameters(cell)]
    strings = [
        node.value
        for cell in texts
        for node in nodes(cell.source)
        if isinstance(node, ast.Constant) and isinstance(node.value, str)
    ]
    assert not [text for text in strings if PATH_LIKE.fullmatch(text)]
    assert not [cell.source for cell in texts if re.search(r"\b(?:open|Path)\(", cell.source)]


@every_notebook
def test_only_profitchain_is_imported(name):
    found = [node for source in code_cells(name) for node in nodes(source)]
    modules = [alias.name for node in found if isinstance(node, ast.Import) for alias in node.names]
    modules += [node.module for node in found if isinstance(node, ast.ImportFrom)]
    assert modules
    assert {module.split(".")[0] for module in modules} == {"profitchain"}


@every_notebook
def test_every_parameter_stands_on_one_typed_and_explained_line(name):
    tagged = [cell for cell in cells(name) if is_parameters(cell)]
    assert len(tagged) == 1
    statements = ast.parse(tagged[0].source).body
    assert all(isinstance(statement, ast.AnnAssign) for statement in statements)
    assert len(statements) == len(tagged[0].source.strip().splitlines())
    read = papermill.inspect_notebook(str(FOLDER / f"{name}.ipynb"))
    assert list(read) == [statement.target.id for statement in statements]
    assert all(PARAMETER_TYPES.fullmatch(one["inferred_type_name"]) for one in read.values())
    assert all(one["help"] for one in read.values())
    assert {"period", "company"} <= set(read)


@pytest.mark.parametrize("name", [name for name in NOTEBOOKS if name not in RECORDS_NOTHING])
def test_the_last_code_cell_records_the_findings(name):
    assert re.search(r"\b(?:findings|page|pc)\.record\(", code_cells(name)[-1])


@every_notebook
def test_it_is_committed_as_nbstripout_leaves_it(name):
    path = FOLDER / f"{name}.ipynb"
    notebook = nbformat.read(path, as_version=4)
    nbformat.validate(notebook)
    assert set(notebook.metadata) <= {"kernelspec", "language_info"}
    assert all(set(cell.metadata) <= {"tags"} for cell in notebook.cells)
    stripped = strip_output(copy.deepcopy(notebook), False, False, False)
    assert stripped == notebook, f"run `nbstripout {path.name}`"


@every_notebook
def test_any_python_kernel_can_run_it(name):
    kernel = nbformat.read(FOLDER / f"{name}.ipynb", as_version=4).metadata.kernelspec
    assert (kernel.name, kernel.language) == ("python3", "python")
