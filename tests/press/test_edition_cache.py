"""An edition stands only where nothing that it is made of, or consists of, has changed."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path

import duckdb
import pytest
from editions import Here, run_here
from test_publish import write_notebook
from test_run_cache import ANSWER, RECORDS, SHORT, add_module, install_another, replace
from test_run_cache import prepared as prepared  # fixtures
from test_run_cache import shop as shop

from profitchain import cli
from profitchain.core import provenance
from profitchain.core.errors import CompanyError
from profitchain.intake.fingerprints import fingerprint
from profitchain.panel.edition import open_edition
from profitchain.press import edition_cache, fork_server, record
from profitchain.press import publish as publishing
from profitchain.sources.company import load_company

Change = Callable[[Path, pytest.MonkeyPatch], None]
EDITION = "reports/shop/2026Q1"


@pytest.fixture
def made(shop, monkeypatch) -> Callable[..., int]:
    """Report by the command line; return how often an edition was made by that."""
    times: list[object] = []
    publish = publishing.publish
    monkeypatch.setattr(provenance, "NOTEBOOKS", publishing.NOTEBOOKS)
    monkeypatch.setenv(fork_server.PLAIN, "plain")
    monkeypatch.setattr(publishing, "ProcessPoolExecutor", Here)
    monkeypatch.setattr(publishing, "run", run_here)
    monkeypatch.setattr(
        publishing, "publish", lambda *a, **k: (times.append(a), publish(*a, **k))[1]
    )

    def report(*more: str, out: str = "reports", period: str = "2026Q1") -> int:
        times.clear()
        where = ["--company", str(shop), "--out", str(shop.parent / out)]
        assert cli.main(["report", period, *where, *more]) in (0, 1)
        return len(times)

    return report


def write(file: str, text: str = "x") -> Change:
    """Return what writes a file, or adds to one."""

    def change(folder: Path, _patch: pytest.MonkeyPatch) -> None:
        path = folder / file
        path.parent.mkdir(parents=True, exist_ok=True)
        with path.open("a", encoding="utf-8") as opened:
            opened.write(text)

    return change


def remove(file: str) -> Change:
    return lambda folder, _patch: (folder / file).unlink()


def add_notebook(folder: Path, _patch: pytest.MonkeyPatch) -> None:
    write_notebook(folder / "notebooks", "09_more", ANSWER)


def tear_marks(folder: Path, _patch: pytest.MonkeyPatch) -> None:
    for path in (folder / "shop" / ".store" / "standing").iterdir():
        path.write_bytes(path.read_bytes()[:-9])


CHANGES = {
    "words of a notebook": replace(SHORT, "All is well", "So it is"),
    "one more notebook": add_notebook,
    "a table": replace("shop/orders.csv", ",1\n", ",2\n"),
    "company.yml": replace("shop/company.yml", "EUR", "USD"),
    "what people say": write("shop/commentary/2026Q1.md", "## 03_short\n\nWell said.\n"),
    "code": replace("package/words/prose.py", '"""', '"""A change. '),
    "a template": write("package/templates/page/index.html.j2"),
    "a package's version": install_another,
    "a module beside the notebooks": add_module,
    "a page": write(f"{EDITION}/03_short.html"),
    "one more file of the edition": write(f"{EDITION}/more.txt"),
    "one page less": remove(f"{EDITION}/05_window.html"),
    "the workbook": remove(f"{EDITION}/edition.xlsx"),
    "the list of firms": write("reports/index.html"),
    "the list of editions": remove("reports/shop/index.html"),
    "the long table": write("reports/shop/findings.csv"),
    "another edition": write("reports/shop/2025Q4/record.json", "{}"),
    "another firm": write("reports/other/2025Q4/record.json", "{}"),
    "the mark": tear_marks,
}


def test_what_changed_is_made_anew(shop, made, monkeypatch):
    assert (made(), made()) == (1, 0)
    for what, change in CHANGES.items():
        change(shop.parent, monkeypatch)
        assert made() == 1, what
    assert made() == 0


def test_what_was_not_asked_for_before_is_made(made):
    assert (made(), made("--fresh"), made()) == (1, 1, 0)
    assert (made(out="elsewhere"), made()) == (1, 0)
    for more in (["--set", "within_days=30"], ["--only", "03_short"], ["--language", "zh-Hant"]):
        assert (made(*more), made(*more)) == (1, 0), more
    assert (made(period="2026-02"), made(period="2026-02")) == (1, 0)
    assert made() == 1  # the firm's own pages have changed since
    assert (made(period="2026-02"), made(), made(period="2026-02")) == (1, 0, 0)


def test_what_nobody_can_know_to_be_unchanged_is_made_each_time(made, monkeypatch):
    monkeypatch.setattr(edition_cache, "is_of_files", lambda _firm: False)
    assert made() == made() == 1


def test_a_notebook_that_may_read_anything_never_lets_an_edition_stand(shop, made):
    notebooks = shop.parent / "notebooks"
    write_notebook(notebooks, "03_short", ANSWER, "import pandas")
    assert made() == made() == 1
    write_notebook(notebooks, "03_short", ANSWER, RECORDS)
    assert (made(), made()) == (1, 0)


def test_what_changes_while_it_is_made_does_not_stand(shop, made, monkeypatch):
    write_all = publishing.index_pages.write_index_pages
    monkeypatch.setattr(
        publishing.index_pages,
        "write_index_pages",
        lambda out: (write_all(out), add_module(shop.parent, monkeypatch)),
    )
    assert made() == made() == 1


def test_an_edition_made_again_keeps_the_record_of_its_first_making(shop, made, monkeypatch):
    place = shop.parent / EDITION / "record.json"
    assert made() == 1
    first = place.read_bytes()
    monkeypatch.setattr(record, "commit", lambda: "another")
    assert (made(), made("--fresh")) == (0, 1)
    assert place.read_bytes() == first
    replace("shop/orders.csv", ",1\n", ",2\n")(shop.parent, monkeypatch)
    assert made() == 1
    assert json.loads(place.read_bytes())["commit"] == "another"


def test_a_patch_of_python_changes_no_byte(shop, made, monkeypatch):
    assert made() == 1
    before = {path: path.read_bytes() for path in (shop.parent / EDITION).rglob("*.*")}
    monkeypatch.setattr(record.sys, "version_info", (*record.sys.version_info[:2], 99, "final", 0))
    assert made("--fresh") == 1
    assert {path: path.read_bytes() for path in before} == before


READ_BY_A_QUERY = {
    "a file": "export.csv",
    "a file of many": "more/2.csv",
    "a database": "shop.duckdb",
    "what a database has yet to take in": "shop.duckdb.wal",
    "the query": "company.yml",
}


def test_all_that_a_query_can_read_is_in_what_an_edition_is_made_of(shop, made, monkeypatch):
    (shop / "more").mkdir()
    (shop / "orders.csv").rename(shop / "export.csv")
    for number in (1, 2):
        (shop / "more" / f"{number}.csv").write_text(f"a,b\n{number},1\n")
    undeclared = Path(shutil.copy(shop / "export.csv", shop / "undeclared.csv"))
    with duckdb.connect(shop / "shop.duckdb") as con:
        con.execute("CREATE TABLE t AS SELECT 1 AS a")
        con.execute(f"CREATE VIEW v AS SELECT * FROM '{undeclared}'")
    query = "SELECT e.* FROM export e, t LEFT JOIN m ON t.a::VARCHAR = m.a"
    files = {"export": "export.csv", "m": "more/*.csv"}
    source = {"query": query, "files": files, "database": "shop.duckdb"}
    told = json.loads((shop / "company.yml").read_text())
    (shop / "company.yml").write_text(json.dumps(told | {"tables": {"orders": source}}))
    assert (made(), made()) == (1, 0)
    before = fingerprint(load_company(shop))
    for what, file in READ_BY_A_QUERY.items():
        write(f"shop/{file}", " \n")(shop.parent, monkeypatch)
        after = fingerprint(load_company(shop))
        assert after != before, what
        before = after
    (shop / "shop.duckdb.wal").unlink()
    for reads in ({"query": "SELECT * FROM v"}, {"table": "v"}):
        source = {"database": "shop.duckdb"} | reads
        (shop / "company.yml").write_text(json.dumps(told | {"tables": {"orders": source}}))
        with pytest.raises(CompanyError, match="names a file itself"):
            open_edition(shop, "2026Q1")
