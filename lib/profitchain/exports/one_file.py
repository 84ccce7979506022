"""Reads one file into the engine; what the engine can't read is refused in plain words."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import duckdb

from profitchain.core.errors import CompanyError
from profitchain.sources.company import Company, redacted
from profitchain.sources.loading import RawTable, display_path, read_one_file
from profitchain.sources.settings import Source


def read_file(con: Any, name: str, source: Source, company: Company, scratch: Path) -> RawTable:
    """Return one file (or the files of one pattern) as it came, registered under a name."""
    try:
        return read_one_file(con, name, source, company, scratch)
    except duckdb.Error as error:
        what = redacted(str(error).split("\n\nLINE")[0].strip(), company)
        without_paths = re.sub(r"(/[^\s\"']+)+/([^\s/\"']+)", r"\2", what)
        shown = display_path(source.file or "")
        raise CompanyError(f"{shown} can't be read. The engine says: {without_paths}") from None
