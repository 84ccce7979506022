"""The words of an edition's workbook: what its columns mean, and how to connect tools."""

from __future__ import annotations

from profitchain.core.estimates import GRADES
from profitchain.core.i18n import N_, _, listed, pgettext
from profitchain.core.periods import Period
from profitchain.exhibits.findings import LONG_TABLE, WORKBOOK

CONTENTS_LEAD = N_("One sheet for each exhibit of the report; its name leads to it.")
OF_READ_ME = N_(
    "What the columns mean, how numbers are stored, how to connect FineBI, Tableau, Power BI"
)
OF_FINDINGS = N_("Every published number with its interval, n and unit, one a row")
# Terms and what is to be said of them. A heading has no text; a small first letter begins names
# that are the same in every language.
# fmt: off
READ_ME = (
    (N_("What this is"), ""),
    (N_("This workbook"), N_(
        "All numbers of one edition of the report. The sheet of contents lists the pages' "
        "questions and leads to one sheet for each exhibit; one sheet holds all findings. There "
        "are values only: no formulas, no macros, no links to other files.")),
    (N_("A sheet"), N_(
        "Above the table of an exhibit stand its message, what was measured, and its source. "
        "Numbers are numbers, not text: how many decimals are shown is only their format. An "
        "empty cell is a number that can't be stood behind; where there is a column “why”, it "
        "says the reason.")),
    (N_("How numbers are stored"), ""),
    ("share", N_(
        "From 0 to 1, shown as percent: 0.314 is 31.4%. A change of 0.02 is 2 percentage "
        "points.")),
    ("percentage points", N_("As said: 2 is 2 percentage points.")),
    ("points", N_(
        "Net promoter score, from −100 to 100. A score on a question's own scale has the unit "
        "“score”.")),
    ("EUR, USD, …", N_(
        "Money, in whole units of the currency that the code names: 12.5 EUR is twelve and a "
        "half euros. Words behind the code say for how long or for whom: “EUR a year”.")),
    ("orders, customers, answers, rows, days", N_("Counts; a mean of counts may have decimals.")),
    ("ratio", N_("How many times as much: 1 means equal.")),
    ("p", N_("A p-value: how easily chance alone gives a difference this large.")),
    ("grade", N_("How good the evidence is: {grades}.")),
    (N_("What the columns mean"), ""),
    ("id", N_("What was counted; the same in every edition. Choose numbers by it.")),
    ("group", N_("The group of customers that a number belongs to; empty: the whole firm.")),
    ("period", N_("The reporting period: 2026Q3 a quarter, 2026-09 a month, 2026 a year.")),
    ("period_start, period_end", N_("The period's first and last day, as dates.")),
    ("value", N_("The number: an estimate, or a count.")),
    ("low, high", N_(
        "The ends of its 95% interval (of a claim 99%). Both equal the value where all was counted "
        "in full.")),
    ("n", N_("How many answers, customers or orders it rests on.")),
    ("unit", N_("In what it is: see above.")),
    ("page", N_("The page of the report that shows it.")),
    ("label", N_("What it is called in words.")),
    ("compared_with", N_(
        "Empty for a level. “period before” or “year before”: the number says how much the "
        "level moved since then.")),
    ("every", N_("How long the period is: month, quarter or year.")),
    ("question", N_("The question that the page answers.")),
    ("company", N_("The firm.")),
    (N_("All periods in one table"), ""),
    (LONG_TABLE, N_(
        "In the company's folder, beside its editions (reports/<company>/{file}): the findings "
        "of all whole editions, one a row, with the columns above. It is written anew after "
        "each publication, under the same name; a restated edition replaces its rows. So a tool "
        "that is connected once needs only to refresh.")),
    (N_("Its form"), N_(
        "Text in UTF-8 with a byte order mark, separated by commas, one row of names; decimal "
        "points; dates as 2026-09-30. An apostrophe stands before text that a spreadsheet might "
        "take for a formula.")),
    (N_("To begin with"), N_(
        "Choose one id, leave group and compared_with empty, put period_end across and value "
        "up, with low and high as its band. Don't add up shares, scores or groups: each number "
        "stands for itself.")),
    (N_("How to connect a tool"), ""),
    ("FineBI", N_(
        "Add an Excel data set and upload {file} (or this workbook, its sheet of findings "
        "alone). See that period_start and period_end are dates, value, low, high and n "
        "numbers, the rest text; save. After the next edition: open the data set, Update Excel, "
        "Replace data, and choose the file again. Where the server can read the folder, a file "
        "data set of the server spares the upload.")),
    ("Tableau", N_(
        "Connect, To a File, Text file: choose {file}. Text File Properties of the table: "
        "separator comma, character set UTF-8, locale English. Make n, value, low and high "
        "measures whose aggregation is the average, not the sum. After the next edition: Data, "
        "Refresh (an extract: Extract, Refresh).")),
    ("Power BI", N_(
        "Home, Get data, Text/CSV: choose {file}; file origin 65001 (UTF-8), delimiter comma. "
        "Where Windows writes decimal commas: Transform data, then change the type of value, "
        "low and high “using locale”: decimal number, English (United States). Set “Don't "
        "summarize” or the average for them. After the next edition: Refresh.")),
    ("Excel", N_(
        "Data, From Text/CSV: choose {file}, then Load; later Data, Refresh All. To look once, "
        "a double click will do.")),
    (N_("The files of an edition"), ""),
    ("index.html", N_("The summary; the other pages hang on it.")),
    (WORKBOOK, N_("This workbook.")),
    ("data/*.csv", N_("The numbers behind each exhibit, one file each.")),
    ("findings.json", N_("The findings of this edition, for programs.")),
    ("record.json", N_("How the edition was made: inputs, versions, time.")),
)
OF_OTHER_PERIODS = {
    "period": N_(
        "The reporting period: 2026-W14 a week from Monday to Sunday, 2026FY04Q1 the first quarter "
        "of the fiscal year that starts in April 2026, 2026FY04 that year."),
    "every": N_("How long the period is: week, month, quarter or year."),
}
# fmt: on


def read_me(period: Period) -> list[tuple[str, str]]:
    """Return the workbook's own explanation, line by line: a term, and what is to be said of it."""
    is_other = period.every == "week" or period.year_starts
    terms = [(term, OF_OTHER_PERIODS.get(term, text) if is_other else text)
             for term, text in READ_ME]  # fmt: skip
    grades = listed([f"{place}: {_(grade)}" for place, grade in enumerate(GRADES)])
    return [
        (
            _(term) if term[0].isupper() else term,
            _(text, file=LONG_TABLE, grades=grades) if text else "",
        )
        for term, text in terms
    ]


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
