"""The package reads from top to bottom: imports go up only, functions stay small, words are said.

Adding a module: give it its place in READING_ORDER, and in the list in lib/README.md.
"""

from __future__ import annotations

import ast
import re
import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest

REPO = Path(__file__).resolve().parent.parent
PACKAGE = REPO / "lib" / "profitchain"
READING_ORDER = """
WORDS     errors memo languages periods estimates membership ratios expansion comparisons
DATA      settings connections company codebase stores contracts delimited workbooks engines keeping
TYPED     sources warehouses casting digests conventions portable typed
JUDGED    reasons soundness pieces checks quarantine crosschecks account fingerprints intake
PANEL     scenes crowd panel bands asked followups buying snapshots summaries store
EXAMPLE   behaviour world hindsight columns invented_text voices tallies truth goods programmes
INVENTING targets invented_tables workers blocks folders example
MEASURES  quality response satisfaction loyalty
VALUE     withheld value_groups concentration profitability rhythm four_fields dimensions
GROUPS    shrinkage fair_comparisons clustering
LINKS     terms alike design regression margins links shape shifts spending
ANSWERED  readiness weighting nonresponse
LADDER    least_squares own_past instruments shocks ladder
MONEY     worth scenarios elasticity planning tieout
LIFETIME  lifetime expectancy holdouts lifetime_groups contract_value lifetime_value
LEAVING   survival hazards forecasts signs leaving rescue
EVIDENCE  sensitivity noise specifications evidence rules verdicts
SAYING    formats wording data_words narration link_words captions silence_words response_words
PRICED    worth_words worth_captions
DOUBTING  ladder_words hidden_words
NAMING    value_words value_captions field_words lifetime_words lifetime_captions group_words
WAVING    group_captions pace_words leaving_words leaving_captions
DRAWING   vectors style axes figures evidence_figures value_figures leaving_figures
SHOWING   headings tables exhibits
RECORDED  findings records value_records lifetime_records group_records summary headline
PRESS     notebook_format trust failures shipped commentary chronicle archive layout
PAGES     sites pages pdf
RUN       turns forking warmed kernels runs kept imprint
TAKEN     sheets handout_words exhibit_sheets handout binding
PUBLIC    shelf parameters standing press verify lists drafts
SPEED     invented_rows peers contests benchmarks
COMMANDS  trials certification catalogues cli
"""
MODULES = [module for line in READING_ORDER.splitlines() for module in line.split()[1:]]
DRAWING = {"matplotlib", "seaborn"}
DRAWN = ("evidence", "value", "leaving")
MAY_DRAW = {"style", "axes", "figures", "exhibits", *(f"{part}_figures" for part in DRAWN)}
NO_SUCH_NAMES = {"utils", "util", "helpers", "common", "misc", "base", "core"}
MOST_CODE_LINES_A_MODULE = 250
MOST_CODE_LINES_A_FUNCTION = 40
MOST_ARGUMENTS = 5  # positional; further ones are keyword-only

Function = ast.FunctionDef | ast.AsyncFunctionDef


def tree(module: str) -> ast.Module:
    return ast.parse((PACKAGE / f"{module}.py").read_text(encoding="utf-8"))


def imported(module: str) -> Iterator[str]:
    """Yield the dotted name of everything that a module imports, at its top or inside functions."""
    for node in ast.walk(tree(module)):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{module}: write `from profitchain.x import …`, not `from .x`"
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def own_imports(module: str) -> set[str]:
    names = {name.split(".")[1] for name in imported(module) if name.startswith("profitchain.")}
    return {name for name in names if not name.startswith("__")}


def functions(module: str) -> list[Function]:
    return [node for node in ast.walk(tree(module)) if isinstance(node, Function)]


def code_lines(module: str) -> set[int]:
    """Return the numbers of a module's lines that are no docstring, comment or blank."""
    text = (PACKAGE / f"{module}.py").read_text(encoding="utf-8").splitlines()
    kept = {at for at, line in enumerate(text, 1) if line.strip() and line.strip()[0] != "#"}
    for node in ast.walk(tree(module)):
        if isinstance(node, Function | ast.ClassDef | ast.Module) and ast.get_docstring(node):
            kept -= set(range(node.body[0].lineno, node.body[0].end_lineno + 1))
    return kept


def test_the_reading_order_names_every_module_once():
    found = {path.stem for path in PACKAGE.glob("*.py") if not path.stem.startswith("__")}
    assert sorted(MODULES) == sorted(found)


def test_the_package_is_flat_and_has_no_drawers_for_odds_and_ends():
    folders = {path.name for path in PACKAGE.iterdir() if path.is_dir()} - {"__pycache__"}
    assert folders <= {"templates", "locales", "contenders"}
    assert not NO_SUCH_NAMES & set(MODULES)


def test_the_guide_to_the_library_lists_the_modules_in_reading_order():
    listed = re.findall(r"`(\w+)`", (REPO / "lib" / "README.md").read_text(encoding="utf-8"))
    first = {name: listed.index(name) for name in MODULES if name in listed}
    assert sorted(first, key=first.get) == MODULES


@pytest.mark.parametrize("module", MODULES)
def test_a_module_imports_only_modules_above_it(module):
    above = set(MODULES[: MODULES.index(module)])
    assert own_imports(module) <= above


@pytest.mark.parametrize("module", sorted(set(MODULES) - MAY_DRAW))
def test_a_module_that_only_counts_or_words_does_not_draw(module):
    assert not DRAWING & {name.split(".")[0] for name in imported(module)}


@pytest.mark.parametrize("module", MODULES)
def test_the_name_of_gettext_is_no_throw_away_name(module):
    speaks = any(name.endswith("languages._") for name in imported(module))
    thrown = [
        node.lineno
        for node in ast.walk(tree(module))
        if isinstance(node, ast.Name) and node.id == "_" and isinstance(node.ctx, ast.Store)
    ]
    assert not (speaks and thrown)


@pytest.mark.parametrize("module", MODULES)
def test_a_module_is_short_and_says_what_it_answers(module):
    assert ast.get_docstring(tree(module))
    assert len(code_lines(module)) <= MOST_CODE_LINES_A_MODULE


@pytest.mark.parametrize("module", MODULES)
def test_a_function_is_short_and_takes_few_arguments(module):
    code = code_lines(module)
    lengths = {
        f.name: len(code & set(range(f.lineno, f.end_lineno + 1))) for f in functions(module)
    }
    assert not {name: n for name, n in lengths.items() if n > MOST_CODE_LINES_A_FUNCTION}
    positional = {f.name: len(f.args.posonlyargs + f.args.args) for f in functions(module)}
    assert not {name: count for name, count in positional.items() if count > MOST_ARGUMENTS}


@pytest.mark.parametrize("module", MODULES)
def test_a_public_function_is_described_and_typed(module):
    public = [
        node
        for node in tree(module).body
        if isinstance(node, Function | ast.ClassDef) and not node.name.startswith("_")
    ]
    assert not [node.name for node in public if not ast.get_docstring(node)]
    assert not [f.name for f in public if isinstance(f, Function) and f.returns is None]


def test_pre_commit_runs_the_versions_that_requirements_pin():
    hooks = (REPO / ".pre-commit-config.yaml").read_text(encoding="utf-8")
    pins = (REPO / "requirements.txt").read_text(encoding="utf-8").splitlines()
    used = set(re.findall(r"(?:ruff|nbstripout)==[\d.]+", hooks))
    assert len(used) == 2
    assert used <= set(pins)


def test_every_requirement_of_the_package_is_pinned():
    project = tomllib.loads((REPO / "lib" / "pyproject.toml").read_text(encoding="utf-8"))[
        "project"
    ]
    wanted = project["dependencies"] + project["optional-dependencies"]["test"]
    names = {re.match(r"[\w-]+", line)[0].lower() for line in wanted}
    pinned = {line.split("==")[0] for line in read_pins()}
    assert names - {"tzdata"} <= pinned
    assert {"jupyter", "papermill", "pandas", "matplotlib", "seaborn", "statsmodels"} <= pinned


def read_pins() -> list[str]:
    lines = (REPO / "requirements.txt").read_text(encoding="utf-8").splitlines()
    return [line for line in lines if re.match(r"[\w.-]+==", line)]
