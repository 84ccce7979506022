"""A new notebook from a question: it runs at once and keeps every convention."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Iterator
from pathlib import Path

from profitchain.core.errors import ParameterError, did_you_mean
from profitchain.pages.notebooks import nbformat

MOST_WORDS = 5
NAMELESS = "question"  # where a question holds no Latin letter to name a file by
QUESTION_MARKS = ("?", "？", "؟")
ASIDE = ["analyst"]  # cells with this tag stay off the page
_LITTLE = {
    "a", "an", "and", "are", "as", "at", "by", "do", "does", "for", "from", "in", "is", "it", "of",
    "on", "or", "our", "that", "the", "to", "we",
}  # fmt: skip
_NUMBER = re.compile(r"(\d\d)([a-z]?)_")
_ABOUT = {
    "kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"},
    "language_info": {"name": "python"},
}

_PARAMETERS = """
company: str = "data/example"  # the company's folder
period: str = ""  # reporting period: 2026Q3, 2026-09 or 2026
"""
_SETUP = """
import profitchain as pc
from profitchain.exhibits import charts
from profitchain.measures import loyalty
from profitchain.stats import comparisons

edition = pc.open_edition(company, period)
now, activity = edition.period, loyalty.with_complements(edition.table("activity"))
"""
_STORY = """
measure = loyalty.loyalty_measures(edition.company.currency)["revenue_per_customer"]
story = comparisons.measure_series(activity, measure, edition.periods)
"""
_ANSWER = """
words = "Revenue per customer stood at **{now:number}** in {period:short}.\\n{now:evidence}."
pc.answer(pc.sentence(words, now=story.now, period=now))
"""
_CHART = """
pc.chart(
    charts.draw_trend,
    story.trend,
    id="over-time",
    unit=measure.unit,
    message="Revenue per customer over time",
    measure="Net revenue per active customer; band: 95% interval",
    source="Orders",
    description="Revenue per customer by period; the values stand in the table.",
)
"""
_RECORD = """
pc.record(pc.finding("{id}", story.now, label="Revenue per customer", trend=story.trend))
"""


def write_notebook(question: str, folder: Path, *, after: str = "") -> Path:
    """Write a notebook that asks `question` into a folder of notebooks; return its path.

    Its number is the first behind all others, or behind that of the notebook or number `after`.
    Raises ParameterError where there is nothing to ask or to stand behind; never overwrites.
    """
    heading = _as_question(question)
    name = slug(heading)
    path = folder / f"{_number(folder, after)}_{name}.ipynb"
    notebook = nbformat.v4.new_notebook(cells=list(_cells(heading, name)), metadata=_ABOUT)
    for place, cell in enumerate(notebook.cells):
        cell["id"] = str(place)  # as nbstripout numbers them
    try:
        with path.open("x", encoding="utf-8", newline="\n") as file:
            nbformat.write(notebook, file)
    except OSError as refused:
        raise ParameterError(f"{path} can't be written ({refused.strerror}).") from None
    return path


def slug(question: str) -> str:
    """Return what a question's file is called: its main words in small Latin letters.

    Examples
    --------
    >>> slug("Why do refunds rise?"), slug("What is a café worth to the firm in the long run?")
    ('why_do_refunds_rise', 'what_cafe_worth_firm_long')
    >>> slug("退款為什麼增加？"), slug("NPS 為什麼下降？")
    ('question', 'nps')
    """
    plain = unicodedata.normalize("NFKD", question.lower().replace("ß", "ss"))
    plain = re.sub(r"[’'\N{COMBINING GRAVE ACCENT}-\N{COMBINING LATIN SMALL LETTER X}]", "", plain)
    words = [word for word in re.findall(r"[^\W_]+", plain) if re.fullmatch(r"[a-z0-9]+", word)]
    if len(words) > MOST_WORDS:
        words = [word for word in words if word not in _LITTLE] or words
    while words and words[0].isdigit():
        words = words[1:]
    return "_".join(words[:MOST_WORDS]) or NAMELESS


def next_steps(path: Path) -> str:
    """Return what to do with a new notebook, as the command prints it."""
    path = path.relative_to(Path.cwd()) if path.is_relative_to(Path.cwd()) else path
    return (
        f"{path}\n"
        f"1. Open it: .venv/bin/jupyter lab {path}, Run All. It shows the example company.\n"
        "2. Change it: the notes marked `analyst` say where; notebooks/README.md says how.\n"
        f"3. Look at its page: python3 lib report --only {path.stem}\n"
        "Nothing needs registering: the next whole edition has it in its place."
    )


def _as_question(question: str) -> str:
    """Return a question as a heading holds it, on one line and with its mark."""
    text = " ".join(question.split()).lstrip("# ")
    if not any(letter.isalnum() for letter in text):
        raise ParameterError(
            'Name the question that the page answers, as in: new "Why do refunds rise?"'
        )
    return text if text.endswith(QUESTION_MARKS) else f"{text.rstrip('.! ')}?"


def _number(folder: Path, after: str) -> str:
    """Return the first number behind all notebooks or behind one, as 07, or 05b if 06 is taken."""
    names = sorted(path.stem for path in folder.glob("[0-9]*.ipynb"))
    taken = [match.groups() for match in map(_NUMBER.match, names) if match]
    if not after:
        last = max((int(digits) for digits, _letter in taken), default=0)
        return _two_digits(last + 1)
    named = Path(after).stem
    digits = named[:2] if named in names else after.zfill(2)
    if digits not in {other for other, _letter in taken}:
        raise ParameterError(f"There is no notebook '{after}'. {did_you_mean(after, names)}")
    if f"{int(digits) + 1:02}" not in {other for other, _letter in taken}:
        return _two_digits(int(digits) + 1)
    letters = {letter for other, letter in taken if other == digits}
    return digits + next(later for later in "bcdefghijklmnopqrstuvwxyz" if later > max(letters))


def _two_digits(number: int) -> str:
    if number > 99:
        raise ParameterError("Notebooks are numbered to 99. Say behind which one: --after 05")
    return f"{number:02}"


def _cells(question: str, name: str) -> Iterator[nbformat.NotebookNode]:
    """Yield the cells: question, parameters, setup, answer, exhibit, doubts, method, record."""
    yield from _opening(question)
    yield from _story()
    yield from _closing(name)


def _opening(question: str) -> Iterator[nbformat.NotebookNode]:
    yield _prose(f"# {question}")
    yield from _code(
        "Below the question, say in two or three sentences why it matters and how this page "
        "answers it. Notes like this one carry the tag `analyst` and stay off the page.\n\n"
        "The parameters. An empty period means the last one that the orders cover to the end.",
        _PARAMETERS,
        tags=["parameters"],
    )
    yield from _code(
        "The edition is opened once. Orders alone give these measures, so every company has them; "
        'with `needs=["contacts"]` in `open_edition`, a page asks for a table and says so where '
        "there is none. What can be counted is listed in lib/README.md.",
        _SETUP,
    )
    yield from _code(
        "One measure as a start: change it for what answers your question.",
        _STORY,
    )


def _story() -> Iterator[nbformat.NotebookNode]:
    yield _prose("## The answer")
    yield from _code(
        "One to three sentences; the first one reaches the summary. Numbers are never typed: "
        "`pc.sentence` fills them in; what stands below a line end is small print.",
        _ANSWER,
    )
    yield _prose("## Over time")
    yield from _code(
        "Say above each exhibit what it counts and why it is here, and below it what to see.",
        _CHART,
    )


def _closing(name: str) -> Iterator[nbformat.NotebookNode]:
    yield _prose(
        "## What could be wrong\n\n"
        "- **Chance.** The interval says how far the figure would move by which customers happened "
        "to buy. It says nothing of rows that are missing or wrong.\n"
        "- **Seasons.** Compare with the same period a year before where the business has them."
    )
    yield _prose("## How it was counted")
    yield from _code(
        "The definition of each measure shown, in words.",
        'pc.note("Net revenue divided by the customers who ordered; refunds are netted.")',
    )
    yield from _code(
        "What this page hands to the summary and to the record, under ids that stay.",
        _RECORD.format(id=name),
    )


def _prose(text: str) -> nbformat.NotebookNode:
    return nbformat.v4.new_markdown_cell(text)


def _code(note: str, source: str, *, tags: Iterable[str] = ()) -> Iterator[nbformat.NotebookNode]:
    """Yield a note to analysts and the code below it."""
    yield nbformat.v4.new_markdown_cell(note, metadata={"tags": ASIDE})
    yield nbformat.v4.new_code_cell(source.strip(), metadata={"tags": list(tags)} if tags else {})
