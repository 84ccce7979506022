"""What calling did: by hand, in worlds whose effect is known, and through a firm's own folder."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from editions import write_company

import profitchain as pc
from profitchain.core.estimates import Estimate, NotEstimable
from profitchain.watch.calling import calling, effect_of


def sums(*lists: tuple[int, int, int, int]) -> pd.DataFrame:
    """Return lists of customers called, of them ordered, left alone, of them ordered."""
    return pd.DataFrame(
        [(f"2026-{month:02}-01", arm, n, x) for month, (n1, x1, n0, x0) in enumerate(lists, 1)
         for arm, n, x in ((0, n1, x1), (1, n0, x0)) if n],
        columns=["starts_on", "left_alone", "customers", "ordered"],
    )  # fmt: skip


def test_one_list_of_equal_arms_is_the_plain_difference_of_two_shares():
    found = effect_of(sums((100, 40, 100, 25)), smallest=10)
    half = 1.959964 * np.sqrt((0.4 * 0.6 + 0.25 * 0.75) / 100)
    assert found.effect.value == pytest.approx(0.15)
    assert found.effect.high - 0.15 == pytest.approx(half, rel=1e-6)


def test_lists_with_other_shares_left_alone_are_compared_within_themselves():
    """Few are left alone where many order: put together, calling would seem to do much."""
    found = effect_of(sums((400, 320, 40, 32), (400, 80, 400, 80)), smallest=10)
    assert found.effect.value == pytest.approx(0) and found.effect.low < 0 < found.effect.high


@pytest.mark.worlds
@pytest.mark.parametrize("effect", [0.0, 0.12])
def test_intervals_hold_the_effect_where_lists_leave_few_alone(effect):
    rng, held, worlds = np.random.default_rng(5), 0, 200
    n1, n0, usual = np.full(12, 45), np.full(12, 5), rng.uniform(0.1, 0.6, 12)
    for _ in range(worlds):
        x1, x0 = rng.binomial(n1, usual + effect), rng.binomial(n0, usual)
        found = effect_of(sums(*zip(n1, x1, n0, x0, strict=True)), smallest=10).effect
        held += found.low <= effect <= found.high
    assert 0.915 <= held / worlds <= 0.985


def test_too_few_left_alone_so_far_is_said():
    found = effect_of(sums((200, 60, 20, 4), (200, 60, 9, 4)), smallest=10)
    assert found.effect.why.key == "few_in_an_arm" and found.lists == 1
    nobody = effect_of(sums((200, 60, 0, 0)), smallest=10)
    assert isinstance(nobody.effect, NotEstimable) and nobody.lists == 0


def test_a_list_is_added_only_with_enough_others():
    """Else two editions, one taken from the other, would tell of the three left alone."""
    before = effect_of(sums((300, 90, 40, 10)), smallest=10)
    after = effect_of(sums((300, 90, 40, 10), (30, 9, 3, 3)), smallest=10)
    assert after == before and after.lists == 1
    more = effect_of(sums((300, 90, 40, 10), (30, 9, 3, 3), (60, 20, 7, 1)), smallest=10)
    assert more.lists == 3 and more.left_alone == 50


def test_orders_are_counted_from_the_day_after_the_period_for_ninety_days(tmp_path):
    days = {"early": "2026-06-30T23:59:00", "first": "2026-07-01T00:00:00",
            "last": "2026-09-28T23:59:00", "late": "2026-09-29T00:00:00"}  # fmt: skip
    people = [*days, *(f"c{k}" for k in range(60))]
    orders = pd.DataFrame(
        [(f"o{k}", who, "2026-05-02T10:00:00", 10.0) for k, who in enumerate(people)]
        + [(f"p{k}", who, day, 10.0) for k, (who, day) in enumerate(days.items())]
        + [("r", "c0", "2026-08-01T10:00:00", -10.0)],  # sent back: no order
        columns=["order_id", "customer_id", "ordered_at", "revenue"],
    )
    folder = write_company(tmp_path / "called", {"orders": orders})
    (folder / "lists").mkdir()
    rows = [f"2026Q2,{who},{'yes' if who in days else 'no'}" for who in [*people, "unknown"]]
    memory = folder / "lists" / "left_alone.csv"
    memory.write_text("\n".join(["period,customer_id,left_alone", *rows]))
    edition = pc.open_edition(folder, "2026Q3")
    found = edition.table("call_outcomes").set_index("left_alone")
    assert found.loc[1, ["customers", "ordered"]].tolist() == [4, 2]
    assert found.loc[0, ["customers", "ordered"]].tolist() == [60, 0]
    assert "c1" not in found.to_csv()
    assert pc.open_edition(folder, "2026Q2").folder != edition.folder
    assert calling(pc.open_edition(folder, "2026Q2")).why.key == "no_lists_closed"
    memory.write_text(memory.read_text() + "\n2026Q3,c1,yes")  # its days are not over
    assert pc.open_edition(folder, "2026Q3").folder == edition.folder
    assert not isinstance(calling(edition).effect, Estimate)
