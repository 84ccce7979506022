"""From an executed notebook to one self-contained page, and to what the page publishes."""

from __future__ import annotations

import html
import re
from collections.abc import Mapping
from functools import cache
from typing import TYPE_CHECKING

from profitchain.exhibits import exhibit, findings, svg_compaction
from profitchain.exhibits.findings import SUMMARY, PageStory
from profitchain.pages import notebooks, sanitise, summary
from profitchain.pages.commentary import remarks_html
from profitchain.pages.failures import Failure
from profitchain.pages.notebooks import nbformat
from profitchain.pages.site import TEMPLATES, Entry, PageInfo, Site, stylesheet
from profitchain.words import prose

if TYPE_CHECKING:
    from nbconvert import TemplateExporter

Heading = dict[str, str]  # an h2's `anchor` and `text`
ANSWER = "application/vnd.profitchain.answer+json"
ANSWERED, CARDS = '<ul class="answer">', '<ul class="cards">'  # remarks and contents stand below
DRAWN = "<!--drawn-->"  # where the looks of a page's drawings are written
HASH_LETTERS = 12
_HEADING = re.compile(r"<h([2-6])\b[^>]*>(.*?)</h\1>", flags=re.S)
_SECTION = re.compile(r"## ")
_TITLE = re.compile(r"^# +(.+?)\s*#*\s*$", flags=re.M)


FOR_ANALYSTS = "analyst"  # Markdown cells with this tag explain code and stay off the page
FOLDED = "folded"  # a section whose first cell has this tag opens when a reader asks for it
INJECTED = "injected-parameters"  # papermill's own cell: it names folders of this machine


def question_of(notebook: nbformat.NotebookNode) -> str:
    """Return a notebook's question: its first H1; raise ValueError if it has none."""
    for cell in notebook.cells:
        if cell.cell_type == "markdown" and (title := _TITLE.search(cell.source)):
            return title[1]
    raise ValueError(
        "The notebook has no question. Begin its first cell with a title: '# Do they come back?'"
    )


def collect(executed: nbformat.NotebookNode, *, name: str) -> PageStory:
    """Return what a page publishes: its answer, exhibits, findings and trends."""
    records = _bundles(executed, findings.MEDIA_TYPE)
    answers = (text for answer in _bundles(executed, ANSWER) for text in answer["sentences"])
    exhibits = (
        {"id": bundle["id"], "message": bundle["message"], "csv": csv_path(name, bundle["id"])}
        for bundle in exhibits_of(executed)
    )
    return PageStory(
        name=name,
        question=question_of(executed),
        answers=tuple(answers),
        exhibits=tuple(exhibits),
        findings=tuple(row for record in records for row in record["findings"]),
        unsaid=tuple(row for record in records for row in record["unsaid"]),
        trends=tuple(row for record in records for row in record["trends"]),
    )


def exhibits_of(executed: nbformat.NotebookNode) -> list[Mapping]:
    """Return what a page shows: a bundle an exhibit, with its words and its numbers."""
    return _bundles(executed, exhibit.MEDIA_TYPE)


def csvs(executed: nbformat.NotebookNode, *, name: str) -> dict[str, str]:
    """Return the numbers behind each exhibit as CSV text, by path inside the edition."""
    texts: dict[str, str] = {}
    for bundle in exhibits_of(executed):
        path = csv_path(name, bundle["id"])
        if path in texts:
            raise ValueError(
                f"Two exhibits of {name} are called '{bundle['id']}'. Their files would overwrite "
                "each other: give one another id."
            )
        texts[path] = bundle["csv"]
    return texts


def csv_path(page: str, id: str) -> str:
    """Return where an exhibit's numbers stand inside the edition."""
    return f"data/{page}-{id}.csv"


def render_page(executed: nbformat.NotebookNode, *, site: Site, page: PageInfo) -> str:
    """Return a page: the notebook's words and outputs, its code folded away, its record."""
    lead, body, contents = _blocks(executed, page, site)
    first = CARDS if page.name == SUMMARY else ANSWERED
    after = next((at for at, block in enumerate(body, 1) if first in block), 0)
    code = [
        cell.source
        for cell in executed.cells
        if cell.cell_type == "code" and cell.source and not _has_tag(cell, INJECTED)
    ]
    return _rendered(
        executed,
        site,
        page,
        question=question_of(executed),
        lead=lead,
        answered=body[:after],
        body=body[after:],
        contents=contents,
        code=code,
    )


def not_measured_page(*, site: Site, page: PageInfo, why: str) -> str:
    """Return the page of a question that the firm's tables can't answer, with the reason."""
    return _empty_page(site, page, why=prose.with_names(prose.reason(why)))


def failed_page(*, site: Site, page: PageInfo, failure: Failure) -> str:
    """Return the page of a notebook that stopped: where, why and what to do."""
    return _empty_page(site, page, failure=failure)


def _empty_page(site: Site, page: PageInfo, **parts: object) -> str:
    question = next((entry.question for entry in site.pages if entry.name == page.name), page.name)
    notebook = nbformat.v4.new_notebook(
        cells=[nbformat.v4.new_markdown_cell(f"# {question}", id="question")]
    )
    return _rendered(notebook, site, page, question=question, **parts)


def _rendered(
    notebook: nbformat.NotebookNode, site: Site, page: PageInfo, *, question: str, **parts: object
) -> str:
    entries = site.leads_to(page.name)
    names = [entry.name for entry in entries]
    around = (None, *entries, None)
    place = names.index(page.name) if page.name in names else None
    file = Entry(page.name, question).file
    resources = {
        "site": site,
        "page": page,
        "question": question,
        "period": prose.period_heading(site.period),
        "is_summary": page.name == SUMMARY,
        "css": stylesheet(),
        "say": prose.TEXT,
        "earlier": site.before(file),
        "tongues": site.tongues(file) if len(site.languages) > 1 else [],
        "previous": None if place is None else around[place],
        "next": None if place is None else around[place + 2],
        "parameters": _pairs(page.parameters, " = "),
        "versions": _pairs(page.versions, " "),
        "inputs": "; ".join(map(_input, page.inputs)),
        "mark": notebooks.state_words(page.state),
        "commentary": remarks_html(page.remarks),
        "unplaced": [remark.html for remark in page.remarks if remark.why],
        "failure": None,
        **dict.fromkeys(("lead", "answered", "body", "contents", "code"), ()),
        "why": "",
        **parts,
    }
    text, _resources = _exporter().from_notebook_node(notebook, resources=resources)
    text, rules = svg_compaction.shared_looks(sanitise.printable(text.strip()))
    return text.replace(DRAWN, f"<style>{rules}</style>" if rules else "", 1) + "\n"


def _pairs(items: Mapping[str, object], between: str) -> str:
    return ", ".join(f"{name}{between}{value}" for name, value in items.items())


def _input(table: Mapping[str, object]) -> str:
    sha = str(table["sha256"])[:HASH_LETTERS]
    return f"{table['name']} ({table['rows']:,} {prose.TEXT['rows']}, sha256 {sha})"


def _blocks(
    executed: nbformat.NotebookNode, page: PageInfo, site: Site
) -> tuple[list[str], list[str], list[Heading]]:
    """Return a notebook as HTML blocks: those before its first h2, the rest, and its h2s."""
    contents: list[Heading] = []
    lead: list[str] = []
    body: list[str] = []
    is_folded = False
    for cell in executed.cells:
        blocks = []
        if cell.cell_type == "code":
            blocks = [block for out in cell.outputs for block in _output_blocks(out, page, site)]
        elif cell.cell_type == "markdown" and not _has_tag(cell, FOR_ANALYSTS):
            blocks = [_prose(cell.source, contents)]
            if _SECTION.match(cell.source):
                blocks, is_folded = _section(blocks[0], _has_tag(cell, FOLDED), after=is_folded)
        (body if contents else lead).extend(filter(None, blocks))
    if is_folded:
        body.append("</div></details>")
    return lead, body, contents


def _section(prose: str, fold: bool, *, after: bool) -> tuple[list[str], bool]:
    """Return the blocks that end a folded section and begin the next one, and if that is folded."""
    end = ["</div></details>"] if after else []
    if not fold:
        return [*end, prose], False
    heading, _mark, rest = prose.removeprefix('<div class="prose">').partition("</h2>")
    start = f'<details class="fold"><summary>{heading}</h2></summary><div><div class="prose">'
    return [*end, start + rest], True


def _output_blocks(output: Mapping, page: PageInfo, site: Site) -> tuple[str, str]:
    """Return an output as HTML, and what people say below it if it is an exhibit."""
    id = output.get("data", {}).get(exhibit.MEDIA_TYPE, {}).get("id")
    block = _with_downloads(sanitise.output_html(output), page.name, site)
    return block, remarks_html(page.remarks, id) if id else ""


def _has_tag(cell: nbformat.NotebookNode, tag: str) -> bool:
    return tag in cell.metadata.get("tags", [])


def _prose(source: str, contents: list[Heading]) -> str:
    """Return Markdown as safe HTML, its h2s given anchors and put on the list of contents."""
    from nbconvert.filters import markdown2html_mistune

    text = sanitise.safe_html(markdown2html_mistune(_TITLE.sub("", source, count=1)))
    text = _HEADING.sub(lambda match: _anchored(match, contents), text)
    return f'<div class="prose">{text.strip()}</div>' if text.strip() else ""


def _anchored(match: re.Match[str], contents: list[Heading]) -> str:
    level, words = match[1], html.unescape(re.sub(r"<[^>]+>", "", match[2])).strip(" \n¶")
    if level != "2":
        return f"<h{level}>{html.escape(words)}</h{level}>"
    anchor = ("section-" + re.sub(r"\W+", "-", words.lower())).strip("-")  # no exhibit's id
    taken = {heading["anchor"] for heading in contents}
    anchor = anchor if anchor not in taken else f"{anchor}-{len(taken) + 1}"
    contents.append({"anchor": anchor, "text": words})
    return f'<h2 id="{html.escape(anchor)}">{html.escape(words)}</h2>'


def _with_downloads(block: str, name: str, site: Site) -> str:
    block = block.replace(summary.LONG_TABLE_MARK, summary.long_table(site.long_table))
    mark = re.escape(exhibit.DOWNLOAD_MARK).replace(r"\{id\}", "([a-z0-9-]+)")
    link = '<p class="download"><a href="{}" download>{}</a></p>'
    return re.sub(
        mark,
        lambda match: link.format(html.escape(csv_path(name, match[1])), prose.TEXT["download"]),
        block,
    )


def _bundles(executed: nbformat.NotebookNode, kind: str) -> list[Mapping]:
    outputs = [out for cell in executed.cells for out in cell.get("outputs", [])]
    return [out["data"][kind] for out in outputs if kind in out.get("data", {})]


@cache
def _exporter() -> TemplateExporter:
    """Return nbconvert's plain exporter: its HTML one would parse and rewrite every drawing."""
    from nbconvert import TemplateExporter

    return TemplateExporter(
        template_name="page",
        template_file="index.html.j2",
        extra_template_basedirs=[str(TEMPLATES)],
        default_preprocessors=[],  # none is of use here, and each would check the notebook anew
    )
