"""Where a firm's store lies, and by which code what lies in it was made."""

from __future__ import annotations

import hashlib
import os
import tempfile
from pathlib import Path

from profitchain.core.errors import CompanyError
from profitchain.core.provenance import PACKAGE, ROOT
from profitchain.sources.company import Company

CUSTOMER_IDS = "customer_ids"  # the summary that no page may read
LINK_ANSWERS = "link_answers"  # the single answers behind a large firm's cells of the link
STANDING = "standing"  # the folder of what is known of published editions


def find_company(company: str | Path) -> Path:
    """Return the company's folder, looked for from the current folder, then from the project's."""
    for base in (Path.cwd(), ROOT):
        folder = (base / Path(company).expanduser()).resolve()
        if (folder / "company.yml").is_file():
            return folder
    raise CompanyError(
        f"No company.yml in '{company}'. Name a folder that holds one, for instance data/example, "
        "or make an invented company: python3 lib example FOLDER."
    )


def store_of(company: Company) -> Path:
    """Return the company's store; where its folder can't be written, one among temporary files."""
    store = company.folder / ".store"
    try:
        store.mkdir(exist_ok=True)
        if not os.access(store, os.W_OK):
            raise PermissionError
    except OSError:
        place = hashlib.sha256(str(company.folder).encode()).hexdigest()[:16]
        store = Path(tempfile.gettempdir()) / f"profitchain-{os.getuid()}-{place}"
        store.mkdir(exist_ok=True, mode=0o700)
    return store


def code_version() -> str:
    """Return a hash of the whole package's source: editions with the same one were made alike."""
    digest = hashlib.sha256()
    for path in sorted(PACKAGE.rglob("*.py")):
        digest.update(f"\0{path.relative_to(PACKAGE).as_posix()}\0".encode() + path.read_bytes())
    return digest.hexdigest()
