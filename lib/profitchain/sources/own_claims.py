"""Reads what a firm wants tried: `<company>/claims.yml`, claims by id."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import yaml

from profitchain.core.errors import CompanyError
from profitchain.sources.company_file import UniqueKeyLoader

FILE = "claims.yml"
MOST_BYTES = 200_000


class _ClaimsLoader(UniqueKeyLoader):
    file = FILE


def read_own_claims(folder: Path) -> dict[str, Any]:
    """Return a firm's claims as they are written, by id; none where there is no such file.

    Raises
    ------
    CompanyError : the file is not UTF-8, no YAML, or no list of claims by id.
    """
    path = folder / FILE
    if not path.is_file():
        return {}
    if path.stat().st_size > MOST_BYTES:
        raise CompanyError(f"{FILE} is larger than {MOST_BYTES:,} bytes. Shorten it.")
    try:
        document = yaml.load(path.read_text(encoding="utf-8-sig"), Loader=_ClaimsLoader)
    except UnicodeDecodeError:
        raise CompanyError(f"{FILE} is not UTF-8. Save it as UTF-8.") from None
    except yaml.MarkedYAMLError as error:
        line = error.problem_mark.line + 1 if error.problem_mark else 1
        raise CompanyError(
            f"{FILE} can't be read at line {line}: {error.problem}. "
            "Check the indentation, and quote text that holds ':' or '#'."
        ) from None
    except (yaml.YAMLError, RecursionError):
        raise CompanyError(
            f"{FILE} can't be read. Delete characters that can't be typed."
        ) from None
    if document is None:
        return {}
    if not isinstance(document, dict):
        raise CompanyError(f"{FILE} names no claims. Start one with 'V01:' and 'says:' below it.")
    return document
