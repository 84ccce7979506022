"""What an edition's first page shows, built from the findings of all its pages."""

from __future__ import annotations

import html
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from profitchain.core import formats
from profitchain.core.estimates import Estimate, NotEstimable
from profitchain.core.i18n import N_, _
from profitchain.exhibits import style
from profitchain.exhibits.findings import (
    SUMMARY,
    WORKBOOK,
    EditionFindings,
    PageStory,
    is_change,
    is_difference,
)
from profitchain.words import prose, reasons, scores

SPARK_WIDTH, SPARK_HEIGHT, SPARK_PAD = 160, 40, 4
MEDIA_TYPE = "application/vnd.profitchain.prose+json"
LONG_TABLE_MARK = "<!--long-table-->"

MOST_SIGNS = 7  # of a figure in full size on a card
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
    found: EditionFindings,
    ids: Iterable[str],
    *,
    about: Mapping[str, tuple[str, str]] | None = None,
) -> Panel:
    """Return a card a finding: the figure, its interval, its change, its course over time.

    `about` are words above and below a figure, by finding, where its label alone won't do.
    """
    about = about or {}
    cards = [_card(found, id, *about.get(id, (found.label(id), ""))) for id in ids]
    return Panel(html=f'<ul class="cards">{"".join(cards)}</ul>', text=_("Key figures"))


def answers(found: EditionFindings) -> Panel:
    """Return one line a page: its question as a link, and the first sentence of its answer."""
    lines = [_line(page) for page in found.pages if page.name != SUMMARY]
    text = "\n".join(f"{page.question} {_first(page)}" for page in found.pages)
    return Panel(html=f'<dl class="answers">{"".join(lines)}</dl>', text=text)


def changes(found: EditionFindings, ids: Iterable[str] | None = None) -> prose.Prose:
    """Return what clearly moved since the period before and a year before, and what did not."""
    ids = list(ids) if ids is not None else _changing(found)
    word = prose.period_word(found.period)
    before = _("Against the {part} before", part=word)
    year = _("Against the same {part} a year before", part=word)
    sentences = [
        _moves(found, ids, suffix="_change", since=before),
        _moves(found, ids, suffix="_change_on_year", since=year)
        if found.period.every != "year"
        else "",
    ]
    kept = [text for text in dict.fromkeys(sentences) if text]
    none = _("Nothing to compare with: no earlier period is recorded.")
    return prose.note(*(kept or [none]))


def downloads(found: EditionFindings, *, others: Sequence[tuple[str, str]] = ()) -> Panel:
    """Return links to the workbook, the long table, the record, and every exhibit's numbers.

    The link to the long table is put in where the page is published and there is such a table.
    `others` are further files, as (path inside the edition, what it holds).
    """
    files = [("findings.json", N_("All findings of this edition, for machines")), *others]
    workbook = _download(WORKBOOK, _("All exhibits and findings in one workbook (Excel)"))
    items = workbook + LONG_TABLE_MARK + "".join(_download(path, _(words)) for path, words in files)
    pages = "".join(_page_downloads(page) for page in found.pages if page.exhibits)
    return Panel(html=f'<div class="downloads"><ul>{items}</ul>{pages}</div>', text=_("Downloads"))


def long_table(path: str) -> str:
    """Return the link to the findings of all editions, as one of the downloads; "" without path."""
    words = _("The findings of all editions in one table, for FineBI, Tableau, Power BI (CSV)")
    return _download(path, words) if path else ""


def _card(found: EditionFindings, id: str, above: str, below: str) -> str:
    said = found.get(id)
    label = html.escape(above)
    if isinstance(said, NotEstimable):
        why = prose.with_names(reasons.text(said))
        tried = found.unsaid["id"].eq(id).any()
        missing = prose.TEXT["too_few" if tried else "not_measured"]
        return (
            f'<li class="card"><p class="label">{label}</p>'
            f'<p class="figure none">{missing}</p><p class="ends">{why}</p></li>'
        )
    moved = is_difference(id)
    ends = prose.interval(said, difference=moved, bare=True) if said.low < said.high else ""
    below = f'<p class="about">{html.escape(below)}</p>' if below else ""
    return (
        f'<li class="card"><p class="label">{label}</p>'
        f"{_figure(prose.number(said, difference=moved))}"
        f'<div>{below}<p class="ends">{html.escape(ends)}</p></div>'
        f'<div>{_sparkline(found, id, said)}<p class="moved">{_moved(found, id)}</p></div></li>'
    )


def _figure(text: str) -> str:
    """Return a figure with its unit words set small, and itself smaller the longer it is."""
    digits, space, words = _FIGURE.fullmatch(html.escape(text)).groups()
    length = f' style="--signs:{len(digits)}"' if len(digits) > MOST_SIGNS else ""
    words = f"{space}<small>{words}</small>" if words else ""
    return f'<p class="figure"{length}>{digits}{words}</p>'


def _moved(found: EditionFindings, id: str) -> str:
    change = found.get(f"{id}_change")
    if isinstance(change, NotEstimable):
        return ""
    arrow = {"up": "▲", "down": "▼"}.get(change.verdict, "•")
    words = html.escape(prose.change_on(change, found.period.every))
    return f'<span aria-hidden="true">{arrow}</span> {words}'


def _sparkline(found: EditionFindings, id: str, said: Estimate) -> str:
    course = found.trend(id)
    if len(course) < 2:
        return ""
    values = course["value"].tolist()
    first, last = (formats.period_short(course["period"].iloc[place]) for place in (0, -1))
    places = None if said.unit in formats.COUNTS else formats.decimals(said.unit, max(values))
    ends = [formats.plain(value, said.unit, places=places) for value in (values[0], values[-1])]
    told = {"first": ends[0], "start": first, "last": ends[1], "end": last}
    words = _("From {first} in {start} to {last} in {end}.", **told)
    since = f'<p class="since" aria-hidden="true"><span>{first}</span><span>{last}</span></p>'
    return f'{spark_svg(values)}{since}<span class="hidden">{html.escape(words)}</span>'


def spark_svg(values: Sequence[float]) -> str:
    """Return a line as small as a word, its last value as a dot; hidden from readers aloud."""
    low, high = min(values), max(values)
    across = (SPARK_WIDTH - 2 * SPARK_PAD) / (len(values) - 1)
    down = (SPARK_HEIGHT - 2 * SPARK_PAD) / ((high - low) or 1)
    points = [
        (SPARK_PAD + place * across, SPARK_PAD + (high - value) * down)
        for place, value in enumerate(values)
    ]
    path = " ".join(f"{x:.1f},{y:.1f}" for x, y in points)
    x, y = points[-1]
    return (
        f'<svg class="spark" viewBox="0 0 {SPARK_WIDTH} {SPARK_HEIGHT}" width="{SPARK_WIDTH}" '
        f'height="{SPARK_HEIGHT}" aria-hidden="true" focusable="false"><polyline points="{path}" '
        'fill="none" stroke="var(--context,#8c8c8c)" stroke-width="2"/>'
        f'<circle cx="{x:.1f}" cy="{y:.1f}" r="3.5" fill="var(--s1,#0072b2)"/></svg>'
    )


def _line(page: PageStory) -> str:
    question = f'<a href="{html.escape(page.file)}">{html.escape(page.question)}</a>'
    return f"<div><dt>{question}</dt><dd>{prose.emphasised(_first(page))}</dd></div>"


def _first(page: PageStory) -> str:
    if page.failed:
        return f"**{prose.TEXT['no_page']}**"
    if page.why:
        return _("Not measured: {what}", what=prose.reason(page.why))
    return page.answers[0] if page.answers else ""


def _changing(found: EditionFindings) -> list[str]:
    recorded = found.findings[found.findings["group"].isna()]["id"]
    bases = [
        id.removesuffix("_on_year").removesuffix("_change") for id in recorded if is_change(id)
    ]
    return [id for id in dict.fromkeys(bases) if id not in scores.COMPLEMENTS]


def _moves(found: EditionFindings, ids: Sequence[str], *, suffix: str, since: str) -> str:
    said = {id: found.get(f"{id}{suffix}") for id in ids}
    known = {id: change for id, change in said.items() if isinstance(change, Estimate)}
    if not known:
        return ""
    moved = [
        _(
            "{label} **{change}** ({ends})",
            label=scores.in_sentence(found.label(id)),
            change=prose.change_words(change),
            ends=prose.interval(change, difference=True, bare=True),
        )
        for id, change in known.items()
        if change.verdict != "no clear change"
    ]
    told = {"since": since, "moves": prose.clauses(moved, "，")}
    still, total = len(known) - len(moved), len(known)
    if not moved:
        return _("{since}: no clear change in any of {total} measures.", since=since, total=total)
    if not still:
        return _("{since}: {moves}.", **told)
    rest = {"still": still, "total": total}
    return _("{since}: {moves}; no clear change in {still} of {total} measures.", **told, **rest)


def _download(path: str, words: str) -> str:
    return f'<li><a href="{html.escape(path)}" download>{html.escape(words)}</a></li>'


def _page_downloads(page: PageStory) -> str:
    items = "".join(
        _download(each["csv"], formats.in_brackets(each["message"], "CSV"))
        for each in page.exhibits
    )
    question = html.escape(page.question)
    return f"<details><summary>{question}</summary><ul>{items}</ul></details>"
