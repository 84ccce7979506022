"""Exhibits: charts and tables that can't be made without message, measure, source, description."""

from __future__ import annotations

import html
import math
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import pandas as pd

from profitchain.core.errors import ParameterError, did_you_mean
from profitchain.core.estimates import MaybeEstimate
from profitchain.core.group_names import with_group_names
from profitchain.core.i18n import SOURCE, _, length, spoken
from profitchain.exhibits import charts, event_marks, style, tables
from profitchain.exhibits.drawings import Draw, pictures
from profitchain.words import presentation, prose, reasons

WORDS = ("message", "measure", "source", "description")
MOST_WORDS = 15
MOST_PLACES = 40  # of a curve, listed on a page
UNCOUNTED = {"draw_funnel", "draw_specifications"}  # their marks are a cloud, not rows
MOST_DRAWN, MOST_PANELS = 40, 24  # rows of one drawing, drawings of one chart
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
        for name in WORDS:
            object.__setattr__(self, name, _(str(getattr(self, name))))
            if not getattr(self, name).strip():
                raise ParameterError(
                    f"Exhibit '{self.id}' has no {name}. A reader can't judge it without: "
                    f"pass {name}=..., in words."
                )
        if not re.fullmatch(r"[a-z0-9]+(-[a-z0-9]+)*", self.id):
            raise ParameterError(
                f"'{self.id}' can't be an exhibit's id. Use small letters, digits and single "
                "hyphens, as in 'nps-by-region'."
            )
        if spoken() == SOURCE and (words := length(self.message)) > MOST_WORDS:
            raise ParameterError(
                f"The message of '{self.id}' has {words} words; a reader takes in {MOST_WORDS}. "
                "Say the finding alone and move the rest to measure or prose."
            )

    def _repr_mimebundle_(self, include: object = None, exclude: object = None) -> dict:
        columns = [  # what the CSV can't say of them
            {"name": str(name), "kind": tables.kind_of(column), "unit": self.units.get(name) or ""}
            for name, column in self.data.items()
        ]
        record = {name: getattr(self, name) for name in ("id", *WORDS)}
        return {
            "text/plain": self.message,
            "text/html": style.NOTEBOOK_CSS + self.html,
            MEDIA_TYPE: record | {"csv": tables.tidy_csv(self.data), "columns": columns},
        }

    @property
    def html(self) -> str:
        """The exhibit as a `<figure>`."""
        message, measure, source = map(prose.with_names, (self.message, self.measure, self.source))
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
        rows, number = self.data, len(self.data)
        if number > MOST_PLACES and pd.api.types.is_numeric_dtype(rows.iloc[:, 0]):
            every = math.ceil(number / MOST_PLACES)  # of a curve, evenly some of its places
            rows = rows.iloc[::every]
            words = _(
                "One row in {every} of {rows}; all stand in the CSV.", every=every, rows=number
            )
            mark = f'<p class="some">{html.escape(words)}</p>{mark}'
        caption = _("Data behind this exhibit: {message}", message=self.message)
        table = tables.table_html(with_group_names(rows), caption=caption, units=self.units)
        return f"<details><summary>{prose.TEXT['data']}</summary>{table}{mark}</details>"


def frame(figures_by_label: Mapping[str, MaybeEstimate], *, name: str = "label") -> pd.DataFrame:
    """Return named figures as a frame, one row each: label, value, low, high, n, unit, why."""
    return presentation.figure_rows(figures_by_label, name)


def _labelled(description: str) -> str:
    return f'role="img" aria-label="{html.escape(description)}"'


def _check_drawing(draw: Draw, data: pd.DataFrame, panels: str | None) -> None:
    """Raise ParameterError for what draws nothing, and for panels by a column that isn't there."""
    if not callable(draw):
        raise ParameterError(
            f"draw={draw!r} draws nothing. Pass a function draw(ax, data) that draws on ax."
        )
    if panels and panels not in data:
        raise ParameterError(f"The frame has no column {panels!r}. {did_you_mean(panels, data)}")


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
    units: Mapping[str, str] | None = None,
    **options: Any,
) -> Exhibit:
    """Return a drawing of `data` as an exhibit.

    Parameters
    ----------
    draw : one of `charts.draw_*`, or any `draw(ax, data, **options)`.
    unit : how numbers are written ("share", "points", "EUR"…) where the data have no column `unit`.
    height : in CSS pixels; by default what suits the drawing.
    panels : column of which each value gets a drawing of its own (small multiples).
    units : how to write the numbers of columns that are no estimates, by column name.

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
    _check_drawing(draw, data, panels)
    data = reasons.in_words(data.assign(unit=unit) if unit else data)
    if draw is charts.draw_trend:
        data = charts.since_known(data)
        options |= event_marks.within(options.pop("events", ()), charts.in_time(data))
        description = event_marks.described(_(description), options.get("events", ()))
    if nothing := _nothing_to_draw(data):
        body = f'<p class="empty">{nothing}</p>'
    else:
        drawn = data if getattr(draw, "__name__", "") in UNCOUNTED else _drawn(data, panels)
        seen = pictures(draw, drawn, panels, id=id, height=height, options=options)
        body = f'<div class="drawing" {_labelled(_(description))}>{seen}</div>'
        body += tables.some_of(len(drawn), len(data))
    return Exhibit(
        id=id,
        message=message,
        measure=measure,
        source=source,
        description=description,
        data=data,
        units=units or _units_beside(draw, data, unit or ""),
        body=body,
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
        body=tables.table_html(
            with_group_names(data), caption=_(message), units=units, total=total, stack=True
        )
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
        body=tables.heat_html(
            with_group_names(data), caption=_(message), unit=unit, plain_columns=set(unshaded)
        )
        if len(data)
        else f'<p class="empty">{prose.with_names(_(empty))}</p>',
    )


def _drawn(data: pd.DataFrame, panels: str | None) -> pd.DataFrame:
    """Return what is drawn of a chart's rows: of groups beyond counting, the largest."""
    if panels:
        parts = data.groupby(panels, sort=False, observed=True).indices
        kept = [tables.largest(data.iloc[parts[name]], MOST_DRAWN)
                for name in data[panels].drop_duplicates().head(MOST_PANELS)]  # fmt: skip
        return data if sum(map(len, kept)) == len(data) else pd.concat(kept)
    is_curve = pd.api.types.is_numeric_dtype(data.iloc[:, 0])
    return data if is_curve else tables.largest(data, MOST_DRAWN)


def _units_beside(draw: Draw, data: pd.DataFrame, unit: str) -> dict[str, str]:
    """Return in what the columns of a chart's data are that stand beside its estimates."""
    if draw is charts.draw_stacked:
        return dict.fromkeys(data.columns[1:], "share")
    shares = dict.fromkeys((name for name in data if str(name).endswith("_share")), "share")
    return dict.fromkeys(("difference", "least", "most", "before"), unit) | shares


def _nothing_to_draw(data: pd.DataFrame) -> str:
    """Return why a chart would be empty; "" where it has something to show."""
    if len(data) and ("value" not in data or data["value"].notna().any()):
        return ""
    whys = data["why"].dropna().unique() if "why" in data else []
    return prose.with_names("; ".join(reasons.text(why) for why in whys) or prose.TEXT["too_few"])
