"""Three languages from one source: the same numbers in each, nothing left in English, none lost."""

from __future__ import annotations

import html
import json
import re
from collections import Counter
from pathlib import Path

import nbformat
import pandas as pd
import pytest
from babel.messages.pofile import read_po, write_po
from nbconvert.filters import markdown2html_mistune

from profitchain.claims.registry import shipped_claims
from profitchain.core import formats, i18n
from profitchain.core.estimates import Estimate
from profitchain.core.i18n import following, gettext, listed, ngettext, speaking
from profitchain.core.periods import Period
from profitchain.exhibits import tables
from profitchain.press import multilingual, translations
from profitchain.words.prose import change_on, sentence

OURS = ("zh-Hant", "zh-Hans")
PERIOD = "2026Q3"
# Latin words that stand on a Chinese page by right: names of methods, files, tools and the firm's.
BY_RIGHT = {
    *("NPS", "CSAT", "CES", "CSV", "HTML", "PDF", "UTF", "EUR", "ISO", "AUC", "BG", "NBD", "pp"),
    *("Brier", "Gini", "Lorenz", "Cox", "Kaplan", "Meier", "Holm", "Bonferroni", "logit"),
    *("Poisson", "Wilson", "Beach", "Davidson", "Gamma", "Wald", "delta", "Schoenfeld", "Fieller"),
    *("Excel", "JupyterLab", "Python", "sha", "English", "xlsx", "Power", "BI", "Tableau"),
    *("FineBI", "DuckDB", "RFM", "alpha", "MBG", "Batislam", "Denizel", "Filiztekin"),
    *("Jones", "Sasser", "Cochran", "Student", "Greenwood", "Efron", "Fader", "Hardie", "Lee"),
    *("Hochberg", "Cinelli", "Hazlett", "VanderWeele", "Ding", "DeLong", "Gelman", "Grambsch"),
    *("Liang", "hyper", "Haenszel", "Mantel", "Sato"),
    *("Johnson", "Mandel", "Pareto", "Paule", "Rubin", "Satterthwaite", "Spiegelhalter"),
    *(
        "Therneau",
        "yml",
        "LMG",
        "PLSc",
        "Shapley",
        "probit",
        "Benjamini",
        "Garwood",
        "Kish",
        "Logit",
        "ROC",
        "Donald",
        "Lang",
        "Lipsitch",
        "Tchetgen",
        "Cohen",
        "CUPED",
        "Callaway",
        "Wooldridge",
        "Sant",
        "Anna",
        "Gardner",
        "McKenzie",
        "Hyndman",
        "Raiffa",
        "Schlaifer",
        "Melitz",
        "Polanec",
        "Schmitt",
        "Skiera",
        "Van",
        "den",
        "Bulte",
        "max",
        "claims",
        "XX",
    ),
}


@pytest.fixture(scope="session")
def edition(example_reports) -> Path:
    """The example's edition in English and, inside it, in both kinds of Chinese."""
    return example_reports / "example" / PERIOD


def pages_of(folder: Path) -> list[Path]:
    return sorted(folder.glob("*.html"))


def seen(page: Path) -> str:
    """Return what a reader sees of a page, without what stays as it is: code, names, the record."""
    return seen_in(page.read_text(encoding="utf-8"))


def seen_in(text: str) -> str:
    text = re.sub(r"<(style|head|code|footer)\b.*?</\1>", " ", text, flags=re.S)
    text = re.sub(r'<nav class="tongues".*?</nav>', " ", text, flags=re.S)
    text = re.sub(r'<div class="commentary".*?</div>', " ", text, flags=re.S)  # as people wrote it
    spoken = re.findall(r'(?:aria-label|data-label)="([^"]*)"', text)
    return html.unescape(" \n".join([re.sub(r"<[^>]+>", "\n", text), *spoken]))


def numbers_in(text: str, tag: str) -> Counter:
    """Count the figures of a text, its dates aside: months are words in one language only."""
    years = range(2020, 2028)
    periods = [Period(f"{year}Q{quarter}") for year in years for quarter in range(1, 5)]
    periods += [Period(f"{year}-{month:02}") for year in years for month in range(1, 13)]
    with speaking(tag):
        for period in periods:
            for said in (formats.period_label(period), formats.period_short(period)):
                text = text.replace(said, " ")
    text = re.sub(r"(第)?\d(季度?)|Q\d", " ", text)
    text = re.sub(r"^20\d\d$", " ", text, flags=re.M)  # of an axis, where fewer long labels fit
    text = re.sub(r"\d{1,2} [A-Z][a-z]+ \d{4}|\d{4}年\d{1,2}月(\d{1,2}日)?|\b\d{1,2}月", " ", text)
    return Counter(re.findall(r"\d+(?:[.,]\d+)*", text))


def test_every_finding_is_the_same_number_in_all_languages(edition):
    told = {
        folder: json.loads((edition / folder / "findings.json").read_text(encoding="utf-8"))
        for folder in ("", *OURS)
    }
    keys = ("id", "group", "value", "low", "high", "n", "unit", "period", "page")
    plain = {
        folder: [[row.get(key) for key in keys] for row in rows] for folder, rows in told.items()
    }
    assert len(plain[""]) > 200
    for tag in OURS:
        assert plain[tag] == plain[""]


def test_every_exhibit_has_the_same_numbers_in_all_languages(edition):
    files = sorted(path.relative_to(edition) for path in (edition / "data").glob("*.csv"))
    assert len(files) > 70
    for file in files:
        if not (edition / file).read_text(encoding="utf-8").strip():
            continue  # an exhibit with nothing to list
        here = pd.read_csv(edition / file)
        for tag in OURS:
            there = pd.read_csv(edition / tag / file)
            assert list(here) == list(there), f"{tag}: {file}"
            numbers = here.select_dtypes("number")
            pd.testing.assert_frame_equal(numbers, there[numbers.columns], check_exact=True)


@pytest.mark.parametrize("tag", OURS)
def test_every_number_that_a_reader_sees_is_the_same_in_all_languages(edition, tag):
    for page in pages_of(edition):
        english, other = seen(page), seen(edition / tag / page.name)
        missing = numbers_in(english, i18n.SOURCE)
        missing.subtract(numbers_in(other, tag))
        apart = {number: count for number, count in missing.items() if count}
        assert not apart, f"{page.name}: English has more (+) or fewer (−) of {apart}"


@pytest.mark.parametrize("tag", OURS)
def test_nothing_on_a_translated_page_is_left_in_english(edition, firm_s_words, tag):
    rows = pd.read_csv(edition / "data" / "12_voice-low-score-phrases.csv")
    phrases = set(" ".join(rows.iloc[:, 0]).split())  # as customers wrote them
    told = json.loads((edition / "findings.json").read_text(encoding="utf-8"))
    cited = " ".join(f"{one.said_by} {one.origin}" for one in shipped_claims())
    ours = {
        "14_claims.html": latin_words(cited),
        "18_methods.html": {row["id"] for row in told},
    }
    right = BY_RIGHT | firm_s_words | phrases
    left = {
        page.name: sorted(latin_words(without_records(page)) - right - ours.get(page.name, set()))
        for page in pages_of(edition / tag)
    }
    assert not any(left.values()), left


@pytest.fixture(scope="session")
def firm_s_words(repo) -> set[str]:
    """The words that are the firm's own: its tables, columns, segment values, events and tests."""
    folder, texts = repo / "data" / "example", []
    for path in sorted(folder.glob("*.csv")):
        table = pd.read_csv(path, dtype=str)
        few = [name for name in table if table[name].nunique() < 30]
        texts += [*table.columns, *(text for name in few for text in table[name].dropna().unique())]
    settings = [folder / "company.yml", *(folder / "tests").glob("*.yml")]
    texts += [path.read_text(encoding="utf-8") for path in settings]
    words = {word for text in texts for word in latin_words(text)}
    return words | {word.capitalize() for word in words}


def without_records(page: Path) -> str:
    """Return what a reader sees of a page, without the table of findings: its keys stay as is."""
    page_text = page.read_text(encoding="utf-8")
    records = re.findall(r'<details class="findings">.*?</details>', page_text, flags=re.S)
    return seen_in(page_text.replace("".join(records[:1]), " ") if records else page_text)


def latin_words(text: str) -> set[str]:
    """Return words in Latin letters; names of findings and columns, with underscores, are none."""
    return {word for word in re.findall(r"[A-Za-z_]{2,}", text) if "_" not in word}


@pytest.mark.parametrize("tag", OURS)
def test_a_translated_page_says_which_language_it_is_in_and_leads_to_the_others(edition, tag):
    for page in pages_of(edition / tag):
        text = page.read_text(encoding="utf-8")
        assert f'<html lang="{tag}">' in text
        switch = re.search(r'<nav class="tongues".*?</nav>', text, flags=re.S)[0]
        assert f'<span aria-current="true" lang="{tag}">' in switch
        others = re.findall(r'<a href="([^"]+)" lang="([^"]+)" hreflang="([^"]+)">', switch)
        assert {lang for _href, lang, _same in others} == {i18n.SOURCE, *OURS} - {tag}
        for href, lang, same in others:
            assert lang == same
            assert f'<html lang="{lang}">' in (page.parent / href).read_text(encoding="utf-8")


@pytest.mark.parametrize("tag", OURS)
def test_every_link_of_a_translated_page_leads_somewhere(edition, tag):
    for page in pages_of(edition / tag):
        for href in re.findall(r'href="([^"#:]+)(?:#[^"]*)?"', page.read_text(encoding="utf-8")):
            assert (page.parent / href).exists(), f"{page.name}: {href}"


def catalogue(tag: str, name: str):
    path = i18n.FOLDER / tag.replace("-", "_") / f"{name}.po"
    with path.open("rb") as file:
        return read_po(file, locale=tag.replace("-", "_"))


@pytest.mark.parametrize("tag", OURS)
def test_every_message_is_translated(tag, tmp_path, monkeypatch):
    for path in (i18n.FOLDER / tag.replace("-", "_")).glob("*.po"):
        to = tmp_path / path.parent.name / path.name
        to.parent.mkdir(exist_ok=True)
        to.write_bytes(path.read_bytes())
    monkeypatch.setattr(i18n, "FOLDER", tmp_path)
    state = translations.update_catalogues(tag)
    assert state.total > 1500
    assert not state.missing + state.changed, translations.state_in_words(state)


def marks(text: str) -> dict[str, object]:
    """Return what a translation may not change: places for values, figures, names, bold, heads."""
    without = re.sub(r"\{[^{}]*\}", "", text)
    without = re.sub(r"^\d{1,2}月$", "", without)  # a month's name
    return {
        "places": set(re.findall(r"\{[^{}]*\}", text)),
        "figures": Counter(re.findall(r"\d+(?:[.,]\d+)*", without)),
        "names": Counter(re.findall(r"`[^`]*`", text)),
        "bold": text.count("**"),
        "heads": re.findall(r"^#+ ", text, flags=re.M),
        "points": len(re.findall(r"^- ", text, flags=re.M)),
    }


@pytest.mark.parametrize("name", ["messages", "notebooks"])
@pytest.mark.parametrize("tag", OURS)
def test_a_translation_keeps_places_figures_names_and_marks(tag, name):
    for message in catalogue(tag, name):
        if message.id:
            source = message.id if isinstance(message.id, str) else message.id[-1]
            text = message.string if isinstance(message.string, str) else message.string[-1]
            assert marks(text) == marks(source), source


@pytest.mark.parametrize("name", ["messages", "notebooks"])
@pytest.mark.parametrize("tag", OURS)
def test_chinese_has_full_width_marks_and_no_spaces_that_the_browser_sets(tag, name):
    han = r"[\u4e00-\u9fff]"
    for message in catalogue(tag, name):
        text = message.string if isinstance(message.string, str) else message.string[-1]
        if not message.id:
            continue
        assert not re.search(rf"{han}[,;:?!]", text), text
        assert not re.search(rf"{han} +[A-Za-z0-9{{]|[A-Za-z0-9}}] +{han}", text), text
        assert not re.search(
            "[「」]" if tag == "zh-Hans" else "[“”](?!{)", text.replace("}”", "")
        ), text


@pytest.mark.parametrize("tag", OURS)
def test_bold_words_of_a_translated_cell_are_bold(tag):
    for message in catalogue(tag, "notebooks"):
        assert "**" not in markdown2html_mistune(message.string), message.string


def test_the_two_kinds_of_chinese_are_two_languages_not_one_converted():
    hant, hans = (catalogue(tag, "messages") for tag in OURS)
    terms = {
        "Repeat purchase rate": ("回購率", "复购率"),
        "Net promoter score": ("淨推薦值", "净推荐值"),
    }
    for english, words in terms.items():
        assert (hant.get(english).string, hans.get(english).string) == words


def test_numbers_dates_lists_and_plurals_follow_the_language():
    change = Estimate(value=4.2, low=1, high=7.4, n=1204, unit="points")
    told = {}
    for tag in (i18n.SOURCE, *OURS):
        with speaking(tag):
            told[tag] = [
                formats.period_label("2026Q3"), formats.period_short("2026Q3"),
                formats.period_label("2026-09"), listed(["a", "b", "c"]), listed(["a", "b"], "or"),
                formats.plain(1240.3, "CNY"), following("A.", "B."),
                change_on(change, "quarter"),
            ]  # fmt: skip
    assert told["en"] == [
        "July–September 2026", "Q3 2026", "September 2026", "a, b and c", "a or b",
        "CN¥1,240", "A. B.", "up 4.2 points on the quarter",
    ]  # fmt: skip
    assert told["zh-Hant"] == [
        "2026年7月至9月", "2026年第3季", "2026年9月", "a、b和c", "a或b",
        "CN¥1,240", "A.B.", "較上一季上升4.2分",
    ]  # fmt: skip
    assert told["zh-Hans"] == [
        "2026年7月至9月", "2026年第3季度", "2026年9月", "a、b和c", "a或b",
        "¥1,240", "A.B.", "较上一季度上升4.2分",
    ]  # fmt: skip


CATALOGUE = """\
msgid ""
msgstr ""
"Language: fr\\n"
"Plural-Forms: nplurals=2; plural=(n > 1);\\n"
"Content-Type: text/plain; charset=utf-8\\n"

msgid "In {period}, {rate:number} came back."
msgstr "{rate:number} sont revenus en {period}."

msgid "{n} table"
msgid_plural "{n} tables"
msgstr[0] "{n} tableau"
msgstr[1] "{n} tableaux"
"""


@pytest.fixture
def french(tmp_path, monkeypatch) -> Path:
    """A folder of catalogues in which somebody has begun to translate into French."""
    folder = tmp_path / "fr"
    folder.mkdir()
    (folder / "messages.po").write_text(CATALOGUE, encoding="utf-8")
    monkeypatch.setattr(i18n, "FOLDER", tmp_path)
    i18n.forget()
    yield folder
    i18n.forget()


def test_a_catalogue_alone_adds_a_language(french):
    assert i18n.available() == ["en", "fr"]
    rate = Estimate(value=0.3123, low=0.289, high=0.336, n=1204, unit="share")
    with speaking("fr"):
        said = sentence("In {period}, {rate:number} came back.", rate=rate, period=Period(PERIOD))
        assert said == "31,2% sont revenus en juillet–septembre 2026."
        assert [ngettext("{n} table", "{n} tables", n) for n in (0, 1, 2)] == [
            "0 tableau", "1 tableau", "2 tableaux",
        ]  # fmt: skip
        assert gettext("Not translated yet") == "Not translated yet"


def test_what_is_not_translated_or_was_reworded_is_listed_and_shown_in_english(french):
    state = translations.update_catalogues("fr")
    listed = translations.state_in_words(state)
    assert "not translated: lib/profitchain/words/names.yml: All editions" in listed
    path, cell = french / "notebooks.po", "## Take the data"
    known = catalogue("fr", "notebooks")
    (found,) = [one for one in known if str(one.id).startswith(cell)]
    known.delete(found.id, context=found.context)
    known.add(found.id.replace("workbook", "file"), "Quoi?", context=found.context)
    with path.open("wb") as file:
        write_po(file, known)
    state = translations.update_catalogues("fr")
    assert f"changed since: notebooks/00_summary.ipynb: {cell}" in translations.state_in_words(
        state
    )
    i18n.forget()
    with speaking("fr"):
        assert i18n.pgettext("00_summary", found.id) == found.id


def test_a_second_update_changes_nothing(french):
    translations.update_catalogues("fr")
    before = {path.name: path.read_bytes() for path in french.glob("*.po")}
    translations.update_catalogues("fr")
    assert {path.name: path.read_bytes() for path in french.glob("*.po")} == before


def test_a_cell_that_failed_is_counted_as_in_the_notebook_whatever_the_turn(repo):
    path = repo / "notebooks" / "03_satisfaction.ipynb"
    notebook = nbformat.read(path, as_version=4)
    turn = multilingual.in_turns(notebook, {"en": Path(), "zh-Hant": Path("zh-Hant")})
    at = next(
        i for i, cell in enumerate(turn.cells) if "parameters" in cell.metadata.get("tags", [])
    )
    turn.cells.insert(at + 1, nbformat.v4.new_code_cell("# what papermill injects"))
    sources = [cell.source for cell in notebook.cells]
    for place, cell in enumerate(turn.cells):
        if cell.source in sources:
            assert multilingual.cell_number(notebook, place) == sources.index(cell.source) + 1


def test_a_table_says_yes_in_the_reader_s_language_and_keeps_the_firm_s_words():
    data = pd.DataFrame({"region": ["north"], "possible": [True]})
    with speaking("zh-Hans"):
        shown = tables.table_html(data, caption="x")
    assert ">north<" in shown
    assert ">是<" in shown
