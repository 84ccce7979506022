"""Whom to call: the lot is the same in any order, and who was drawn stays so."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pandas as pd
import pytest

from profitchain.core.errors import CompanyError
from profitchain.press import unhappy_list
from profitchain.sources.lot_files import closed_hash, closed_lists, drawn_lists

PEOPLE = pd.Series([f"c{k}" for k in range(3000)])


def test_a_lot_leaves_its_share_alone_whatever_the_order():
    drawn = unhappy_list.left_alone(PEOPLE, share=0.1, seed="2026Q3")
    assert 0.08 < drawn.mean() < 0.12
    turned = unhappy_list.left_alone(PEOPLE[::-1], share=0.1, seed="2026Q3")
    assert turned.sort_index().tolist() == drawn.tolist()
    other = unhappy_list.left_alone(PEOPLE, share=0.1, seed="2026Q4")
    assert other.tolist() != drawn.tolist()
    assert not unhappy_list.left_alone(PEOPLE, share=0.0, seed="x").any()


def test_who_was_drawn_stays_so_when_the_share_changes():
    rows, nothing = pd.DataFrame({"customer_id": PEOPLE}), drawn_lists(Path("nowhere"))
    first = unhappy_list.with_lot(rows, nothing, share=0.1, period="2026Q3")
    known = first.assign(period="2026Q3")
    again = unhappy_list.with_lot(rows, known, share=0.5, period="2026Q3")
    assert again["left_alone"].tolist() == first["left_alone"].tolist()
    assert (unhappy_list.with_lot(rows, known, share=0.5, period="2026Q4")["left_alone"]
            == "yes").mean() > 0.4  # fmt: skip


def written(folder: Path, text: str) -> Path:
    (folder / "lists").mkdir(parents=True)
    (folder / "lists" / "left_alone.csv").write_text("period,customer_id,left_alone\n" + text)
    return folder


def test_lists_count_once_their_days_are_over_and_customers_as_first_drawn(tmp_path):
    rows = "2026Q3,b,no\n2026Q2,a,yes\n2026Q2,'=7,no\n2026Q3,a,no\n2026Q3,c,yes\n"
    folder = written(tmp_path, rows)
    found = closed_lists(folder, date(2026, 12, 29))  # 90 days from 1 October end on the 29th
    assert found["customer_id"].tolist() == ["a", "=7", "b", "c"]
    assert found["left_alone"].tolist() == [1, 0, 0, 1]
    assert found["starts_on"].astype(str).tolist() == ["2026-07-01"] * 2 + ["2026-10-01"] * 2
    assert len(closed_lists(folder, date(2026, 12, 28))) == 2
    assert closed_hash(folder, date(2026, 9, 1)) == ""
    assert closed_hash(tmp_path / "no lists", date(2026, 9, 1)) == ""
    assert closed_hash(folder, date(2026, 12, 28)) != closed_hash(folder, date(2026, 12, 29))


def test_a_memory_that_cannot_be_read_is_refused_with_its_mend(tmp_path):
    with pytest.raises(CompanyError, match=r"left_alone.csv.*Put back"):
        drawn_lists(written(tmp_path, "summer,a,yes\n"))
