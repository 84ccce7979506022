"""The words of an edition's workbook: what its columns mean, and how to connect tools."""

from __future__ import annotations

from profitchain.core.estimates import GRADES
from profitchain.core.i18n import _, listed, pgettext
from profitchain.exhibits.findings import LONG_TABLE, WORKBOOK

Line = tuple[str, str]  # a term and what is to be said of it; a heading has no second part


def read_me() -> list[Line]:
    """Return the workbook's own explanation, line by line."""
    return [*_what(), *_stored(), *_columns(), *_long_table(), *_tools(), *_files()]


def contents_lead() -> str:
    """Return what stands above the list of sheets."""
    return _("One sheet for each exhibit of the report; its name leads to it.")


def of_read_me() -> str:
    """Return what the sheet of explanations holds."""
    return _(
        "What the columns mean, how numbers are stored, how to connect FineBI, Tableau, Power BI"
    )


def of_findings() -> str:
    """Return what the sheet of findings holds."""
    return _("Every published number with its interval, n and unit, one a row")


def parts() -> dict[str, str]:
    """Return what the parts of an estimate are called above their columns."""
    return {
        "value": pgettext("part of an estimate", "value"),
        "low": pgettext("part of an estimate", "low"),
        "high": pgettext("part of an estimate", "high"),
        "unit": pgettext("part of an estimate", "unit"),
        "why": pgettext("part of an estimate", "why"),
        "verdict": pgettext("part of an estimate", "verdict"),
    }


def _what() -> list[Line]:
    return [
        (_("What this is"), ""),
        (
            _("This workbook"),
            _(
                "All numbers of one edition of the report. The sheet of contents lists the pages' "
                "questions and leads to one sheet for each exhibit; one sheet holds all findings. "
                "There are values only: no formulas, no macros, no links to other files."
            ),
        ),
        (
            _("A sheet"),
            _(
                "Above the table of an exhibit stand its message, what was measured, and its "
                "source. Numbers are numbers, not text: how many decimals are shown is only their "
                "format. An empty cell is a number that can't be stood behind; where there is a "
                "column “why”, it says the reason."
            ),
        ),
    ]


def _stored() -> list[Line]:
    grades = listed([f"{place}: {_(grade)}" for place, grade in enumerate(GRADES)])
    return [
        (_("How numbers are stored"), ""),
        (
            "share",
            _(
                "From 0 to 1, shown as percent: 0.314 is 31.4%. A change of 0.02 is 2 percentage "
                "points."
            ),
        ),
        ("percentage points", _("As said: 2 is 2 percentage points.")),
        (
            "points",
            _(
                "Net promoter score, from −100 to 100. A score on a question's own scale has the "
                "unit “score”."
            ),
        ),
        (
            "EUR, USD, …",
            _(
                "Money, in whole units of the currency that the code names: 12.5 EUR is twelve and "
                "a half euros. Words behind the code say for how long or for whom: “EUR a year”."
            ),
        ),
        (
            "orders, customers, answers, rows, days",
            _("Counts; a mean of counts may have decimals."),
        ),
        ("ratio", _("How many times as much: 1 means equal.")),
        ("p", _("A p-value: how easily chance alone gives a difference this large.")),
        ("grade", _("How good the evidence is: {grades}.", grades=grades)),
    ]


def _columns() -> list[Line]:
    return [
        (_("What the columns mean"), ""),
        ("id", _("What was counted; the same in every edition. Choose numbers by it.")),
        ("group", _("The group of customers that a number belongs to; empty: the whole firm.")),
        ("period", _("The reporting period: 2026Q3 a quarter, 2026-09 a month, 2026 a year.")),
        ("period_start, period_end", _("The period's first and last day, as dates.")),
        ("value", _("The number: an estimate, or a count.")),
        (
            "low, high",
            _("The ends of its 95% interval. Both equal the value where all was counted in full."),
        ),
        ("n", _("How many answers, customers or orders it rests on.")),
        ("unit", _("In what it is: see above.")),
        ("page", _("The page of the report that shows it.")),
        ("label", _("What it is called in words.")),
        (
            "compared_with",
            _(
                "Empty for a level. “period before” or “year before”: the number says how much the "
                "level moved since then."
            ),
        ),
        ("every", _("How long the period is: month, quarter or year.")),
        ("question", _("The question that the page answers.")),
        ("company", _("The firm.")),
    ]


def _long_table() -> list[Line]:
    return [
        (_("All periods in one table"), ""),
        (
            LONG_TABLE,
            _(
                "In the company's folder, beside its editions (reports/<company>/{file}): the "
                "findings of all whole editions, one a row, with the columns above. It is written "
                "anew after each publication, under the same name; a restated edition replaces its "
                "rows. So a tool that is connected once needs only to refresh.",
                file=LONG_TABLE,
            ),
        ),
        (
            _("Its form"),
            _(
                "Text in UTF-8 with a byte order mark, separated by commas, one row of names; "
                "decimal points; dates as 2026-09-30. An apostrophe stands before text that a "
                "spreadsheet might take for a formula."
            ),
        ),
        (
            _("To begin with"),
            _(
                "Choose one id, leave group and compared_with empty, put period_end across and "
                "value up, with low and high as its band. Don't add up shares, scores or groups: "
                "each number stands for itself."
            ),
        ),
    ]


def _tools() -> list[Line]:
    return [
        (_("How to connect a tool"), ""),
        (
            "FineBI",
            _(
                "Add an Excel data set and upload {file} (or this workbook, its sheet of findings "
                "alone). See that period_start and period_end are dates, value, low, high and n "
                "numbers, the rest text; save. After the next edition: open the data set, Update "
                "Excel, Replace data, and choose the file again. Where the server can read the "
                "folder, a file data set of the server spares the upload.",
                file=LONG_TABLE,
            ),
        ),
        (
            "Tableau",
            _(
                "Connect, To a File, Text file: choose {file}. Text File Properties of the table: "
                "separator comma, character set UTF-8, locale English. Make n, value, low and high "
                "measures whose aggregation is the average, not the sum. After the next edition: "
                "Data, Refresh (an extract: Extract, Refresh).",
                file=LONG_TABLE,
            ),
        ),
        *_microsoft_tools(),
    ]


def _microsoft_tools() -> list[Line]:
    return [
        (
            "Power BI",
            _(
                "Home, Get data, Text/CSV: choose {file}; file origin 65001 (UTF-8), delimiter "
                "comma. Where Windows writes decimal commas: Transform data, then change the type "
                "of value, low and high “using locale”: decimal number, English (United States). "
                "Set “Don't summarize” or the average for them. After the next edition: Refresh.",
                file=LONG_TABLE,
            ),
        ),
        (
            "Excel",
            _(
                "Data, From Text/CSV: choose {file}, then Load; later Data, Refresh All. To look "
                "once, a double click will do.",
                file=LONG_TABLE,
            ),
        ),
    ]


def _files() -> list[Line]:
    return [
        (_("The files of an edition"), ""),
        ("index.html", _("The summary; the other pages hang on it.")),
        (WORKBOOK, _("This workbook.")),
        ("data/*.csv", _("The numbers behind each exhibit, one file each.")),
        ("findings.json", _("The findings of this edition, for programs.")),
        ("record.json", _("How the edition was made: inputs, versions, time.")),
    ]
