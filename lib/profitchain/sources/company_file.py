"""Reads company.yml as it is written, and the names that it takes from the environment."""

from __future__ import annotations

import os
import re
from pathlib import Path
from typing import Any

import yaml

from profitchain.core.errors import CompanyError, did_you_mean

_ENVIRONMENT_NAME = re.compile(r"\$\{(\w+)\}")


def expand(text: str) -> str:
    """Return text with each `${NAME}` replaced from the environment."""
    try:
        return _ENVIRONMENT_NAME.sub(lambda match: os.environ[match[1]], text)
    except KeyError as missing:
        name = missing.args[0]
        raise CompanyError(
            f"company.yml needs {name} from the environment, and it is not set. "
            f"Set it before the run: export {name}=..."
        ) from None


def names_in(value: Any) -> set[str]:
    """Return the names from the environment in a text, or in all texts of a mapping or list."""
    if isinstance(value, str):
        return set(_ENVIRONMENT_NAME.findall(value))
    parts = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    return set().union(*map(names_in, parts))


class UniqueKeyLoader(yaml.SafeLoader):
    """Reads YAML, but refuses a key that stands twice in one mapping; `file` is what it is of."""

    file = "company.yml"

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict:
        keys: list[Any] = []
        for key_node, _ in node.value:
            key = self.construct_object(key_node, deep=True)
            if key in keys:
                line = key_node.start_mark.line + 1
                raise CompanyError(
                    f"{self.file}, line {line}: '{key}' stands there twice. Keep one of the two."
                )
            keys.append(key)
        return super().construct_mapping(node, deep)


def read_yaml(folder: Path) -> dict[str, Any]:
    """Return what a folder's company.yml says; CompanyError with the line where it can't."""
    path = folder / "company.yml"
    if not path.is_file():
        siblings = sorted(p.parent.name for p in folder.resolve().parent.glob("*/company.yml"))
        hint = did_you_mean(folder.resolve().name, siblings) if siblings else ""
        raise CompanyError(
            f"There is no company.yml in the folder '{folder.name}'. "
            f"Name the folder that holds it, as in --company data/example. {hint}".rstrip()
        )
    document, _node = parsed_yaml(path)
    if not isinstance(document, dict):
        raise CompanyError("company.yml holds no settings. Start it with 'name: My company'.")
    return document


def parsed_yaml(path: Path) -> tuple[Any, yaml.Node | None]:
    """Return what a firm's YAML file says, and the node that knows its lines; None if empty.

    Raises
    ------
    CompanyError : the file can't be read; it says the line and the mend.
    """
    name = path.name
    try:
        text = path.read_text(encoding="utf-8-sig")
        loader = UniqueKeyLoader(text)
        loader.file = name
        node = loader.get_single_node()
        return (None if node is None else loader.construct_document(node)), node
    except UnicodeDecodeError:
        raise CompanyError(f"{name} is not UTF-8. Save it as UTF-8.") from None
    except yaml.MarkedYAMLError as error:
        line = error.problem_mark.line + 1 if error.problem_mark else 1
        raise CompanyError(
            f"{name} can't be read at line {line}: {error.problem}. "
            "Check the indentation, and quote text that holds ':' or '#'."
        ) from None
    except yaml.reader.ReaderError as error:
        line = text[: error.position].count("\n") + 1
        raise CompanyError(
            f"{name}, line {line}, holds a character that can't be typed (code "
            f"{error.character:#04x}). Delete it: it often comes along with pasted text."
        ) from None
    except RecursionError:
        raise CompanyError(f"{name} is nested too deep. Write it in fewer levels.") from None
