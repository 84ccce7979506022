"""The same picture in fewer bytes: a drawing's marks, flattened, merged and written shortly."""

from __future__ import annotations

import html
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Literal
from xml.etree import ElementTree

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
    parts: list
    boxes: list[Box]
    clip: str = ""


def leaner(svg: str) -> tuple[str, str]:
    """Return what a drawing of matplotlib's shows, in few bytes, and its definitions.

    Groups are flattened, what can't be seen is dropped, marks that look alike are written together
    where nothing between them would be covered or uncovered, and places are rounded to a tenth of
    a CSS pixel.
    """
    root = ElementTree.fromstring(_NOT_XML.sub("\N{REPLACEMENT CHARACTER}", svg))
    named = {each.get("id"): each for each in root.iter() if each.get("id")}
    frames = {id: _frame(each) for id, each in named.items() if _tag(each) == "clipPath"}
    marks: list[Mark] = []
    for mark in _marks(root, named, ""):
        if mark.clip and _inside(mark.boxes[0], frames[mark.clip]):
            mark.clip = ""
        _put(marks, mark)
    used = sorted({mark.clip for mark in marks} - {""})
    kept = (_verbatim(each) for each in root.iter() if _tag(each) in _PAINTS)
    defs = "".join([*(_clip_path(id, frames[id]) for id in used), *kept])
    return "".join(map(_written, marks)), defs and f"<defs>{defs}</defs>"


def shared_looks(page: str) -> tuple[str, str]:
    """Return a page whose drawings name their looks by classes, and the rules of these classes."""
    looks = dict.fromkeys(
        look for drawing in _DRAWING.findall(page) for look in _LOOK.findall(drawing)
    )
    names = {look: f"{CLASS}{at}" for at, look in enumerate(looks)}
    text = _DRAWING.sub(
        lambda drawing: _LOOK.sub(lambda look: f'class="{names[look[1]]}"', drawing[0]), page
    )
    rules = "".join(f".{name}{{{look}}}" for look, name in names.items())
    return text, re.sub(r"var\((--\w+),#[0-9a-f]+\)", r"var(\1)", rules)


def _marks(element: ElementTree.Element, named: Mapping, clip: str) -> Iterator[Mark]:
    for child in element:
        tag, inside = _tag(child), _clip_of(child) or clip
        if tag in ("g", "a"):
            yield from _marks(child, named, inside)
        elif tag == "path" and (look := _look(child)) and (segments := _segments(child)):
            yield _path(segments, look, inside)
        elif tag == "use":
            yield from _used(child, named, inside)
        elif tag == "text":
            yield _text(child)
        elif tag == "image":
            yield Mark("image", "", [_verbatim(child)], [EVERYWHERE])


def _verbatim(element: ElementTree.Element) -> str:
    text = ElementTree.tostring(element, encoding="unicode").strip()
    text = re.sub(r' xmlns(:\w+)?="[^"]*"', "", text)
    return re.sub(r"(?<=[</ ])ns\d+:", "", text)


def _tag(element: ElementTree.Element) -> str:
    return element.tag.rpartition("}")[2]


def _clip_of(element: ElementTree.Element) -> str:
    found = re.fullmatch(r"url\(#(.+)\)", element.get("clip-path") or "")
    return found[1] if found else ""


def _styles(element: ElementTree.Element) -> dict[str, str]:
    pairs = (part.split(":", 1) for part in (element.get("style") or "").split(";") if part.strip())
    return {name.strip(): _LONG.sub(_hundredths, value.strip()) for name, value in pairs}


def _hundredths(number: re.Match[str]) -> str:
    return f"{float(number[0]):.2f}".rstrip("0").rstrip(".")


def _look(element: ElementTree.Element, over: Mapping[str, str] | None = None) -> str:
    """Return a mark's style without what goes without saying; "" for one that can't be seen."""
    styles = _styles(element) | dict(over or {})
    styles.pop("font-family", None)
    fill, stroke = styles.get("fill", "#000000"), styles.get("stroke", "none")
    if fill == "none" and stroke == "none":
        return ""
    if stroke == "none":
        styles = {name: value for name, value in styles.items() if not name.startswith("stroke")}
    said = (f"{name}:{value}" for name, value in styles.items() if _UNSAID.get(name) != value)
    return ";".join(said)


def _used(element: ElementTree.Element, named: Mapping, clip: str) -> Iterator[Mark]:
    target = named[next(value for name, value in element.items() if name.endswith("href"))[1:]]
    x, y = float(element.get("x", 0)), float(element.get("y", 0))
    segments = [
        (command, tuple(n + (y if at % 2 else x) for at, n in enumerate(numbers)))
        for command, numbers in _segments(target)
    ]
    look = _look(target, _styles(element))
    styles = dict(part.split(":") for part in look.split(";") if part)
    radius = _radius(segments, x, y)
    if not segments:
        return
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
    xs = [n for _command, numbers in segments for n in numbers[::2]]
    ys = [n for _command, numbers in segments for n in numbers[1::2]]
    width = re.search(r"stroke-width:([\d.]+)", look)
    room = float(width[1]) / 2 if width else 0.5 if "stroke:" in look else 0.0
    box = (min(xs) - room, min(ys) - room, max(xs) + room, max(ys) + room)
    return Mark("path", look, segments, [box], clip)


def _text(element: ElementTree.Element) -> Mark:
    words, styles = "".join(element.itertext()), _styles(element)
    x, y = float(element.get("x", 0)), float(element.get("y", 0))
    turned = element.get("transform", "")
    if moved := _MOVED.fullmatch(turned):
        x, y = x + float(moved[1]), y + float(moved[2])
    turned = "" if moved or turned.startswith("rotate(-0 ") else turned
    size = float(styles.get("font-size", "16px").removesuffix("px"))
    wide = len(words) * LETTER * size
    box = (x - wide, y - LINE * size, x + wide, y + size / 2)
    return Mark("text", _look(element), [(words, x, y, turned)], [box])


def _segments(path: ElementTree.Element) -> list[Segment]:
    found: list[Segment] = []
    command, numbers = "", []
    for letter, number in _PATH.findall(path.get("d") or ""):
        if letter:
            command, numbers = letter, []
        else:
            numbers.append(float(number))
        if len(numbers) == _PLACE[command]:
            found.append((command, tuple(numbers)))
            numbers = []
    return found


def _frame(clip: ElementTree.Element) -> Box:
    rect = clip[0]
    x, y, wide, high = (float(rect.get(name)) for name in ("x", "y", "width", "height"))
    return x, y, x + wide, y + high


def _inside(box: Box, frame: Box) -> bool:
    over = (frame[0] - box[0], frame[1] - box[1], box[2] - frame[2], box[3] - frame[3])
    return max(over) <= NEAR


def _apart(one: Box, other: Box) -> bool:
    return one[2] < other[0] or other[2] < one[0] or one[3] < other[1] or other[3] < one[1]


def _put(marks: list[Mark], mark: Mark) -> None:
    """Add a mark to one that looks alike, unless what was drawn since lies between; else last."""
    for earlier in reversed(marks):
        is_clear = all(_apart(box, mark.boxes[0]) for box in earlier.boxes)
        alike = (earlier.kind, earlier.look, earlier.clip) == (mark.kind, mark.look, mark.clip)
        if alike and (is_clear or mark.kind != "path" or _has_no_fill(mark)):
            earlier.parts += mark.parts
            earlier.boxes += mark.boxes
            return
        if not is_clear:
            break
    marks.append(mark)


def _has_no_fill(mark: Mark) -> bool:
    return "fill:none" in mark.look.split(";")


def _written(mark: Mark) -> str:
    clip = f' clip-path="url(#{mark.clip})"' if mark.clip else ""
    if mark.kind == "dots":
        d = "".join(f"M{_joined(map(_tenths, place))}h0" for place in mark.parts)
        return f'<path style="{mark.look}"{clip} d="{d}"/>'
    if mark.kind == "path":
        return f'<path style="{mark.look}"{clip} d="{_path_data(mark.parts)}"/>'
    if mark.kind == "image":
        return "".join(mark.parts)
    if len(mark.parts) == 1:
        return _written_text(*mark.parts[0], look=mark.look)
    texts = "".join(_written_text(*part) for part in mark.parts)
    return f'<g style="{mark.look}">{texts}</g>'


def _written_text(words: str, x: float, y: float, turned: str, look: str = "") -> str:
    style = f' style="{look}"' if look else ""
    turn = f' transform="{turned}"' if turned else ""
    place = f'x="{_short(x)}" y="{_short(y)}"'
    return f"<text{style} {place}{turn}>{html.escape(words, quote=False)}</text>"


def _clip_path(id: str, frame: Box) -> str:
    x, y, wide, high = map(_short, (*frame[:2], frame[2] - frame[0], frame[3] - frame[1]))
    rect = f'<rect x="{x}" y="{y}" width="{wide}" height="{high}"/>'
    return f'<clipPath id="{id}">{rect}</clipPath>'


def _path_data(segments: list[Segment]) -> str:
    """Return segments as path data, each place relative to the one before, in tenths."""
    written, at, start = [], (0, 0), (0, 0)
    for command, numbers in segments:
        places = [_tenths(number) for number in numbers]
        if command == "z":
            written.append("z")
            at = start
            continue
        end = (places[-2], places[-1])
        if command == "M":
            written.append("M" + _joined(places))
            start = end
        elif command != "L" or end != at:
            moved = [n - at[place % 2] for place, n in enumerate(places)]
            written.append(_relative(command, moved))
        at = end
    return _runs(written)


def _relative(command: str, moved: list[int]) -> str:
    if command == "L" and moved[1] == 0:
        return "h" + _joined(moved[:1])
    if command == "L" and moved[0] == 0:
        return "v" + _joined(moved[1:])
    return command.lower() + _joined(moved)


def _runs(written: Iterable[str]) -> str:
    """Return commands one after the other, a letter that repeats said once."""
    text, last = "", ""
    for piece in written:
        letter, numbers = piece[0], piece[1:]
        if letter == last and letter != "M" and letter != "z":
            text += numbers if numbers.startswith("-") else f" {numbers}"
        else:
            text += piece
        last = letter
    return text


def _tenths(number: float) -> int:
    return round(number * 10)


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
