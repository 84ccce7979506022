"""How pictures look: colours, sizes, and SVG that reads well light, dark, printed, on a phone."""

from __future__ import annotations

import io
import re
import warnings
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from functools import cache, lru_cache
from typing import TYPE_CHECKING, Any
from unittest.mock import patch
from weakref import WeakSet

from profitchain.core import i18n
from profitchain.exhibits import svg_compaction

if TYPE_CHECKING:
    from matplotlib.axis import Axis, Tick
    from matplotlib.figure import Figure
    from matplotlib.spines import Spine
    from matplotlib.textpath import TextToPath

SERIES = ("#0072b2", "#d55e00", "#009e73", "#cc79a7")
# The same hues where they carry text or lie under white text: at least 4.5:1 on white.
SERIES_TEXT = ("#0072b2", "#b34700", "#007a58", "#a5477b")
SUBJECT = SERIES[0]
NEUTRAL = "#6b6b6b"
INK = "#1d1d1d"
SOFT = "#595959"
CONTEXT = "#8c8c8c"
GRID = "#dddddd"
PAPER = "#ffffff"
DASHES = (0, (4, 3))  # of the lines to compare with

VARIABLES = {colour: f"--t{place}" for place, colour in enumerate(SERIES_TEXT, 1)}
VARIABLES |= {colour: f"--s{place}" for place, colour in enumerate(SERIES, 1)}
VARIABLES |= {NEUTRAL: "--mid", INK: "--ink", SOFT: "--soft", CONTEXT: "--context"}
VARIABLES |= {GRID: "--grid", PAPER: "--paper"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Canvas:
    """A drawing's size: `width` in CSS pixels at natural size, `text` the font size there."""

    name: str
    width: float
    text: float

    @property
    def is_narrow(self) -> bool:
        """Whether row labels need a line of their own."""
        return self.width < NARROW_BELOW


NARROW_BELOW = 450
WIDE = Canvas(name="wide", width=700, text=14)
NARROW = Canvas(name="narrow", width=330, text=12.5)
PANEL = Canvas(name="panel", width=340, text=13)

# JupyterLab shows an exhibit without the page's stylesheet: this much it brings along.
NOTEBOOK_CSS = (
    '<style class="profitchain">'
    ".exhibit,.reading,.answer,.cards,.findings{--ink:var(--jp-content-font-color1,#1d1d1d);"
    "--soft:var(--jp-content-font-color2,#595959);--context:#8c8c8c;"
    "--grid:var(--jp-border-color2,#ddd);--paper:var(--jp-layout-color0,#fff)}"
    ".exhibit{max-width:760px;margin:1em 0;container-type:inline-size}"
    ".exhibit .message{font-size:1.25em;font-weight:650;margin:0}"
    ".exhibit .measure,.exhibit .source{color:var(--soft);margin:.2em 0}"
    ".exhibit svg{width:100%;height:auto}.exhibit svg.narrow{display:none}"
    ".panels{display:grid;grid-template-columns:repeat(auto-fit,minmax(280px,1fr));gap:1em}"
    "@container(max-width:519px){.exhibit svg.wide{display:none}"
    ".exhibit svg.narrow{display:block;max-width:480px}}"
    ".scroll{overflow-x:auto}.hidden{position:absolute;clip-path:inset(50%);width:1px;height:1px;"
    "overflow:hidden}"
    ".cards{display:grid;grid-template-columns:repeat(auto-fill,minmax(190px,1fr));gap:1em}"
    "</style>"
)

_RC: dict[Any, Any] = {
    "svg.fonttype": "none",
    "svg.hashsalt": "profitchain",
    "font.family": "DejaVu Sans",
    "figure.dpi": 72,
    "text.color": INK,
    "text.parse_math": False,
    "axes.edgecolor": CONTEXT,
    "axes.labelcolor": SOFT,
    "axes.linewidth": 1,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.spines.left": False,
    "axes.axisbelow": True,
    "axes.grid": True,
    "axes.grid.axis": "y",
    "axes.unicode_minus": True,
    "grid.color": GRID,
    "grid.linewidth": 1,
    "lines.linewidth": 2.5,
    "lines.markersize": 7,
    "xtick.color": SOFT,
    "ytick.color": SOFT,
    "xtick.major.size": 0,
    "ytick.major.size": 0,
}
MOST_TEXTS = 16_384  # texts whose breadth, and whose lines, a process remembers
_NO_METADATA = {"Date": None, "Creator": None, "Format": None, "Type": None}


@contextmanager
def canvas_figure(canvas: Canvas, height: float) -> Iterator[Figure]:
    """Yield an empty figure in the house style, `height` CSS pixels high."""
    import matplotlib
    from matplotlib.figure import Figure
    from matplotlib.layout_engine import ConstrainedLayoutEngine

    texts = ("font.size", "axes.titlesize", "axes.labelsize", "xtick.labelsize", "ytick.labelsize")
    look = _RC | dict.fromkeys(texts, canvas.text)
    once = honest_widths(), copied_ticks()
    with matplotlib.rc_context(look), warnings.catch_warnings(), once[0], once[1]:
        # Glyphs are the browser's business: the file holds text, not outlines.
        warnings.filterwarnings("ignore", message="Glyph .* missing from font")
        layout = ConstrainedLayoutEngine(w_pad=4 / 72, h_pad=4 / 72)
        yield Figure(figsize=(canvas.width / 72, height / 72), layout=layout)


def svg(
    figure: Figure, *, prefix: str, css_class: str, above: Callable[[Figure], str] | None = None
) -> str:
    """Return a figure as an inline `<svg>`: real text, CSS colours, the same bytes every time.

    Parameters
    ----------
    prefix : put before every id inside, so that two drawings on one page can't collide.
    css_class : the drawing's class, `wide`, `narrow` or `panel`.
    above : more SVG, asked for once all is laid out, and drawn above all else.
    """
    from matplotlib.backends.backend_svg import FigureCanvasSVG

    for ground in (figure.patch, *(ax.patch for ax in figure.axes)):
        ground.set(facecolor="none", edgecolor="none")
    buffer = io.StringIO()
    # `savefig` would draw all of it twice: once only to lay it out, which drawing does by itself.
    with while_printing():
        FigureCanvasSVG(figure).print_svg(buffer, metadata=_NO_METADATA)
    text = _tightened(
        buffer.getvalue().partition("<svg")[2], css_class, above(figure) if above else ""
    )
    text = re.sub(r'\bid="([^"]+)"', rf'id="{prefix}-\1"', text)
    text = re.sub(r'href="#([^"]+)"', rf'href="#{prefix}-\1"', text)
    return re.sub(r"url\(#([^)]+)\)", rf"url(#{prefix}-\1)", text)


def _tightened(text: str, css_class: str, above: str) -> str:
    """Return a drawing (after `<svg`) in few bytes, its commonest font size said once."""
    view_box = text.partition('viewBox="')[2].partition('"')[0].replace(".0 ", " ")
    marks, definitions = svg_compaction.leaner(f"<svg{text}")
    size = ""
    for common, _times in Counter(re.findall(r"font-size:([\d.]+)px", marks)).most_common(1):
        size = f' font-size="{common}"'
        marks = re.sub(rf"font-size:{common}px;?", "", marks)
    head = (
        f'<svg xmlns="http://www.w3.org/2000/svg" class="{css_class}" viewBox="{view_box}"{size} '
        'aria-hidden="true">'
    )
    marks = re.sub(r"#[0-9a-f]{6}\b", _variable, marks)
    return f"{head}{definitions}{marks}{above}</svg>"


def _variable(match: re.Match[str]) -> str:
    name = VARIABLES.get(match[0])
    return f"var({name},{match[0]})" if name else match[0]


# Laying out a figure asks for its ticks and texts some twenty times, though between two of them
# nothing has moved: here each is asked once for each place of the axes.


@contextmanager
def honest_widths() -> Iterator[None]:
    """Let Han letters be as broad as they are, though the font that measures them has none."""
    from matplotlib.textpath import TextToPath

    measure = _measure()

    def honest(self: TextToPath, s: str, prop: Any, ismath: Any) -> tuple[float, float, float]:
        scale = prop.get_size_in_points() / self.FONT_SCALE
        (natural := prop.copy()).set_size(self.FONT_SCALE)
        wide, high, below = measure(i18n.HAN.sub("\N{EM DASH}", s), natural, ismath)
        return wide * scale, high * scale, below * scale

    with patch.object(TextToPath, "get_text_width_height_descent", honest):
        yield


@contextmanager
def copied_ticks() -> Iterator[None]:
    """Let an axis' further ticks be copies of its first one."""
    from matplotlib.axis import Axis

    kind: Any = Axis
    new_tick, copy_look, copies = kind._get_tick, kind._copy_tick_props, WeakSet[Any]()

    def tick(axis: Axis, major: bool) -> Tick:
        ticks = axis.majorTicks if major else axis.minorTicks
        if not ticks:
            return new_tick(axis, major)
        copies.add(copy := _copied(ticks[0]))
        for name in ("tick1line", "tick2line", "gridline", "label1", "label2"):
            setattr(copy, name, _copied(getattr(copy, name)))
        for label in (copy.label1, copy.label2):
            label.set_fontproperties(label.get_fontproperties())
        return copy

    def with_look(axis: Axis, first: Tick, other: Tick) -> None:
        if other not in copies:
            copy_look(axis, first, other)

    with patch.multiple(Axis, _get_tick=tick, _copy_tick_props=with_look):
        yield


def _copied(artist: Any) -> Any:
    copy = object.__new__(type(artist))
    vars(copy).update(vars(artist))
    return copy


@contextmanager
def while_printing() -> Iterator[None]:
    """Measure a finished figure's texts, ticks and spines once for each place of its axes.

    Only within `honest_widths`, and only while nothing but the layout changes the figure.
    """
    from matplotlib.axis import Axis
    from matplotlib.spines import Spine
    from matplotlib.text import Text

    with ExitStack() as stack:
        for owner, name, once in (
            (Text, "_get_layout", _laid_out),
            (Axis, "_update_ticks", _by_place),
            (Axis, "_get_ticklabel_bboxes", _by_place),
            (Spine, "get_window_extent", _by_place),
        ):
            stack.enter_context(patch.object(owner, name, once(getattr(owner, name))))
        yield


@cache
def _measure() -> Callable[..., tuple[float, float, float]]:
    """Return what measures a text at the font's own size, each only once: drawings say the same."""
    from matplotlib.textpath import TextToPath

    return lru_cache(MOST_TEXTS)(TextToPath().get_text_width_height_descent)


_layouts: dict[tuple[Any, ...], Any] = {}


def _laid_out(lay_out: Callable[..., Any]) -> Callable[..., Any]:
    """Lay out the lines of texts that look alike once; where they stand doesn't matter."""

    def once(text: Any, renderer: Any) -> Any:
        if text.get_wrap():
            return lay_out(text, renderer)
        look = (
            text._text, text._fontproperties, text._horizontalalignment, text._verticalalignment,
            text._multialignment, text._linespacing, text._rotation, text._rotation_mode,
            text._usetex, text._parse_math, text.get_transform_rotates_text(),
        )  # fmt: skip
        if look not in _layouts:
            if len(_layouts) >= MOST_TEXTS:
                _layouts.clear()
            _layouts[(look[0], look[1].copy(), *look[2:])] = lay_out(text, renderer)
        return _layouts[look]

    return once


def _by_place(ask: Callable[..., Any]) -> Callable[..., Any]:
    """Ask an axis or a spine again only when its axes have another place or view."""
    answers: dict[Axis | Spine, tuple[Any, Any]] = {}

    def once(part: Axis | Spine, *rest: Any, **named: Any) -> Any:
        place = (part.axes.bbox.bounds, part.axes.viewLim.bounds)
        if part not in answers or answers[part][0] != place:
            answers[part] = place, ask(part, *rest, **named)
        return answers[part][1]

    return once
