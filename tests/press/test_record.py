"""What is published stands where a second making differs in last digits alone."""

import json
import shutil
from pathlib import Path

import pytest

from profitchain.press import record

EXAMPLE = next((Path(__file__).parents[2] / "reports" / "example").glob("20*"))
MODEL = "data/10_lifetime-lifetime-model.csv"


def _moved(text: str, relative: float) -> str:
    """Return findings.json with each value moved by so small a part of it."""
    rows = json.loads(text)
    return json.dumps([{**row, "value": row["value"] * (1 + relative)} for row in rows])


@pytest.fixture
def again(tmp_path: Path) -> tuple[Path, Path]:
    """Return a new making of the example, and the published one."""
    for name in ("new", "published"):
        shutil.copytree(EXAMPLE, tmp_path / name)
    return tmp_path / "new", tmp_path / "published"


@pytest.mark.parametrize(("relative", "stands"), [(1e-9, True), (1e-5, False)])
def test_last_digits_of_another_processor_replace_nothing(again, relative, stands):
    new, published = again
    findings = new / "findings.json"
    findings.write_text(_moved(findings.read_text(encoding="utf-8"), relative), encoding="utf-8")
    record.keep_published(new, published)
    same = [
        path.read_bytes() == (published / path.relative_to(new)).read_bytes()
        for path in new.rglob("*.*")
    ]
    assert all(same) == stands


def test_a_word_a_page_or_a_file_that_is_new_replaces_all(again):
    new, published = again
    before = {path: path.read_bytes() for path in published.rglob("*.*")}
    table = new / MODEL
    moved = table.read_text(encoding="utf-8").replace("1.5072149", "1.5072148")  # of the CPU
    table.write_text(moved, encoding="utf-8")
    page = new / "01_data.html"
    page.write_text(page.read_text(encoding="utf-8") + "<!-- new -->", encoding="utf-8")
    record.keep_published(new, published)
    assert table.read_text(encoding="utf-8") == moved
    assert {path: path.read_bytes() for path in published.rglob("*.*")} == before
