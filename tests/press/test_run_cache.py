"""Only what changed runs again: whatever a page hangs on is in the key of its run."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path
from unittest import mock

import editions
import pandas as pd
import pytest
from editions import contents, publish_here, write_company
from test_publish import ANSWER, write_notebook

from profitchain.core import provenance
from profitchain.core.provenance import PACKAGE
from profitchain.pages.failures import NotebookFailed
from profitchain.press import publish, run_cache

WINDOW = "within_days: int = 90  # days"
RECORDS = """\
from profitchain.exhibits import findings
from profitchain.core.estimates import Estimate

said = Estimate(value=1.0, low=0.0, high=2.0, n=9, unit="share")
findings.record(findings.finding("x", said, label="A share"))"""
SHORT = "notebooks/03_short.ipynb"
EVERY = {"00_summary", "03_short", "05_window"}


@pytest.fixture(scope="session")
def prepared(tmp_path_factory) -> Path:
    """A small company whose period is prepared: each test gets a copy of it, store and all."""
    days = pd.date_range("2025-12-01", "2026-03-31", freq="D")
    orders = pd.DataFrame({"customer_id": "C1", "ordered_at": days, "revenue": 1})
    orders.insert(0, "order_id", range(len(days)))
    privacy = {"smallest_group": 1}  # else what was published stands
    folder = tmp_path_factory.mktemp("prepared") / "shop"
    company = write_company(folder, {"orders": orders}, privacy=privacy)
    publish.read_period(company, "2026Q1")
    return company


@pytest.fixture
def shop(prepared, tmp_path, monkeypatch) -> Path:
    """A small company; its edition is made of three notebooks, in a folder that the press takes."""
    notebooks = tmp_path / "notebooks"
    notebooks.mkdir()
    write_notebook(notebooks, "00_summary", ANSWER, "from profitchain.exhibits import findings\n\n"
                   "told = len(findings.read_findings(edition).pages)")  # fmt: skip
    write_notebook(notebooks, "03_short", ANSWER)
    path = write_notebook(notebooks, "05_window", ANSWER)
    path.write_text(path.read_text().replace("# period", f"# period\\n{WINDOW}"))
    monkeypatch.setattr(publish, "NOTEBOOKS", notebooks)
    sources = shutil.ignore_patterns("__pycache__")
    package = shutil.copytree(PACKAGE, tmp_path / "package", ignore=sources)
    monkeypatch.setattr(provenance, "PACKAGE", package)
    return Path(shutil.copytree(prepared, tmp_path / "shop"))


def ran(shop: Path, **how: object) -> set[str]:
    """Publish the edition and return the notebooks that ran for it."""
    run, names = editions.run_here, set()

    def noted(path: Path, *given: object) -> object:
        names.add(path.stem)
        return run(path, *given)

    with mock.patch.object(editions, "run_here", noted):
        publish_here(shop, "2026Q1", out=shop.parent / "reports", fresh=False, **how)
    return names


def replace(file: str, old: str, new: str) -> Callable[[Path, pytest.MonkeyPatch], None]:
    """Return what changes some words in a file."""

    def change(folder: Path, _patch: pytest.MonkeyPatch) -> None:
        path = folder / file
        text = path.read_text(encoding="utf-8")
        assert old in text
        path.write_text(text.replace(old, new, 1), encoding="utf-8")

    return change


def install_another(_folder: Path, patch: pytest.MonkeyPatch) -> None:
    class Package:
        @staticmethod
        def read_text(_file: str) -> str:
            return "Metadata-Version: 2.4\nName: pandas\nVersion: 99\n"

    patch.setattr(provenance, "distributions", lambda: [Package])


def add_module(folder: Path, _patch: pytest.MonkeyPatch) -> None:
    (folder / "notebooks" / "ours.py").write_text("x = 1\n")


def tear(folder: Path, _patch: pytest.MonkeyPatch) -> None:
    for path in (folder / "shop" / ".store").glob("*/runs/*"):
        path.write_bytes(path.read_bytes()[:-9])


def nothing(_folder: Path, _patch: pytest.MonkeyPatch) -> None: ...


@pytest.mark.parametrize(
    ("change", "how", "again"),
    [
        (nothing, {}, set()),
        (replace(SHORT, "All is well", "So it is"), {}, {"00_summary", "03_short"}),
        (replace(SHORT, "Is 03_short", "Why is it"), {}, {"00_summary", "03_short"}),
        (nothing, {"settings": {"within_days": "30"}}, {"05_window"}),
        (nothing, {"spoken": ["zh-Hant"]}, EVERY),
        (nothing, {"spoken": ["en", "zh-Hant"]}, EVERY),
        (replace("shop/orders.csv", ",1\n", ",2\n"), {}, EVERY),
        (replace("shop/company.yml", "EUR", "USD"), {}, EVERY),
        (replace("package/words/prose.py", '"""', '"""A change. '), {}, EVERY),
        (replace("package/core/locales/zh_Hant/notebooks.po", "\n", "\n#\n"), {}, EVERY),
        (install_another, {}, EVERY),
        (add_module, {}, EVERY),
        (tear, {}, EVERY),
    ],
)  # fmt: skip
def test_what_changed_runs_again_and_nothing_else(shop, monkeypatch, change, how, again):
    assert ran(shop) == EVERY
    change(shop.parent, monkeypatch)
    assert ran(shop, **how) == again


def test_an_edition_of_which_nothing_changed_is_the_same_byte_by_byte_and_fresh_runs_all(shop):
    assert ran(shop) == EVERY
    edition = shop.parent / "reports" / "shop" / "2026Q1"
    before = contents(edition)
    assert ran(shop) == set()
    assert contents(edition) == before
    publish_here(shop, "2026Q1", out=shop.parent / "reports", fresh=True)
    assert contents(edition) == before


def test_the_summary_runs_again_when_a_number_moved(shop):
    notebooks = shop.parent / "notebooks"
    write_notebook(notebooks, "03_short", ANSWER, RECORDS)
    assert ran(shop) == EVERY
    write_notebook(notebooks, "03_short", ANSWER, RECORDS.replace("1.0", "1.5"))
    assert ran(shop) == {"00_summary", "03_short"}
    write_notebook(notebooks, "03_short", ANSWER, RECORDS.replace("1.0", "1.5"), "x = 1")
    assert ran(shop) == {"03_short"}


@pytest.mark.parametrize(
    "code",
    ["import pandas", "from pathlib import Path", "open('x.csv', 'a').close()", "%time 1",
     "from profitchain.pages import editions", "import profitchain.panel.edition",
     "__import__('os')", "import profitchain as pc\npc.open_edition('data/other')",
     "from profitchain.panel.edition import read_period\nread_period()",
     "from profitchain import open_edition as another\nanother('data/other')",
     "import profitchain as pc\nmap(pc.open_edition, ['data/other'])",
     "import profitchain as pc\ngetattr(pc, 'press')", "import profitchain as pc\npc.press",
     "company = 'data/other'"],
)  # fmt: skip
def test_a_notebook_that_may_read_what_no_key_knows_is_not_kept(shop, code):
    path = write_notebook(shop.parent / "notebooks", "03_short", ANSWER, code)
    edition = publish.read_period(shop, "2026Q1")
    keep = run_cache.RunCache(
        edition=edition, notebooks=path.parent, code="", parameters={}, tags=("en",)
    )
    assert keep.key(path) == ""


def test_a_notebook_that_reads_its_own_firms_rows_is_kept(shop):
    code = (
        "import profitchain as pc\nfrom profitchain import Period\n"
        "edition = pc.open_edition(company, period)\n"
        "edition.rows('orders', where={'ordered_at': Period(period)})"
    )
    path = write_notebook(shop.parent / "notebooks", "03_short", ANSWER, code)
    edition = publish.read_period(shop, "2026Q1")
    keep = run_cache.RunCache(
        edition=edition, notebooks=path.parent, code="", parameters={}, tags=("en",)
    )
    assert keep.key(path)


def test_every_shipped_notebook_is_kept(repo, shop):
    edition = publish.read_period(shop, "2026Q1")
    for path in (repo / "notebooks").glob("[0-9]*.ipynb"):
        keep = run_cache.RunCache(
            edition=edition, notebooks=path.parent, code="", parameters={}, tags=("en",)
        )
        assert keep.key(path), path.name


def test_a_failure_is_not_kept_and_what_is_not_measured_is(shop):
    notebooks = shop.parent / "notebooks"
    write_notebook(notebooks, "03_short", "edition.table('events')")
    assert ran(shop) == EVERY
    assert ran(shop) == set()
    kept_before = len(list((shop / ".store").glob("*/runs/*")))
    write_notebook(notebooks, "05_window", "1 / 0")
    with pytest.raises((NotebookFailed, ZeroDivisionError)):
        ran(shop)
    assert len(list((shop / ".store").glob("*/runs/*"))) == kept_before


def test_what_changes_while_notebooks_run_is_not_kept_under_what_was_before(shop, monkeypatch):
    run = run_cache.RunCache.still_holds
    monkeypatch.setattr(
        run_cache.RunCache, "still_holds",
        lambda self: (add_module(shop.parent, monkeypatch), run(self))[1],
    )  # fmt: skip
    assert ran(shop) == EVERY
    assert list((shop / ".store").glob("*/runs/*")) == []


def test_only_the_latest_runs_are_kept(shop, monkeypatch):
    monkeypatch.setattr(run_cache, "RUNS_KEPT", 2)
    ran(shop)
    assert len(list((shop / ".store").glob("*/runs/*"))) == 2
