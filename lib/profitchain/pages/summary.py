"""What an edition's first page shows, built from the findings of all its pages."""

from __future__ import annotations

import html
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from profitchain.core import formats
from profitchain.core.estimates import Estimate, NotEstimable
from profitchain.core.i18n import N_, _, ngettext
from profitchain.exhibits import style
from profitchain.exhibits.exhibit import DOWNLOAD_MARK, Exhibit
from profitchain.exhibits.findings import (
    PLAIN_TEXT,
    SUMMARY,
    WORKBOOK,
    EditionFindings,
    PageStory,
)
from profitchain.pages.site import GROUPS, group_of
from profitchain.words import prose, reasons, scores
from profitchain.words.measures import is_change, is_difference
from profitchain.words.prose import Prose

UNCLEAR = "no clear change"
TOLD = {"16_outlook": 2, "17_watch": 3}  # answers: how forecasts did, and what is due, as well
_MARKS = {  # seen, and read aloud
    "up": ("▲", N_("up")), "down": ("▼", N_("down")), UNCLEAR: ("≈", N_("no clear change")),
}  # fmt: skip
SPARK_WIDTH, SPARK_HEIGHT, SPARK_PAD = 160, 40, 4
MEDIA_TYPE = "application/vnd.profitchain.prose+json"
LONG_TABLE_MARK, PRINTED_MARK = "<!--long-table-->", "<!--printed-->"

MOST_SIGNS = 7  # of a figure in full size on a card
_SENTENCE = re.compile(  # where one ends, also inside bold words
    r"(?<=[.!?])\s(?=\W*[A-Z])|(?<=\.\*\*)\s(?=\W*[A-Z])|(?<=[。！？])(?=[^*])|(?<=[。！？]\*\*)(?=.)"
)
_FIGURE = re.compile(r"([^ \u2e80-\u9fff]*)( ?)(.*)")  # then unit words, in Chinese without a space


@dataclass(frozen=True, slots=True, kw_only=True)
class Panel:
    """A part of the first page: HTML of our own making, and the same in plain words."""

    html: str
    text: str

    def _repr_mimebundle_(self, include: object = None, exclude: object = None) -> dict:
        return {
            "text/plain": self.text,
            "text/html": style.NOTEBOOK_CSS + self.html,
            MEDIA_TYPE: {},
        }


def key_figures(
    findings: EditionFindings,
    ids: Iterable[str],
    *,
    about: Mapping[str, tuple[str, ...]] | None = None,
) -> Panel:
    """Return a card a finding: the figure, its interval, its change, its course over time.

    `about` are words above and below a figure, by finding, where its label alone won't do, and
    words below its interval.
    """
    words = about or {}
    cards = [_card(findings, id, *words.get(id, (findings.label(id), ""))) for id in ids]
    return Panel(html=f'<ul class="cards">{"".join(cards)}</ul>', text=_("Key figures"))


def picture(shown: Exhibit | None) -> Panel | None:
    """Return an exhibit of numbers that other pages hold already: no file, no sheet of its own."""
    if shown is None:
        return None
    return Panel(html=shown.html.replace(DOWNLOAD_MARK.format(id=shown.id), ""), text=shown.message)


def answers(findings: EditionFindings, above: Prose | None = None) -> Panel:
    """Return the pages by what they ask: each question as a link, with what it found.

    What was said `above` isn't said twice. Pages that measure nothing stand last, in one line.
    """
    others = [page for page in findings.pages if page.name != SUMMARY]
    known = " ".join(above.sentences) if above else ""
    groups = {group: [page for page in others if group_of(page.name) == group] for group in GROUPS}
    blocks = [
        f"<section><h3>{html.escape(_(group))}</h3>"
        f"{''.join(_line(page, known) for page in pages)}</section>"
        for group, told in groups.items()
        if (pages := [page for page in told if not page.why])
    ]
    unmeasured = [page for page in others if page.why]
    text = "\n".join(f"{page.question} {_first(page)}" for page in others)
    return Panel(
        html=f'<div class="groups">{"".join(blocks)}</div>{_lacking(unmeasured)}', text=text
    )


def _line(page: PageStory, known: str) -> str:
    """Return a page's question, and the first sentence of its answer, or of its first answers."""
    said = [_first(page), *page.answers[1 : TOLD.get(page.name, 1)]]
    each = [_SENTENCE.split(text, maxsplit=1)[0] for text in said]
    each = [
        _("Said above.") if text and prose.unmarked(text) in prose.unmarked(known) else text
        for text in each
    ]
    spans = prose.following(*(f"<span>{prose.emphasised(text)}</span>" for text in each))
    return f"<p>{_link(page)}{spans}</p>"


def _lacking(pages: Sequence[PageStory]) -> str:
    """Return which questions are not measured, those for the same reason together."""
    lines = [
        f"<p>{', '.join(map(_link, alike))} <span>{prose.emphasised(prose.reason(why))}</span></p>"
        for why in dict.fromkeys(page.why for page in pages)
        if (alike := [page for page in pages if page.why == why])
    ]
    if not lines:
        return ""
    head = html.escape(formats.in_brackets(prose.TEXT["not_measured"], str(len(pages))))
    return f'<details><summary>{head}</summary><div class="groups">{"".join(lines)}</div></details>'


def _link(page: PageStory) -> str:
    return f'<a href="{html.escape(page.file)}">{html.escape(page.question)}</a>'


def changes(findings: EditionFindings, ids: Iterable[str] | None = None) -> Prose:
    """Return what clearly moved since the period before and a year before, and what did not."""
    ids = _changing(findings) if ids is None else list(ids)
    part = prose.period_word(findings.period)
    since = {"_change": _("Against the {part} before", part=part)}
    if findings.period.every != "year":
        since["_change_on_year"] = _("Against the same {part} a year before", part=part)
    sentences = [_moves(findings, ids, suffix=suffix, since=since[suffix]) for suffix in since]
    none = _("Nothing to compare with: no earlier period is recorded.")
    return prose.note(*([text for text in dict.fromkeys(sentences) if text] or [none]))


def downloads(findings: EditionFindings, *, others: Sequence[tuple[str, str]] = ()) -> Panel:
    """Return links to the workbook, the long table, the record, and every exhibit's numbers.

    The link to the long table is put in where the page is published and there is such a table,
    those to the edition on paper where it is printed.
    `others` are further files, as (path inside the edition, what it holds).
    """
    files = [
        (PLAIN_TEXT, N_("Plain text")),
        ("findings.json", N_("All findings of this edition, for machines")),
        *others,
    ]
    workbook = _download(WORKBOOK, _("All exhibits and findings in one workbook (Excel)"))
    items = workbook + LONG_TABLE_MARK + "".join(_download(path, _(words)) for path, words in files)
    items += PRINTED_MARK
    pages = ""
    for page in filter(lambda page: page.exhibits, findings.pages):
        links = (_download(bundle["csv"], bundle["message"]) for bundle in page.exhibits)
        question = html.escape(formats.in_brackets(page.question, "CSV"))
        pages += f"<details><summary>{question}</summary><ul>{''.join(links)}</ul></details>"
    return Panel(html=f'<div class="downloads"><ul>{items}</ul>{pages}</div>', text=_("Downloads"))


def long_table(path: str) -> str:
    """Return the link to the findings of all editions, as one of the downloads; "" without path."""
    words = _("The findings of all editions in one table, for FineBI, Tableau, Power BI (CSV)")
    return _download(path, words) if path else ""


def _card(findings: EditionFindings, id: str, above: str, below: str, beside: str = "") -> str:
    estimate, label = findings.get(id), html.escape(above)
    if isinstance(estimate, NotEstimable):
        why = prose.with_names(reasons.text(estimate))
        is_tried = findings.unsaid["id"].eq(id).any()
        return (
            f'<li class="card"><p class="label">{label}</p><p class="figure none">'
            f"{prose.TEXT['too_few' if is_tried else 'not_measured']}</p>"
            f'<p class="ends">{why}</p></li>'
        )
    moved, ends = is_difference(id), ""
    if estimate.low < estimate.high:
        ends = html.escape(prose.interval(estimate, difference=moved, bare=True))
    below, beside = (
        f'<p class="about">{html.escape(words)}</p>' if words else "" for words in (below, beside)
    )
    return (
        f'<li class="card"><p class="label">{label}</p>'
        f"{_figure(prose.number(estimate, difference=moved))}"
        f'<div>{below}<p class="ends">{ends}</p>{beside}</div>'
        f"<div>{_sparkline(findings, id, estimate)}{_moved(findings, id)}"
        f"</div></li>"
    )


def _figure(text: str) -> str:
    """Return a figure with its unit words set small, and itself smaller the longer it is."""
    figure, space, words = _FIGURE.findall(html.escape(text))[0]
    length = f' style="--signs:{len(figure)}"' if len(figure) > MOST_SIGNS else ""
    words = f"{space}<small>{words}</small>" if words else ""
    return f'<p class="figure"{length}>{figure}{words}</p>'


def _size(change: Estimate, *, short: bool = False) -> str:
    if short and change.unit == "share":
        return _("{figure} pp", figure=formats.digits(100 * abs(change.value), 1))
    return prose.number(change if change.value >= 0 else change.times(-1), difference=True)


def _moved(findings: EditionFindings, id: str) -> str:
    """Return a figure's change on the year and on the period before, each as a mark and a size."""
    period = findings.period
    lines = []
    for on in dict.fromkeys(["year", period.every]):
        change = findings.change(id, on_year=on != period.every)
        if change is None:
            continue
        if isinstance(change, Estimate):
            verdict, size = change.verdict, _size(change, short=True)
        else:
            verdict, size = ("up" if change >= 0 else "down"), f"{abs(change):.0%}"
        mark, words = _MARKS[verdict]
        size = "" if verdict == UNCLEAR else html.escape(size)
        lines.append(
            f'<div><dt>{html.escape(_(on))}</dt><dd><span role="img" '
            f'aria-label="{html.escape(_(words))}">{mark}</span> {size}</dd></div>'
        )
    return f'<dl class="moves">{"".join(lines)}</dl>' if lines else ""


def _sparkline(findings: EditionFindings, id: str, estimate: Estimate) -> str:
    course, unit = findings.trend(id), estimate.unit
    if len(course) < 2:
        return ""
    values = course["value"].tolist()
    start, end = (formats.period_short(course["period"].iloc[place]) for place in (0, -1))
    places = None if unit in formats.COUNTS else formats.decimals(unit, max(values))
    first, last = (formats.plain(values[place], unit, places=places) for place in (0, -1))
    words = _(
        "From {first} in {start} to {last} in {end}.", first=first, start=start, last=last, end=end
    )
    since = f'<p class="since" aria-hidden="true"><span>{start}</span><span>{end}</span></p>'
    ends = course[["low", "high"]].dropna()
    band = ends.to_numpy(float).tolist() if len(ends) == len(course) else []
    return f"{spark_svg(values, words, band)}{since}"


def spark_svg(
    values: Sequence[float], words: str = "", band: Sequence[Sequence[float]] = ()
) -> str:
    """Return a line as small as a word, its last value as a dot; `words` are read aloud for it.

    Parameters
    ----------
    band : the low and high end of each value's interval, where all have one.
    """
    known = [*values, *(end for ends in band for end in ends)]
    top, across = max(known), (SPARK_WIDTH - 2 * SPARK_PAD) / (len(values) - 1)
    down = (SPARK_HEIGHT - 2 * SPARK_PAD) / ((top - min(known)) or 1)

    def points(numbers: Sequence[float]) -> list[str]:
        return [f"{SPARK_PAD + place * across:.0f} {SPARK_PAD + (top - number) * down:.1f}"
                for place, number in enumerate(numbers)]  # fmt: skip

    line = points(values)
    around = points([high for _low, high in band]) + points([low for low, _high in band])[::-1]
    x, y = line[-1].split()
    aloud = f'role="img" aria-label="{html.escape(words)}"' if words else 'aria-hidden="true"'
    return (
        f'<svg class="spark" viewBox="0 0 {SPARK_WIDTH} {SPARK_HEIGHT}" {aloud}>'
        + (f'<polygon points="{" ".join(around)}"/>' if band else "")
        + f'<polyline points="{" ".join(line)}"/><circle cx="{x}" cy="{y}" r="3.5"/></svg>'
    )


def _first(page: PageStory) -> str:
    if page.failed:
        return f"**{prose.TEXT['no_page']}**"
    if page.why:
        return _("Not measured: {what}", what=prose.reason(page.why))
    return page.answers[0] if page.answers else ""


def _changing(findings: EditionFindings) -> list[str]:
    """Return the ids of the whole firm's measures of which a change is recorded."""
    rows = findings.findings
    changes = [id for id in rows[rows["group"].isna()]["id"] if is_change(id)]
    ids = [id.removesuffix("_on_year").removesuffix("_change") for id in changes]
    return [id for id in dict.fromkeys(ids) if id not in scores.COMPLEMENTS]


def _moves(findings: EditionFindings, ids: Sequence[str], *, suffix: str, since: str) -> str:
    changes = {id: findings.get(f"{id}{suffix}") for id in ids}
    estimates = {id: change for id, change in changes.items() if isinstance(change, Estimate)}
    moved = [
        _(
            "{label} **{change}** ({ends})",
            label=scores.in_sentence(findings.label(id)),
            change=prose.change_words(change),
            ends=prose.interval(change, difference=True, bare=True),
        )
        for id, change in estimates.items()
        if change.verdict != "no clear change"
    ]
    still, total = len(estimates) - len(moved), len(estimates)
    words = {"since": since, "still": still, "total": total, "moves": prose.clauses(moved, "，")}
    if not estimates:
        return ""
    if not moved:
        return ngettext(
            "{since}: no clear change in the only measure.",
            "{since}: no clear change in any of {total} measures.",
            total,
            **words,
        )
    if not still:
        return _("{since}: {moves}.", **words)
    return _("{since}: {moves}; no clear change in {still} of {total} measures.", **words)


def _download(path: str, words: str) -> str:
    return f'<li><a href="{html.escape(path)}" download>{html.escape(words)}</a></li>'
