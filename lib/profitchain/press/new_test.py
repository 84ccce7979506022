"""The design desk: an action is drawn by lot among customers, and the next edition judges it."""

from __future__ import annotations

import argparse
import re
import unicodedata
from collections.abc import Callable
from datetime import date, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import pandas as pd

    from profitchain.panel.edition import Edition
    from profitchain.programmes.design_desk import DrawnTest

ACTIVE_DAYS = 365  # who ordered within so many days may be drawn


def add_command(
    commands: argparse._SubParsersAction[argparse.ArgumentParser],
    add_company: Callable[[argparse.ArgumentParser], None],
) -> None:
    """Add `new-test`: what is tested, on what share, for how long and by which lot."""
    about = "draw by lot who gets an action; the next edition judges it"
    parser = commands.add_parser("new-test", help=about)
    parser.set_defaults(run=run)
    add_company(parser)
    parser.add_argument("--action", required=True, metavar="TEXT", help='as in "free returns"')
    parser.add_argument("--share", type=_share, default=0.5, metavar="S",
                        help="of the customers who are treated (0.5)")  # fmt: skip
    parser.add_argument("--days", type=_days, default=90, metavar="N", help="how long (90)")
    parser.add_argument("--start", type=date.fromisoformat, metavar="DAY",
                        help="the first day, as 2026-10-01 (default: tomorrow)")  # fmt: skip
    parser.add_argument("--seed", type=int, default=2026, metavar="N", help="of the lot (2026)")


def run(options: argparse.Namespace) -> int:
    """Draw a test, write it into the firm's folder, print what it can show."""
    from profitchain.core.errors import ParameterError
    from profitchain.core.estimates import NotEstimable
    from profitchain.panel.edition import open_edition
    from profitchain.programmes.design_desk import drawn_test

    edition = open_edition(options.company, options.period, needs=["orders.revenue"])
    place = _place(edition.company.folder, options.action)
    customers = customers_to_draw(edition, options.days)
    test = drawn_test(customers, share=options.share, seed=options.seed)
    if isinstance(test, NotEstimable):
        raise ParameterError(f"No test can be drawn. {test}")
    start = options.start or date.today() + timedelta(days=1)
    design = {
        "action": options.action, "starts_on": start, "days": options.days, "share": options.share,
        "seed": options.seed, "customers": len(test.rows),
        "smallest_effect": round(test.smallest, 2),
        "currency": edition.company.currency,
    }  # fmt: skip
    _write(place, test, design)
    print(summary(test, design, place))
    return 0


def customers_to_draw(edition: Edition, days: int) -> pd.DataFrame:
    """Return customer_id, segment, orders, now, before: those who ordered within a year.

    `now` is the money (margin where orders carry it, else revenue) of the last `days` to the
    period's end, `before` of as many days before.
    """
    import pandas as pd

    columns = edition.tables.set_index("table").loc["orders", "columns"].split(", ")
    money = "margin" if "margin" in columns else "revenue"
    names = list(dict.fromkeys(["customer_id", "ordered_at", "revenue", money]))
    orders = edition.rows("orders", columns=names)
    orders = orders[orders["customer_id"].notna()]
    ends = pd.Timestamp(edition.period.last_day) + pd.Timedelta(days=1)
    age = (ends - orders["ordered_at"].dt.tz_localize(None)).dt.total_seconds() / 86_400
    who, paid = orders["customer_id"], orders[money].fillna(0)
    bought = orders["revenue"] >= 0
    people = pd.DataFrame({
        "orders": bought.groupby(who).sum(),
        "now": paid.where(age <= days, 0).groupby(who).sum(),
        "before": paid.where((age > days) & (age <= 2 * days), 0).groupby(who).sum(),
        "active": (bought & (age <= ACTIVE_DAYS)).groupby(who).any(),
    })  # fmt: skip
    people = people[people["active"]].drop(columns="active").rename_axis("customer_id")
    people["segment"] = _segments(edition, people.index)
    return people.reset_index()


def summary(test: DrawnTest, design: dict[str, object], place: Path) -> str:
    """Return what is printed: how many, how long, which effect would show, and what comes next."""
    share = test.smallest / test.mean if test.mean > 0 else float("nan")
    of_mean = f", {share:.0%} of what one brings in that time" if share == share else ""
    return "\n".join([
        f"Drawn by lot: {test.treated:,} customers to treat, {test.held:,} to hold back.",
        f"It lasts {design['days']} days from {design['starts_on']}.",
        f"Smallest effect that four of five such tests would show: {test.smallest:,.2f} "
        f"{design['currency']} a customer{of_mean}.",
        f"Who is in which arm: {place.with_suffix('.csv')}. Add a column `reached` (1 or 0) if you",
        "know whom the action reached. The next edition analyses it by itself, on page 15.",
    ])  # fmt: skip


def _segments(edition: Edition, who: pd.Index) -> pd.Series:
    import pandas as pd

    tables = edition.tables.set_index("table")
    known = tables.loc["customers", "columns"].split(", ") if "customers" in tables.index else []
    names = [name for name in edition.company.segments if name in known]
    if not names:
        return pd.Series("", index=who)
    rows = edition.rows("customers", columns=["customer_id", names[0]])
    segment = rows.drop_duplicates("customer_id").set_index("customer_id")[names[0]]
    return segment.reindex(who).fillna("").astype(str)


def _place(folder: Path, action: str) -> Path:
    """Return where a test goes, without an ending: named by its action; refuse to draw it twice."""
    from profitchain.core.errors import ParameterError
    from profitchain.sources.lot_files import FOLDER

    plain = unicodedata.normalize("NFKD", action).encode("ascii", "ignore").decode().lower()
    name = re.sub(r"[^a-z0-9]+", "-", plain).strip("-")[:60] or "test"
    place = folder / FOLDER / name
    if place.with_suffix(".yml").exists() or place.with_suffix(".csv").exists():
        raise ParameterError(
            f"{place.with_suffix('.csv')} exists: a lot is drawn once. Name the action otherwise, "
            "or remove both files of a test that never began."
        )
    return place


def _write(place: Path, test: DrawnTest, design: dict[str, object]) -> None:
    import yaml

    place.parent.mkdir(exist_ok=True)
    test.rows.to_csv(place.with_suffix(".csv"), index=False)
    text = yaml.safe_dump(design, sort_keys=False, allow_unicode=True)
    place.with_suffix(".yml").write_text(text, encoding="utf-8")


def _share(text: str) -> float:
    share = float(text)
    if not 0 < share < 1:
        raise argparse.ArgumentTypeError(f"{text} is not between 0 and 1")
    return share


def _days(text: str) -> int:
    days = int(text)
    if not 1 <= days <= ACTIVE_DAYS:
        raise argparse.ArgumentTypeError(f"{text} is not from 1 to {ACTIVE_DAYS}")
    return days
