"""Whom to call: the lot is the same in any order, and who was drawn stays so."""

from __future__ import annotations

import pandas as pd

from profitchain.press import unhappy_list

PEOPLE = pd.Series([f"c{k}" for k in range(3000)])


def test_a_lot_leaves_its_share_alone_whatever_the_order():
    drawn = unhappy_list.left_alone(PEOPLE, share=0.1, seed="2026Q3")
    assert 0.08 < drawn.mean() < 0.12
    turned = unhappy_list.left_alone(PEOPLE[::-1], share=0.1, seed="2026Q3")
    assert turned.sort_index().tolist() == drawn.tolist()
    other = unhappy_list.left_alone(PEOPLE, share=0.1, seed="2026Q4")
    assert other.tolist() != drawn.tolist()
    assert not unhappy_list.left_alone(PEOPLE, share=0.0, seed="x").any()


def test_who_was_drawn_stays_so_when_the_share_changes(tmp_path):
    rows, memory = pd.DataFrame({"customer_id": PEOPLE}), tmp_path / "left_alone.csv"
    first = unhappy_list.with_lot(rows, memory, share=0.1, period="2026Q3")
    first.assign(period="2026Q3").to_csv(memory, index=False)
    again = unhappy_list.with_lot(rows, memory, share=0.5, period="2026Q3")
    assert again["left_alone"].tolist() == first["left_alone"].tolist()
    assert (unhappy_list.with_lot(rows, memory, share=0.5, period="2026Q4")["left_alone"]
            == "yes").mean() > 0.4  # fmt: skip
