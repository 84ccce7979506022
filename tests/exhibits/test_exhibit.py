"""Words, pictures and exhibits: what a reader sees must be true, complete and safe."""

from __future__ import annotations

import csv
import io
import re
from xml.etree import ElementTree

import numpy as np
import pandas as pd
import pytest

from profitchain.core.errors import ParameterError
from profitchain.core.estimates import Estimate, NotEstimable, counted
from profitchain.core.periods import Period
from profitchain.exhibits import axes, charts, customer_charts, exhibit, style, tables
from profitchain.words import prose, reasons

WORDS = {"measure": "NPS, points", "source": "Survey", "description": "It rose.", "message": "Up"}
UNSAID = NotEstimable("as_recorded", text="Only 4 answers.", n=4)


def estimate(value, low, high, unit="points", n=1204):
    return Estimate(value=value, low=low, high=high, n=n, unit=unit)


def trend(periods=8, **columns):
    names = [str(period) for period in Period("2026Q3").last(periods)]
    value = np.linspace(30, 40, periods)
    return pd.DataFrame(
        {"period": names, "value": value, "low": value - 3, "high": value + 3, **columns}
    )


def rows(labels=("North", "South")):
    return exhibit.frame({label: estimate(30.0 + i, 25.0, 45.0) for i, label in enumerate(labels)})


SHARES = pd.DataFrame({
    "group": ["Champions", "Lapsed", "Hidden", "All"],
    "share_of_customers": [0.06, 0.44, np.nan, 1.0],
    "share_of_margin": [0.27, 0.0, np.nan, 1.0],
})  # fmt: skip
DRAWINGS = {
    "trend": (charts.draw_trend, trend(), {}),
    "one period": (charts.draw_trend, trend(1), {}),
    "dots": (charts.draw_dots, rows(), {"reference": 31, "reference_label": "all"}),
    "bars": (charts.draw_bars, rows(), {}),
    "columns": (charts.draw_columns, rows(), {"x_label": "score"}),
    "stacked": (
        charts.draw_stacked,
        pd.DataFrame(
            {"when": ["Q1", "Q2"], "bad": [0.2, 0.1], "so": [0.3, 0.3], "good": [0.5, 0.6]}
        ),
        {"middle": "so"},
    ),
    "curve": (charts.draw_curve, trend().assign(period=range(8)), {"points": rows((1, 2))}),
    "survival": (
        customer_charts.draw_survival,
        trend().assign(period=range(8)),
        {"x_label": "days"},
    ),
    "shares": (customer_charts.draw_shares, SHARES, {"money": "margin", "total": True}),
    "Chinese names": (charts.draw_dots, rows(("北部", "台南")), {}),
}


@pytest.mark.parametrize(
    ("said", "text"),
    [
        (estimate(0.3123, 0.289, 0.336, "share"), "31.2% (95% interval 28.9% to 33.6%; n = 1,204)"),
        (
            estimate(0.0048, 0.0031, 0.0066, "share"),
            "0.48% (95% interval 0.31% to 0.66%; n = 1,204)",
        ),
        (estimate(-4.2, -8, -0.4), "−4.2 points (95% interval −8.0 to −0.4; n = 1,204)"),
        (estimate(54.31, 52, 56.5, "EUR"), "€54.31 (95% interval €52.00 to €56.50; n = 1,204)"),
        (
            estimate(5400, 5200, 5600, "JPY"),
            "JP¥5,400 (95% interval JP¥5,200 to JP¥5,600; n = 1,204)",
        ),
        (
            estimate(1.32, 1.2, 1.4, "orders"),
            "1.32 orders (95% interval 1.20 to 1.40; n = 1,204)",
        ),
        (
            estimate(1.0107, 1.0079, 1.0135, "orders"),
            "1.011 orders (95% interval 1.008 to 1.014; n = 1,204)",
        ),
        (counted(1204, unit="orders"), "1,204 orders"),
        (counted(1, unit="orders"), "1 order"),
        (counted(-0.04, unit="points"), "0.0 points"),
        (UNSAID, "too few to say (Only 4 answers.)"),
    ],
)
def test_a_number_is_never_said_without_its_interval(said, text):
    assert prose.with_interval(said) == text


@pytest.mark.parametrize(
    ("ends", "message"),
    [
        ((1, 7.4), "up 4.2 points on the quarter"),
        ((-1, 9.4), "no clear change on the quarter"),
        ((0, 9.4), "no clear change on the quarter"),
    ],
)
def test_a_change_is_claimed_only_where_the_interval_excludes_zero(ends, message):
    assert prose.change_on(estimate(4.2, *ends), "quarter") == message


def test_a_difference_of_shares_is_said_in_percentage_points():
    fall = estimate(-0.021, -0.03, -0.012, "share")
    assert prose.change_on(fall, "year") == "down 2.1 percentage points on the year"


def test_a_sentence_with_an_unknown_number_gives_the_reason_instead():
    words = "NPS was {nps} in {period}."
    assert (
        prose.sentence(words, nps=UNSAID, period=Period("2026Q3")) == "Not known: Only 4 answers."
    )
    assert prose.sentence(words, nps=UNSAID, otherwise="NPS: {why}") == "NPS: Only 4 answers."


def test_an_answer_of_four_sentences_is_refused():
    with pytest.raises(ParameterError, match="one to three"):
        prose.answer("a", "b", "c", "d")


def test_a_sentence_can_carry_no_markup_but_bold():
    bundle = prose.note("**<b>x</b>** & y")._repr_mimebundle_()
    assert "<p><strong>&lt;b&gt;x&lt;/b&gt;</strong> &amp; y</p>" in bundle["text/html"]


@pytest.mark.parametrize("missing", ["message", "measure", "source", "description"])
def test_an_exhibit_without_its_words_is_refused(missing):
    with pytest.raises(ParameterError, match=f"has no {missing}"):
        exhibit.table(rows(), id="x", **(WORDS | {missing: " "}))


def test_a_message_of_sixteen_words_is_refused():
    with pytest.raises(ParameterError, match="16 words"):
        exhibit.table(rows(), id="x", **(WORDS | {"message": "word " * 16}))


@pytest.mark.parametrize("name", DRAWINGS)
def test_a_drawing_is_the_same_bytes_and_sound_xml_with_ids_of_its_own(name):
    draw, data, options = DRAWINGS[name]
    before = data.copy()
    one, two = (
        exhibit.chart(draw, data, id="a-b", unit="points", **WORDS, **options) for _ in "ab"
    )
    assert one.body == two.body
    pd.testing.assert_frame_equal(data, before)
    for drawing in re.findall(r"<svg.*?</svg>", one.body, flags=re.S):
        ElementTree.fromstring(drawing)
    ids = re.findall(r'\bid="([^"]+)"', one.html)
    assert len(ids) == len(set(ids))
    assert not re.search(r"font-family|DejaVu|nan|#1d1d1d(?!\))|\d\.\d{3}", one.body)


def test_labels_on_a_phone_are_at_least_eleven_pixels_high():
    chart = exhibit.chart(charts.draw_trend, trend(), id="x", unit="points", **WORDS)
    narrow = chart.body[chart.body.index('class="narrow"') :]
    width = float(re.search(r'viewBox="0 0 (\d+)', narrow)[1])
    sizes = [float(size) for size in re.findall(r'font-size(?:="|:)([\d.]+)', narrow)]
    assert sizes and min(sizes) * 320 / width >= 11


def test_five_lines_in_one_drawing_are_refused():
    data = pd.concat([trend(question=name) for name in "abcde"])
    with pytest.raises(ParameterError, match="panels='question'"):
        exhibit.chart(charts.draw_trend, data, id="x", group="question", **WORDS)
    panels = exhibit.chart(charts.draw_trend, data, id="x", panels="question", **WORDS)
    assert panels.body.count("<svg") == 5


@pytest.mark.parametrize("data", [trend(0), exhibit.frame({"North": UNSAID})])
def test_a_chart_without_a_number_gives_the_reason(data):
    chart = exhibit.chart(charts.draw_dots, data, id="x", **WORDS)
    assert "<svg" not in chart.body and re.search("Only 4 answers|Too few to say", chart.body)


def test_an_axis_tick_has_no_needless_digits():
    assert [axes.tick(value, "share") for value in (0.3, 0.125)] == ["30%", "12.5%"]


def test_a_table_row_says_estimate_interval_and_n_or_the_reason():
    data = reasons.in_words(exhibit.frame({"North": estimate(42.1, 38, 46.2), "<South>": UNSAID}))
    shown = tables.shown_columns(data, {})
    assert [column.heading for column in shown] == ["Label", "Estimate, points (95% interval)", "n"]
    assert shown[1].cells == ["42.1 (38.0–46.2)", "Only 4 answers."]
    assert '<th scope="row">&lt;South&gt;</th>' in tables.table_html(data, caption="c")


def test_a_negative_interval_is_not_written_with_a_dash():
    shown = tables.shown_columns(exhibit.frame({"a": estimate(-1.0, -3.0, 1.0)}), {})
    assert shown[1].cells == ["−1.0 (−3.0 to 1.0)"]


@pytest.mark.parametrize("cell", ["=1+1", "+1", "-1+cmd", "@sum", "\t=1", "\r=1"])
def test_no_csv_cell_can_run_as_a_formula(cell):
    text = tables.tidy_csv(pd.DataFrame({"topic": [cell], cell: [-1.5]}))
    header, row = list(csv.reader(io.StringIO(text, newline="")))
    safe = "'" + cell.replace("\r", "\n")
    assert row[0] == safe and header[1] == safe and row[1] == "-1.5"


def test_a_cohort_without_a_value_is_an_empty_cell():
    data = pd.DataFrame({"cohort": ["Q1"], "customers": [1204], "1": [0.42], "2": [np.nan]})
    table = exhibit.heat_table(data, id="x", **WORDS).body
    assert "<td></td>" in table and "42%" in table and "1,204" in table and "nan" not in table


@pytest.mark.parametrize(
    ("names", "third"),
    [(("detractors", "passives", "promoters"), False), (("North", "South", "West"), True)],
)
def test_groups_by_score_have_colours_that_mean_good_and_bad(names, third):
    lines = pd.concat([trend().assign(group=name) for name in names])
    drawn = exhibit.chart(charts.draw_trend, lines, id="x", group="group", **WORDS).body
    assert ("var(--s3," in drawn) == third and "var(--s2," in drawn


def test_shares_name_their_two_dots_and_leave_the_total_out():
    how = {"money": "margin", "total": True, "units": {"share_of_margin": "share"}}
    drawn = exhibit.chart(customer_charts.draw_shares, SHARES, id="x", **how, **WORDS)
    wide = drawn.body.split("</svg>")[0]
    assert wide.count(">customers<") == wide.count(">margin<") == 1
    assert ">Champions<" in wide and ">All<" not in wide and ">too few to say<" in wide
    assert "27.0%" in drawn.html and drawn.data["group"].tolist()[-1] == "All"


@pytest.mark.parametrize("panels", [None, "segment"])
def test_of_two_thousand_groups_the_largest_are_shown_and_all_can_be_downloaded(panels):
    n = np.arange(2000) % 1000
    rows = pd.DataFrame({"group": [f"place {k}" for k in range(2000)], "value": 0.5, "low": 0.4})
    rows = rows.assign(high=0.6, n=n, unit="share")
    rows = rows.assign(segment="place") if panels else rows
    words = {"message": "Alike", "measure": "Share", "source": "Answers", "description": "Dots."}
    shown = exhibit.chart(charts.draw_dots, rows, id="places", panels=panels, **words)
    assert len(shown.html) < 100_000
    assert "The 40 largest of 2000; all stand in the CSV." in shown.html
    assert "place 999<" in shown.html and "place 1<" not in shown.html
    table = exhibit.table(rows, id="table", **words)
    assert len(table.html) < 60_000 and "The 120 largest of 2000" in table.html
    csv = table._repr_mimebundle_()[exhibit.MEDIA_TYPE]["csv"]
    assert csv.count("\n") == 2001


def test_no_more_drawings_than_a_reader_can_see():
    rows = pd.DataFrame({"question": np.repeat(np.arange(300).astype(str), 3)})
    rows = rows.assign(group=list("abc") * 300, value=0.5, low=0.4, high=0.6, n=9, unit="share")
    words = {"message": "Alike", "measure": "Share", "source": "Answers", "description": "Dots."}
    shown = exhibit.chart(
        charts.draw_dots, rows[["question", "group", "value", "low", "high", "n", "unit"]],
        id="many", panels="question", **words,
    )  # fmt: skip
    assert shown.html.count("<svg") == 24 and "The 72 largest of 900" in shown.html


@pytest.mark.parametrize(
    ("unit", "values", "least"),
    [("score", (3.8, 4.0), 1), ("share", (0.71, 0.72), 0.1), ("points", (31.0, 33.0), 20),
     ("EUR", (100.0, 101.0), 20)],
)  # fmt: skip
@pytest.mark.parametrize(
    "draw", [charts.draw_trend, charts.draw_dots, charts.draw_curve, charts.draw_pairs]
)
def test_an_axis_without_a_zero_does_not_make_small_moves_look_large(draw, unit, values, least):
    data = pd.DataFrame({"period": ["2026Q2", "2026Q3"], "value": values, "unit": unit})
    if draw is charts.draw_curve:
        data["period"] = [1, 2]
    data = data.assign(low=data["value"], high=data["value"], before=data["value"])
    with style.canvas_figure(style.WIDE, 320) as figure:
        ax = draw(figure.subplots(), data)
        is_level = draw in (charts.draw_trend, charts.draw_curve)
        low, high = sorted(ax.get_ylim() if is_level else ax.get_xlim())
    assert high - low >= least * 0.999 and low <= values[0] and values[1] <= high


def test_an_axis_with_a_zero_is_as_long_as_its_marks():
    data = pd.DataFrame({"label": ["a", "b"], "value": [0.01, 0.02], "unit": "share"})
    data = data.assign(low=data["value"] - 0.005, high=data["value"] + 0.005)
    with style.canvas_figure(style.WIDE, 320) as figure:
        ax = charts.draw_dots(figure.subplots(), data, reference=0)
        low, high = ax.get_xlim()
    assert low <= 0 and high < 0.03


def test_curves_end_on_the_same_day_so_that_their_last_values_compare():
    long = pd.DataFrame({"days": [0, 30, 60, 90], "value": [0.0, 0.2, 0.4, 0.6], "group": "a"})
    short = pd.DataFrame({"days": [0, 40, 70], "value": [0.0, 0.1, 0.3], "group": "b"})
    data = pd.concat([long, short]).assign(unit="share", low=0.0, high=1.0)
    drawn = exhibit.chart(customer_charts.draw_survival, data, id="x", group="group", **WORDS)
    wide = drawn.body.partition("</svg>")[0]
    assert ">46.7%</text>" in wide and ">30.0%</text>" in wide and "60.0%</text>" not in wide
    assert "<title>a · 70: 46.7%" in wide and "<title>a · 90" not in wide


def test_what_a_drawing_speaks_of_is_coloured_and_the_rest_is_grey():
    dots = exhibit.chart(charts.draw_dots, rows(("a", "b", "c")), id="x", lead=1, **WORDS).body
    wide = dots.partition("</svg>")[0]
    paths = {colour: re.findall(rf'stroke:var\(--{colour},[^"]*linecap[^"]*" d="([^"]*)"', wide)
             for colour in ("s1", "context")}  # fmt: skip
    assert [len(re.findall("h0", "".join(found))) for found in paths.values()] == [1, 2]
    curve = trend(5).assign(period=range(5))
    how = {"stretch": (1, 3), "gain": "+16 in 100"}
    drawn = exhibit.chart(charts.draw_curve, curve, id="x", **how, **WORDS).body
    assert drawn.count("+16 in 100</text>") == 2 and "var(--s2," in drawn


def test_a_line_that_ends_early_is_named_at_its_own_end():
    came, coming = trend(6).iloc[:4].assign(what="came"), trend(6).iloc[3:].assign(what="forecast")
    with style.canvas_figure(style.WIDE, 320) as figure:
        data = pd.concat([came, coming]).assign(unit="points")
        ax = charts.draw_trend(figure.subplots(), data, group="what")
        places = {text.get_text(): text.xy[0] for text in ax.texts}
    assert places["came 36.0"] == 3 and places["forecast\n40.0"] == 5


def test_a_drawing_alone_in_its_panel_is_as_large_as_any_other():
    data = rows(("a", "b")).assign(segment="tier")
    alone = exhibit.chart(charts.draw_dots, data, id="x", panels="segment", **WORDS).body
    assert 'class="wide"' in alone and 'class="panel"' not in alone and ">Tier</p>" in alone
    two = pd.concat([data, data.assign(segment="region")])
    several = exhibit.chart(charts.draw_dots, two, id="x", panels="segment", **WORDS).body
    assert several.count('class="panel"') == 2 and 'class="wide"' not in several


@pytest.mark.parametrize(
    ("cells", "is_right"),
    [
        (["€9,500", "−€18,000"], True),
        (["−74.0% (−94.5% to −47.9%)", "–"], True),
        (["+1.2 points (−22.8 to 22.8)", "0.0 points (−1.0 to 1.0)"], True),
        (["2026-06-30", "2026-11-15"], True),
        (["over 99%", "3%"], False),
        (["3 customers wrote of late parcels", "2 of nothing"], False),
    ],
)
def test_figures_in_words_stand_right_and_words_left(cells, is_right):
    table = tables.table_html(pd.DataFrame({"action": ["a", "b"], "cost": cells}), caption="x")
    assert (table.count('<td class="number') == 2) == is_right


def test_numbers_of_a_curve_are_parted_by_thousands():
    curve = trend(4).assign(period=[0, 900, 1800, 2400])
    assert ">1,800</text>" in exhibit.chart(charts.draw_curve, curve, id="x", **WORDS).body
