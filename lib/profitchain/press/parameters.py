"""Whether notebooks can run as asked: each is ready, each given value of its declared type."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from profitchain.core.errors import ParameterError, did_you_mean
from profitchain.pages import page
from profitchain.pages.notebooks import nbformat


def typed(notebooks: Iterable[Path], settings: Mapping[str, str]) -> dict[str, object]:
    """Return given values with the types that the notebooks' parameters declare, by name.

    Raises ParameterError for an unknown one, and where a notebook can't run.
    """
    from papermill import inspect_notebook

    declared: dict[str, Any] = {}
    for path in notebooks:
        _must_be_ready(path)
        declared |= inspect_notebook(str(path))
    free = [name for name in declared if name not in {"company", "period"}]
    for name in settings:
        if name not in free:
            raise ParameterError(
                f"No notebook has a parameter '{name}'. {did_you_mean(name, free)} "
                "The parameters stand in each notebook's second cell."
            )
    return {name: _typed(name, text, declared[name]) for name, text in settings.items()}


def _must_be_ready(path: Path) -> None:
    """Raise ParameterError where papermill would stumble, or run with a notebook's own defaults."""
    try:
        notebook = nbformat.read(path, as_version=4)
        page.question_of(notebook)
    except ValueError as error:
        raise ParameterError(f"{path.name} can't become a page. {error}") from None
    if "kernelspec" not in notebook.metadata:
        raise ParameterError(
            f"{path.name} names no kernel to run it. Open it in JupyterLab, choose the kernel "
            "Python 3, and save it."
        )
    if not any("parameters" in cell.metadata.get("tags", []) for cell in notebook.cells):
        raise ParameterError(
            f"{path.name} has no cell tagged 'parameters', so it would run with its own defaults. "
            "Tag the cell with its parameters (JupyterLab: the gear at the top right, Cell Tags)."
        )


def _typed(name: str, text: str, declared: Mapping[str, object]) -> object:
    kind = str(declared["inferred_type_name"])
    try:
        if kind == "bool":
            return {"true": True, "false": False}[text.lower()]
        return {"int": int, "float": float}.get(kind, str)(text)
    except (KeyError, ValueError):
        raise ParameterError(
            f"{name}={text!r} is not {kind}. Its default is {declared['default']}."
        ) from None
