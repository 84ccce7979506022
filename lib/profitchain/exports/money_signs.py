"""What stands beside the digits of amounts: signs and codes of money, and whatever else."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

import ibis
import ibis.expr.types as ir

from profitchain.sources.schemas import ColumnSchema
from profitchain.sources.typed_tables import given_name

MOST_SIGNS = 200  # different ones of a column
PLAIN_NUMBER = r"[0-9\s.,+()'’\x{00A0}\x{202F}\x{2009}\x{2212}-]+"


def signs_of(rows: ir.Table, columns: Sequence[ColumnSchema]) -> Counter[tuple[str, str]]:
    """Return the cells with each sign by column of money; what adds up to one counts as it."""
    counts: Counter[tuple[str, str]] = Counter()
    for column in (column for column in columns if column.kind == "money"):
        name = column.name.partition("__")[0]
        signs = signs_in(rows, rows[given_name(column.name)])
        counts.update({(name, sign): n for sign, n in signs.items()})
    return counts


def signs_in(rows: ir.Table, amount: ir.Value) -> dict[str, int]:
    """Return how many cells of amounts hold which signs beside their digits, as capitals."""
    if not amount.type().is_string():
        return {}
    odd = rows.filter(amount.try_cast("float64").isnull() & amount.notnull())
    signs = odd.select(sign=amount.re_replace(PLAIN_NUMBER, "").upper())
    counts = signs.group_by("sign").aggregate(n=signs.count()).order_by(ibis.desc("n"), "sign")
    frame = counts.limit(MOST_SIGNS).to_pandas().dropna()
    return {sign: int(n) for sign, n in frame.itertuples(index=False) if sign}
