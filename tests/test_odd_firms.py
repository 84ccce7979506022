"""Firms that lack tables, answers or differences get every page, and the reason for each gap."""

from __future__ import annotations

import json
import re
from html import unescape
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from claims import numbers_of, unearned, words_of
from editions import drawn_once, findings, publish_here, write_company

PERIOD = "2026Q1"
PERIODS = {"a fiscal year": "2025FY04Q4", "weeks": "2026-W13"}  # the same quarter; its last week
NPS = {"nps": {"column": "nps", "kind": "nps"}}
ASKED = {"questions": NPS, "main_question": "nps", "controls": ["prior_orders", "recency"]}
PAGES = ("index", "01_data", "02_response", "03_satisfaction", "05_loyalty", "07_repeat_purchase")
PAGES += ("06_value", "09_sensitivity", "10_lifetime", "11_churn")
RAW = re.compile(r"\d\.\d{7,}|\d\.?\d*e[-+]\d\d\b")  # a number as the machine writes it
SLIPS = re.compile(r"(?<![\w-])(?:nan|NaN|None(?! of)|NaT|inf|Traceback)(?![\w-])")


def shop(customers: int = 150, seed: int = 7) -> dict[str, pd.DataFrame]:
    """Return orders of five quarters and one answer a customer in most of them."""
    draw = np.random.default_rng(seed)
    many = customers * 8
    first = pd.Timestamp("2025-01-01")
    orders = pd.DataFrame(
        {
            "order_id": [f"O{number}" for number in range(many)],
            "customer_id": [f"C{number}" for number in draw.integers(0, customers, many)],
            "ordered_at": first + pd.to_timedelta(draw.uniform(0, 455, many), unit="D").floor("s"),
            "revenue": draw.uniform(5, 80, many).round(2),
        }
    )
    orders.loc[len(orders)] = ["last", "C0", pd.Timestamp("2026-03-31 12:00"), 20.0]
    asked = orders.sample(customers * 3, random_state=seed)
    responses = pd.DataFrame(
        {
            "response_id": [f"R{number}" for number in range(len(asked))],
            "customer_id": asked["customer_id"].to_numpy(),
            "responded_at": (asked["ordered_at"] + pd.Timedelta(days=2)).to_numpy(),
            "nps": draw.choice(11, len(asked), p=[0.03] * 5 + [0.05, 0.1, 0.1, 0.2, 0.2, 0.2]),
        }
    )
    responses = responses[responses["responded_at"] < "2026-04-01"]
    return {"orders": orders, "responses": responses}


def only_orders() -> dict[str, pd.DataFrame]:
    return {"orders": shop()["orders"]}


def one_order() -> dict[str, pd.DataFrame]:
    return {"orders": shop()["orders"].tail(1)}


def only_answers() -> dict[str, pd.DataFrame]:
    return {"responses": shop()["responses"]}


def no_amounts() -> dict[str, pd.DataFrame]:
    return {"orders": shop(customers=60)["orders"].drop(columns="revenue")}


def unnamed(guests: float, anonymous: float) -> dict[str, pd.DataFrame]:
    """Return a shop some of whose orders are guests' and some of whose answers are anonymous."""
    tables, draw = shop(customers=60), np.random.default_rng(9)
    for name, share in (("orders", guests), ("responses", anonymous)):
        tables[name].loc[draw.random(len(tables[name])) < share, "customer_id"] = None
    return tables


def ten_answers() -> dict[str, pd.DataFrame]:
    tables = shop()
    return tables | {"responses": tables["responses"].head(10)}


def a_constant_score() -> dict[str, pd.DataFrame]:
    tables = shop()
    return tables | {"responses": tables["responses"].assign(nps=9)}


def one_tireless_customer() -> dict[str, pd.DataFrame]:
    """Return a shop in which one customer gave 300 of 309 answers."""
    tables = shop()
    days = pd.date_range("2025-06-01", "2025-11-30", periods=300).floor("s")
    tireless = pd.DataFrame({"response_id": [f"T{number}" for number in range(300)]})
    tireless = tireless.assign(customer_id="C0", responded_at=days, nps=[3, 9, 10] * 100)
    responses = pd.concat([tireless, tables["responses"].head(9)], ignore_index=True)
    return tables | {"responses": responses}


def a_score_that_decides() -> dict[str, pd.DataFrame]:
    """Return a shop where all who gave 9 or more came back a week later, and nobody else did."""
    draw = np.random.default_rng(3)
    ids = [f"C{number}" for number in range(300)]
    first = pd.Timestamp("2025-03-01") + pd.to_timedelta(draw.uniform(0, 250, 300), unit="D")
    bought = pd.DataFrame({"customer_id": ids, "ordered_at": first.floor("s"), "revenue": 30.0})
    answered = bought["ordered_at"] + pd.Timedelta(days=3)
    responses = pd.DataFrame({"response_id": [f"R{id}" for id in ids], "customer_id": ids})
    responses = responses.assign(responded_at=answered, nps=draw.integers(4, 11, 300))
    back = bought[responses["nps"] >= 9]
    back = back.assign(ordered_at=back["ordered_at"] + pd.Timedelta(days=10))
    late = pd.DataFrame({"customer_id": ["Z"], "ordered_at": ["2026-03-31 12:00:00"]})
    orders = pd.concat([bought, back, late.assign(revenue=1.0)], ignore_index=True)
    orders.insert(0, "order_id", [f"O{number}" for number in range(len(orders))])
    return {"orders": orders, "responses": responses}


def scores_turned_round() -> dict[str, pd.DataFrame]:
    """Return a shop where 0 is the best answer: those who are pleased come back soon."""
    draw = np.random.default_rng(11)
    who = np.repeat(np.arange(900), 2)
    ids = [f"C{number}" for number in who]
    first = pd.Timestamp("2025-01-05") + pd.to_timedelta(draw.uniform(0, 350, 1800), unit="D")
    bought = pd.DataFrame({"customer_id": ids, "ordered_at": first.floor("s"), "revenue": 30.0})
    score = draw.integers(0, 11, 1800)
    back = bought[draw.random(1800) < 0.75 - 0.06 * score]
    back = back.assign(ordered_at=back["ordered_at"] + pd.Timedelta(days=20))
    late = pd.DataFrame({"customer_id": ["Z"], "ordered_at": [pd.Timestamp("2026-03-31 12:00")]})
    orders = pd.concat([bought, back, late.assign(revenue=1.0)], ignore_index=True)
    orders.insert(0, "order_id", [f"O{number}" for number in range(len(orders))])
    responses = pd.DataFrame({"response_id": [f"R{place}" for place in range(1800)]})
    responses = responses.assign(
        customer_id=ids, responded_at=bought["ordered_at"] + pd.Timedelta(days=3), nps=score
    )
    return {"orders": orders, "responses": responses}


def nobody_returns() -> dict[str, pd.DataFrame]:
    tables = shop()
    orders = tables["orders"].drop_duplicates("customer_id", keep="last")
    return {"orders": orders, "responses": tables["responses"]}


def answers_before_orders_only() -> dict[str, pd.DataFrame]:
    """Return a shop with answers in the last month only: no window has closed."""
    tables = shop()
    late = tables["responses"][tables["responses"]["responded_at"] >= "2026-03-01"]
    return tables | {"responses": late}


def empty_answers() -> dict[str, pd.DataFrame]:
    tables = shop()
    return tables | {"responses": tables["responses"].head(0)}


def answers_without_scores() -> dict[str, pd.DataFrame]:
    tables = shop()
    return tables | {"responses": tables["responses"].assign(nps=None)}


def long_names() -> dict[str, pd.DataFrame]:
    """Return a shop whose answers carry a segment with names as long as a sentence."""
    tables = shop()
    names = ["Everything that lies west of the great river", "The far north, its islands included"]
    answers = tables["responses"]
    return tables | {"responses": answers.assign(place=np.resize(names, len(answers)))}


LONG_QUESTION = {
    "column": "nps",
    "kind": "csat",
    "scale": [0, 10],
    "label": "All in all, how satisfied were you with all that you bought from us this time?",
}

FIRMS = {
    "orders and answers": (shop, ASKED),
    "a fiscal year": (shop, ASKED | {"fiscal_year_starts": 4}),
    "weeks": (shop, ASKED | {"report_every": "week"}),
    "orders only": (only_orders, {}),
    "one order": (one_order, {}),
    "ten answers": (ten_answers, ASKED),
    "answers alone": (only_answers, {"questions": NPS}),
    "all unnamed": (lambda: unnamed(1, 1), ASKED),
    "no amounts": (no_amounts, {}),
    "a constant score": (a_constant_score, ASKED),
    "one tireless customer": (one_tireless_customer, ASKED),
    "a score that decides": (a_score_that_decides, ASKED),
    "nobody returns": (nobody_returns, ASKED),
    "scores turned round": (scores_turned_round, ASKED | {"lookback_months": 0}),
    "open windows": (answers_before_orders_only, ASKED),
    "no answers": (empty_answers, ASKED),
    "answers without scores": (answers_without_scores, ASKED),
    "long names": (
        long_names,
        ASKED
        | {"questions": {"whole": LONG_QUESTION}, "main_question": "whole"}
        | {"segments": ["place"], "controls": ["prior_orders", "place"]},
    ),
}


ON_THE_LINK = ("00_summary", "07_repeat_purchase", "08_worth")


@pytest.fixture(scope="module")
def published(tmp_path_factory):
    """A function from a firm's name to its edition's folder, published once.

    A test that looks at few pages of a firm names them after it.
    """
    made: dict[tuple[str, ...], Path] = {}

    def edition(name: str, *pages: str) -> Path:
        if (name, *pages) not in made:
            tables, keys = FIRMS[name]
            folder = tmp_path_factory.mktemp("firm")
            company = write_company(folder / "tiny", tables(), **keys)
            when = PERIODS.get(name, PERIOD)
            made[name, *pages] = publish_here(company, when, out=folder / "reports", only=pages)
        return made[name, *pages]

    with drawn_once():
        yield edition


def text_of(page: Path) -> str:
    html = page.read_text(encoding="utf-8")
    html = re.sub(r"<style>.*?</style>|<pre.*?</pre>", " ", html, flags=re.S)
    return re.sub(r"\s+", " ", unescape(re.sub(r"<[^>]+>", " ", html)))


def told(edition: Path) -> dict[str, dict]:
    """Return what each page of an edition published besides its numbers, by its name."""
    pages = json.loads((edition / "pages.json").read_text(encoding="utf-8"))["pages"]
    return {page["name"]: page for page in pages}


def reasons(edition: Path) -> dict[str, str]:
    """Return why a number is missing, by the finding's id."""
    rows = [row for page in told(edition).values() for row in page["unsaid"]]
    return {row["id"]: row["why"] for row in rows if "group" not in row}


def test_answers_older_than_their_orders_are_said_on_the_first_page_and_in_the_record(tmp_path):
    tables = shop(customers=60)
    late = tables["orders"].assign(ordered_at=lambda t: t["ordered_at"] + pd.Timedelta(days=3))
    own = tables["orders"].rename(columns={"ordered_at": "at"})[["order_id", "customer_id", "at"]]
    answers = tables["responses"].assign(at=lambda t: t["responded_at"] - pd.Timedelta(days=2))
    answers = answers.merge(own, on=["customer_id", "at"]).drop(columns="at")
    company = write_company(tmp_path, {"orders": late, "responses": answers}, **ASKED)
    edition = publish_here(company, PERIOD, only=["01_data"], out=tmp_path / "out")
    record = json.loads((edition / "record.json").read_text(encoding="utf-8"))
    warning = record["warnings"][0]
    assert (warning["table"], warning["kind"]) == ("responses", "before_own_order")
    assert "answers are older than the order that they are about" in warning["says"]
    assert record["warnings"][0]["says"].split("**")[1] in text_of(edition / "index.html")


RARE = (
    "ten answers", "no answers", "answers without scores", "long names", "one order",
    "a fiscal year", "open windows", "nobody returns", "scores turned round",
    "a score that decides", "one tireless customer",
)  # fmt: skip


@pytest.mark.parametrize(
    "name",
    [pytest.param(name, marks=pytest.mark.slow if name in RARE else ()) for name in FIRMS],
)
def test_every_page_is_whole_and_shows_no_slip_of_the_machine(published, name):
    edition = published(name)
    texts = [text_of(path) for path in sorted(edition.glob("*.html"))]
    assert not [found for text in texts for found in (*SLIPS.findall(text), *RAW.findall(text))]
    numbers, pages = numbers_of(edition), edition.glob("*.html")
    assert not [claim for page in pages for claim in unearned(words_of(page), numbers)]
    for page in PAGES:
        assert (edition / f"{page}.html").read_text(encoding="utf-8").rstrip().endswith("</html>")
    for row in json.loads((edition / "findings.json").read_text(encoding="utf-8")):
        assert np.isfinite([row[key] for key in ("value", "low", "high", "n")]).all()


def test_a_fiscal_quarter_is_that_quarter_by_another_name(published):
    fiscal, calendar = (
        findings(published(name)) for name in ("a fiscal year", "orders and answers")
    )
    assert set(fiscal["period"]) == {"2025FY04Q4"}
    same = ["value", "low", "high", "n", "unit"]
    pd.testing.assert_frame_equal(fiscal[same], calendar[same])
    index = text_of(published("a fiscal year") / "index.html")
    assert "January–March 2026" in index and "on the quarter" in index
    trend = text_of(published("a fiscal year") / "05_loyalty.html")
    assert "Q4 2025/26" in trend and "Q1 2026" not in trend


def test_a_week_is_never_called_a_quarter(published):
    edition = published("weeks")
    index = text_of(edition / "index.html")
    assert "Week 13 of 2026 (23 Mar–29 Mar)" in index or "Week 13 of 2026 (23–29 Mar)" in index
    assert "of the previous week's customers" in index
    for page in edition.glob("*.html"):
        text = text_of(page).replace("quarters in place of months", "")
        assert not re.search(r"quarters?\b|Q\d 20|\bQ\d\b", text), page
    orders = shop()["orders"]["ordered_at"]
    here = orders.between("2026-03-23", "2026-03-29 23:59:59.9") & (
        shop()["orders"]["revenue"] >= 0
    )
    assert findings(edition).at["orders", "value"] == here.sum()


@pytest.mark.parametrize("name", ["orders only", pytest.param("one order", marks=pytest.mark.slow)])
def test_a_firm_that_asks_nobody_gets_the_pages_that_need_no_answers(published, name):
    edition = published(name)
    for page in ("02_response", "03_satisfaction", "07_repeat_purchase"):
        assert told(edition)[page]["why"].startswith("Not measured: needs table `responses`")
        html = (edition / f"{page}.html").read_text(encoding="utf-8")
        assert "needs table <code>responses</code>" in html
    assert told(edition)["05_loyalty"]["answers"] and told(edition)["00_summary"]["answers"]
    assert findings(edition).at["orders", "value"] == len(_of_period(FIRMS[name][0]()["orders"]))


@pytest.mark.parametrize(
    ("name", "why"),
    [
        pytest.param(
            "ten answers", r"Too few answers: at least 20 are needed", marks=pytest.mark.slow
        ),
        ("a constant score", "no two scores to compare"),
        ("one tireless customer", "a single one makes up much of all answers"),
        ("nobody returns", r"perfectly who came back"),
        ("open windows", r"no answers yet whose window has closed"),
        pytest.param(
            "no answers", r"no answers yet whose window has closed", marks=pytest.mark.slow
        ),
        pytest.param(
            "answers without scores",
            r"no answers yet whose window has closed",
            marks=pytest.mark.slow,
        ),
    ],
)
def test_the_page_says_why_the_link_has_no_number(published, name, why):
    edition = published(name, *(ON_THE_LINK if name in RARE else ()))
    assert re.search(why, reasons(edition)["repeat_effect_per_point"])
    assert re.search(why, text_of(edition / "07_repeat_purchase.html"))
    assert re.search(why, text_of(edition / "index.html"))
    assert "repeat_effect_per_point" not in findings(edition).index


def test_a_score_that_decides_still_shows_its_raw_rates(published):
    edition = published("a score that decides", *ON_THE_LINK, "09_sensitivity")
    page = told(edition)["07_repeat_purchase"]
    csv = next(shown["csv"] for shown in page["exhibits"] if shown["id"] == "raw-rates")
    rates = pd.read_csv(edition / csv)
    assert dict(zip(rates["score"], rates["value"], strict=True)).items() >= {8: 0, 9: 1}.items()


def test_a_score_that_decides_is_said_to_and_has_a_penalised_effect(published):
    edition = published("a score that decides", *ON_THE_LINK, "09_sensitivity")
    link, worth, doubt = (
        text_of(edition / f"{page}.html")
        for page in ("07_repeat_purchase", "08_worth", "09_sensitivity")
    )
    assert "The score settles perfectly who comes back: after 4, 5, 6, 7 and 8 nobody did" in link
    assert "the effect is estimated score by score, by a penalised fit (Firth's)" in link
    effect = findings(edition).loc["repeat_effect_per_point"]
    share = (a_score_that_decides()["responses"]["nps"] == 8).mean()
    assert effect["low"] < 0.98 * share < effect["high"]  # nobody else would gain by a point
    assert not re.search("are too few data", link + doubt + text_of(edition / "index.html"))
    assert "each further point clearly goes with more" not in worth


def test_a_score_turned_round_turns_the_sentences_and_is_asked_about(published):
    edition = published("scores turned round")
    link, index = (text_of(edition / f"{page}.html") for page in ("07_repeat_purchase", "index"))
    for page in (link, index):
        assert "is 0 the best answer here and 10 the worst?" in page
        assert re.search(r"percentage points fewer customers ordering again", page)
    assert not re.search(r"points more who|−[\d.]+ percentage points more", link + index)
    everywhere = " ".join(text_of(path) for path in sorted(edition.glob("*.html")))
    assert not re.search(r"−⁠?€?[\d.,]+ (more|higher)", everywhere)
    assert "In no part of the scale is the link clear" not in link
    assert "come back less" in text_of(edition / "09_sensitivity.html")


MONEY = re.compile(r"revenue|€|order value", re.IGNORECASE)


def test_answers_alone_give_a_first_page_without_a_word_on_money(published):
    edition = published("answers alone")
    asked = _of_period(only_answers()["responses"].rename(columns={"responded_at": "ordered_at"}))
    assert findings(edition).at["responses", "value"] == len(asked)
    index = words_of(edition / "index.html")
    assert not MONEY.search(index) and "Net promoter score" in index
    assert index.count("Not measured") == 1  # once for all pages that need orders
    assert 'href="05_loyalty.html"' not in (edition / "03_satisfaction.html").read_text("utf-8")


def test_guests_and_anonymous_answers_are_said_where_they_count_and_where_not(tmp_path):
    tables = unnamed(0.3, 0.4)
    company = write_company(tmp_path / "tiny", tables, **ASKED)
    few = ["00_summary", "02_response", "03_satisfaction", "05_loyalty"]
    edition = publish_here(company, PERIOD, only=few, out=tmp_path / "out")
    orders, found = _of_period(tables["orders"]), findings(edition)
    guests = orders[orders["customer_id"].isna()]
    assert found.at["revenue", "value"] == pytest.approx(orders["revenue"].sum(), abs=0.01)
    assert found.at["guest_revenue", "value"] == pytest.approx(guests["revenue"].sum(), abs=0.01)
    assert found.at["active_customers", "value"] == orders["customer_id"].nunique()
    pages = {name: text_of(edition / f"{name}.html") for name in ("index", *few[1:])}
    assert f"Of these, {len(guests)} orders worth" in pages["05_loyalty"]
    assert "from guests" in pages["index"]
    anonymous = tables["responses"]["customer_id"].isna().sum()
    assert f"{anonymous} of the {len(tables['responses'])} answers so far" in pages["02_response"]
    assert "are anonymous: they count for the scores" in pages["03_satisfaction"]
    assert not [slip for text in pages.values() for slip in SLIPS.findall(text)]


def test_where_nobody_is_named_the_first_page_says_scores_and_orders(published):
    edition = published("all unnamed")
    index = text_of(edition / "index.html")
    assert "nobody knows whose orders these are" in index and "net promoter score was" in index
    assert "Active customers" not in index and "can't be said" not in told(edition)["00_summary"]
    assert "All answers of January–March 2026 are anonymous" in text_of(
        edition / "03_satisfaction.html"
    )


def test_orders_without_amounts_are_counted_and_no_money_is_said(published):
    edition = published("no amounts")
    orders = findings(edition).at["orders", "value"]
    assert orders == len(_of_period(no_amounts()["orders"]))
    assert {"revenue", "average_order_value"}.isdisjoint(findings(edition).index)
    assert "€" not in " ".join(text_of(edition / f"{page}.html") for page in PAGES)
    assert "what they paid is not known" in text_of(edition / "05_loyalty.html")


def test_a_firm_with_answers_needs_neither_customers_nor_invitations(published):
    edition = published("orders and answers")
    asked = _of_period(shop()["responses"].rename(columns={"responded_at": "ordered_at"}))["nps"]
    nps = 100 * ((asked >= 9).mean() - (asked <= 6).mean())
    assert findings(edition).at["nps", "value"] == pytest.approx(nps, rel=1e-12)
    assert "repeat_effect_per_point" in findings(edition).index


def _of_period(rows: pd.DataFrame) -> pd.DataFrame:
    return rows[pd.to_datetime(rows["ordered_at"]).between("2026-01-01", "2026-03-31 23:59:59")]
