"""All charts of the example: every mark tells its value, every line over time its events."""

from __future__ import annotations

import html
import re
from pathlib import Path

import pytest

from profitchain.words import catalogue

TITLE = re.compile(r"<title>(.*?)</title>")
FIGURE = re.compile(r'<figure class="exhibit" id="([^"]+)">(.*?)</figure>', flags=re.S)
DRAWING = re.compile(r'<svg[^>]* class="(?:wide|narrow|panel)".*?</svg>', flags=re.S)
DOT = re.compile(r"M[\d.]+ [\d.]+h0(?![\d.])")


@pytest.fixture(scope="module", params=["", "zh-Hans"])
def pages(request, example_reports) -> dict[str, str]:
    """The pages of the example's last edition in a language, by name."""
    last = max(folder for folder in (example_reports / "example").iterdir() if folder.is_dir())
    files = sorted((last / request.param).glob("*.html"))
    return {path.stem: path.read_text(encoding="utf-8") for path in files}


def drawings(pages: dict[str, str]) -> dict[tuple[str, str, int], str]:
    """Return each drawing, by its page, its exhibit and its place there."""
    return {
        (name, id, at): drawing
        for name, page in pages.items()
        for id, figure in FIGURE.findall(page)
        for at, drawing in enumerate(DRAWING.findall(figure))
    }


def test_every_mark_of_every_chart_tells_its_value(pages):
    silent, found = [], drawings(pages)
    for place, drawing in found.items():
        seen, _layer, _rest = drawing.partition("pointer-events")
        told = TITLE.findall(drawing)
        paths = re.findall(r' d="([^"]*)"', seen)
        dots = {place for path in paths for place in DOT.findall(path)}
        if len(told) < max(1, len(dots)) or not all(re.search(r"\d", text) for text in told):
            silent.append((place, len(dots), len(told)))
    assert len(found) > 60 and silent == []


def test_every_line_over_time_marks_the_events_of_its_time(pages, repo: Path):
    trends = {
        (name.removeprefix("00_summary") or "index", id)
        for name in catalogue.page_names()
        for id, entry in catalogue.page(name).get("exhibits", {}).items()
        if entry["draw"] == "trend"
    }
    found = {place: drawing for place, drawing in drawings(pages).items() if place[:2] in trends}
    assert {place[:2] for place in found} == trends
    days = re.findall(r",(\d{4}-\d\d-\d\d),", (repo / "data/example/events.csv").read_text())
    for place, drawing in found.items():
        marked = re.findall(r", (\d{4}-\d\d-\d\d)</title>", html.unescape(drawing))
        assert marked and set(marked) <= set(days), place
        assert "2026-01-01" in marked, place  # within the time of each of them
