"""What tests share: where the checkout is, real data where present, a browser where present."""

from __future__ import annotations

import gc
import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from types import CodeType

import hypothesis
import pytest

gc.disable()  # what is imported is no garbage
os.environ["MPLBACKEND"] = "Agg"
for library in ("OMP", "OPENBLAS", "MKL"):  # as in a notebook's kernel: else last digits may differ
    os.environ[f"{library}_NUM_THREADS"] = "1"
os.environ.pop("PROFITCHAIN_BUILD", None)
sys.modules.setdefault("rfc3987_syntax", None)  # see pages/notebooks.py: else a second to import

TESTS = Path(__file__).resolve().parent
REPO = TESTS.parent
CHROMIUM = ("chromium", "chromium-browser", "google-chrome")
CHROMIUM_SWITCHES = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)

# Fixtures that publish or prepare a whole edition, functions that prepare a firm or judge its rows,
# and files that do little else or draw many worlds: `test --quick` leaves out what needs them. Of
# the tests that judge rows it keeps each file's first.
EDITIONS = {
    *("example_reports", "example_by_command", "olist_reports", "published", "edition"),
    *("checkout", "hostile"),
}
PREPARING = {"publish_here", "open_edition", "read_period"}  # functions that prepare a firm
JUDGING = {"open_intake", "read_parts"}
LONG = {
    "edition": {
        *("test_edition", "test_odd_firms", "test_languages", "test_read_period", "test_customers"),
        *("test_large_company", "test_launcher", "test_run_cache", "test_publish", "test_cli"),
        *("test_notebook_process", "test_customer_lists", "test_write_example", "test_engine"),
        *("test_bench", "test_new_notebook", "test_edition_cache", "test_personal_data"),
        *("test_parquet_cache", "test_edition_rows", "test_snapshots", "test_notebooks"),
        *("test_periods_of_firms", "test_faults", "test_raw_exports", "test_missing_editions"),
        *("test_shared_numbers", "test_watch_of_firms", "test_programmes_of_firms"),
        *("test_histories", "test_ledger", "test_published_windows", "test_of_firms", "test_audit"),
        *("test_file_parts", "test_plain_files", "test_documentation", "test_identities"),
    },
    "worlds": {
        *("test_truth", "test_certify", "test_designs", "test_churn_model", "test_grading_rules"),
        *("test_sampling_weights", "test_bgnbd_gammagamma", "test_response_rate"),
        *("test_repeat_effect", "test_value_of_a_point", "test_segment_comparisons"),
        *("test_driver_truth", "test_mending", "test_leading", "test_windows"),
    },
}

# Files begun first where several processes share the work: the last one of a long run is short, and
# nobody waits for the example's edition, which the first one publishes.
LONGEST = (
    *("test_access", "test_edition", "test_engine", "test_odd_firms", "test_designs"),
    *("test_value_of_a_point", "test_repeat_effect", "test_run_cache", "test_publish"),
    *("test_certify", "test_browser", "test_journeys", "test_churn_model", "test_response_rate"),
    *("test_large_company", "test_languages"),
)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Put long files first; mark tests of whole editions and of many worlds, by what they use."""
    place = {name: at for at, name in enumerate(LONGEST)}
    items.sort(key=lambda item: place.get(item.path.stem, len(place)))
    judged: set[Path] = set()
    for item in items:
        names = set(getattr(item, "fixturenames", ())), _names_used(item)
        if "browser" in names[0]:
            item.add_marker("browser")
        if names[0] & EDITIONS or names[1] & PREPARING or item.path.stem in LONG["edition"]:
            item.add_marker("edition")
        elif names[1] & JUDGING:
            if item.path in judged:
                item.add_marker("edition")
            judged.add(item.path)
        drawn = (
            "WORLDS" in names[1]
            or "worlds" in item.name
            or hasattr(getattr(item, "obj", None), "hypothesis")
        )
        if drawn or item.path.stem in LONG["worlds"]:
            item.add_marker("worlds")


def _names_used(item: pytest.Item) -> set[str]:
    """Return the names in a test, its fixtures and the tests' own functions that they call."""
    fixtures = getattr(getattr(item, "_fixtureinfo", None), "name2fixturedefs", {})
    found: set[str] = set()
    ahead = [getattr(item, "function", None), *(defs[-1].func for defs in fixtures.values())]
    seen: set[object] = set()
    while ahead:
        function = ahead.pop()
        code = getattr(function, "__code__", None)
        if code is None or code in seen or not Path(code.co_filename).is_relative_to(TESTS):
            continue
        seen.add(code)
        found |= {name for part in _parts(code) for name in part.co_names}
        ahead += [function.__globals__[name] for name in found if name in function.__globals__]
    return found


def _parts(code: CodeType) -> Iterator[CodeType]:
    """Yield a function's code and that of the functions inside it."""
    yield code
    for inner in code.co_consts:
        if isinstance(inner, CodeType):
            yield from _parts(inner)


def pytest_collection_finish() -> None:
    """Leave imports out of rounds of garbage, make rounds rare, and write equal queries once."""
    gc.enable()
    gc.collect()
    gc.freeze()
    gc.set_threshold(50_000, 20, 50)  # else a tenth of preparing a firm
    if "ibis" in sys.modules:
        from certify.compiled_once import compile_once

        compile_once()


hypothesis.settings.register_profile("suite", derandomize=True, deadline=None, database=None)
hypothesis.settings.load_profile("suite")


@pytest.fixture(scope="session")
def repo() -> Path:
    """The folder that holds README.md, notebooks, lib and the rest."""
    return REPO


@pytest.fixture(scope="session")
def shared_data() -> Callable[[str], Path]:
    """A function from a data set's name ("olist", "cdnow") to its folder; skips where absent.

    The folder is named by OLIST_DATA or CDNOW_DATA, else it is ../shared/data/NAME.
    """

    def folder(name: str) -> Path:
        variable = f"{name.upper()}_DATA"
        path = Path(os.environ.get(variable) or REPO.parent / "shared" / "data" / name)
        if not path.is_dir():
            pytest.skip(f"needs the {name} data: set {variable} to its folder")
        return path

    return folder


@pytest.fixture(scope="session")
def shared_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder of this run of tests, the same for all its processes where they can take turns."""
    own = tmp_path_factory.getbasetemp()
    return own.parent if os.name == "posix" and "PYTEST_XDIST_WORKER" in os.environ else own


@pytest.fixture(scope="session")
def example(repo: Path, shared_folder: Path) -> Path:
    """A copy of the example company in `data/example` of some folder, with a store of this run.

    No test reads or writes the store of the checkout's own.
    """
    from editions import copied_once

    return copied_once(repo / "data" / "example", shared_folder / "firms" / "data" / "example")


@pytest.fixture(scope="session")
def example_reports(example: Path, shared_folder: Path) -> Path:
    """The example's editions of two periods, to be looked at and never changed."""
    from editions import LANGUAGES, published_once

    periods = {"2026Q2": LANGUAGES[:2], "2026Q3": LANGUAGES}
    return published_once(shared_folder / "example", example, periods, again="2026Q3")


@pytest.fixture(scope="session")
def example_by_command(example: Path, shared_folder: Path) -> Path:
    """A folder of editions: the example's last period, published by the command as a newcomer."""
    from editions import SECRET, first

    out = shared_folder / "command"
    with first(out) as is_first:
        if is_first:
            done = subprocess.run(
                [sys.executable, "-m", "profitchain", "report", "--fresh", "--out", out],
                cwd=example.parents[1], env=os.environ | {"SHOP_PASSWORD": SECRET},
                capture_output=True, text=True,
            )  # fmt: skip
            assert done.returncode == 0, done.stderr
            assert done.stdout.splitlines() == [str(out / "example" / "2026Q3" / "index.html")]
    return out


@pytest.fixture(scope="session")
def olist_reports(repo: Path, shared_folder: Path, shared_data: Callable[[str], Path]) -> Path:
    """An edition of Olist, to be looked at and never changed; skips where its data are absent."""
    from editions import LANGUAGES, copied_once, published_once

    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("OLIST_DATA", str(shared_data("olist")))
        firms = shared_folder / "firms" / "data"
        company = copied_once(repo / "data" / "olist", firms / "olist")
        return published_once(shared_folder / "olist", company, {"2018Q1": LANGUAGES})


@pytest.fixture(scope="session")
def browser() -> Iterator[object]:
    """A headless Chromium (playwright's Browser); skips where one of the two is absent."""
    reason = "needs playwright and axe: .venv/bin/python -m pip install -e './lib[browser]'"
    playwright = pytest.importorskip("playwright.sync_api", reason=reason)
    pytest.importorskip("axe_playwright_python", reason=reason)
    path = next(filter(None, map(shutil.which, CHROMIUM)), None)
    if path is None:
        pytest.skip("needs Chromium: apt-get install chromium")
    with playwright.sync_playwright() as driver:
        chromium = driver.chromium.launch(executable_path=path, args=list(CHROMIUM_SWITCHES))
        yield chromium
        chromium.close()
