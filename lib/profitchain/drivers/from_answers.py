"""How much of a score goes with each driver, on a caller's own answers: columns by name."""

from __future__ import annotations

from collections.abc import Sequence

import pandas as pd

from profitchain.core.errors import ParameterError
from profitchain.core.estimates import NotEstimable, to_frame
from profitchain.drivers.moments import Driver, read_drivers
from profitchain.drivers.shares import driver_shares as shares_of
from profitchain.stats import plain_frames


def driver_shares(
    answers: pd.DataFrame,
    *,
    outcome: str,
    drivers: Sequence[str],
    customer: str | None = None,
    not_applicable: Sequence[str] = (),
    level: float = 0.95,
) -> pd.DataFrame:
    """Return the share of the explained differences in a score that goes with each driver.

    Exact Shapley shares of R2 (LMG) to twelve drivers, Johnson's relative weights above; intervals
    are clustered by customer.

    Parameters
    ----------
    answers : one row an answer; rows that lack the outcome or a driver are left out.
    outcome : column of scores.
    drivers : columns of numbers; text enters as categories.
    customer : column that tells customers apart; without it each answer is one's.
    not_applicable : those drivers whose blanks mean that there was nothing to judge: such rows
        stay.

    Returns
    -------
    One row a driver: driver, value, low, high (of what is explained, 0 to 1), of_all (of all
    differences), first_probability, n, why; `attrs["r2"]` is what all explain together,
    `attrs["left_out"]` how many rows lacked something.

    References
    ----------
    Lindeman, Merenda and Gold (1980); Groemping (2007), Am. Stat. 61: 139-147.

    Examples
    --------
    >>> df = pd.DataFrame({"nps": [9, 2, 7, 6], "speed": [5, 1, 3, 4], "price": [3, 2, 4, 3]})
    >>> df = pd.concat([df] * 100)
    >>> driver_shares(df, outcome="nps", drivers=["speed", "price"])["value"].round(2).tolist()
    [0.7, 0.3]
    """
    plain_frames.check_level(level)
    cells, chosen = _read(answers, outcome, drivers, customer, not_applicable)
    names = [driver.name for driver in chosen]
    read = read_drivers(cells, chosen)
    if isinstance(read, NotEstimable):
        return to_frame([read] * len(names), driver=names)
    found = shares_of(read, level=level)
    if isinstance(found, NotEstimable):
        return to_frame([found] * len(names), driver=names)
    frame = to_frame(found.estimates(level=level), driver=[d.name for d in read.drivers])
    frame.insert(4, "of_all", found.total.values)
    frame.insert(5, "first_probability", found.first)
    frame.attrs |= {"r2": found.r2, "left_out": len(answers) - read.answers}
    return frame


def _read(
    answers: pd.DataFrame,
    outcome: str,
    drivers: Sequence[str],
    customer: str | None,
    not_applicable: Sequence[str],
) -> tuple[pd.DataFrame, list[Driver]]:
    """Return a frame's answers as cells, checked, and its drivers."""
    if isinstance(drivers, str) or len(drivers) < 2:
        raise ParameterError(
            f"drivers={drivers!r}: at least two columns are compared. Write drivers=['speed', "
            "'price']."
        )
    if stray := [name for name in not_applicable if name not in drivers]:
        raise ParameterError(
            f"not_applicable: {stray[0]!r} is not among the drivers. Name it there too."
        )
    rows = plain_frames.columns_of(answers, score=outcome, customer_if_any=customer)
    given = plain_frames.columns_of(answers, **{f"driver {name}": name for name in drivers})
    chosen = []
    for name in drivers:
        column = f"driver {name}"
        kind = pd.api.types.infer_dtype(given[column], skipna=True)
        is_category = kind in ("string", "mixed", "categorical", "boolean")
        if not is_category:
            given[column] = plain_frames.numbers(given[column], name)
        chosen.append(
            Driver(name=str(name), column=column, kind="category" if is_category else "number",
                   blank="not_applicable" if name in not_applicable else "skipped")
        )  # fmt: skip
    who = plain_frames.clusters(rows.get("customer_if_any", pd.Series(rows.index)))
    score = plain_frames.scores(rows["score"], outcome)
    cells = given.assign(score=score, cluster=who, n=1)
    return plain_frames.complete(cells, ["cluster"])[0], chosen
