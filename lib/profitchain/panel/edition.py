"""The edition that notebooks open: checked once, summed up once, kept for the next to open it.

`<company>/.store/<key>/` holds small Parquet files. The key covers the inputs' content,
company.yml, the period and this package's own code, so a summary can't be stale; a folder appears
by a rename, so it is whole or absent.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import closing
from dataclasses import asdict, dataclass
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING

import pandas as pd
import pyarrow as pa

from profitchain.core import i18n
from profitchain.core.errors import NotMeasured, ParameterError
from profitchain.core.i18n import _
from profitchain.core.periods import Period
from profitchain.intake.fingerprints import CUSTOMER_IDS, LINK_ANSWERS, STANDING, code_version
from profitchain.sources.company import Company, find_company, load_company, store_of
from profitchain.stats.clusters import with_answers
from profitchain.stats.sampling_weights import STANDS_FOR, stands_for

if TYPE_CHECKING:
    from profitchain.intake.intake import Intake

EDITIONS_KEPT = 40
MAKING = "making-"
OF_OTHERS = ("pieces", STANDING)  # folders of the store that other modules look after
LAST_PERIOD = "last_period"
SECONDS_A_DAY = 86_400
MONEY = (
    *("revenue", "new_revenue", "spend", "margin", "amount", "discount", "repeat_revenue"),
    *("contact_cost", "period_revenue", "period_margin", "next_revenue", "next_margin"),
)  # columns in minor units


@dataclass(frozen=True, slots=True, kw_only=True)
class Edition:
    """One firm's period, opened: what notebooks hand to the library.

    `facts` holds counts that no table carries: answers that wait for their window or came unasked,
    orders whose margin is assumed, last days of the period without an order, customers whose
    answers were followed where they share buckets; and whether invitations say who was asked
    (`invited`, 0 or 1).
    """

    company: Company
    period: Period
    folder: Path
    inputs: tuple[dict[str, object], ...]
    facts: Mapping[str, int]

    @property
    def periods(self) -> list[Period]:
        """The periods of a trend, this one last: eight, or a year and one where that is more."""
        return self.period.trend()

    @property
    def stands_for(self) -> float:
        """How many customers each one stands for whose life is kept: 1, unless some were drawn."""
        return stands_for(self.facts)

    @property
    def smallest(self) -> int:
        """The smallest group that may be shown, in customers."""
        return self.company.privacy.smallest_group

    @property
    def assumed_margin(self) -> float | None:
        """The share of revenue taken for margin where orders carry none; None if all carry it."""
        return self.company.gross_margin if self.facts.get("margin_assumed") else None

    def has(self, name: str) -> bool:
        """Tell whether a summary could be made from the firm's tables."""
        return name != CUSTOMER_IDS and (self.folder / f"{name}.parquet").exists()

    def table(self, name: str) -> pd.DataFrame:
        """Return a summary as a frame; money in whole units of the firm's currency.

        Where customers are drawn, each row of `customers` says in `stands_for` for how many.
        Where a firm's answers are put together by `bands`, `link_cells` has them behind it.

        Raises NotMeasured where the firm has no table for it.
        """
        if not self.has(name):
            raise NotMeasured(
                _(
                    "'{name}' needs a table that {firm} has not given.",
                    name=name,
                    firm=self.company.name,
                )
            )
        frame = self._in_units(name)
        if name == "customers" and self.stands_for > 1:
            frame[STANDS_FOR] = self.stands_for
        if name == "link_cells" and self.has(LINK_ANSWERS):
            frame = with_answers(frame, self._in_units(LINK_ANSWERS))
            pa.default_memory_pool().release_unused()  # the reader keeps more than these hold
        return frame

    def _in_units(self, name: str) -> pd.DataFrame:
        frame = pd.read_parquet(self.folder / f"{name}.parquet")
        money = [column for column in MONEY if column in frame.columns]
        frame[money] = frame[money] / self.company.minor_units
        return frame


def read_period(
    company: str | Path = "data/example",
    period: str = "",
    *,
    needs: Sequence[str] = (),
    **choices: int,
) -> Edition:
    """Return the edition of a company and period, prepared now if it never was.

    Parameters
    ----------
    company : the company's folder, from the current folder or the project's.
    period : 2026Q3, 2026-09 or 2026; empty: the last that the orders cover to the end.
    needs : tables without which the page has nothing to say; NotMeasured if one is missing.
    choices : `repeat_within_days` or `lookback_months` in place of company.yml's; 0: as there.
    """
    firm = load_company(find_company(company))
    firm = firm.model_copy(update=_positive(choices))
    i18n.use_unless_chosen(firm.language)
    missing = [name for name in needs if name not in firm.tables]
    if missing:
        raise NotMeasured(
            _(
                "Not measured: {what}",
                what=_("needs table `{name}`, which company.yml doesn't name.", name=missing[0]),
            )
        )
    when = Period(period) if period else _last_period(firm)
    folder = _prepared(firm, when)
    known = json.loads((folder / "facts.json").read_text(encoding="utf-8"))
    return Edition(
        company=firm.in_language(i18n.spoken()),
        period=when,
        folder=folder,
        inputs=tuple(known["inputs"]),
        facts=known["facts"],
    )


def customer_ids(edition: Edition) -> pd.DataFrame:
    """Return row, customer_id: whom the rows of the table `customers` mean.

    For lists that stay within the firm. No page may read it, and `Edition.table` doesn't give it.
    """
    return pd.read_parquet(edition.folder / f"{CUSTOMER_IDS}.parquet")


def _positive(choices: Mapping[str, int]) -> dict[str, int]:
    """Return the choices that were made (0: none), or raise for one that can't be meant."""
    for name, value in choices.items():
        if not isinstance(value, int) or value < 0:
            raise ParameterError(
                f"{name} is {value!r}, but must be a whole number above 0, or 0 for what "
                "company.yml says. Change it in the notebook's parameters, or after --set."
            )
    return {name: value for name, value in choices.items() if value}


def _last_period(firm: Company) -> Period:
    """Return the last period that the orders cover to the end, looked for once."""
    from profitchain.intake.intake import last_period

    def look(folder: Path) -> None:
        (folder / LAST_PERIOD).write_text(str(last_period(firm)), encoding="utf-8")

    folder = _made(firm, _key(firm, LAST_PERIOD), look)
    return Period((folder / LAST_PERIOD).read_text(encoding="utf-8"))


def _prepared(firm: Company, period: Period) -> Path:
    """Return the folder of summaries, prepared if it isn't there yet."""
    return _made(firm, _key(firm, str(period)), lambda folder: _prepare(firm, period, folder))


def _made(firm: Company, key: str, make: Callable[[Path], None]) -> Path:
    """Return what is kept under a key, made aside and renamed if it isn't there yet."""
    store = store_of(firm)
    folder = store / key
    if folder.is_dir():
        os.utime(folder)
        return folder
    with tempfile.TemporaryDirectory(prefix=MAKING, dir=store) as making:
        make(Path(making))
        try:
            Path(making).rename(folder)
        except OSError:
            if not folder.is_dir():
                raise
        else:
            Path(making).mkdir()
    _forget_old(store)
    return folder


def _key(firm: Company, what: str) -> str:
    from profitchain.intake.fingerprints import fingerprint

    parts = [fingerprint(firm), firm.model_dump_json(), what, code_version()]
    parts += [version(name) for name in ("duckdb", "ibis-framework")]
    return hashlib.sha256("\n".join(parts).encode()).hexdigest()[:24]


def _prepare(firm: Company, period: Period, folder: Path) -> None:
    """Check the tables, sum them up in the engine, and write the summaries to a folder."""
    from profitchain.intake.intake import open_intake
    from profitchain.intake.parquet_cache import remove_old
    from profitchain.sources.engine import plain_errors

    with plain_errors(firm), closing(open_intake(firm, period)) as intake:
        _sum_up(intake, period, folder)
    remove_old(firm)


def _sum_up(intake: Intake, period: Period, folder: Path) -> None:
    from profitchain.panel import summaries

    facts = summaries.write(intake, period, folder)
    intake.account.to_parquet(folder / "account.parquet")
    intake.profile.to_parquet(folder / "profile.parquet")
    known = {"inputs": [asdict(one) for one in intake.inputs], "facts": facts}
    (folder / "facts.json").write_text(json.dumps(known, indent=1), encoding="utf-8")


def _forget_old(store: Path) -> None:
    """Remove all but the latest summaries, and what killed runs left behind a day or more ago."""
    folders = (p for p in store.iterdir() if p.is_dir() and p.name not in OF_OTHERS)
    every = sorted(folders, key=lambda p: p.stat().st_mtime)
    made = [folder for folder in every if not folder.name.startswith(MAKING)]
    old = time.time() - SECONDS_A_DAY
    left = [one for one in every if one not in made and one.stat().st_mtime < old]
    for folder in [*made[:-EDITIONS_KEPT], *left]:
        shutil.rmtree(folder, ignore_errors=True)
