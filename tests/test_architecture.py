"""The house stands: imports go down only, functions stay small, one name has one meaning.

Adding a package: give it its floor in house.py. Adding a module asks for nothing here.
"""

from __future__ import annotations

import ast
import re
import tomllib
from collections import defaultdict
from pathlib import Path

import pytest
from house import (
    FLOORS,
    GUIDE,
    LIB,
    MAY_IMPORT,
    MODULES,
    PACKAGES,
    REPO,
    drawn,
    imported,
    package_of,
    packages_imported,
    tree,
)  # fmt: skip

OUTSIDE = ("demo", "certify", "bench")  # beside the package, out of the wheel
# They know no language.
NUMBERS = (
    *("stats", "measures", "effects", "drivers", "evidence", "lifetime", "voice", "benefits"),
    *("programmes", "outlook", "watch", "claims"),
)
DRAWING = {"matplotlib", "seaborn"}
NO_SUCH_NAMES = {"utils", "util", "helpers", "common", "misc", "base"}
MOST_MODULES = 17
MOST_ROOMS = {  # one or two a page; a kind of cell each; a fact of customers each
    "words": 42, "sources": 28, "intake": 19, "panel": 29, "pages": 21, "press": 23,
}  # fmt: skip
MOST_CODE_LINES_A_MODULE = 250
MOST_CODE_LINES_A_FUNCTION = 40
MOST_ARGUMENTS = 5  # positional; further ones are keyword-only

MOST_HOMONYMS = 2  # public functions of one name
HOMONYMS: dict[str, str] = {}  # names in more modules than that, with the reason

Function = ast.FunctionDef | ast.AsyncFunctionDef


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
    assert not NO_SUCH_NAMES & {path.stem for path in MODULES.values()}
    for package in PACKAGES:
        rooms = [module for module in MODULES if package_of(module) == package]
        assert len(rooms) - 1 <= MOST_ROOMS.get(package, MOST_MODULES), package


def test_the_guide_shows_the_house_as_it_is():
    guide = GUIDE.read_text(encoding="utf-8")
    assert guide == drawn(guide), "run: .venv/bin/python tests/house.py"


@pytest.mark.parametrize("package", PACKAGES)
def test_imports_go_down_only(package):
    floor = next(at for at, beside in enumerate(FLOORS) if package in beside)
    below = {package, *(p for beside in FLOORS[:floor] for p in beside)}
    below |= MAY_IMPORT.get(package, set())
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


def is_judge(module: str, node: ast.AST) -> bool:
    """Tell whether a function judges a part of a page, by whose name it goes."""
    keywords = node.args.kwonlyargs if isinstance(node, Function) else []
    return package_of(module) == "words" and [word.arg for word in keywords] == ["edition"]


def test_a_public_name_has_one_meaning():
    classes, callables = defaultdict(list), defaultdict(list)
    for module, path in MODULES.items():
        for node in public(path):
            if not is_judge(module, node):
                (classes if isinstance(node, ast.ClassDef) else callables)[node.name].append(module)
    assert not {name: where for name, where in classes.items() if len(where) > 1}
    many = {name: where for name, where in callables.items() if len(where) > MOST_HOMONYMS}
    assert many.keys() == HOMONYMS.keys(), many


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
