"""The same picture in fewer bytes: a drawing's marks, flattened, merged and written shortly."""

from __future__ import annotations

import html
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Literal
from xml.etree.ElementTree import Element, fromstring, tostring

Box = tuple[float, float, float, float]  # left, top, right, bottom
Segment = tuple[str, tuple[float, ...]]  # a path's command, absolute, with its numbers

EVERYWHERE = (-1e9, -1e9, 1e9, 1e9)
NEAR = 3.0  # a frame that cuts off less than this, in CSS pixels, cuts half of a line or dot
LETTER, LINE = 0.75, 1.2  # a wide letter's breadth and a line's height, in font sizes
SIZED_ALIKE = 0.06  # how far a marker's outline may be from a circle, in its radius
_UNSAID = {
    "stroke-dashoffset": "0", "stroke-linejoin": "miter", "text-anchor": "start", "stroke": "none",
}  # fmt: skip
_MOVED = re.compile(r"translate\((-?[\d.]+) (-?[\d.]+)\)")
CLASS = "d"  # and a number: what marks of one look are called on a page
_DRAWING = re.compile(r"<svg\b.*?</svg>", flags=re.S)
_LOOK = re.compile(r'style="([^"]*)"')
_PATH = re.compile(r"([MLCQz])|(-?[\d.]+(?:e-?\d+)?)")
_PAINTS = {"pattern", "linearGradient", "radialGradient"}
_LONG = re.compile(r"\d+\.\d+")
_PLACE = {"M": 2, "L": 2, "C": 6, "Q": 4, "z": 0}
_NOT_XML = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff]")  # may stand in a firm's words


@dataclass(slots=True)
class Mark:
    """Something drawn: a path, dots of one size, texts or an image, in one style, in one frame.

    `parts` are a path's segments, the dots' places, texts with their places and transforms, or the
    image as it is; `boxes` are where they lie.
    """

    kind: Literal["path", "dots", "text", "image"]
    look: str
    parts: list[Any]
    boxes: list[Box]
    clip: str = ""


def leaner(svg: str) -> tuple[str, str]:
    """Return what a drawing of matplotlib's shows, in few bytes, and its definitions.

    Groups are flattened, what can't be seen is dropped, marks that look alike are written together
    where nothing between them would be covered or uncovered, and places are rounded to a tenth of
    a CSS pixel.
    """
    root = fromstring(_NOT_XML.sub("\N{REPLACEMENT CHARACTER}", svg))
    named = {id: element for element in root.iter() if (id := element.get("id"))}
    frames = {id: _frame(element) for id, element in named.items() if _tag(element) == "clipPath"}
    marks: list[Mark] = []
    for mark in _marks(root, named, ""):
        if mark.clip and _inside(mark.boxes[0], frames[mark.clip]):
            mark.clip = ""
        _put(marks, mark)
    clips = [_clip_path(id, frames[id]) for id in sorted({mark.clip for mark in marks} - {""})]
    paints = [_verbatim(element) for element in root.iter() if _tag(element) in _PAINTS]
    defs = "".join(clips + paints)
    return "".join(map(_written, marks)), defs and f"<defs>{defs}</defs>"


def shared_looks(page: str) -> tuple[str, str]:
    """Return a page whose drawings name their looks by classes, and the rules of these classes."""
    looks = [look for drawing in _DRAWING.findall(page) for look in _LOOK.findall(drawing)]
    names = {look: f"{CLASS}{at}" for at, look in enumerate(dict.fromkeys(looks))}
    text = _DRAWING.sub(
        lambda drawing: _LOOK.sub(lambda look: f'class="{names[look[1]]}"', drawing[0]), page
    )
    rules = "".join(f".{name}{{{look}}}" for look, name in names.items())
    return text, re.sub(r"var\((--\w+),#[0-9a-f]+\)", r"var(\1)", rules)


def _marks(element: Element, named: Mapping[str, Element], clip: str) -> Iterator[Mark]:
    for child in element:
        tag = _tag(child)
        frame = re.fullmatch(r"url\(#(.+)\)", child.get("clip-path") or "")
        inside = frame[1] if frame else clip
        if tag in ("g", "a"):
            yield from _marks(child, named, inside)
        elif tag == "path" and (look := _look(_styles(child))) and (segments := _segments(child)):
            yield _path(segments, look, inside)
        elif tag == "use":
            yield from _used(child, named, inside)
        elif tag == "text":
            yield _text(child)
        elif tag == "image":
            yield Mark("image", "", [_verbatim(child)], [EVERYWHERE])


def _verbatim(element: Element) -> str:
    text = tostring(element, encoding="unicode").strip()
    text = re.sub(r' xmlns(:\w+)?="[^"]*"', "", text)
    return re.sub(r"(?<=[</ ])ns\d+:", "", text)


def _tag(element: Element) -> str:
    return element.tag.rpartition("}")[2]


def _styles(element: Element) -> dict[str, str]:
    """Return an element's styles by name, their numbers with two decimals at most."""
    text = _LONG.sub(
        lambda number: f"{float(number[0]):.2f}".rstrip("0").rstrip("."), element.get("style") or ""
    )
    pairs = (part.split(":", 1) for part in text.split(";") if part.strip())
    return {name.strip(): value.strip() for name, value in pairs}


def _look(styles: Mapping[str, str]) -> str:
    """Return a mark's style without what goes without saying; "" for one that can't be seen."""
    has_stroke = styles.get("stroke", "none") != "none"
    if not has_stroke and styles.get("fill") == "none":
        return ""
    return ";".join(
        f"{name}:{value}"
        for name, value in styles.items()
        if name != "font-family"
        and _UNSAID.get(name) != value
        and (has_stroke or not name.startswith("stroke"))
    )


def _used(element: Element, named: Mapping[str, Element], clip: str) -> Iterator[Mark]:
    target = named[next(value for name, value in element.items() if name.endswith("href"))[1:]]
    x, y = float(element.get("x", 0)), float(element.get("y", 0))
    segments = [
        (command, tuple(n + (y if at % 2 else x) for at, n in enumerate(numbers)))
        for command, numbers in _segments(target)
    ]
    if not segments:
        return
    look = _look(_styles(target) | _styles(element))
    styles = dict(part.split(":") for part in look.split(";") if part)
    radius = _radius(segments, x, y)
    if radius and set(styles) <= {"fill", "stroke"} and len(set(styles.values())) == 1:
        yield _dot(x, y, radius + 0.5 * ("stroke" in styles), styles["fill"], clip)
    elif look:
        yield _path(segments, look, clip)


def _radius(segments: list[Segment], x: float, y: float) -> float:
    """Return the radius of a marker that is a circle about its place; 0 for another one."""
    ends = [numbers[-2:] for command, numbers in segments if command == "C"]
    far = [((end[0] - x) ** 2 + (end[1] - y) ** 2) ** 0.5 for end in ends]
    is_round = len(far) == 8 and max(far) - min(far) < SIZED_ALIKE * max(far)
    return sum(far) / len(far) if is_round else 0.0


def _dot(x: float, y: float, radius: float, colour: str, clip: str) -> Mark:
    """Return a dot: a line of no length with round ends, the shortest way to say a circle."""
    look = f"fill:none;stroke:{colour};stroke-linecap:round;stroke-width:{_short(2 * radius)}"
    return Mark("dots", look, [(x, y)], [(x - radius, y - radius, x + radius, y + radius)], clip)


def _path(segments: list[Segment], look: str, clip: str) -> Mark:
    xs, ys = ([n for _, numbers in segments for n in numbers[axis::2]] for axis in (0, 1))
    width = re.search(r"stroke-width:([\d.]+)", look)
    room = float(width[1]) / 2 if width else 0.5 if "stroke:" in look else 0.0
    box = (min(xs) - room, min(ys) - room, max(xs) + room, max(ys) + room)
    return Mark("path", look, segments, [box], clip)


def _text(element: Element) -> Mark:
    words, styles = "".join(element.itertext()), _styles(element)
    x, y = float(element.get("x", 0)), float(element.get("y", 0))
    turned = element.get("transform", "")
    if moved := _MOVED.fullmatch(turned):
        x, y = x + float(moved[1]), y + float(moved[2])
    turned = "" if moved or turned.startswith("rotate(-0 ") else turned
    size = float(styles.get("font-size", "16px").removesuffix("px"))
    wide = len(words) * LETTER * size
    box = (x - wide, y - LINE * size, x + wide, y + size / 2)
    return Mark("text", _look(styles), [(words, x, y, turned)], [box])


def _segments(path: Element) -> list[Segment]:
    segments: list[Segment] = []
    command, numbers = "", list[float]()
    for letter, number in _PATH.findall(path.get("d") or ""):
        if letter:
            command, numbers = letter, []
        else:
            numbers.append(float(number))
        if len(numbers) == _PLACE[command]:
            segments.append((command, tuple(numbers)))
            numbers = []
    return segments


def _frame(clip: Element) -> Box:
    x, y, wide, high = (float(clip[0].attrib[name]) for name in ("x", "y", "width", "height"))
    return x, y, x + wide, y + high


def _inside(box: Box, frame: Box) -> bool:
    over = (frame[0] - box[0], frame[1] - box[1], box[2] - frame[2], box[3] - frame[3])
    return max(over) <= NEAR


def _apart(box: Box, other: Box) -> bool:
    return box[2] < other[0] or other[2] < box[0] or box[3] < other[1] or other[3] < box[1]


def _put(marks: list[Mark], mark: Mark) -> None:
    """Add a mark to one that looks alike, unless what was drawn since lies between; else last."""
    for earlier in reversed(marks):
        is_clear = all(_apart(box, mark.boxes[0]) for box in earlier.boxes)
        alike = (earlier.kind, earlier.look, earlier.clip) == (mark.kind, mark.look, mark.clip)
        has_fill = mark.kind == "path" and "fill:none" not in mark.look.split(";")
        if alike and (is_clear or not has_fill):
            earlier.parts += mark.parts
            earlier.boxes += mark.boxes
            return
        if not is_clear:
            break
    marks.append(mark)


def _written(mark: Mark) -> str:
    clip = f' clip-path="url(#{mark.clip})"' if mark.clip else ""
    if mark.kind in ("dots", "path"):
        d = path_data(mark.parts) if mark.kind == "path" else _dots_data(mark.parts)
        return f'<path style="{mark.look}"{clip} d="{d}"/>'
    if mark.kind == "image":
        return "".join(mark.parts)
    if len(mark.parts) == 1:
        return _written_text(f' style="{mark.look}"', *mark.parts[0])
    texts = "".join(_written_text("", *part) for part in mark.parts)
    return f'<g style="{mark.look}">{texts}</g>'


def _written_text(style: str, words: str, x: float, y: float, turned: str) -> str:
    turn = f' transform="{turned}"' if turned else ""
    place = f'x="{_short(x)}" y="{_short(y)}"'
    return f"<text{style} {place}{turn}>{html.escape(words, quote=False)}</text>"


def _clip_path(id: str, frame: Box) -> str:
    x, y, wide, high = map(_short, (*frame[:2], frame[2] - frame[0], frame[3] - frame[1]))
    rect = f'<rect x="{x}" y="{y}" width="{wide}" height="{high}"/>'
    return f'<clipPath id="{id}">{rect}</clipPath>'


def _dots_data(places: Iterable[tuple[float, float]]) -> str:
    return "".join(f"M{_joined(map(_tenths, place))}h0" for place in places)


def path_data(segments: list[Segment]) -> str:
    """Return segments as path data, each place relative to the one before, in tenths."""
    text, last, at, start = "", "", (0, 0), (0, 0)
    for command, numbers in segments:
        places = [_tenths(number) for number in numbers]
        end = (places[-2], places[-1]) if places else start
        if command == "L" and end == at:
            continue
        letter, numbers_text = command, _joined(places)
        if command == "M":
            start = end
        elif command != "z":
            letter, numbers_text = _relative(command, [n - at[i % 2] for i, n in enumerate(places)])
        is_run = letter == last and letter not in "Mz"  # a letter that repeats is said once
        space = "" if numbers_text.startswith("-") else " "
        text += f"{space}{numbers_text}" if is_run else letter + numbers_text
        last, at = letter, end
    return text


def _relative(command: str, moved: list[int]) -> tuple[str, str]:
    """Return the letter and the numbers of a command whose places are told from the last one."""
    if command == "L" and moved[1] == 0:
        return "h", _joined(moved[:1])
    if command == "L" and moved[0] == 0:
        return "v", _joined(moved[1:])
    return command.lower(), _joined(moved)


def _tenths(number: float) -> int:
    return round(round(number, 6) * 10)  # half a tenth goes the same way on all processors


def _joined(tenths: Iterable[int]) -> str:
    text = ""
    for tenth in tenths:
        number = _short(tenth / 10)
        text += number if not text or number.startswith("-") else f" {number}"
    return text


def _short(number: float) -> str:
    """Return a number with at most one decimal, as SVG reads it: .5, −.5, 12, 12.5."""
    text = f"{number:.1f}".removesuffix(".0")
    text = "0" if text == "-0" else text
    return re.sub(r"^(-?)0\.", r"\1.", text)
