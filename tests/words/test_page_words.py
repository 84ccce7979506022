"""A page's words are data: each can be said, is short, is used, and names only what is given."""

from __future__ import annotations

import ast
import inspect
import re
from importlib import import_module
from pathlib import Path
from string import Formatter

import nbformat
import pandas as pd
import pytest

from profitchain.core.errors import ParameterError
from profitchain.core.estimates import Estimate
from profitchain.core.i18n import length, speaking
from profitchain.exhibits import charts, customer_charts, evidence_charts
from profitchain.words import catalogue, presentation

NOTEBOOKS = Path(__file__).resolve().parents[2] / "notebooks"
PAGES = sorted(path.stem for path in (catalogue.FOLDER / "pages").glob("*.yml"))
TABLES = {"table", "heat"}
MOST_WORDS_A_SENTENCE = 32

every_page = pytest.mark.parametrize("name", PAGES)


def literals(source: str) -> set[str]:
    """Return the strings of a source; "{a}_b" of an f-string counts by its parts."""
    nodes = ast.walk(ast.parse(source))
    return {n.value for n in nodes if isinstance(n, ast.Constant) and isinstance(n.value, str)}


def keys_of_rooms(name: str) -> set[str]:
    rooms = [import_module(f"profitchain.words.{room}") for room in catalogue.page(name)["rooms"]]
    return set().union(*(literals(inspect.getsource(room)) for room in rooms))


def code_of(name: str) -> str:
    cells = nbformat.read(NOTEBOOKS / f"{name}.ipynb", as_version=4).cells
    return "\n".join(cell.source for cell in cells if cell.cell_type == "code")


def names_in(message: str) -> list[str]:
    return [name for _text, name, _form, _conversion in Formatter().parse(message) if name]


def sentences_of(words: dict) -> list[str]:
    parts = [*words.get("answer", {}).values(), *words.get("notes", {}).values()]
    return [one for part in parts for one in ([part] if isinstance(part, str) else part.values())]


@every_page
def test_every_message_parses_and_is_short(name):
    words = catalogue.page(name)
    for id, exhibit in words.get("exhibits", {}).items():
        assert exhibit["says"] and exhibit["measure"] and exhibit["source"], id
        for message in exhibit["says"].values():
            assert length(re.sub(r"\{[^}]*\}", "x", message)) <= 15, (id, message)
        for key in catalogue.EXHIBIT_WORDS:
            texts = exhibit.get(key, "")
            for text in texts.values() if isinstance(texts, dict) else [texts]:
                assert all(re.fullmatch(r"\w+", each) for each in names_in(text)), (id, text)
    for text in sentences_of(words):
        assert all(re.fullmatch(r"\w+", each) for each in names_in(text)), text
        for sentence in re.split(r"(?<=[.:;?])\s+|\n", re.sub(r"\{[^}]*\}", "x", text)):
            assert length(sentence) <= MOST_WORDS_A_SENTENCE, sentence


@every_page
def test_every_word_is_used_and_every_exhibit_is_known(name):
    words, code, keys = catalogue.page(name), code_of(name), keys_of_rooms(name)
    shown = set(re.findall(r'page\.show\(\s*"([^"]+)"', code))
    assert shown == set(words.get("exhibits", {}))
    for id, exhibit in words.get("exhibits", {}).items():
        judged = presentation.presenter(name, id) is not None
        assert set(exhibit["says"]) <= keys if judged else len(exhibit["says"]) == 1, id
        drawings = (charts, customer_charts, evidence_charts)
        draw = f"draw_{exhibit['draw']}"
        assert exhibit["draw"] in TABLES or any(hasattr(module, draw) for module in drawings), id
    for key in [*words.get("answer", {}), *words.get("notes", {})]:
        assert key in keys | literals(code), key


@every_page
def test_every_page_of_words_has_its_notebook(name):
    assert f'pc.page("{name}", edition)' in code_of(name)


def test_a_key_or_a_name_that_is_not_there_says_what_is():
    with pytest.raises(ParameterError, match="Did you mean 'higher'"):
        presentation.text({"higher": "Up", "lower": "Down"}, "higer", {})
    with pytest.raises(ParameterError, match="rate"):
        presentation.text({"up": "{rate:number} came back"}, "up", {})
    with pytest.raises(ParameterError, match="No words for a page '08_wort'"):
        catalogue.page("08_wort")


def test_a_message_that_counts_takes_its_form_and_numbers_their_intervals():
    words = {"months": {"one": "{n} month more", "many": "{n} months more"}, "rate": "{rate}."}
    assert presentation.text(words, "months", {"count": 1, "n": "1"}) == "1 month more"
    assert presentation.text(words, "months", {"count": 3, "n": "3"}) == "3 months more"
    rate = Estimate(value=0.31, low=0.29, high=0.33, n=900, unit="share")
    with speaking("en"):
        assert "29.0%" in presentation.text(words, "rate", {"rate": rate})


def test_presentations_are_plain_values():
    rows = pd.DataFrame({"label": ["a"], "value": [1.0]})
    shown = presentation.Presentation(rows, "up")
    assert not shown.values and not shown.options
