"""The attack on finished editions finds what can be found: so finding nothing says something."""

from itertools import product

import numpy as np
import pandas as pd
import pytest

from certify.disclosure_attack import KINDS, Cells, changed, in_row_space, solved
from certify.disclosure_run import CASES, GIVEN_AWAY, attack_firm
from certify.finished_editions import ANSWERS, Statement
from profitchain.core.periods import Period
from profitchain.disclosure import audit
from profitchain.disclosure.audit import TOTAL, Release, blocks

MONTHS = ("2025-01", "2025-02", "2025-03")
SMALLEST = 10


def answers(seed: int, n: int = 70) -> pd.DataFrame:
    """Return answers of a quarter by groups of two segments, some of them tiny."""
    rng = np.random.default_rng(seed)
    return pd.DataFrame({
        "customer": np.arange(n),
        "month": rng.choice(MONTHS, n),
        "kind": rng.choice(KINDS, n),
        "region": rng.choice(["A", "B", "C", "D"], n, p=[0.5, 0.36, 0.08, 0.06]),
        "tier": rng.choice(["x", "y"], n),
    })  # fmt: skip


def told(cells: Cells, together: frozenset[str]) -> list[Statement]:
    """Return what a quarter and two of its months say, with some regions together."""
    sums = [("", frozenset(), span) for span in [MONTHS, *((month,) for month in MONTHS[:2])]]
    for segment, pool in (("region", together), ("tier", frozenset())):
        sums += [(segment, frozenset(b), MONTHS) for b in blocks(cells.names[segment], pool)]
    return [
        Statement(of=ANSWERS, segment=segment, groups=groups, months=span,
                  n=len(cells.inside(segment, groups, span)))
        for segment, groups, span in sums
    ]  # fmt: skip


def quarter(cells: Cells) -> list[tuple[str, str, tuple[str, ...]]]:
    return cells.small([MONTHS], SMALLEST)


def test_groups_together_stay_hidden_and_one_of_two_shown_gives_the_other_away() -> None:
    cells = Cells(answers(1), ["region", "tier"], MONTHS)
    targets = quarter(cells)
    assert {group for _s, group, _span in targets} == {"C", "D"}
    hidden = solved(cells, told(cells, frozenset("BCD")), targets)
    assert (hidden.hidden, hidden.exact, hidden.near, hidden.wrong) == (2, 0, 0, 0)
    assert solved(cells, told(cells, frozenset("D")), targets).exact == 2
    one_more = Statement(of=ANSWERS, segment="region", groups=frozenset("C"), months=MONTHS,
                         n=len(cells.inside("region", "C", MONTHS)))  # fmt: skip
    unhidden = solved(cells, [*told(cells, frozenset("CD")), one_more], targets)
    assert (unhidden.exact, unhidden.near) == (2, 2)


def test_bounds_find_what_equations_leave_open() -> None:
    """Two tiny groups of three answers together, all of one kind: each has between 0 and 3."""
    rows = answers(2).query("region in ('A', 'B')")
    tiny = rows.head(2).assign(region=["C", "D"], month=MONTHS[2], customer=[900, 901])
    cells = Cells(pd.concat([rows, tiny]), ["region", "tier"], MONTHS)
    found = solved(cells, told(cells, frozenset("CD")), quarter(cells))
    assert (found.exact, found.near) == (0, 2)


def test_a_count_that_differs_from_the_tables_is_seen() -> None:
    cells = Cells(answers(1), ["region", "tier"], MONTHS)
    first, *others = told(cells, frozenset("BCD"))
    other = Statement(of=ANSWERS, months=first.months, n=first.n - 1)
    assert solved(cells, [other, *others], quarter(cells)).wrong == 1
    assert solved(cells, [other, *others], []).changed > 0  # its groups add up to one more
    assert solved(cells, [first, *others], []).changed == 0
    assert changed([first, *others, other], SMALLEST) == 1
    assert changed([first, *others, first], SMALLEST) == 0


@pytest.mark.worlds
@pytest.mark.parametrize("seed", range(6))
def test_three_ways_to_find_what_is_given_away_agree(seed: int) -> None:
    """Every sum of +1, 0, -1 times the published rows, the whole-number algebra, the audit."""
    rng = np.random.default_rng(seed)
    cells = Cells(answers(seed, 50), ["region"], MONTHS)
    names = cells.names["region"]
    pools = [frozenset(rng.choice(names, rng.integers(0, 3), replace=False)) for _m in range(3)]
    spans = [MONTHS, *((month,) for month in MONTHS[:2])]
    rows = [
        cells.row("region", block, span)
        for pool, span in zip(pools, spans, strict=True)
        for block in blocks(names, pool)
    ]
    wanted = [("region", group, span) for group in names for span in [*spans, MONTHS[2:]]]
    sums = {
        tuple(np.array(times) @ np.array(rows)) for times in product((-1, 0, 1), repeat=len(rows))
    }
    by_hand = [tuple(cells.row(s, (g,), span)) in sums for s, g, span in wanted]
    exact = in_row_space(rows, [cells.row(s, (g,), span) for s, g, span in wanted])
    assert by_hand == exact.tolist() and exact.any()
    sizes = [
        {"period": period, "segment": segment, "group": group,
         "customers": len(cells.inside("region", [group] if segment else names, span))}
        for period, span in [("2025Q1", MONTHS), *((month, (month,)) for month in MONTHS)]
        for segment, group in [(TOTAL, TOTAL), *(("region", name) for name in names)]
    ]  # fmt: skip
    periods = ["2025Q1", *MONTHS[:2]]
    releases = [Release(period=Period(period), together={"region": pool})
                for period, pool in zip(periods, pools, strict=True)]  # fmt: skip
    out = set(audit.exposed(releases, pd.DataFrame(sizes), smallest=SMALLEST))
    small = {(s, g) for (s, g, span), is_out in zip(wanted, exact, strict=True)
             if is_out and 0 < len(cells.inside(s, [g], span)) < SMALLEST}  # fmt: skip
    assert small <= out


@pytest.mark.slow
@pytest.mark.certify
@pytest.mark.parametrize("case", CASES)
def test_finished_editions_give_nothing_away_before_an_erasure_and_after(case: str) -> None:
    found = attack_firm(340, 3, CASES[case]).set_index("editions")
    print(found.to_string())
    hidden = found.loc[["before", "after"]]
    assert (hidden["hidden"] > 0).all()
    assert (hidden[[*GIVEN_AWAY]] == 0).all(axis=None)
    assert found.loc["nothing hidden", ["exact", "named"]].gt(0).all()
