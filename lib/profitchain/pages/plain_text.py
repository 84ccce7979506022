"""An edition as plain Markdown: its sentences, findings and definitions, for search and machines.

It holds no customer's text, and what firms have named is escaped: it reads as words, nothing else.
"""

from __future__ import annotations

import csv
import html
import io
import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from pathlib import Path

from profitchain.core import formats
from profitchain.core.estimates import Estimate
from profitchain.core.i18n import _
from profitchain.core.periods import Period
from profitchain.exhibits import exhibit, findings, tables
from profitchain.exhibits.findings import PLAIN_TEXT, PageStory
from profitchain.pages import page as pages
from profitchain.pages import sanitise
from profitchain.pages.notebooks import nbformat
from profitchain.words import prose
from profitchain.words.measures import figure_words

SENTENCES = ('<ul class="answer">', '<div class="reading">')  # begin what `prose.Prose` shows
TERMS = {"term": "definition", "setting": "value", "parameter": "value", "id": "definition"}
_SIGNS = re.compile(r"[\\`*_\[\]<>|~&@]|(?<=\w):(?=//)|(?<=www)\.", flags=re.I)
_STARTS = re.compile(r"^(#|[-+=](?=\s|[-=]|$)|\d+(?=[.)]\s))")
_NAME = re.compile(r"[\w.-]+", flags=re.A)
_ENDS = re.compile(r"</(?:p|li)>|<small>|<br ?/?>")
_TAG = re.compile(r"<[^<>]*>")
_TITLE = re.compile(r"\A# .*\n?")
_HEADING = re.compile(r"^(#{2,5}) ", flags=re.M)
_LOUD = re.compile(r"[<&]|!(?=\[)|(?<=\])(?=\()|(?<=\w):(?=//)")


def write_plain_text(
    folder: Path,
    stories: Sequence[PageStory],
    executed: Mapping[str, nbformat.NotebookNode],
    *,
    title: tuple[str, Period],
    warnings: Sequence[str] = (),
) -> Path:
    """Write an edition's text into its folder, in the spoken language; return its path.

    Parameters
    ----------
    stories : what the edition's pages say, in their order.
    executed : the notebooks that ran, by their pages' names.
    title : the firm's name, and the period.
    warnings : what a reader must know before trusting the numbers; a sentence each.
    """
    company, period = title
    cautions = [*map(prose.unmarked, warnings), *_gaps(stories)]
    shown = (bundle for notebook in executed.values() for bundle in pages.exhibits_of(notebook))
    definitions = {term: said for bundle in shown for term, said in _defined(bundle)}
    known = {row["id"] for page in stories for row in (*page.findings, *page.unsaid)}
    whose = _("{company}, {period}", company=company, period=formats.period_label(period))
    lines = [
        f"# {escaped(whose)}",
        *[f"> {escaped(caution)}" for caution in cautions],
        _how_to_read(period),
    ]
    for page in stories:
        lines.append(f"## {escaped(page.question)}")
        if page.why:
            lines.append(escaped(_("Not measured: {why}", why=prose.reason(page.why))))
        lines += _said(executed[page.name], known) if page.name in executed else []
        lines += _numbers(page, definitions, period)
    path = Path(folder) / PLAIN_TEXT
    text = "\n\n".join(filter(None, map(str.strip, lines)))
    path.write_text(sanitise.printable(text) + "\n", encoding="utf-8", newline="\n")
    return path


def escaped(text: str) -> str:
    r"""Return text on one line that Markdown shows as it is: no mark, link, tag or list.

    Examples
    --------
    >>> escaped("<b>1_000</b> [x](http://y)"), escaped("# 1")
    ('\\<b\\>1\\_000\\</b\\> \\[x\\](http\\://y)', '\\# 1')
    """
    flat = _SIGNS.sub(lambda sign: f"\\{sign[0]}", " ".join(text.split()))
    return _STARTS.sub(lambda start: f"{start[0][:-1]}\\{start[0][-1]}", flat)


def _how_to_read(period: Period) -> str:
    return escaped(
        _(
            "Period {name}, {first} to {last}. Each number stands with its 95% interval, n and "
            "unit; an id means the same in every edition. Quote none without its interval.",
            name=str(period),
            first=period.first_day.isoformat(),
            last=period.last_day.isoformat(),
        )
    )


def _gaps(stories: Sequence[PageStory]) -> Iterator[str]:
    """Yield what says that pages are missing."""
    if failed := [page for page in stories if page.failed]:
        yield prose.TEXT["incomplete"] + ": " + prose.listed([page.question for page in failed])


def _said(notebook: nbformat.NotebookNode, known: Collection[str]) -> Iterator[str]:
    """Yield what a page says, in its order: its own words, computed sentences, messages.

    What is `known` by its id is defined where its number stands.
    """
    for cell in notebook.cells:
        if cell.cell_type == "markdown" and pages.FOR_ANALYSTS not in cell.metadata.get("tags", []):
            yield _own_words(cell.source)
        for output in cell.get("outputs", []):
            data = output.get("data", {})
            if data.get("text/html", "").startswith(SENTENCES):
                yield "\n\n".join(map(escaped, _lines_of(data["text/html"])))
            elif shown := data.get(exhibit.MEDIA_TYPE):
                yield _exhibit(shown, known)


def _own_words(source: str) -> str:
    """Return a Markdown cell one heading deeper, without HTML, pictures and links."""
    text = _HEADING.sub(r"\1# ", _TITLE.sub("", source))
    return _LOUD.sub(lambda sign: f"\\{sign[0]}" if sign[0] else " ", text)


def _lines_of(shown: str) -> list[str]:
    """Return computed sentences as text: small print below them, heads before them."""
    text = _ENDS.sub("\n", shown.replace("</b>", ": "))
    lines = html.unescape(_TAG.sub("", text)).replace("\N{WORD JOINER}", "").splitlines()
    return [line for line in lines if line.strip()]


def _exhibit(shown: Mapping[str, str], known: Collection[str]) -> str:
    message, measure, source = (prose.unmarked(shown[part]) for part in exhibit.WORDS[:3])
    text = f"- {escaped(message)} ({escaped(measure)}; {escaped(source)})"
    terms = [
        f"  - {escaped(term)}: {escaped(said)}"
        for term, said in _defined(shown)
        if term not in known
    ]
    return "\n".join([text, *terms])


def _numbers(page: PageStory, definitions: Mapping[str, str], period: Period) -> Iterator[str]:
    """Yield a page's findings: each id on one line, below it how it is made, and its groups."""
    by_id: dict[str, list[Mapping]] = {}
    for row in (*page.findings, *page.unsaid):
        by_id.setdefault(row["id"], []).append(row)
    lines = []
    for id, rows in by_id.items():
        first = rows[0]
        unit = first.get("unit", "") if len({row.get("unit") for row in rows}) == 1 else ""
        parts = (escaped(unit), str(period), escaped(definitions.get(id, "")))
        whole = "" if first.get("group") else f" {escaped(_figure(first))};"
        name = f"`{id}`" if _NAME.fullmatch(id) else escaped(id)
        lines.append(f"- {name} {escaped(first['label'])}:{whole} {'; '.join(filter(None, parts))}")
        lines += [
            f"  - {escaped(findings.group_words(row['group']))}: {escaped(_figure(row))}"
            for row in rows
            if row.get("group")
        ]
    if lines:
        yield f"### {_('Findings')}"
        yield "\n".join(lines)


def _figure(row: Mapping) -> str:
    if "why" in row:
        return _("Not measured: {why}", why=prose.reason(prose.unmarked(row["why"])))
    numbers = {part: row[part] for part in ("value", "low", "high", "n", "unit")}
    return figure_words(row["id"], row.get("group"), Estimate(**numbers))


def _defined(shown: Mapping[str, str]) -> Iterator[tuple[str, str]]:
    """Yield what an exhibit's table defines: a term, a setting or an id, and what is said of it."""
    rows = csv.DictReader(io.StringIO(shown["csv"]))
    columns = rows.fieldnames or ()
    term = next((name for name, said in TERMS.items() if {name, said} <= set(columns)), "")
    for row in rows if term else ():
        yield tables.unquoted(row[term]), tables.unquoted(row[TERMS[term]])
