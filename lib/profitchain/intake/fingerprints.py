"""Whether a firm's data are still those that summaries were made from, without reading them all.

Files are known by their bytes. A table of the firm's own engine is known by its number of rows and
sums of their hashes (`temp_tables.content_digest`), over the columns that a schema names.
"""

from __future__ import annotations

import hashlib
import json
import os
from typing import Any

from profitchain.core.provenance import PACKAGE, file_hash
from profitchain.sources.company import Company, table_names
from profitchain.sources.company_file import expand
from profitchain.sources.connections import EMBEDDED, backend_of
from profitchain.sources.loading import source_hash
from profitchain.sources.lot_files import lot_hashes

CUSTOMER_IDS = "customer_ids"  # the summary that no page may read
LINK_ANSWERS = "link_answers"  # the single answers behind a large firm's cells of the link
STANDING = "standing"  # the folder of what is known of published editions
_HASHES = "PROFITCHAIN_MARKS"  # in the environment of a report's notebooks
_BUILD = "PROFITCHAIN_BUILD"


def fingerprint(company: Company) -> str:
    """Return a sha256 of company.yml, its tests by lot and all that its tables are read from."""
    parts = [hashlib.sha256((company.folder / "company.yml").read_bytes()).hexdigest()]
    parts += [f"{table} {digest}" for table, digest in sorted(_current_hashes(company).items())]
    parts += lot_hashes(company.folder)
    parts += [os.environ.get(name, "") for name in sorted(table_names(company))]
    return hashlib.sha256("\n".join(parts).encode()).hexdigest()


def code_version() -> str:
    """Return a hash of the whole package's source: editions with the same one were made alike."""
    digest = hashlib.sha256()
    words = [*PACKAGE.glob("intake/*.yml"), *PACKAGE.glob("sources/formats/*.yml")]
    for path in sorted([*PACKAGE.rglob("*.py"), *words]):
        digest.update(f"{path.relative_to(PACKAGE).as_posix()} {file_hash(path)}\n".encode())
    return digest.hexdigest()


def is_of_files(company: Company) -> bool:
    """Tell whether all tables are files of this machine: no engine is needed for a fingerprint."""
    return all(_is_file(table, company) for table in company.tables)


def source_hashes(con: Any, company: Company) -> dict[str, str]:
    """Return the sha256 of what each table is read from; of an engine's table, of its digest."""
    return _hashes_of_parent(company) or _hashes(con, company)


def _current_hashes(company: Company) -> dict[str, str]:
    """Return the hashes, computed anew unless a report is being made.

    All pages of an edition must open the same summaries, so the process that makes an edition asks
    a firm's engine once and hands the hashes to its notebooks, which start with its environment.
    """
    if is_of_files(company):
        return {table: source_hash(table, company) for table in company.tables}
    if os.environ.get(_BUILD) and (hashes := _hashes_of_parent(company)):
        return hashes
    from profitchain.sources.engine import close, open_engine

    with open_engine(company) as (con, _):
        hashes = _hashes(con, company)
        close(con)
    os.environ[_HASHES] = json.dumps({"company": _key(company), "marks": hashes})
    return hashes


def _hashes_of_parent(company: Company) -> dict[str, str] | None:
    record = json.loads(os.environ.get(_HASHES, "{}"))
    return record["marks"] if record.get("company") == _key(company) else None


def _key(company: Company) -> str:
    place = f"{company.folder.resolve()}\n{company.model_dump_json()}"
    return hashlib.sha256(place.encode()).hexdigest()


def _is_file(table: str, company: Company) -> bool:
    """Tell whether a table is made of files of this machine, whatever engine reads them."""
    file = company.tables[table].file
    if backend_of(company.connect) == EMBEDDED:
        return True
    return file is not None and "://" not in expand(file)


def _hashes(con: Any, company: Company) -> dict[str, str]:
    from profitchain.sources.engine import is_embedded

    return {
        table: source_hash(table, company)
        if is_embedded(con) or _is_file(table, company)
        else _content_hash(con, table, company)
        for table in company.tables
    }


def _content_hash(con: Any, table: str, company: Company) -> str:
    from profitchain.sources.schemas import schema_of
    from profitchain.sources.temp_tables import content_digest
    from profitchain.sources.typed_tables import match_columns
    from profitchain.sources.warehouse import read_from_engine

    source, raw = company.tables[table], read_from_engine(con, table, company)
    source_names, _ = match_columns(schema_of(table, company), raw, company)
    place = source.table or source.query or source.file or ""
    digest = content_digest(con, raw.relation, sorted(set(source_names.values())))
    return hashlib.sha256(f"{place}\n{digest}".encode()).hexdigest()
