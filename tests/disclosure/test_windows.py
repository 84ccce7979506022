"""Rolling windows of successive editions, taken together, give no small group away."""

from datetime import date
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from test_audit import SEGMENTS, SMALLEST, answers, counted
from test_ledger import company, published  # noqa: F401

from certify.disclosure_attack import Cells, in_row_space
from profitchain.core.periods import Period
from profitchain.disclosure.audit import TOTAL, Release, audited, span_name
from profitchain.disclosure.gate import gate_of
from profitchain.disclosure.ledger import entries_of, windows_in
from profitchain.disclosure.windows import FOLLOWED, FOLLOWED_SIZES, lookback_of

QUARTERS = [f"2025Q{number}" for number in range(1, 5)]


def editions(company, rows: pd.DataFrame, folder: Path) -> list[Release]:  # noqa: F811
    """Publish a firm's first four quarters; return what their windows of a year showed."""
    for number, name in enumerate(QUARTERS, 1):
        place = folder / name
        place.mkdir()
        known = rows[rows["quarter"].isin(QUARTERS[:number])]
        window = span_name(lookback_of(company, Period(name)))
        parts = [
            known.groupby(segment)["cluster"].nunique().rename_axis("group")
            .reset_index(name="customers").assign(segment=segment, period=window)
            for segment in (TOTAL, *SEGMENTS)
        ]  # fmt: skip
        pd.concat([counted(known), *parts]).to_parquet(place / f"{FOLLOWED_SIZES}.parquet")
        published(
            company, known.assign(question="nps", n=1, score=known["cluster"] % 11), name, place
        )
    return list(windows_in(entries_of(company), FOLLOWED))


def lookback_of_a_year(period: Period) -> tuple[date, date]:
    end = period.shift(1).first_day
    return end.replace(year=end.year - 1), end


def given_away(rows: pd.DataFrame, pools: list[dict[str, frozenset[str]]]) -> list[object]:
    """Return the small groups of quarters that windows give away: by no line of the audit's."""
    months = sorted(rows["month"].unique())
    cells = Cells(rows.assign(customer=rows["cluster"]), SEGMENTS, months)
    by_quarter = [tuple(months[3 * at : 3 * at + 3]) for at in range(4)]
    published_rows = [cells.row("", (), quarter) for quarter in by_quarter]
    for number, together in enumerate(pools, 1):
        so_far = [month for quarter in by_quarter[:number] for month in quarter]
        for segment, names in cells.names.items():
            pool = together[segment]
            blocks = [[name] for name in names if name not in pool]
            blocks += [[name for name in names if name in pool]] * bool(pool)
            published_rows += [cells.row(segment, block, so_far) for block in blocks]
    small = cells.small(by_quarter, SMALLEST)
    found = in_row_space(
        [*published_rows, *cells.alike()],
        [cells.row(segment, (group,), span) for segment, group, span in small],
    )
    return [target for target, is_out in zip(small, found, strict=True) if is_out]


@pytest.mark.parametrize("n", [340, 870])
def test_windows_that_move_on_give_no_small_group_away(company, tmp_path, n) -> None:  # noqa: F811
    rows = answers(n, 7)
    windows = editions(company, rows, tmp_path)
    lately = gate_of(company, Period("2025Q4"), tmp_path / "2025Q4").together
    assert len(windows) == len(QUARTERS)
    assert given_away(rows, [dict(window.together) for window in windows]) == []
    assert given_away(rows, [dict(lately)] * 4)  # as they would be with the threshold alone
    lost = [np.mean([len(w.together[s]) for w in windows]) for s in SEGMENTS]
    print(n, "groups together:", lost, "by the threshold:", {s: len(lately[s]) for s in SEGMENTS})


def test_who_came_before_all_counts_is_not_taken_for_nobody() -> None:
    """Two windows that begin before anybody was counted tell of the difference of two quarters."""
    rows = answers(4000, 1)
    spans = [lookback_of_a_year(Period(name)) for name in QUARTERS[2:]]
    new = [
        Release(period=Period(name), window=span, together=dict.fromkeys(SEGMENTS, frozenset()))
        for name, span in zip(QUARTERS[2:], spans, strict=True)
    ]
    sizes = counted(rows)
    least = int(sizes.loc[sizes["period"] == "2025", "customers"].min())
    how = {"counted": sizes, "smallest": least}  # more than a group has in a quarter
    known, unknown = (
        audited(new[1], new[:1], **how, since=since)
        for since in (date(2024, 1, 1), date(2025, 7, 1))
    )
    assert known.together != new[1].together  # the windows' first quarters had nobody
    assert unknown == new[1]
