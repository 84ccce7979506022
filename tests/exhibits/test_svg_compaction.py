"""A lean drawing shows what the drawing shows: what lies over what, and what a frame cuts off."""

from __future__ import annotations

import re

import pytest

from profitchain.exhibits import axes, style, svg_compaction

LINE = '<path d="M 0 {y} L 100 {y}" style="fill: none; stroke: {colour}"/>'
BOX = '<path d="M {x} 0 L {x} 9 L {right} 9 z" style="fill: {colour}"/>'


def lean(*marks: str, defs: str = "") -> str:
    return "".join(
        reversed(svg_compaction.leaner(f"<svg>{defs}<g><g>{''.join(marks)}</g></g></svg>"))
    )


def test_lines_that_look_alike_are_one_path_even_with_others_beside_them():
    drawn = lean(*(LINE.format(y=y, colour=c) for y, c in ((0, "#111111"), (9, "#222222"),
                                                           (20, "#111111"))))  # fmt: skip
    assert re.findall(r' d="([^"]+)"', drawn) == ["M0 0h100M0 20h100", "M0 9h100"]


def test_nothing_comes_from_under_what_covers_it():
    boxes = [BOX.format(x=x, right=x + 9, colour=c)
             for x, c in ((0, "#111111"), (5, "#222222"), (8, "#111111"))]  # fmt: skip
    assert lean(*boxes).count("<path") == 3


@pytest.mark.parametrize(("far", "is_kept"), [(50, False), (250, True)])
def test_a_frame_that_cuts_nothing_off_is_left_out(far, is_kept):
    frame = '<defs><clipPath id="f"><rect x="0" y="0" width="99" height="99"/></clipPath></defs>'
    path = f'<path d="M 1 1 L {far} 9" clip-path="url(#f)" style="fill: none; stroke: #111111"/>'
    assert ("clipPath" in lean(path, defs=frame)) == is_kept


def test_what_can_not_be_seen_is_left_out_and_words_are_kept_as_words():
    unseen = '<path d="M 0 0 L 9 9" style="fill: none"/><path style="fill: #111111" d=""/>'
    words = '<text x="1.23" y="-0.04" style="fill: #111111">a &lt; b &amp; c</text>'
    assert lean(unseen, words) == '<text style="fill:#111111" x="1.2" y="0">a &lt; b &amp; c</text>'


def test_han_letters_have_the_room_they_need():
    sizes = {}
    for name in ("en", "zh"):
        label = {"en": "ab", "zh": "\N{CJK UNIFIED IDEOGRAPH-6EFF}" * 2}[name]
        with style.canvas_figure(style.PANEL, 100) as figure:
            axes = figure.subplots()
            axes.set_yticks([0], [label * 6])
            svg = style.svg(figure, prefix=name, css_class="panel")
        sizes[name] = float(re.search(r'text-anchor:end[^>]*x="([\d.]+)"', svg)[1])
    assert sizes["zh"] > 12 * style.PANEL.text > sizes["en"]


@pytest.mark.parametrize("off", [-1e-13, 1e-13])
def test_the_last_digit_of_a_fit_moves_no_mark(off):
    places = [("M", (10.05, 20.15)), ("L", (30.25, 40.35))]
    moved = [(command, tuple(place + off for place in ends)) for command, ends in places]
    assert svg_compaction.path_data(moved) == svg_compaction.path_data(places)


@pytest.mark.parametrize("off", [-1e-14, 1e-14])
@pytest.mark.parametrize("low", [0.04, 0.0357, 0.2])
def test_the_last_digit_of_a_fit_moves_no_tick(low, off):
    locator = axes.SteadyLocator(nbins=5, steps=[1, 2, 2.5, 5, 10])
    ticks = locator.tick_values(low, low + 0.1)  # five steps of .02 just reach
    assert list(locator.tick_values(low, low + 0.1 + off)) == list(ticks)
