"""Whether a published edition is what it would be if it were made anew: then it simply stands.

Under the company's store lies a mark for what was asked for: a hash of all that an edition is made
of, of its own files, and of all firms' editions beside it. Where one of them is not as it was, or
can't be known (tables of an engine, a notebook that may read anything), it is made as ever.
"""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from profitchain.core.atomic import clear_up
from profitchain.core.errors import ProfitchainError
from profitchain.intake.fingerprints import STANDING, fingerprint, is_of_files
from profitchain.pages.verbatims import FILE as VERBATIMS
from profitchain.sources.company import find_company, load_company, store_of
from profitchain.sources.lot_files import LEFT_ALONE, LISTS
from profitchain.sources.own_claims import FILE as OWN_CLAIMS

COMMENTARY = "commentary"
RECORD = "record.json"
OF_ONE_MAKING = ("commit", "made_at", "seconds", "earlier")
MARKS_KEPT = 100


@dataclass(frozen=True, slots=True, kw_only=True)
class ReportRequest:
    """What a report was asked for, in its words: nothing is looked up yet."""

    company: str
    period: str
    out: str
    only: tuple[str, ...] = ()
    settings: tuple[tuple[str, str], ...] = ()
    spoken: tuple[str, ...] = ()

    @classmethod
    def of(cls, company: str | Path, period: str, **more: Any) -> ReportRequest:
        """Return what `publish.publish` is asked for by the same arguments."""
        settings = tuple((more.get("settings") or {}).items())
        lists = {name: tuple(more.get(name, ())) for name in ("only", "spoken")}
        return cls(
            company=str(company), period=period, out=str(more["out"]), settings=settings, **lists
        )


def standing_edition(request: ReportRequest, code: str, notebooks: Path) -> Path | None:
    """Return the folder of the edition that stands for what was asked; None if it is to be made.

    `code` is that of `provenance.code_of`.
    """
    with suppress(OSError, ValueError, LookupError, ProfitchainError):
        mark = json.loads(_place(request).read_text(encoding="utf-8"))
        folder = Path(mark["folder"])
        made_of = sources(request, code, notebooks)
        if made_of and mark["hash"] == _with_files(made_of, request, folder):
            with suppress(OSError):  # the disk may be closed
                clear_up(folder.parent)
            return folder
    return None


def mark_edition(request: ReportRequest, made_of: str, folder: Path) -> None:
    """Mark that an edition was made of these `sources`; a full or closed disk only costs time."""
    with suppress(OSError, ValueError, ProfitchainError):
        mark = {"folder": str(folder), "hash": _with_files(made_of, request, folder)}
        place = _place(request)
        place.parent.mkdir(exist_ok=True)
        making = place.with_suffix(f".{os.getpid()}")
        making.write_text(json.dumps(mark), encoding="utf-8")
        making.replace(place)
        marks = sorted(place.parent.iterdir(), key=lambda path: path.stat().st_mtime)
        for old in marks[:-MARKS_KEPT]:
            old.unlink(missing_ok=True)


def sources(request: ReportRequest, code: str, notebooks: Path) -> str:
    """Return a hash of all that an edition is made of, outside its folder; "" if it can't be told.

    That is what was asked, code, notebooks, company.yml, the tables, commentary, released texts,
    the firm's own claims.
    """
    firm = load_company(find_company(request.company))
    if not is_of_files(firm):
        return ""
    parts = [json.dumps(asdict(request)), str(Path(request.out).resolve()), code]
    parts += [str(firm.folder), fingerprint(firm)]
    read = [*notebooks.glob("*.ipynb"), *(firm.folder / COMMENTARY).rglob("*")]
    read += [*(firm.folder / LISTS).rglob(VERBATIMS), firm.folder / LISTS / LEFT_ALONE]
    read += firm.folder.glob(OWN_CLAIMS)
    parts += [f"{path} {_hash(path.read_bytes())}" for path in sorted(read) if path.is_file()]
    return hashlib.sha256("\n".join(parts).encode()).hexdigest()


def _place(request: ReportRequest) -> Path:
    options = json.dumps([*asdict(request).values(), str(Path(request.out).resolve())])
    name = hashlib.sha256(options.encode()).hexdigest()[:24]
    firm = load_company(find_company(request.company))
    return store_of(firm) / STANDING / f"{name}.json"


def _with_files(made_of: str, request: ReportRequest, folder: Path) -> str:
    """Return a hash of what an edition is made of and consists of, and of what lies beside it."""
    own = {path: path.read_bytes() for path in _files(folder)}
    beside = {path: lasting(path) for path in _beside(Path(request.out))}
    lines = [
        f"{path} {_hash(contents[path])}" for contents in (own, beside) for path in sorted(contents)
    ]
    return hashlib.sha256("\n".join([made_of, *lines]).encode()).hexdigest()


def _files(folder: Path) -> Iterator[Path]:
    return (path for path in folder.rglob("*") if path.is_file())


def _beside(out: Path) -> Iterator[Path]:
    """Yield what pages lead to, and what is made anew with each edition: all of all firms."""
    yield from out.glob("index.html")
    for firm in {record.parent.parent for record in out.glob(f"[!.]*/*/{RECORD}")}:
        yield from _files(firm)


def lasting(path: Path) -> bytes:
    """Return a file's content; of a record, what stays when the same edition is made once more."""
    content = path.read_bytes()
    if path.name != RECORD:
        return content
    record = {
        name: value for name, value in json.loads(content).items() if name not in OF_ONE_MAKING
    }
    return json.dumps(record).encode()


def _hash(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()
