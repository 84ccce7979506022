"""The house as it is: packages in floors, what each imports. `.venv/bin/python tests/house.py`
draws it into lib/CONTRIBUTING.md; test_architecture.py asks for it and keeps imports going down.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator
from functools import cache
from pathlib import Path

REPO = Path(__file__).resolve().parent.parent
LIB = REPO / "lib"
PACKAGE = LIB / "profitchain"
GUIDE = LIB / "CONTRIBUTING.md"
SUBJECTS = (
    *("measures", "effects", "drivers", "evidence", "lifetime", "voice", "benefits"),
    *("programmes", "outlook", "watch"),
)
# From the ground up; what stands side by side imports nothing of one another but MAY_IMPORT.
FLOORS = (
    *(("core",), ("stats",), ("sources",), ("exports",), ("intake",), ("disclosure",), ("panel",)),
    *(SUBJECTS, ("claims",), ("words",), ("exhibits",), ("pages",), ("press",)),
)
MAY_IMPORT = {
    "effects": {"measures"},
    "drivers": {"measures", "effects"},
    "evidence": {"measures", "effects"},
    "lifetime": {"measures", "effects"},
    "voice": {"measures", "effects"},
    "benefits": {"measures", "effects"},
    "programmes": {"measures", "effects"},
    "watch": {"measures", "effects"},
    "outlook": {"measures", "effects", "lifetime"},  # its base is the lifetime model's
}
PACKAGES = [package for floor in FLOORS for package in floor]
START, END = "<!-- house: made by tests/house.py -->", "<!-- /house -->"
MODULES = {
    path.relative_to(PACKAGE).with_suffix("").as_posix(): path
    for path in sorted(PACKAGE.rglob("*.py"))
}


@cache
def tree(path: Path) -> ast.Module:
    """Return the syntax tree of a file."""
    return ast.parse(path.read_text(encoding="utf-8"))


def package_of(module: str) -> str:
    """Return the package in which a module (`stats/glm`) stands; "" for those above all."""
    return module.rpartition("/")[0].split("/")[0]


def imported(path: Path) -> Iterator[str]:
    """Yield the dotted name of everything that a file imports, at its top or inside functions."""
    for node in ast.walk(tree(path)):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}: write `from profitchain.x import …`, not `from .x`"
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def packages_imported(path: Path) -> set[str]:
    """Return which packages of ours a file imports from."""
    names = {name.split(".")[1] for name in imported(path) if name.startswith("profitchain.")}
    return names & set(PACKAGES)


def picture() -> str:
    """Return the house as a Markdown table, the top floor first."""
    lines = ["| package | holds | modules | lines | imports |", "|---|---|---:|---:|---|"]
    for package in reversed(PACKAGES):
        paths = {m: p for m, p in MODULES.items() if package_of(m) == package}
        uses = set().union(*map(packages_imported, paths.values())) - {package}
        holds = ast.get_docstring(tree(PACKAGE / package / "__init__.py"))
        rooms = len(paths) - 1
        size = sum(len(path.read_text(encoding="utf-8").splitlines()) for path in paths.values())
        order = ", ".join(sorted(uses, key=PACKAGES.index))
        lines.append(f"| `{package}` | {holds} | {rooms} | {round(size, -2):,} | {order} |")
    return "\n".join(lines)


def drawn(guide: str) -> str:
    """Return the guide with the house in it as it is now."""
    before, _, rest = guide.partition(START)
    return f"{before}{START}\n{picture()}\n{END}{rest.partition(END)[2]}"


if __name__ == "__main__":
    GUIDE.write_text(drawn(GUIDE.read_text(encoding="utf-8")), encoding="utf-8")
