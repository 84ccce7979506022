"""What an older code computed is not taken for today's: all packages' modules are in the key."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from house import PACKAGE, PACKAGES

from profitchain.core import provenance
from profitchain.intake import fingerprints


@pytest.fixture(scope="module")
def copied(tmp_path_factory) -> Path:
    """A copy of the package's Python files, in which modules may be edited."""
    only_python = shutil.ignore_patterns("__pycache__", "locales", "templates")
    return shutil.copytree(
        PACKAGE, tmp_path_factory.mktemp("lib") / "profitchain", ignore=only_python
    )


@pytest.mark.parametrize("package", ["", *PACKAGES])
def test_an_edited_module_of_any_package_changes_the_key_of_stores_and_runs(
    copied, package, monkeypatch, tmp_path
):
    monkeypatch.setattr(fingerprints, "PACKAGE", copied)
    monkeypatch.setattr(provenance, "PACKAGE", copied)
    monkeypatch.setattr(provenance, "distributions", list)  # slow, and none of ours
    before = fingerprints.code_version(), provenance.code_of(tmp_path)
    assert before == (fingerprints.code_version(), provenance.code_of(tmp_path))
    module = sorted((copied / package).glob("[a-z]*.py"))[0]
    module.write_text(module.read_text(encoding="utf-8") + "\n# edited\n", encoding="utf-8")
    stores, runs = fingerprints.code_version(), provenance.code_of(tmp_path)
    assert stores != before[0]
    assert runs != before[1]


def test_a_module_that_moves_changes_the_key(copied, monkeypatch):
    monkeypatch.setattr(fingerprints, "PACKAGE", copied)
    before = fingerprints.code_version()
    (copied / "stats" / "glm.py").rename(copied / "effects" / "glm.py")
    assert fingerprints.code_version() != before
