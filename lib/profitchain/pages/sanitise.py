"""What a notebook's outputs may put on a page: our own exhibits as they are, all else made safe."""

from __future__ import annotations

import base64
import html
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
PICTURES = ("image/svg+xml", "image/png", "image/jpeg")
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


def output_html(output: Mapping) -> str:
    """Return one output of a code cell as HTML; "" where it isn't for readers.

    Warnings, error traces and widgets are for analysts and stay in the notebook.
    """
    if output["output_type"] == "stream":
        return _plain(output["text"]) if output["name"] == "stdout" else ""
    data = output.get("data", {})
    if any(kind.startswith(OURS) for kind in data):
        return data.get("text/html", "").replace(style.NOTEBOOK_CSS, "")
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
    raw = content if kind != "image/svg+xml" else base64.b64encode(content.encode()).decode()
    alt = html.escape(words.strip()) if not words.startswith("<") else ""
    return f'<p><img src="data:{kind};base64,{"".join(raw.split())}" alt="{alt}"></p>'


def _plain(text: str) -> str:
    text = _TERMINAL.sub("", text).strip()
    if not text or _ADDRESS.search(text):
        return ""
    return _in_scroll(f'<pre class="plain">{html.escape(text)}</pre>', "Output")
