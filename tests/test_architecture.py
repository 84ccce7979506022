"""The house stands: imports go down only, functions stay small, one name has one meaning.

Adding a package: give it its floor in FLOORS. Adding a module asks for nothing here.
"""

from __future__ import annotations

import ast
import re
import tomllib
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

REPO = Path(__file__).resolve().parent.parent
LIB = REPO / "lib"
PACKAGE = LIB / "profitchain"
SUBJECTS = "measures effects evidence lifetime"
FLOORS = ["core", "stats", "sources", "intake", "panel", SUBJECTS, "words", "exhibits"]
FLOORS += ["pages", "press"]
MAY_IMPORT = {  # among the subjects, which stand side by side
    "effects": {"measures"},
    "evidence": {"measures", "effects"},
    "lifetime": {"measures", "effects"},
}
OUTSIDE = ("demo", "certify", "bench")  # beside the package, out of the wheel
NUMBERS = ("stats", "measures", "effects", "evidence", "lifetime")  # they know no language
DRAWING = {"matplotlib", "seaborn"}
NO_SUCH_NAMES = {"utils", "util", "helpers", "common", "misc", "base"}
MOST_MODULES = 17
MOST_CODE_LINES_A_MODULE = 250
MOST_CODE_LINES_A_FUNCTION = 40
MOST_ARGUMENTS = 5  # positional; further ones are keyword-only

Function = ast.FunctionDef | ast.AsyncFunctionDef
PATHS = sorted(path for path in PACKAGE.rglob("*.py") if path.read_text(encoding="utf-8").strip())
MODULES = {path.relative_to(PACKAGE).with_suffix("").as_posix(): path for path in PATHS}
PACKAGES = " ".join(FLOORS).split()


@cache
def tree(path: Path) -> ast.Module:
    return ast.parse(path.read_text(encoding="utf-8"))


def package_of(module: str) -> str:
    """Return the package in which a module (`stats/glm`) stands; "" for those above all."""
    return module.rpartition("/")[0].split("/")[0]


def imported(path: Path) -> Iterator[str]:
    """Yield the dotted name of everything that a module imports, at its top or inside functions."""
    for node in ast.walk(tree(path)):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}: write `from profitchain.x import …`, not `from .x`"
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def packages_imported(path: Path) -> set[str]:
    names = {name.split(".")[1] for name in imported(path) if name.startswith("profitchain.")}
    return names - {"__version__"}


def functions(path: Path) -> list[Function]:
    return [node for node in ast.walk(tree(path)) if isinstance(node, Function)]


def code_lines(path: Path) -> set[int]:
    """Return the numbers of a module's lines that are no docstring, comment or blank."""
    text = path.read_text(encoding="utf-8").splitlines()
    kept = {at for at, line in enumerate(text, 1) if line.strip() and line.strip()[0] != "#"}
    for node in ast.walk(tree(path)):
        if isinstance(node, Function | ast.ClassDef | ast.Module) and ast.get_docstring(node):
            kept -= set(range(node.body[0].lineno, node.body[0].end_lineno + 1))
    return kept


def public(path: Path) -> list[Function | ast.ClassDef]:
    return [
        node
        for node in tree(path).body
        if isinstance(node, Function | ast.ClassDef) and not node.name.startswith("_")
    ]


def test_every_package_has_its_floor_and_no_drawer_for_odds_and_ends():
    assert {package_of(module) for module in MODULES} - {""} == set(PACKAGES)
    assert not NO_SUCH_NAMES & {path.stem for path in PATHS}
    for package in PACKAGES:
        assert len([module for module in MODULES if package_of(module) == package]) <= MOST_MODULES


@pytest.mark.parametrize("package", PACKAGES)
def test_imports_go_down_only(package):
    floor = next(at for at, line in enumerate(FLOORS) if package in line.split())
    below = {package, *" ".join(FLOORS[:floor]).split(), *MAY_IMPORT.get(package, ())}
    for module, path in MODULES.items():
        if package_of(module) == package:
            assert packages_imported(path) <= below, module


def test_nothing_that_reports_needs_what_is_out_of_the_wheel():
    for module, path in MODULES.items():
        if module != "cli":
            assert not set(OUTSIDE) & {name.split(".")[0] for name in imported(path)}, module


def test_only_exhibits_draw():
    for module, path in MODULES.items():
        if package_of(module) != "exhibits":
            assert not DRAWING & {name.split(".")[0] for name in imported(path)}, module


def test_numbers_know_no_language():
    below_words = {m: p for m, p in MODULES.items() if package_of(m) in NUMBERS}
    for module, path in below_words.items() | {("core/estimates", MODULES["core/estimates"])}:
        assert "i18n" not in path.read_text(encoding="utf-8"), module


def test_the_name_of_gettext_is_no_throw_away_name():
    for module, path in MODULES.items():
        speaks = any(name.endswith("i18n._") for name in imported(path))
        names = [node for node in ast.walk(tree(path)) if isinstance(node, ast.Name)]
        thrown = [n.lineno for n in names if n.id == "_" and isinstance(n.ctx, ast.Store)]
        assert not (speaks and thrown), module


def test_a_module_is_short_and_says_what_it_answers():
    for module, path in MODULES.items():
        assert ast.get_docstring(tree(path)), module
        assert len(code_lines(path)) <= MOST_CODE_LINES_A_MODULE, module


def test_a_function_is_short_and_takes_few_arguments():
    for module, path in MODULES.items():
        code = code_lines(path)
        for f in functions(path):
            length = len(code & set(range(f.lineno, f.end_lineno + 1)))
            assert length <= MOST_CODE_LINES_A_FUNCTION, (module, f.name)
            assert len(f.args.posonlyargs + f.args.args) <= MOST_ARGUMENTS, (module, f.name)


def test_what_is_public_is_described_and_typed():
    for module, path in MODULES.items():
        assert not [node.name for node in public(path) if not ast.get_docstring(node)], module
        untyped = [f.name for f in public(path) if isinstance(f, Function) and f.returns is None]
        assert not untyped, module


def test_pre_commit_runs_the_versions_that_requirements_pin():
    hooks = (REPO / ".pre-commit-config.yaml").read_text(encoding="utf-8")
    pins = (REPO / "requirements.txt").read_text(encoding="utf-8").splitlines()
    used = set(re.findall(r"(?:ruff|nbstripout)==[\d.]+", hooks))
    assert len(used) == 2
    assert used <= set(pins)


def test_every_requirement_of_the_package_is_pinned():
    project = tomllib.loads((LIB / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    wanted = project["dependencies"] + project["optional-dependencies"]["test"]
    names = {re.match(r"[\w-]+", line)[0].lower() for line in wanted}
    lines = (REPO / "requirements.txt").read_text(encoding="utf-8").splitlines()
    pinned = {line.split("==")[0] for line in lines if re.match(r"[\w.-]+==", line)}
    assert names - {"tzdata"} <= pinned
    assert {"jupyter", "papermill", "pandas", "matplotlib", "seaborn", "statsmodels"} <= pinned
