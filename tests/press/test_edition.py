"""The example's edition, from raw tables to pages: true, whole, discreet."""

from __future__ import annotations

import getpass
import json
import re
import shutil
import socket
import subprocess
import sys
import zipfile
from html.parser import HTMLParser
from pathlib import Path
from zoneinfo import ZoneInfo

import numpy as np
import openpyxl
import pandas as pd
import pytest
from editions import SECRET, body, entries, findings, holes, publish_here, said_in, write_company

from demo.write_example import write_example
from profitchain import cli
from profitchain.core.periods import Period
from profitchain.exhibits import drawings
from profitchain.exhibits.findings import FIELDS
from profitchain.panel.edition import Edition
from profitchain.press import publish, verify

REPO = Path(__file__).resolve().parents[2]
COMMITTED = REPO / "reports" / "example" / "2026Q3"
EXAMPLE = REPO / "data" / "example"
PERIOD = Period("2026Q3")
CORE = {
    *("nps", "csat", "ces", "responses", "orders", "revenue", "active_customers", "repeat_rate"),
    *("retention_rate", "repeat_effect_per_point", "repeat_effect_slope", "worth_of_a_point"),
}
EXACT = 1e-12  # the same sums in another order
SIXTEEN_DIGITS = 1e-15  # as many as a workbook's cell has
UNITS = {
    "responses": "answers", "active_customers": "customers", "linearity_p": "p",
    "purchase_frequency": "orders per customer",
    "nps": "points", "csat": "share", "ces": "score", "revenue": "EUR", "orders": "orders",
    "average_order_value": "EUR", "revenue_per_customer": "EUR", "retention_rate": "share",
    "churn_rate": "share", "repeat_rate": "share", "repeat_effect_per_point": "share",
    "repeat_effect_per_point_unadjusted": "share", "repeat_effect_per_10_nps": "share",
    "spend_effect_per_point": "EUR", "margin_effect_per_point": "EUR",
}  # fmt: skip


@pytest.fixture(scope="session")
def edition(example_by_command) -> Path:
    """The example's last period, published by the command as a newcomer would."""
    return example_by_command / "example" / "2026Q3"


def test_the_committed_edition_is_what_comes_out_today(edition):
    before, after = verify.read_numbers(COMMITTED), verify.read_numbers(edition)
    moved = "\n".join(verify.moved(before, after))
    assert not moved, f"Say in lib/CHANGES.md why these moved, then publish anew:\n{moved}"


def test_every_finding_is_whole_and_every_core_number_is_there(edition):
    text = (edition / "findings.json").read_text(encoding="utf-8")
    rows = json.loads(text, parse_constant=lambda word: pytest.fail(f"{word} is no JSON number"))
    for row in rows:
        assert set(row) | {"group"} == set(FIELDS), row
        numbers = [row[key] for key in ("value", "low", "high")]
        assert all(type(number) is float for number in numbers) and type(row["n"]) is int
        assert row["low"] <= row["value"] <= row["high"] and row["n"] > 0, row
        assert row["period"] == "2026Q3" and row["label"] and row["unit"]
        assert (edition / f"{row['page']}.html").is_file()
    keys = [(row["id"], row.get("group")) for row in rows]
    assert len(keys) == len(set(keys))
    units = {row["id"]: row["unit"] for row in rows if "group" not in row}
    assert {id: units.get(id) for id in UNITS} == UNITS
    assert all(0 <= row["value"] <= 1 for row in rows if row["id"].endswith("_rate"))


def local(stamps: pd.Series) -> pd.Series:
    """Return stamps as the shop's clock shows them; those that can't be read as NaT."""
    return pd.to_datetime(stamps, format="ISO8601", errors="coerce")


def quarter(stamps: pd.Series) -> pd.Series:
    return stamps.dt.to_period("Q").astype("string")


@pytest.fixture(scope="module")
def raw() -> dict[str, pd.DataFrame]:
    """The example's raw rows without the planted faults, read with nothing but pandas."""
    orders, answers, customers = (
        pd.read_csv(EXAMPLE / f"{name}.csv", dtype={"customer_id": "string"})
        for name in ("orders", "responses", "customers")
    )
    amounts = pd.to_numeric(orders["revenue"], errors="coerce")  # one can't be read
    orders = orders.assign(at=local(orders["ordered_at"]), revenue=amounts).drop_duplicates()
    orders = orders.dropna(subset=["at", "revenue"])
    orders = orders[orders["status"] != "cancelled"]
    answers = answers.assign(at=local(answers["responded_at"]))
    known = answers["customer_id"].isin(customers["customer_id"])
    answers = answers[known & (answers["nps"].isna() | answers["nps"].between(0, 10))]
    return {"orders": orders, "responses": answers}


def by_hand(raw: dict[str, pd.DataFrame]) -> dict[str, float]:
    """Return the quarter's numbers by their definitions, in a few plain lines."""
    bought = raw["orders"].assign(when=quarter(raw["orders"]["at"]))
    now, before = bought[bought["when"] == "2026Q3"], bought[bought["when"] == "2026Q2"]
    sales = now[now["revenue"] >= 0]
    active = set(sales["customer_id"])
    earlier = set(before.loc[before["revenue"] >= 0, "customer_id"])
    asked = raw["responses"][quarter(raw["responses"]["at"]) == "2026Q3"]
    nps, csat, ces = (asked[name].dropna() for name in ("nps", "csat", "ces"))
    return {
        "responses": len(nps),
        "nps": 100 * ((nps >= 9).mean() - (nps <= 6).mean()),
        "csat": (csat >= 4).mean(),
        "ces": ces.mean(),
        "orders": len(sales),
        "revenue": now["revenue"].sum(),
        "active_customers": len(active),
        "average_order_value": now["revenue"].sum() / len(sales),
        "purchase_frequency": len(sales) / len(active),
        "revenue_per_customer": now["revenue"].sum() / len(active),
        "retention_rate": len(active & earlier) / len(earlier),
        "churn_rate": 1 - len(active & earlier) / len(earlier),
        "repeat_rate": repeat_rate(raw),
    }


def repeat_rate(raw: dict[str, pd.DataFrame]) -> float:
    """Return the share followed by an order, of the answers whose 90 days ended in the quarter."""
    zone = ZoneInfo("Europe/Berlin")
    answers = raw["responses"].dropna(subset=["nps"])
    said = answers["at"].dt.tz_localize(zone).dt.tz_convert("UTC")
    over = (said + pd.Timedelta(days=90)).dt.tz_convert(zone).dt.tz_localize(None)
    due = answers.assign(said=said)[quarter(over) == "2026Q3"]
    sales = raw["orders"][raw["orders"]["revenue"] >= 0]
    sales = sales.assign(bought=sales["at"].dt.tz_localize(zone).dt.tz_convert("UTC"))
    pairs = due.merge(sales[["customer_id", "bought"]], on="customer_id")
    wait = pairs["bought"] - pairs["said"]
    came = pairs[(wait > pd.Timedelta(0)) & (wait <= pd.Timedelta(days=90))]
    return came["response_id"].nunique() / len(due)


def test_scores_and_loyalty_equal_those_counted_by_hand(edition, raw):
    found, expected = findings(edition)["value"], by_hand(raw)
    assert {id: found[id] for id in expected} == pytest.approx(expected, rel=EXACT)


def test_the_intervals_of_the_link_hold_the_truth_of_the_invented_world(edition):
    truth = json.loads((EXAMPLE / "truth.json").read_text(encoding="utf-8"))
    link = truth["repeat"]["lookback"]
    rows = findings(edition)
    shares, orders = np.array(link["score_shares"]), truth["orders_within_window"]["by_score"]
    for id, true in {
        "repeat_effect_per_point": link["one_more_point"] * (1 - shares[10]),  # tens stay tens
        "repeat_effect_slope": link["effect_per_point"],
        "orders_effect_per_point": np.diff(orders) @ shares[:10],
    }.items():
        assert rows.at[id, "low"] <= true <= rows.at[id, "high"], id
        assert rows.at[id, "n"] == link["answers"]
    lines = pd.DataFrame(entries(edition))
    ten = lines[(lines["id"] == "repeat_effect_per_10_nps") & lines["group"].notna()]
    for group, true in link["per_10_nps"].items():
        row = ten[ten["group"] == group].iloc[0]
        assert row["low"] <= true <= row["high"], group


def test_what_is_not_adjusted_looks_better_than_it_is(edition):
    rows = findings(edition)["value"]
    excess = rows["repeat_effect_per_point_unadjusted"] / rows["repeat_effect_per_point"]
    assert 1.2 < excess < 2


def test_every_drawing_is_drawn(edition):
    for page in edition.glob("*.html"):
        text = page.read_text(encoding="utf-8")
        drawn = r'(?:<p class="alone">[^<]+</p>)?<svg |<div class="panels">'
        assert re.findall(rf'class="drawing"[^>]*>(?!{drawn})', text) == [], page


def test_nothing_of_the_machine_or_of_a_customer_is_published(edition):
    ids = r"\b[CAO]0\d{5,6}\b"
    machine = {str(REPO), str(Path.home()), str(edition.parents[1]), SECRET, socket.gethostname()}
    machine |= {f"/{getpass.getuser()}/", sys.prefix}
    for path in [*edition.parents[1].rglob("*")]:
        if path.is_file():
            text = said_in(path)
            assert not re.search(ids, text), path.name
            assert not [word for word in machine if len(word) > 1 and word in text], path.name


def test_the_workbook_holds_every_number_of_every_exhibit_and_every_finding(edition):
    assert holes(edition) == []
    book = openpyxl.load_workbook(edition / "edition.xlsx")
    assert not [cell for sheet in book for line in sheet.iter_rows() for cell in line
                if cell.data_type in "fe"]  # fmt: skip
    sheet = book["Findings"]
    head = [cell.value for cell in sheet[1]]
    rows = [dict(zip(head, line, strict=True)) for line in body(sheet, header=1)]
    told = [{name: one.get(name) for name in FIELDS} for one in entries(edition)]
    found = pd.DataFrame(rows)[list(FIELDS)]
    pd.testing.assert_frame_equal(found, pd.DataFrame(told), rtol=SIXTEEN_DIGITS, check_dtype=False)


def test_the_long_table_holds_what_findings_json_says(edition):
    table = pd.read_csv(edition.parent / "findings.csv", keep_default_na=False)
    told = pd.DataFrame(entries(edition)).fillna({"group": ""})
    pd.testing.assert_frame_equal(table[list(FIELDS)], told[list(FIELDS)], check_exact=True)
    assert set(table["company"]) == {"Lantern & Loom"}
    assert set(table["period_end"]) == {"2026-09-30"} and table["question"].ne("").all()


def test_the_data_can_be_taken_from_the_summary_and_the_list_of_editions(edition):
    links = {
        name: {link["href"] for link in Page((edition / name).read_text("utf-8")).named("a")}
        for name in ("index.html", "../../index.html")
    }
    assert {"edition.xlsx", "../findings.csv"} <= links["index.html"]
    assert "example/findings.csv" in links["../../index.html"]


def test_the_record_names_inputs_versions_and_seconds(edition):
    record = json.loads((edition / "record.json").read_text(encoding="utf-8"))
    assert (record["company"], record["period"], record["parameters"]) == ("example", "2026Q3", {})
    assert {one["name"] for one in record["inputs"]} == {
        path.name for path in EXAMPLE.glob("*.csv")
    }
    assert all(re.fullmatch(r"[0-9a-f]{64}", one["sha256"]) for one in record["inputs"])
    assert set(record["seconds"]) == {path.stem for path in (REPO / "notebooks").glob("*.ipynb")}
    assert {"python", "pandas", "duckdb", "statsmodels"} <= set(record["versions"])


def test_a_secret_in_the_source_s_address_is_never_published(tmp_path, monkeypatch):
    orders = pd.DataFrame({"order_id": ["1", "2"], "customer_id": ["a", "b"], "revenue": [1, 2]})
    orders = orders.assign(ordered_at=["2026-01-05 10:00", "2026-03-31 10:00"])
    company = write_company(tmp_path / "shop", {"orders": orders}, currency="EUR")
    (company / SECRET).mkdir()
    (company / "orders.csv").rename(company / SECRET / "orders.csv")
    text = (
        (company / "company.yml").read_text().replace("orders.csv", "${SHOP_PASSWORD}/orders.csv")
    )
    (company / "company.yml").write_text(text)
    monkeypatch.setenv("SHOP_PASSWORD", SECRET)
    folder = publish_here(company, "2026Q1", out=tmp_path / "reports", only=["01_data"])
    assert not [path for path in folder.rglob("*.*") if SECRET in said_in(path)]
    prepared = [path for path in (company / ".store").rglob("*") if path.is_file()]
    assert prepared and not [path for path in prepared if SECRET.encode() in path.read_bytes()]


WHEN = {
    "orders": "ordered_at", "responses": "responded_at", "customers": "joined_on",
    "invitations": "invited_at", "contacts": "opened_at", "costs": "month",
    "referrals": "referred_at", "offers": "offered_at", "memberships": "joined_at",
    "events": "happened_on", "mentions": "posted_at",
}  # fmt: skip


@pytest.mark.parametrize(
    "period",
    [pytest.param(n, marks=pytest.mark.slow) for n in ("2024Q1", "2025Q3", "2026-09", "2025")],
)
def test_other_periods_of_the_example_are_published_too(example, tmp_path, period):
    folder = publish_here(example, period, out=tmp_path)
    assert findings(folder).at["orders", "value"] > 100
    told = Page((folder / "index.html").read_text(encoding="utf-8"))
    assert len(told.named("h1")) == 1


def test_what_happened_after_the_period_changes_no_finding(tmp_path, monkeypatch):
    monkeypatch.setattr(drawings, "_drawing", lambda *_, **__: "")  # only findings are compared
    for write in ("write_pages", "workbooks"):
        monkeypatch.setattr(publish, write, lambda *_: [])
    full, cut = tmp_path / "full" / "shop", tmp_path / "cut" / "shop"
    write_example(full, customers=400, seed=5)
    shutil.copytree(full, cut)
    past = Period("2025Q4")
    for table, column in WHEN.items():
        rows = pd.read_csv(cut / f"{table}.csv", dtype="string", keep_default_na=False)
        kept = ~(local(rows[column]).dt.date > past.last_day)
        assert table == "events" or not kept.all()
        rows[kept].to_csv(cut / f"{table}.csv", index=False)
    orders = pd.read_csv(cut / "orders.csv", dtype="string")["order_id"]
    lines = pd.read_csv(cut / "order_lines.csv", dtype="string", keep_default_na=False)
    lines[lines["order_id"].isin(orders)].to_csv(cut / "order_lines.csv", index=False)
    totals = pd.read_csv(cut / "control_totals.csv", dtype="string")
    totals[totals["period"] <= str(past)].to_csv(cut / "control_totals.csv", index=False)
    known, unknown = (
        publish_here(company, "2025Q4", out=company.parent / "reports") for company in (full, cut)
    )
    assert (known / "findings.json").read_bytes() == (unknown / "findings.json").read_bytes()


def test_verify_finds_an_untouched_edition_again_and_a_touched_number(
    edition, tmp_path, monkeypatch, capsys
):
    monkeypatch.setattr(verify, "publish", lambda *_, **__: edition / "index.html")
    mine = shutil.copytree(edition, tmp_path / "2026Q3")
    assert cli.main(["verify", str(mine)]) == 0
    said = capsys.readouterr().out
    assert re.fullmatch(
        rf"All {len(entries(edition))} findings came out again: \d+,\d+ values of all files.\n",
        said,
    )
    rows = entries(mine)
    rows[3]["high"] += 1e-6
    rows[4]["value"] = None
    del rows[5]
    (mine / "findings.json").write_text(json.dumps(rows))
    assert cli.main(["verify", str(mine)]) == 1
    told = capsys.readouterr().out
    named = [entries(edition)[place]["id"] for place in (3, 4, 5)]
    assert re.search(rf"findings.json \S+ {named[0]} high: .+ was published, .+ came out", told)
    assert re.search(rf"findings.json \S+ {named[1]} value: null was published", told)
    assert re.search(rf"new: findings.json \S+ {named[2]} .*value", told)
    assert len(told.splitlines()) == 2 + len(entries(edition)[5])


def text_with_another_digit(
    text: str, draw: np.random.Generator, *, within: str
) -> tuple[str, int]:
    """Return a text with one digit changed, inside what a pattern matches, and its place."""
    spans = [match for match in re.finditer(within, text) if re.search("[0-9]", match[0])]
    start, end = spans[draw.integers(len(spans))].span()
    at = draw.choice([place for place in range(start, end) if text[place] in "0123456789"])
    other = draw.choice([digit for digit in "0123456789" if digit != text[at]])
    return f"{text[:at]}{other}{text[at + 1 :]}", int(at)


# A sentence's, a table's or a drawing's figures; versions are the machine's, not compared.
PRINTED = r"(?s)(?<!Package versions</dt><dd)>[^<>]*\d[^<>]*<(?!/style)"
IN_CELLS = r"<v>[^<]{1,15}|<t[^>]*>[^<]+"  # Excel keeps fifteen digits


def tampered(file: Path, to: Path, draw: np.random.Generator) -> str:
    """Copy a file with one digit changed; return the digits that stand there now."""
    if file.suffix != ".xlsx":
        text = file.read_text(encoding="utf-8")
        within = PRINTED if file.suffix == ".html" else r"[^\n]+"
        body = text.partition("<main")[2] if file.suffix == ".html" else text
        changed, at = text_with_another_digit(body, draw, within=within)
        to.write_text(text.removesuffix(body) + changed, encoding="utf-8")
        return re.findall(r"\d+$", changed[: at + 1])[0]
    with zipfile.ZipFile(file) as archive, zipfile.ZipFile(to, "w") as copy:
        sheets = [name for name in archive.namelist()
                  if re.search("<v>[^<]*[0-9]", archive.read(name).decode())]  # fmt: skip
        sheet = sheets[draw.integers(len(sheets))]
        for name in archive.namelist():
            part = archive.read(name).decode()
            if name == sheet:
                part, at = text_with_another_digit(part, draw, within=IN_CELLS)
                digits = re.findall(r"\d+$", part[: at + 1])[0]
            copy.writestr(name, part)
    return digits


@pytest.mark.parametrize("many", [20, pytest.param(200, marks=pytest.mark.slow)])
def test_verify_finds_any_digit_that_was_changed_and_says_where(edition, tmp_path, many):
    draw = np.random.default_rng(many)
    kinds = [sorted(edition.rglob(kind)) for kind in ("*.html", "*.csv", "[!r]*.json", "*.xlsx")]
    for number in range(many):
        files = kinds[draw.choice(4, p=[0.4, 0.3, 0.2, 0.1])]
        files = [file for file in files if re.search(b"[0-9]", file.read_bytes())]
        file = files[draw.integers(len(files))]
        name = file.relative_to(edition)
        before, after = tmp_path / f"before-{number}", tmp_path / f"after-{number}"
        for folder in (before, after):
            (folder / name).parent.mkdir(parents=True)
        shutil.copy(file, after / name)
        digits = tampered(file, before / name, draw)
        rows, last_digits, _count = verify.compared(before, after)
        lines = rows + last_digits
        assert all(line.removeprefix("gone: ").removeprefix("new: ").startswith(f"{name} ")
                   for line in lines)  # fmt: skip
        assert any(digits in line.partition(" was published")[0] or "can't be read" in line
                   for line in lines), digits  # fmt: skip


def test_verify_publishes_with_the_recorded_company_period_settings_and_notebooks(
    edition, tmp_path, monkeypatch
):
    mine = shutil.copytree(edition, tmp_path / "2026Q3")
    record = json.loads((mine / "record.json").read_text())
    record |= {"parameters": {"within_days": 30}, "seconds": {"00_summary": 1, "01_data": 1}}
    (mine / "record.json").write_text(json.dumps(record))
    asked = []

    def publish(company, period, **how):
        asked.append((company, period, how["settings"], how["only"]))
        return edition / "index.html"

    monkeypatch.setattr(verify, "publish", publish)
    verify.differences(mine)
    assert asked == [("data/example", "2026Q3", {"within_days": "30"}, ["00_summary", "01_data"])]


@pytest.fixture(scope="module")
def receipts(edition) -> list[dict]:
    return json.loads((edition / "receipts.json").read_text(encoding="utf-8"))["findings"]


def test_each_finding_has_a_receipt(edition, receipts):
    found = {(row["id"], row.get("group")): row["n"] for row in entries(edition)}
    assert {(one["id"], one.get("group")): one["n"] for one in receipts} == found
    assert all(one["definition"] and one["recompute"] for one in receipts)
    content = json.loads((edition / "receipts.json").read_text(encoding="utf-8"))
    record = json.loads((edition / "record.json").read_text(encoding="utf-8"))
    assert content["inputs"] == record["inputs"]


def test_three_lines_of_its_receipt_give_a_core_number_again(
    edition, receipts, example, monkeypatch
):
    monkeypatch.chdir(example.parents[1])
    read, kept = Edition.rows, {}

    def rows(given: Edition, table: str, where: object = None) -> pd.DataFrame:
        """Read what several receipts ask for once."""
        if (table, str(where)) not in kept:
            kept[table, str(where)] = read(given, table, where=where)
        return kept[table, str(where)]

    monkeypatch.setattr(Edition, "rows", rows)
    found = findings(edition)["value"]
    again = {}
    for one in receipts:
        if len(one["recompute"]) == 3:
            scope: dict[str, object] = {}
            *begin, last = one["recompute"]
            exec("\n".join(begin), scope)
            number = eval(last, scope)
            again[one["id"]] = getattr(number, "value", number)
    assert set(again) >= CORE
    assert again == pytest.approx({id: found[id] for id in again}, rel=EXACT)


VOID = {"meta", "link", "br", "hr", "img", "path", "circle", "use", "rect", "polyline", "line"}


class Page(HTMLParser):
    """What a page is made of; fails where an element is closed that isn't open."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list) -> None:
        self.tags.append((tag, dict(attrs)))
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list) -> None:
        self.tags.append((tag, dict(attrs)))

    def handle_endtag(self, tag: str) -> None:
        if tag not in VOID:
            assert self.open.pop() == tag, f"</{tag}> closes another element"

    def named(self, *names: str) -> list[dict[str, str | None]]:
        return [attributes for tag, attributes in self.tags if tag in names]


PAGES = ("index", "01_data", "03_satisfaction", "05_loyalty", "07_repeat_purchase")


@pytest.mark.parametrize("name", [*PAGES, "../../index"])
def test_a_page_is_one_document_that_asks_nothing_of_other_machines(edition, name):
    html = (edition / f"{name}.html").resolve().read_text(encoding="utf-8")
    page = Page(html)
    assert page.open == []
    assert page.named("html") == [{"lang": "en"}]
    assert len(page.named("h1")) == len(page.named("main")) == 1
    assert html.partition("</head>")[0].count("<title>") == 1  # those in drawings tell values
    policies = [one["content"] for one in page.named("meta") if "http-equiv" in one]
    assert len(policies) == 1 and "default-src 'none'" in policies[0]
    assert not page.named("script", "iframe", "object", "embed", "form")
    assert not [name for _, attributes in page.tags for name in attributes if name.startswith("on")]
    addresses = [each.get(key) or "" for _, each in page.tags for key in ("href", "src")]
    assert not [text for text in addresses if re.match(r"(?:[a-z]+:)?//|javascript:", text)]
    assert not re.search(r"@import|url\((?!['\"]?(?:#|data:))", html)


@pytest.mark.parametrize("name", [*PAGES, "../../index"])
def test_every_link_of_a_page_leads_somewhere(edition, name):
    at = (edition / f"{name}.html").resolve()
    page = Page(at.read_text(encoding="utf-8"))
    ids = [each["id"] for _, each in page.tags if "id" in each]
    assert len(ids) == len(set(ids))
    for link in (each["href"] for each in page.named("a")):
        file, _, place = link.partition("#")
        assert (at.parent / file).is_file() if file else place in ids, link


@pytest.mark.parametrize("name", PAGES)
def test_every_drawing_is_described_and_every_table_has_headings(edition, name):
    page = Page((edition / f"{name}.html").read_text(encoding="utf-8"))
    for drawing in page.named("svg"):
        if drawing.get("aria-hidden") != "true":
            assert drawing.get("role") == "img"
            assert len(drawing.get("aria-label") or "") > 15
    assert len(page.named("figure")) == len(page.named("figcaption"))
    assert all(each.get("scope") in ("col", "row") for each in page.named("th"))
    levels = [int(tag[1]) for tag, _ in page.tags if re.fullmatch(r"h[1-6]", tag)]
    assert levels[0] == 1 and max(np.diff(levels), default=0) <= 1


@pytest.mark.parametrize("name", PAGES)
def test_no_page_shows_a_slip_of_the_machine(edition, name):
    html = (edition / f"{name}.html").read_text(encoding="utf-8")
    text = re.sub(r"<style>.*?</style>|<pre.*?</pre>|<[^>]+>", " ", html, flags=re.S)
    assert not re.findall(r"(?<![\w-])(?:nan|NaN|NaT|inf|None(?! of)|Traceback)(?![\w-])", text)
    assert not re.search(r"\bobject at 0x|Warning:", html)


SECOND, SHARED = "zh-Hans", ("03_satisfaction", "04_drivers", "09_sensitivity", "12_voice")


def test_an_edition_in_two_languages_says_what_one_in_the_second_alone_says(tmp_path, example):
    both, alone = (
        reported(example, tmp_path / "-".join(tags), tags) for tags in (("en", SECOND), (SECOND,))
    )
    parts = {}
    for folder in (both / SECOND, alone):
        numbers = [folder / "findings.json", *sorted(folder.rglob("*.csv"))]
        parts[folder] = {path.relative_to(folder): path.read_bytes() for path in numbers}
        for page in SHARED:
            text = (folder / f"{page}.html").read_text(encoding="utf-8")
            shown = re.findall(r"<figure.*?</figure>|<p class=.answer.*?</p>", text, re.DOTALL)
            assert len(shown) > 3
            parts[folder][page] = shown
    assert parts[both / SECOND] == parts[alone]


def reported(firm: Path, out: Path, tags: tuple[str, ...]) -> Path:
    """Publish some pages in some languages by the command; return their folder."""
    words = [word for tag in tags for word in ("--language", tag)]
    words += [word for page in SHARED for word in ("--only", page)]
    command = [sys.executable, "-m", "profitchain", "report", "--company", str(firm)]
    subprocess.run([*command, "--out", str(out), *words], check=True, capture_output=True)
    return next(out.glob("example/*/record.json")).parent
