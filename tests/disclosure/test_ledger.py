"""What was published stays, whoever is erased: no later edition tells of them."""

import json
import stat
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from editions import publish_here, said_in, write_company
from test_audit import IN_ORDER, SEGMENTS, SMALLEST, answers, counted, solved

from profitchain.core.errors import CompanyError
from profitchain.core.periods import Period
from profitchain.disclosure import ledger, restating
from profitchain.disclosure.gate import GROUP_SIZES, TWO_YEARS, gate_of
from profitchain.disclosure.published_sums import SCORE_SUMS
from profitchain.sources.company import load_company, store_of
from profitchain.stats.disclosure_control import OTHERS

NAMES = {"year": "2025", "quarter": "2025Q", "month": "2025-"}
KEYS = ["question", "period", *SEGMENTS, "cluster", "score"]


@pytest.fixture
def company(tmp_path):
    folder = write_company(tmp_path / "shop", {"responses": pd.DataFrame({"nps": [9]})},
                           questions={"nps": {"kind": "nps"}}, segments=list(SEGMENTS))  # fmt: skip
    return load_company(folder)


def shop(n: int, seed: int = 3) -> pd.DataFrame:
    rows = answers(n, seed)
    return rows.assign(score=np.random.default_rng(seed).integers(0, 11, n), question="nps", n=1)


def every_of(name: str) -> str:
    return "month" if "-" in name else "quarter" if "Q" in name else "year"


def published(company, rows: pd.DataFrame, name: str, folder: Path) -> pd.DataFrame:
    """Write an edition down; return its score cells as pages may read them."""
    gate = prepared(company, rows, name, folder)
    restating.write_down(company, gate, folder)
    return shown(gate, folder)


def prepared(company, rows: pd.DataFrame, name: str, folder: Path):
    """Write the summaries of an edition, as the engine does, and return its gate."""
    folder.mkdir(exist_ok=True, parents=True)
    every = every_of(name)
    by_period = rows.assign(period=rows[every]).groupby(KEYS, as_index=False)["n"].sum()
    by_period.to_parquet(folder / "score_cells.parquet")
    lately = counted(rows.assign(year=TWO_YEARS))
    sizes = pd.concat([counted(rows), lately[lately["period"] == TWO_YEARS]])
    sizes.to_parquet(folder / f"{GROUP_SIZES}.parquet")
    shorter = [length for length in ("month", "quarter") if every not in ("month", length)]
    inside = [rows[rows[every] == name].assign(period=lambda r, of=of: r[of]) for of in shorter]
    if inside:
        keys = ["period", "question", *SEGMENTS, "score"]
        sums = pd.concat(inside).groupby(keys, as_index=False)["n"].sum()
        sums.to_parquet(folder / f"{SCORE_SUMS}.parquet")
    made_of = {"inputs": [int(pd.util.hash_pandas_object(rows).sum() % 2**31)]}
    (folder / "facts.json").write_text(json.dumps(made_of))
    return gate_of(company, Period(name), folder)


def shown(gate, folder: Path) -> pd.DataFrame:
    cells = pd.read_parquet(folder / "score_cells.parquet")
    return gate.applied("score_cells", gate.completed("score_cells", cells))


def counts(cells: pd.DataFrame, name: str, segment: str | None = None) -> pd.Series:
    """Return answers by score (and group) of a period."""
    inside = cells[cells["period"] == name]
    sums = inside.groupby([segment, "score"] if segment else "score")["n"].sum()
    return sums[sums != 0]


@pytest.mark.parametrize(
    "names", [[*IN_ORDER[:4], "2025"], pytest.param(IN_ORDER, marks=pytest.mark.slow)]
)
def test_editions_in_turn_give_no_small_group_away(company, tmp_path, names) -> None:
    rows = shop(340)
    for name in names:
        published(company, rows, name, tmp_path / name)
    releases = [
        release
        for release in ledger.releases_in(ledger.entries_of(company))
        if str(release.period) in names and ("-" in str(release.period) or release.together)
    ]
    assert len({str(release.period) for release in releases}) == len(names)
    assert solved(rows, releases) == []


@pytest.mark.parametrize("customers", [3, pytest.param(50, marks=pytest.mark.slow)])
def test_who_is_erased_is_told_by_no_later_edition(company, tmp_path, customers: int) -> None:
    """Whoever it is: the past stays, and a year is what was published and what is left since."""
    rows, names = shop(340), ["2025-01", "2025-02", "2025-03", "2025Q1", "2025Q2"]
    before = {name: published(company, rows, name, tmp_path / name) for name in names}
    half = rows["quarter"].isin(["2025Q1", "2025Q2"])
    erased = np.random.default_rng(1).permutation(rows.loc[half, "cluster"].unique())[:customers]
    for customer in erased:
        left = rows[rows["cluster"] != customer]
        cells = {
            name: shown(prepared(company, left, name, tmp_path / name), tmp_path / name)
            for name in ("2025Q3", "2025")
        }
        for quarter in ("2025Q1", "2025Q2"):
            pd.testing.assert_series_equal(
                counts(cells["2025Q3"], quarter), counts(before[quarter], quarter),
                check_dtype=False,
            )  # fmt: skip
        since = left[~left["quarter"].isin(["2025Q1", "2025Q2"])].assign(period="2025")
        parts = [counts(before[q], q) for q in ("2025Q1", "2025Q2")] + [counts(since, "2025")]
        whole = pd.concat(parts).groupby(level=0).sum()
        pd.testing.assert_series_equal(counts(cells["2025"], "2025"), whole, check_dtype=False)
        for segment in SEGMENTS:  # and the groups add up to it
            by_group = counts(cells["2025"], "2025", segment).groupby("score").sum()
            pd.testing.assert_series_equal(by_group, whole, check_dtype=False)


def test_a_trend_tells_of_a_quarter_what_its_published_months_add_up_to(company, tmp_path) -> None:
    rows, months = shop(340), ["2025-01", "2025-02", "2025-03"]
    before = [counts(published(company, rows, name, tmp_path / name), name) for name in months]
    left = rows[rows["cluster"] != rows.loc[rows["month"] == months[1], "cluster"].iloc[0]]
    later = shown(prepared(company, left, "2025Q2", tmp_path / "q"), tmp_path / "q")
    pd.testing.assert_series_equal(
        counts(later, "2025Q1"), pd.concat(before).groupby(level=0).sum(), check_dtype=False
    )
    assert counts(later, "2025Q1").sum() > (left["quarter"] == "2025Q1").sum()


def test_months_told_after_their_quarter_add_up_to_it(company, tmp_path) -> None:
    rows, months = shop(340), ["2025-01", "2025-02", "2025-03"]
    before = counts(published(company, rows, "2025Q1", tmp_path / "q"), "2025Q1")
    left = rows[rows["cluster"] != rows.loc[rows["month"] == months[1], "cluster"].iloc[0]]
    for name in ("2025-04", "2025-05"):
        later = published(company, left, name, tmp_path / name)
        of_months = pd.concat([counts(later, month) for month in months])
        pd.testing.assert_series_equal(of_months.groupby(level=0).sum(), before, check_dtype=False)
    assert of_months.sum() > (left["quarter"] == "2025Q1").sum()


def test_what_was_published_stands_unless_many_have_changed(company, tmp_path) -> None:
    rows = shop(340)
    published(company, rows, "2025Q1", tmp_path / "first")
    answered = rows.loc[rows["quarter"] == "2025Q1", "cluster"]

    def why(changed: pd.DataFrame, name: str = "2025Q1") -> str:
        gate = prepared(company, changed, name, tmp_path / "again")
        return restating.why_it_stands(company, gate, tmp_path / "again")

    assert why(rows) == ""
    assert all("fewer than 10" in why(rows[rows["cluster"] != one]) for one in answered[:4])
    one_score = rows.assign(score=rows["score"].where(rows.index != answered.index[0], -1))
    assert "fewer than 10" in why(one_score)
    assert why(rows.assign(score=10 * rows["score"] + 5)) == ""  # the scale was another
    assert why(rows, "2025-02") == ""
    assert "lies inside 2025Q1" in why(one_score, "2025-02")
    assert why(rows[rows["cluster"] != answered.iloc[0]], "2025Q2") == ""


def test_months_show_no_groups_and_quarters_do(company, tmp_path) -> None:
    rows = shop(340)
    month, quarter = (
        company.model_copy(update=prepared(company, rows, name, tmp_path / name).settings)
        for name in ("2025-01", "2025Q1")
    )
    assert (month.segments, quarter.segments) == ([], list(SEGMENTS))


def test_the_ledger_is_added_to_alone_and_names_nobody(company, tmp_path) -> None:
    rows = shop(340)
    published(company, rows, "2025Q1", tmp_path / "a")
    (file,) = (store_of(company) / "ledger").iterdir()
    first = file.read_text()
    published(company, rows, "2025Q1", tmp_path / "a")
    assert file.read_text() == first
    published(company, rows, "2025Q2", tmp_path / "b")
    assert file.read_text().startswith(first) and len(file.read_text()) > len(first)
    assert stat.S_IMODE(file.parent.stat().st_mode) == 0o700
    assert "cluster" not in first and "customer" not in first


def test_a_line_cut_short_is_passed_over_and_a_broken_one_is_told(company, tmp_path) -> None:
    published(company, shop(340), "2025Q1", tmp_path / "a")
    (file,) = (store_of(company) / "ledger").iterdir()
    with file.open("a") as ledger_file:
        ledger_file.write('{"period": "2025')
    assert len(ledger.entries_of(company)) == 1
    published(company, shop(340), "2025Q2", tmp_path / "b")
    assert len(ledger.entries_of(company)) == 2
    file.write_text(file.read_text().replace('"period"', '"perod"', 1))
    with pytest.raises(CompanyError, match="Line 1 of"):
        ledger.entries_of(company)


def test_another_shelf_knows_nothing_of_it(company, tmp_path) -> None:
    published(company, shop(340), "2025Q1", tmp_path / "a")
    with ledger.on_shelf(tmp_path / "drafts"):
        assert ledger.entries_of(company) == []
    assert ledger.entries_of(company)


@pytest.mark.edition
def test_no_file_of_a_small_firm_names_who_is_few(tmp_path) -> None:
    rng, n = np.random.default_rng(5), 260
    region = rng.choice(["North", "South", "East"], n).astype(object)
    region[:3] = "Atlantis"  # three customers
    customers = pd.DataFrame({"customer_id": [f"C{k}" for k in range(n)], "region": region})
    day = pd.to_datetime("2025-01-01") + pd.to_timedelta(rng.integers(0, 455, 1200), "D")
    buyers = [*customers["customer_id"].iloc[rng.integers(3, n, 1197)], "C0", "C1", "C2"]
    day = [*day[:1197], *pd.to_datetime(["2026-02-01", "2026-02-02", "2026-02-03"])]
    orders = pd.DataFrame({"order_id": range(1200), "customer_id": buyers, "ordered_at": day})
    orders["revenue"] = 20
    responses = orders.iloc[[*range(0, 1197, 3), 1197, 1198, 1199]].drop(columns="revenue")
    responses = responses.rename(columns={"ordered_at": "responded_at"})
    responses.insert(0, "response_id", range(len(responses)))
    responses["nps"] = rng.integers(0, 11, len(responses))
    tables = {"customers": customers, "orders": orders, "responses": responses}
    firm = write_company(tmp_path / "firm", tables, questions={"nps": {"kind": "nps"}},
                         segments=["region"], main_question="nps")  # fmt: skip
    only = ["02_response", "03_satisfaction", "06_value"]
    edition = publish_here(firm, "2026Q1", out=tmp_path / "out", only=only)
    files = [path for path in edition.rglob("*") if path.is_file()]
    assert len(files) > 10
    assert not [path.name for path in files if "Atlantis" in said_in(path)]
    by_group = pd.read_csv(edition / "data" / "03_satisfaction-by-segment.csv")
    assert OTHERS in set(by_group["group"]) and (by_group["n"] >= SMALLEST).all()
    warnings = json.loads((edition / "record.json").read_text())["warnings"]
    assert "groups_together" in {warning["kind"] for warning in warnings}
    assert "shown together alone" in said_in(edition / "index.html")
