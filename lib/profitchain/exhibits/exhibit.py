"""Exhibits: charts and tables that can't be made without message, measure, source, description."""

from __future__ import annotations

import html
import math
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

import pandas as pd

from profitchain.core.estimates import MaybeEstimate, NotEstimable
from profitchain.core.i18n import SOURCE, _, length, spoken
from profitchain.exhibits import charts, style, tables
from profitchain.words import headings, prose, reasons

MOST_WORDS = 15
MOST_PLACES = 40  # of a curve, listed on a page
Draw = Callable[..., object]
MEDIA_TYPE = "application/vnd.profitchain.exhibit+json"
DOWNLOAD_MARK = "<!--download:{id}-->"


@dataclass(frozen=True, slots=True, kw_only=True)
class Exhibit:
    """A chart or table with what a reader needs to trust it.

    `message` says what to see in at most 15 words, `measure` what, unit, who and when, `source` who
    gave it and how many, `description` the same finding for those who can't see the picture. `body`
    is the drawing or table as HTML; `data` are the numbers behind it, one row a mark; `units` say
    in what its columns are, by name, where the data have no column of units.
    """

    id: str
    message: str
    measure: str
    source: str
    description: str
    body: str
    data: pd.DataFrame = field(repr=False, compare=False)
    is_table: bool = False
    units: Mapping[str, str] = field(default_factory=dict, repr=False, compare=False)

    def __post_init__(self) -> None:
        for name in ("message", "measure", "source", "description"):
            object.__setattr__(self, name, _(str(getattr(self, name))))
        self._check()

    def _check(self) -> None:
        for name in ("message", "measure", "source", "description"):
            if not str(getattr(self, name)).strip():
                raise ValueError(
                    f"Exhibit '{self.id}' has no {name}. A reader can't judge it without: "
                    f"pass {name}=..., in words."
                )
        if not re.fullmatch(r"[a-z0-9]+(-[a-z0-9]+)*", self.id):
            raise ValueError(
                f"'{self.id}' can't be an exhibit's id. Use small letters, digits and single "
                "hyphens, as in 'nps-by-region'."
            )
        if spoken() == SOURCE and (words := length(self.message)) > MOST_WORDS:
            raise ValueError(
                f"The message of '{self.id}' has {words} words; a reader takes in {MOST_WORDS}. "
                "Say the finding alone and move the rest to measure or prose."
            )

    def _repr_mimebundle_(self, include: object = None, exclude: object = None) -> dict:
        words = ("id", "message", "measure", "source", "description")
        record = {name: getattr(self, name) for name in words}
        return {
            "text/plain": self.message,
            "text/html": style.NOTEBOOK_CSS + self.html,
            MEDIA_TYPE: record | {"csv": tables.tidy_csv(self.data), "columns": self._columns},
        }

    @property
    def _columns(self) -> list[dict[str, str]]:
        """What the CSV can't say of its columns, in their order: name, kind, unit."""
        return [
            {"name": str(name), "kind": tables.kind_of(column), "unit": self.units.get(name) or ""}
            for name, column in self.data.items()
        ]

    @property
    def html(self) -> str:
        """The exhibit as a `<figure>`."""
        words = (self.message, self.measure, self.source)
        message, measure, source = map(prose.with_names, words)
        return (
            f'<figure class="exhibit" id="{self.id}"><figcaption><p class="message">{message}</p>'
            f'<p class="measure">{measure}</p></figcaption>{self.body}'
            f'<p class="source">{_("Source: {source}", source=source)}</p>'
            f"{self._behind}</figure>"
        )

    @property
    def _behind(self) -> str:
        mark = DOWNLOAD_MARK.format(id=self.id)
        if self.is_table:
            return mark
        shown = _some_rows(self.data)
        table = tables.table_html(
            shown, caption=_("Data behind this exhibit: {message}", message=self.message)
        )
        if len(shown) < len(self.data):
            every = math.ceil(len(self.data) / MOST_PLACES)
            words = _(
                "One row in {every} of {rows}; all stand in the CSV.",
                every=every,
                rows=len(self.data),
            )
            mark = f'<p class="some">{html.escape(words)}</p>{mark}'
        return f"<details><summary>{prose.TEXT['data']}</summary>{table}{mark}</details>"


def _some_rows(data: pd.DataFrame) -> pd.DataFrame:
    """Return the rows that a page lists behind a chart: of a curve, evenly some of its places."""
    is_curve = len(data) > MOST_PLACES and pd.api.types.is_numeric_dtype(data.iloc[:, 0])
    return data.iloc[:: math.ceil(len(data) / MOST_PLACES)] if is_curve else data


def frame(figures_by_label: Mapping[str, MaybeEstimate], *, name: str = "label") -> pd.DataFrame:
    """Return named figures as a frame, one row each: label, value, low, high, n, unit, why."""
    rows = [
        {name: label, "n": said.n, "unit": "", "why": said.why}
        if isinstance(said, NotEstimable)
        else {
            name: label,
            "value": said.value,
            "low": said.low,
            "high": said.high,
            "n": said.n,
            "unit": said.unit,
            "why": "",
        }
        for label, said in figures_by_label.items()
    ]
    columns = [name, "value", "low", "high", "n", "unit", "why"]
    return pd.DataFrame(rows, columns=columns).astype(dict.fromkeys(columns[1:4], float))


def chart(
    draw: Draw,
    data: pd.DataFrame,
    *,
    id: str,
    message: str,
    measure: str,
    source: str,
    description: str,
    unit: str | None = None,
    height: float | None = None,
    panels: str | None = None,
    **options: object,
) -> Exhibit:
    """Return a drawing of `data` as an exhibit.

    Parameters
    ----------
    draw : one of `figures.draw_*`, or any `draw(ax, data, **options)`.
    unit : how numbers are written ("share", "points", "EUR"…) where the data have no column `unit`.
    height : in CSS pixels; by default what suits the drawing.
    panels : column of which each value gets a drawing of its own (small multiples).

    Examples
    --------
    >>> def draw_bars(ax, data):
    ...     return ax.bar(data["region"], data["orders"])
    >>> orders = pd.DataFrame({"region": ["north", "south"], "orders": [120, 80]})
    >>> chart(
    ...     draw_bars,
    ...     orders,
    ...     id="orders-by-region",
    ...     message="The north orders more",
    ...     measure="Orders by region, 2026Q1",
    ...     source="Orders, n = 200",
    ...     description="Bars: 120 orders in the north, 80 in the south.",
    ... ).message
    'The north orders more'
    """
    description = _(description)
    data = reasons.in_words(data.assign(unit=unit) if unit else data)
    data = charts.since_known(data) if draw is charts.draw_trend else data
    how = {"height": height, "options": options}
    if nothing := _nothing_to_draw(data):
        body = f'<p class="empty">{nothing}</p>'
    elif panels:
        body = _panels(draw, data, id=id, panels=panels, **how)
    else:
        body = _two_sizes(draw, data, id=id, **how)
    return Exhibit(
        id=id,
        message=message,
        measure=measure,
        source=source,
        description=description,
        data=data,
        units=_units_beside(draw, data, unit or ""),
        body=body if nothing else _described(body, description),
    )


def table(
    data: pd.DataFrame,
    *,
    id: str,
    message: str,
    measure: str,
    source: str,
    description: str | None = None,
    units: Mapping[str, str] | None = None,
    total: bool = False,
    empty: str = prose.NOTHING,
) -> Exhibit:
    """Return a frame as an exhibit; `units` by column name, the last row a total if `total`.

    `empty` is what stands there if the frame has no rows.

    Examples
    --------
    >>> orders = pd.DataFrame({"region": ["north", "south"], "orders": [120, 80]})
    >>> table(
    ...     orders,
    ...     id="orders-by-region",
    ...     message="The north orders more",
    ...     measure="Orders by region, 2026Q1",
    ...     source="Orders, n = 200",
    ... ).data["orders"].tolist()
    [120, 80]
    """
    data = reasons.in_words(data)
    return Exhibit(
        id=id,
        message=message,
        measure=measure,
        source=source,
        data=data,
        units=units or {},
        is_table=True,
        description=message if description is None else description,
        body=tables.table_html(data, caption=_(message), units=units, total=total, stack=True)
        if len(data)
        else f'<p class="empty">{prose.with_names(_(empty))}</p>',
    )


def heat_table(
    data: pd.DataFrame,
    *,
    id: str,
    message: str,
    measure: str,
    source: str,
    description: str | None = None,
    unit: str = "share",
    unshaded: tuple[str, ...] = ("customers",),
    tidy: pd.DataFrame | None = None,
    empty: str = prose.TOO_FEW_TO_SAY,
) -> Exhibit:
    """Return a wide frame (first column the row's name) as a table shaded by its numbers.

    `tidy` are the numbers to download where the wide ones leave something out (intervals), the
    shown ones in a column `value` or one called like the unit; `empty` is what stands there if the
    frame has no rows.
    """
    return Exhibit(
        id=id,
        message=message,
        measure=measure,
        source=source,
        data=data if tidy is None else tidy,
        units=dict.fromkeys(set(data.columns[1:]).difference(unshaded), unit)
        if tidy is None
        else dict.fromkeys(("value", unit), unit),
        is_table=True,
        description=message if description is None else description,
        body=tables.heat_html(data, caption=_(message), unit=unit, plain_columns=set(unshaded))
        if len(data)
        else f'<p class="empty">{prose.with_names(_(empty))}</p>',
    )


def _described(body: str, words: str) -> str:
    return f'<div class="drawing" role="img" aria-label="{html.escape(words)}">{body}</div>'


def _units_beside(draw: Draw, data: pd.DataFrame, unit: str) -> dict[str, str]:
    """Return in what the columns of a chart's data are that stand beside its estimates."""
    if draw is charts.draw_stacked:
        return dict.fromkeys(data.columns[1:], "share")
    shares = dict.fromkeys((name for name in data if str(name).endswith("_share")), "share")
    return dict.fromkeys(("difference", "least", "most"), unit) | shares


def _drawing(
    draw: Draw,
    data: pd.DataFrame,
    canvas: style.Canvas,
    *,
    prefix: str,
    height: float | None,
    options: Mapping[str, object],
) -> str:
    height = height or charts.natural_height(draw, data, canvas)
    with style.canvas_figure(canvas, height) as figure:
        draw(figure.subplots(), data, **options)
        return style.svg(figure, prefix=prefix, css_class=canvas.name)


def _nothing_to_draw(data: pd.DataFrame) -> str:
    """Return why a chart would be empty; "" where it has something to show."""
    if len(data) and ("value" not in data or data["value"].notna().any()):
        return ""
    reasons = data["why"].dropna().unique() if "why" in data else []
    return prose.with_names("; ".join(_(str(why)) for why in reasons) or prose.TEXT["too_few"])


def _two_sizes(draw: Draw, data: pd.DataFrame, *, id: str, **how: object) -> str:
    return "".join(
        _drawing(draw, data, canvas, prefix=f"{id}-{canvas.name}", **how)
        for canvas in (style.WIDE, style.NARROW)
    )


def _panels(
    draw: Draw,
    data: pd.DataFrame,
    *,
    id: str,
    panels: str,
    options: Mapping[str, object],
    height: float | None,
) -> str:
    """Return a drawing for each value of a column; dots of one measure share their axis."""
    if draw is charts.draw_dots:
        options = options | {"span": charts.span(data, options.get("reference"))}
    drawings = []
    for place, (name, rows) in enumerate(data.groupby(panels, sort=False, observed=True)):
        how = {"prefix": f"{id}-{place}", "options": options, "height": height}
        drawing = _drawing(draw, rows.drop(columns=panels), style.PANEL, **how)
        title = html.escape(headings.heading_of(str(name)))
        drawings.append(f"<div><p>{title}</p>{drawing}</div>")
    return f'<div class="panels">{"".join(drawings)}</div>'
