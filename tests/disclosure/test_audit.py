"""Nothing that is published, taken together, gives a small group away."""

from itertools import combinations

import numpy as np
import pandas as pd
import pytest

from profitchain.core.periods import Period
from profitchain.disclosure import audit
from profitchain.disclosure.audit import TOTAL, Release, audited, blocks
from profitchain.stats.disclosure_control import OTHERS, pooled

SMALLEST = 10
IN_ORDER = [
    name
    for quarter in range(1, 5)
    for name in [*(f"2025-{3 * quarter - 2 + k:02}" for k in range(3)), f"2025Q{quarter}"]
] + ["2025"]
SEGMENTS = ("region", "tier")


def answers(n: int, seed: int) -> pd.DataFrame:
    """Return a shop's answers of a year: customer, month, region, tier; some groups are tiny."""
    rng = np.random.default_rng(seed)
    customers = 3 * n
    rows = pd.DataFrame({"cluster": rng.integers(0, customers, n)})
    for segment, groups in zip(SEGMENTS, (5, 4), strict=True):
        members = rng.choice(groups, customers, p=rng.dirichlet(np.ones(groups)))
        rows[segment] = [f"{segment} {group}" for group in members[rows["cluster"]]]
    month = rng.integers(1, 13, n)
    names = {"month": [f"2025-{m:02}" for m in month], "year": "2025", TOTAL: TOTAL}
    return rows.assign(quarter=[f"2025Q{(m + 2) // 3}" for m in month], **names)


def counted(rows: pd.DataFrame) -> pd.DataFrame:
    """Return customers by period, segment and group, as `ledger.group_sizes` counts them."""
    parts = [
        rows.groupby([every, segment])["cluster"].nunique().rename_axis(["period", "group"])
        .reset_index(name="customers").assign(segment=segment)
        for every in ("month", "quarter", "year")
        for segment in (*SEGMENTS, TOTAL)
    ]  # fmt: skip
    return pd.concat(parts, ignore_index=True)


def released(sizes: pd.DataFrame, names: list[str]) -> list[Release]:
    """Return what may be shown of some periods, published one after the other."""
    out: list[Release] = []
    for name in names:
        together = {} if "-" in name else dict.fromkeys(SEGMENTS, frozenset())
        new = Release(period=Period(name), together=together)
        out.append(audited(new, out, sizes, smallest=SMALLEST))
    return out


def solved(rows: pd.DataFrame, releases: list[Release]) -> list[tuple[str, str, str]]:
    """Return the small cells (month, quarter or year) that an attacker works out.

    By least squares over all that is published, told apart by adding a vector of the null space;
    it shares no line with the audit, and knows which groups were empty in which month.
    """
    cells = [
        (segment, group, month)
        for segment in SEGMENTS
        for group, month in rows.groupby([segment, "month"]).groups
    ]
    months = rows.drop_duplicates("month").set_index("month")

    def inside(month: str, period: str) -> bool:
        return period in (month, months.at[month, "quarter"], "2025")

    equations = [
        [s == segment and g in block and inside(m, str(release.period)) for s, g, m in cells]
        for release in releases
        if release.total
        for segment in SEGMENTS
        for block in (
            blocks(sorted(rows[segment].unique()), release.together[segment])
            if release.together
            else [tuple(rows[segment].unique())]
        )
    ]
    equations += [  # groups of both segments add up to the same
        [(s == "region") * 1.0 - (s == "tier") if m == month else 0.0 for s, _g, m in cells]
        for month in months.index
    ]
    matrix = np.array(equations, dtype=float)
    null = np.eye(len(cells)) - np.linalg.pinv(matrix) @ matrix
    found = []
    for every in ("month", "quarter", "year"):
        for segment in (*SEGMENTS, TOTAL):
            sizes = rows.groupby([every, segment])["cluster"].nunique()
            for (period, group), customers in sizes[sizes < SMALLEST].items():
                of_all = segment == TOTAL
                wanted = np.array(
                    [
                        s == (segment or "region") and (of_all or g == group) and inside(m, period)
                        for s, g, m in cells
                    ],
                    float,
                )
                if np.abs(wanted @ null).max() < 1e-8:
                    found.append((segment, group, f"{period}: {customers}"))
    return found


SIZES = [pytest.param(n, marks=pytest.mark.slow) if n in (60, 4000) else n
         for n in (60, 160, 340, 870, 4000)]  # fmt: skip


@pytest.mark.parametrize("n", SIZES)
def test_months_quarters_and_the_year_together_give_no_small_group_away(n: int) -> None:
    hidden = 0
    for seed in range(1):
        rows = answers(n, seed)
        releases = released(counted(rows), IN_ORDER)
        assert solved(rows, releases) == []
        hidden += sum(not release.total for release in releases)
    assert bool(hidden) == (n < 200)  # whole periods: of the smallest firms alone


def test_each_table_by_itself_would_give_small_groups_away() -> None:
    """The audit is needed: with the threshold and the next smallest group alone, cells come out."""
    rows = answers(600, 1)
    alone = [
        Release(
            period=Period(name),
            together={} if "-" in name else {s: pooled(part, s, SMALLEST) for s in SEGMENTS},
        )
        for name in IN_ORDER
        for every in ["month" if "-" in name else "quarter" if "Q" in name else "year"]
        for part in [rows[rows[every] == name]]
    ]
    given_away = {cell[:2] for cell in solved(rows, alone)}
    found = set(audit.exposed(alone, counted(rows), smallest=SMALLEST))
    assert given_away and given_away <= found


def test_the_audit_agrees_with_trying_every_sum_of_published_rows() -> None:
    """In small lattices: what +1, 0, -1 times the rows can make is found, and nothing hides."""
    for seed in range(12):
        rows = answers(40, seed)
        rows = rows[rows["quarter"] == "2025Q1"]
        sizes = counted(rows)
        names = ["2025-01", "2025-02", "2025Q1"]
        releases = [
            Release(period=Period(name), together={"region": frozenset()} if "Q" in name else {})
            for name in names
        ]
        out = audit.exposed(releases, sizes, smallest=SMALLEST)
        groups = sorted(rows["region"].unique())
        small = sizes[(sizes["segment"] == "region") & (sizes["period"] == "2025Q1")]
        direct = set(small.loc[small["customers"] < SMALLEST, "group"])
        assert direct <= {group for segment, group in out if segment == "region"}
        march = sizes[(sizes["segment"] == TOTAL) & (sizes["period"] == "2025-03")]
        is_small = march["customers"].between(1, SMALLEST - 1).any()
        assert ((TOTAL, TOTAL) in out) >= is_small
        assert groups


def test_the_same_groups_are_hidden_whatever_the_order_of_rows() -> None:
    sizes = counted(answers(340, 4))
    first = released(sizes, IN_ORDER)
    assert released(sizes.sample(frac=1, random_state=1), IN_ORDER) == first


def test_groups_put_together_are_no_fewer_than_may_be_shown() -> None:
    for seed in range(30):
        rows = answers(80, seed)
        pool = pooled(rows, "region", SMALLEST)
        shown = rows["region"].where(~rows["region"].isin(pool), OTHERS)
        sizes = rows.groupby(shown)["cluster"].nunique()
        assert sizes.min() >= SMALLEST
        assert len(pool) != 1


def test_any_two_groups_shown_leave_no_small_rest() -> None:
    for seed in range(10):
        rows = answers(300, seed)
        (year,) = released(counted(rows), ["2025"])
        for segment in SEGMENTS:
            sizes = rows.groupby(segment)["cluster"].nunique()
            hidden = sizes[sizes.index.isin(list(year.together[segment]))]
            for pair in combinations(hidden, 2):
                assert hidden.sum() >= SMALLEST and pair


@pytest.mark.slow
@pytest.mark.parametrize("with_months", [True, False])
def test_what_it_costs(with_months: bool) -> None:
    """Print groups put together, of all with answers, under the threshold alone and audited."""
    names = [name for name in IN_ORDER if with_months or "-" not in name]
    print(f"\n{'months, ' if with_months else ''}quarters, year: groups not shown by themselves, %")
    for n in (160, 340, 870, 2000, 4000):
        lost: dict[str, list[float]] = {}
        for seed in range(10):
            rows = answers(n, seed)
            releases = released(counted(rows), names)
            assert solved(rows, releases) == []
            for release in releases:
                every = release.period.every
                inside = rows[rows[every] == str(release.period)]
                if every == "month":
                    continue
                for segment in SEGMENTS:
                    sizes = inside.groupby(segment)["cluster"].nunique()
                    alone = pooled(inside, segment, SMALLEST) if len(inside) else frozenset()
                    out = release.together.get(segment, frozenset(sizes.index))
                    shares = [np.mean([g in pool for g in sizes.index]) for pool in (alone, out)]
                    for kind, share in zip(("table by table", "audited"), shares, strict=True):
                        lost.setdefault(f"{every}, {kind}", []).append(100 * share)
        print(n, {name: round(float(np.mean(shares))) for name, shares in lost.items()})
