"""Whether an added or changed notebook would publish what belongs to single customers.

Customers' ids, e-mail addresses and what customers wrote. Shipped notebooks show none; in others, a
cell that is meant to carries the tag `personal-data-allowed`.
"""

from __future__ import annotations

import html
import re
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path

import ibis
import pyarrow.parquet as pq

from profitchain.exports.file_parts import has_parts, read_raw
from profitchain.intake.fingerprints import CUSTOMER_IDS
from profitchain.pages import notebooks
from profitchain.pages.failures import Failure
from profitchain.pages.notebooks import nbformat
from profitchain.pages.page import INJECTED
from profitchain.panel.edition import Edition, read_period
from profitchain.sources.company import Company
from profitchain.sources.engine import close, is_embedded, open_engine
from profitchain.sources.warehouse import read_from_engine

ALLOWED = "personal-data-allowed"  # tag of a cell
COMMENTS = {"responses": "comment", "contacts": "text", "mentions": "text"}  # our names of columns
SHORTEST = 15  # letters of a comment that nobody else writes by chance
COMPARED = 40  # first letters of a comment: pandas shows 46 of a long one
_EMAIL = re.compile(r"(?<![\w.+/-])[\w.+-]+@((?:[\w-]+\.)+[a-z]{2,})\b(?![-/\w])", flags=re.I)
_NO_ADDRESS = re.compile(  # files such as logo@2x.png, and domains that belong to nobody
    r"(?:^|\.)(?:example\.(?:com|net|org)|example|invalid|test|localhost|png|jpe?g|gif|svg|webp|"
    r"css|m?js|html?|ipynb|py|csv|json)$",
    flags=re.I,
)
_TOKEN = re.compile(r"[^\s,;|\"'`<>(){}\[\]=]+")
_ID = re.compile(r"(?=.*\d)(?=.*[^\W\d_]).{4,}")  # no number and no word is one by chance


def failure(
    path: Path, executed: Iterable[nbformat.NotebookNode], parameters: Mapping[str, object]
) -> Failure | None:
    """Return why a notebook that isn't as shipped can't be published; None if it can.

    `executed` are its languages' turns, `parameters` those of the run: whose edition it shows.
    """
    if notebooks.state_of(path) == "shipped":
        return None
    outputs: dict[int, str] = {}
    for notebook in executed:
        for cell, text in _texts(notebook):
            outputs[cell] = f"{outputs.get(cell, '')}\n{text}"
    edition = read_period(str(parameters["company"]), str(parameters["period"]))
    for cell, kind in _kinds(outputs, edition):
        what = (
            f"it would publish {kind}. Show sums, means or counts of customers instead; if it "
            f"is meant, give the cell the tag {ALLOWED}"
        )
        return Failure(notebook=path.name, stop="unusable", error=f"In cell {cell}, {what}")
    return None


def _texts(notebook: nbformat.NotebookNode) -> Iterator[tuple[int, str]]:
    """Yield the number, from 1, of each cell that shows something, and what it shows as text."""
    cells = [c for c in notebook.cells if INJECTED not in c.metadata.get("tags", [])]
    for number, cell in enumerate(cells, 1):
        outputs = [] if ALLOWED in cell.metadata.get("tags", []) else cell.get("outputs", [])
        if texts := [text for output in outputs for text in _strings(output)]:
            yield number, "\n".join(texts)


def _strings(value: object) -> Iterator[str]:
    """Yield all strings inside an output but for drawings' bytes, as a reader sees them."""
    if isinstance(value, str):
        yield html.unescape(value)
    elif isinstance(value, Mapping):
        for key, inner in value.items():
            if not str(key).startswith("image/") or key == "image/svg+xml":
                yield from _strings(inner)
    elif isinstance(value, list | tuple):
        for inner in value:
            yield from _strings(inner)


def _kinds(outputs: Mapping[int, str], edition: Edition) -> Iterator[tuple[int, str]]:
    """Yield where something personal stands, and of which kind."""
    yield from ((cell, "customers' ids") for cell in _with_ids(outputs, edition))
    own_addresses = set(_addresses(_settings(edition.company)))
    for cell, text in outputs.items():
        if set(_addresses(text)) - own_addresses:
            yield cell, "e-mail addresses"
    yield from ((cell, "what customers wrote") for cell in _with_comments(outputs, edition.company))


def _settings(company: Company) -> str:
    return (company.folder / "company.yml").read_text(encoding="utf-8")


def _addresses(text: str) -> Iterator[str]:
    return (match[0].lower() for match in _EMAIL.finditer(text) if not _NO_ADDRESS.search(match[1]))


def _with_ids(outputs: Mapping[int, str], edition: Edition) -> list[int]:
    """Return the cells that show ids of the edition's customers.

    An id that could be a number or a word counts only below the name of its column.
    """
    names = {"customer_id"} | {
        source.columns["customer_id"]
        for source in edition.company.tables.values()
        if "customer_id" in source.columns
    }
    candidates: dict[int, set[str]] = {}
    for cell, text in outputs.items():
        tokens = {part.strip(".:!?") for part in _TOKEN.findall(text)}
        named = bool(names & tokens)
        candidates[cell] = {token for token in tokens - names if named or _ID.fullmatch(token)}
    ids_to_find = set().union(*candidates.values())
    place = edition.folder / f"{CUSTOMER_IDS}.parquet"
    if not ids_to_find or not place.exists():
        return []
    filters = [("customer_id", "in", ids_to_find)]
    rows = pq.read_table(place, columns=["customer_id"], filters=filters)
    ids = set(rows["customer_id"].to_pylist())
    return [cell for cell, tokens in candidates.items() if tokens & ids]


def _with_comments(outputs: Mapping[int, str], company: Company) -> list[int]:
    """Return the cells that show the beginning of a comment, in any line breaks."""
    texts = {cell: " ".join(text.split()) for cell, text in outputs.items()}
    places = ((text, at) for text in texts.values() for at in range(len(text) - SHORTEST + 1))
    starts = {text[at : at + SHORTEST] for text, at in places}
    comments = {line[:COMPARED] for line in _comments(company, starts)} if starts else set()
    return [cell for cell, text in texts.items() if any(line in text for line in comments)]


def _comments(company: Company, starts: set[str]) -> Iterator[str]:
    """Yield what customers wrote and begins in one of these ways; the engine looks through all."""
    for table, column in COMMENTS.items():
        if table not in company.tables:
            continue
        joined = has_parts(company.tables[table])
        name = column if joined else company.tables[table].columns.get(column, column)
        with open_engine(company) as (con, scratch):
            if is_embedded(con):
                raw = read_raw(con, table, company, scratch=scratch)
            else:
                raw = read_from_engine(con, table, company)
            if name in raw.columns:
                line = raw.relation[name].cast("string").re_replace(r"\s+", " ").strip()
                rows = raw.relation.select(line=line)
                rows = rows.mutate(start=rows["line"].substr(0, SHORTEST))
                beginnings = ibis.memtable({"start": sorted(starts)})
                yield from rows.semi_join(beginnings, "start").to_pyarrow()["line"].to_pylist()
            close(con)
