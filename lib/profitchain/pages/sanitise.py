"""What a notebook's outputs may put on a page: our own exhibits as they are, all else made safe."""

from __future__ import annotations

import base64
import html
import itertools
import re
from collections.abc import Mapping

import bleach

from profitchain.exhibits import style

OURS = "application/vnd.profitchain."
TAGS = frozenset((
    "a", "abbr", "b", "blockquote", "br", "caption", "code", "dd", "del", "details", "div", "dl",
    "dt", "em", "figcaption", "figure", "h2", "h3", "h4", "h5", "h6", "hr", "i", "img", "ins",
    "kbd", "li", "ol", "p", "pre", "q", "s", "section", "small", "span", "strong", "sub",
    "summary", "sup", "table", "tbody", "td", "tfoot", "th", "thead", "tr", "u", "ul", "var",
))  # fmt: skip
ATTRIBUTES = {
    "*": ["class", "title", "lang"],
    "a": ["href"],
    "img": ["src", "alt"],
    "td": ["colspan", "rowspan"],
    "th": ["colspan", "rowspan", "scope"],
}
SVG = "image/svg+xml"
PICTURES = (SVG, "image/png", "image/jpeg")
_BEGINS = {"image/png": b"\x89PNG\r\n\x1a\n", "image/jpeg": b"\xff\xd8\xff"}
_DRAWN = {
    *("svg", "g", "path", "text", "tspan", "polyline", "polygon", "circle", "ellipse", "rect"),
    *("line", "use", "defs", "clipPath", "title", "desc"),
}
_OWN_TAG = re.compile(
    r"<(?:/\w+|(?P<name>[a-z]\w*)"
    r"(?P<attributes>(?:\s+[a-zA-Z][\w:-]*=\"[^\"<>]*\"| download)*)\s*/?)>"
    r"|<!--[a-z:{}0-9-]+-->"
)
_ATTRIBUTE = re.compile(r'([\w:-]+)="([^"]*)"')
_NEAR = re.compile(r"[\w./#-]*")  # an address inside the edition
# Control characters, and marks that turn round the order of the letters after them.
_NOT_ON_A_PAGE = re.compile(
    "[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069\ud800-\udfff\ufffe\uffff]"
)
_LOUD = re.compile(r"<(script|style)\b.*?(</\1\s*>|\Z)", flags=re.S | re.I)
_IMAGE = re.compile(r"<img\b[^>]*>", flags=re.I)
# An object without a repr of its own shows its address: news to nobody, and new on every run.
_ADDRESS = re.compile(r"<.* at 0x[0-9a-fA-F]+>")
_TERMINAL = re.compile(r"\x1b\[[0-9;?]*[A-Za-z]")


def safe_html(text: str, *, classes: bool = True) -> str:
    """Return HTML without scripts, styles, event handlers, frames, forms and remote pictures.

    Without `classes`, it can't look like something that was computed either.
    """
    everywhere = [name for name in ATTRIBUTES["*"] if classes or name != "class"]
    safe = bleach.clean(
        _LOUD.sub("", text),
        tags=TAGS,
        attributes=ATTRIBUTES | {"*": everywhere},
        strip=True,
        strip_comments=True,
        protocols={"http", "https", "mailto", "data"},
    )
    safe = re.sub(r"<th>\s*</th>", "<td></td>", _IMAGE.sub(_local_image, safe))
    return re.sub(r'href="\s*data:[^"]*"', "", safe, flags=re.I)


def is_own_html(text: str) -> bool:
    """Tell whether HTML is written as exhibits write it, with nothing that runs or is fetched.

    Examples
    --------
    >>> is_own_html('<p class="a">1 &lt; 2</p>'), is_own_html('<p title=">" onclick="x">1</p>')
    (True, False)
    """
    tags = list(_OWN_TAG.finditer(text))
    known = {tag["name"] for tag in tags} <= TAGS | _DRAWN | {None}
    given = {pair for tag in tags for pair in _ATTRIBUTE.findall(tag["attributes"] or "")}
    return known and all(itertools.starmap(_is_quiet, given)) and "<" not in _OWN_TAG.sub("", text)


def _is_quiet(name: str, value: str) -> bool:
    """Tell whether an attribute neither runs anything nor asks another machine for something."""
    if name.lower() in ("href", "xlink:href"):
        return bool(_NEAR.fullmatch(value))
    asks = name.lower().startswith("on") or name.lower() in ("src", "action", "formaction")
    return not asks and not re.search(r"url\((?!#)|javascript:", value, flags=re.I)


def printable(text: str) -> str:
    """Return a page's text with a sign for each character that would act and not be seen."""
    return _NOT_ON_A_PAGE.sub("\N{REPLACEMENT CHARACTER}", text)


def output_html(output: Mapping) -> str:
    """Return one output of a code cell as HTML; "" where it isn't for readers.

    Warnings, error traces and widgets are for analysts and stay in the notebook.
    """
    if output["output_type"] == "stream":
        return _plain(output["text"]) if output["name"] == "stdout" else ""
    data = output.get("data", {})
    if any(kind.startswith(OURS) for kind in data):
        shown = data.get("text/html", "").replace(style.NOTEBOOK_CSS, "")
        return shown if is_own_html(shown) else safe_html(shown)
    if any("widget" in kind for kind in data):
        return ""
    if "text/html" in data:
        table = safe_html(data["text/html"])
        return _in_scroll(table, "Table") if "<table" in table else table
    words = data.get("text/plain", "")
    kind = next((kind for kind in PICTURES if kind in data), "")
    return _picture(kind, data[kind], words) if kind else _plain(words)


def _local_image(match: re.Match[str]) -> str:
    tag = match[0]
    if not re.search(r'src="data:image/', tag, flags=re.I):
        return ""
    return tag if "alt=" in tag else tag.replace("<img", '<img alt=""', 1)


def _in_scroll(content: str, label: str) -> str:
    return f'<div class="scroll" tabindex="0" role="group" aria-label="{label}">{content}</div>'


def _picture(kind: str, content: str, words: str) -> str:
    """Return a picture as an image, in which nothing runs; its words where it is none."""
    try:
        raw = content.encode() if kind == SVG else _bytes_of(content)
    except ValueError:
        return _plain(words)
    if not raw.startswith(_BEGINS.get(kind, b"")):
        return _plain(words)
    alt = html.escape(words.strip()) if not words.startswith("<") else ""
    return f'<p><img src="data:{kind};base64,{base64.b64encode(raw).decode()}" alt="{alt}"></p>'


def _bytes_of(text: str) -> bytes:
    return base64.b64decode("".join(text.split()), validate=True)


def _plain(text: str) -> str:
    text = _TERMINAL.sub("", text).strip()
    if not text or _ADDRESS.search(text):
        return ""
    return _in_scroll(f'<pre class="plain">{html.escape(text)}</pre>', "Output")
