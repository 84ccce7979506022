"""Whether a firm's data are still those that summaries were made from, told without fetching them.

Files are known by their bytes. A table of the firm's own engine is known by its rows' number and
sums of their hashes (`keeping.mark`), over the columns that a contract reads, in one pass.
"""

from __future__ import annotations

import hashlib
import json
import os
from typing import Any

from profitchain.sources.company import Company, expand, table_names
from profitchain.sources.connections import EMBEDDED, backend_of
from profitchain.sources.loading import source_hash

_MARKS = "PROFITCHAIN_MARKS"
_IN_THE_MAKING = "PROFITCHAIN_BUILD"


def fingerprint(company: Company) -> str:
    """Return a sha256 of company.yml and of everything that its tables are read from."""
    parts = [hashlib.sha256((company.folder / "company.yml").read_bytes()).hexdigest()]
    parts += [f"{table} {told}" for table, told in sorted(_asked_once(company).items())]
    parts += [os.environ.get(name, "") for name in sorted(table_names(company))]
    return hashlib.sha256("\n".join(parts).encode()).hexdigest()


def is_of_files(company: Company) -> bool:
    """Tell whether all tables are made of files of this machine, so that no engine is to be asked.

    Then the fingerprint is found without any engine's library.
    """
    return all(_is_file(table, company) for table in company.tables)


def marks(con: Any, company: Company) -> dict[str, str]:
    """Return the sha256 of what each table is read from; of an engine's table, of its mark."""
    told = _told_before(company)
    return told if told is not None else _marks(con, company)


def _asked_once(company: Company) -> dict[str, str]:
    """Return the marks, found anew unless a report is in the making.

    All pages of an edition must open the same summaries, so the process that makes an edition asks
    a firm's engine and tells its notebooks, which start with its environment.
    """
    if is_of_files(company):
        return {table: source_hash(table, company) for table in company.tables}
    told = _told_before(company) if os.environ.get(_IN_THE_MAKING) else None
    if told is not None:
        return told
    from profitchain.sources.engine import close, opened

    with opened(company) as (con, _):
        found = _marks(con, company)
        close(con)
    os.environ[_MARKS] = json.dumps({"company": _key(company), "marks": found})
    return found


def _told_before(company: Company) -> dict[str, str] | None:
    told = json.loads(os.environ.get(_MARKS, "{}"))
    return told["marks"] if told.get("company") == _key(company) else None


def _key(company: Company) -> str:
    place = f"{company.folder.resolve()}\n{company.model_dump_json()}"
    return hashlib.sha256(place.encode()).hexdigest()


def _is_file(table: str, company: Company) -> bool:
    """Tell whether a table is made of files of this machine, whatever engine reads them."""
    file = company.tables[table].file
    return backend_of(company.connect) == EMBEDDED or (
        file is not None and "://" not in expand(file)
    )


def _marks(con: Any, company: Company) -> dict[str, str]:
    from profitchain.sources.engine import is_embedded

    return {
        table: source_hash(table, company)
        if is_embedded(con) or _is_file(table, company)
        else _content_hash(con, table, company)
        for table in company.tables
    }


def _content_hash(con: Any, table: str, company: Company) -> str:
    from profitchain.sources.schemas import contract_of
    from profitchain.sources.temp_tables import mark
    from profitchain.sources.typed_tables import match_columns
    from profitchain.sources.warehouse import read_from_engine

    source, raw = company.tables[table], read_from_engine(con, table, company)
    theirs, _ = match_columns(contract_of(table, company), raw, company)
    written = source.table or source.query or source.file or ""
    told = mark(con, raw.relation, sorted(set(theirs.values())))
    return hashlib.sha256(f"{written}\n{told}".encode()).hexdigest()
