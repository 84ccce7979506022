"""The edition that notebooks open: checked once, summed up once, kept for the next to open it.

`<company>/.store/<key>/` holds small Parquet files. The key covers the inputs' content,
company.yml, the period and this package's own code, so a summary can't be stale; a folder appears
by a rename, so it is whole or absent.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from contextlib import closing
from dataclasses import asdict, dataclass
from importlib.metadata import version
from pathlib import Path
from typing import NoReturn

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from profitchain.core import group_names, i18n
from profitchain.core.errors import NotMeasured, ParameterError, did_you_mean
from profitchain.core.i18n import _, following, listed
from profitchain.core.period_names import period_asked
from profitchain.core.periods import Period
from profitchain.disclosure.gate import GROUP_SIZES, DisclosureGate, gate_of
from profitchain.disclosure.published_sums import SCORE_SUMS
from profitchain.disclosure.windows import FOLLOWED_SIZES
from profitchain.intake.doubts import Doubt
from profitchain.intake.fingerprints import CUSTOMER_IDS, LINK_ANSWERS, code_version
from profitchain.panel.needs import made_choices, refuse_columns, refuse_tables
from profitchain.panel.store import kept, names_kept
from profitchain.panel.summary_rows import MONEY, OF_ORDERS, ROW_OF
from profitchain.sources.company import (
    Company,
    find_company,
    load_company,
    store_of,
)
from profitchain.sources.known_values import TABLE_NAMES
from profitchain.sources.lot_files import closed_hash
from profitchain.stats.clusters import with_answers
from profitchain.stats.sampling_weights import STANDS_FOR, stands_for

LAST_PERIOD = "last_period"
NOT_FOR_PAGES = (CUSTOMER_IDS, GROUP_SIZES, FOLLOWED_SIZES, SCORE_SUMS)


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class Edition:
    """One firm's period, opened: its checked tables, and the summaries that pages read.

    `tables` and `rows` are what the firm gave, `summaries` and `table` what was made of it.
    `facts` holds counts that no table carries: answers that wait for their window or came unasked,
    days that half of the answers take at most after an order (`answer_delay_days`),
    orders whose margin is assumed, last days of the period without an order (or answer, of a firm
    without orders), whether orders carry no amounts (`no_money`: 1) or are
    payments of contracts (`by_contract`: 1), orders of guests and anonymous
    answers where there are any (`guest_orders`, `anonymous`, of `answers`), customers whose
    answers were followed where they share buckets; and whether invitations say who was asked
    (`invited`, 0 or 1). `doubts` are what is doubtful in the firm's tables; `gate` is what may be
    shown of groups.
    """

    company: Company
    period: Period
    folder: Path
    inputs: tuple[dict[str, object], ...]
    facts: Mapping[str, int]
    gate: DisclosureGate
    doubts: tuple[Doubt, ...] = ()

    def __repr__(self) -> str:
        tables = ", ".join(f"{name} {rows:,}" for name, rows in self._used.items())
        return f"<Edition of {self.company.name}, {self.period}; rows: {tables}>"

    @property
    def periods(self) -> list[Period]:
        """The periods of a trend, this one last: eight, a year and one month, or 13 weeks."""
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
    def by_contract(self) -> bool:
        """Whether its orders are monthly payments of contracts, and coming back is staying."""
        return bool(self.facts.get("by_contract"))

    @property
    def assumed_margin(self) -> float | None:
        """The share of revenue taken for margin where orders carry none; None if all carry it."""
        is_assumed = self.facts.get("margin_assumed") and not self.facts.get("no_money")
        return self.company.gross_margin if is_assumed else None

    @property
    def tables(self) -> pd.DataFrame:
        """The firm's tables: table, rows (used), set_aside (rows), columns (that we know).

        A row that was set aside stands with its reason in `quarantine/` beside company.yml, unless
        it lies after the period or belongs to a cancelled order.
        """
        came = self.table("account").groupby("table")["rows"].sum()
        columns = self.table("profile").groupby("table")["column"]
        rows = [
            (name, used, int(came[name]) - used, ", ".join(columns.get_group(name)))
            for name, used in self._used.items()
        ]
        return pd.DataFrame(rows, columns=["table", "rows", "set_aside", "columns"])

    @property
    def summaries(self) -> pd.DataFrame:
        """What `table` gives: summary, rows, one row is, columns."""
        files = [(name, pq.read_schema(path).names, pq.read_metadata(path).num_rows, is_of)
                 for name, is_of in ROW_OF.items() for path in [self._path(name)]
                 if self.has(name)]  # fmt: skip
        rows = [(name, count, is_of, ", ".join(columns)) for name, columns, count, is_of in files]
        return pd.DataFrame(rows, columns=["summary", "rows", "one row is", "columns"])

    def rows(
        self,
        table: str,
        *,
        columns: Sequence[str] | None = None,
        where: Mapping[str, object] | None = None,
    ) -> pd.DataFrame:
        """Return a table's checked rows as they stood at the period's end, in order of time.

        Money is in whole units, moments are in the firm's time zone. Rows that were set aside or
        came later aren't among them (`tables` counts them). They are read from the firm's files
        anew each time: ask a large table for what you need.

        Parameters
        ----------
        table : one of `tables`.
        columns : these alone, instead of all: those of `tables` under our names, then the firm's
            own as they came.
        where : conditions by column, all of which hold: a value, a list of values, `slice(low,
            high)` from low to below high, a day or Period for dates and moments, None for missing.

        Examples
        --------
        >>> where = {"ordered_at": Period("2026Q1"), "revenue": slice(100, None)}
        >>> edition.rows(
        ...     "orders", columns=["customer_id", "revenue"], where=where
        ... )  # doctest: +SKIP
        """
        from profitchain.intake.checked_rows import checked_rows

        if not isinstance(table, str) or table not in self.company.tables:
            self._refuse_table(table)
        return checked_rows(self.company, self.period, table, columns=columns, where=where)

    def has(self, name: str) -> bool:
        """Tell whether a summary could be made from the firm's tables."""
        if not isinstance(name, str) or name in NOT_FOR_PAGES:
            return False
        path = self._path(name)
        if path.exists():
            return True
        if path.name in names_kept(self.folder):
            raise ParameterError(
                f"{path.name} has gone from {self.company.name}'s store since this edition was "
                "opened. Nothing of yours is lost: run the report again, and it is made anew."
            )
        return False

    def table(self, name: str) -> pd.DataFrame:
        """Return a summary as a frame; money in whole units of the firm's currency.

        Where customers are drawn, each row of `customers` says in `stands_for` for how many.
        Where a firm's answers are put together by bands, `link_cells` has them behind it.

        Raises NotMeasured where the firm has no table for it, ParameterError where there is no such
        summary.
        """
        if not self.has(name):
            self._refuse_summary(name)
        frame = self.gate.applied(name, self._in_units(name))
        if name == "customers" and self.stands_for > 1:
            frame[STANDS_FOR] = self.stands_for
        if name == "link_cells" and self.has(LINK_ANSWERS):
            frame = with_answers(frame, self._in_units(LINK_ANSWERS))
            pa.default_memory_pool().release_unused()  # the reader keeps more than these hold
        return frame

    @property
    def _used(self) -> dict[str, int]:
        account = self._in_units("account")
        used = account[account["kind"] == "used"]
        return dict(zip(used["table"], used["rows"].tolist(), strict=True))

    def _path(self, name: str) -> Path:
        return self.folder / f"{name}.parquet"

    def _in_units(self, name: str) -> pd.DataFrame:
        frame = self.gate.completed(name, pd.read_parquet(self._path(name)))
        if self.facts.get("no_money"):
            frame = frame.drop(columns=[name for name in OF_ORDERS if name in frame.columns])
        money = [column for column in MONEY if column in frame.columns]
        frame[money] = frame[money] / self.company.minor_units
        return frame

    def _refuse_table(self, name: str) -> NoReturn:
        name = str(name)
        if name in ROW_OF:
            raise ParameterError(
                f"'{name}' is no table of the firm but a summary: edition.table('{name}')."
            )
        if name not in TABLE_NAMES:
            hint = did_you_mean(name, self.company.tables)
            raise ParameterError(f"There is no table '{name}'. {hint} See edition.tables.")
        what = _("needs table `{name}`, which company.yml doesn't name.", name=name)
        there = _("It names {tables}.", tables=listed(self.company.tables))
        raise NotMeasured(following(_("Not measured: {what}", what=what), there))

    def _refuse_summary(self, name: str) -> NoReturn:
        name = str(name)
        if name in ROW_OF:
            firm = self.company.name
            message = _("'{name}' needs a table that {firm} has not given.", name=name, firm=firm)
            raise NotMeasured(message)
        if name in self.company.tables:
            hint = f"It is a table of the firm: edition.rows('{name}')."
        else:
            hint = f"{did_you_mean(name, filter(self.has, ROW_OF))} See edition.summaries."
        raise ParameterError(f"There is no summary '{name}'. {hint}")


def open_edition(
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
    period : 2026Q3, 2026-09, 2026, 2026-W14 or (fiscal) 2026FY04Q1; empty: the last that the
        orders (of a firm without any, the answers) cover to the end.
    needs : tables without which the page has nothing to say, or columns of them (orders.revenue);
        NotMeasured if one is missing or empty.
    choices : `repeat_within_days` or `lookback_months` in place of company.yml's; 0: as there.

    Examples
    --------
    >>> open_edition("data/nowhere")  # doctest: +ELLIPSIS
    Traceback (most recent call last):
    profitchain.core.errors.CompanyError: No company.yml in 'data/nowhere'. Name a folder that ...
    """
    if not isinstance(company, str | Path):
        raise ParameterError(f"{company!r} is no folder. Name that of a company, as data/example.")
    if isinstance(needs, str):
        raise ParameterError(f"needs={needs!r} is a text. Write needs=[{needs!r}].")
    firm = load_company(find_company(company))
    firm = firm.model_copy(update=made_choices(choices))
    i18n.use_unless_chosen(firm.language)
    group_names.call(firm.group_names)
    refuse_tables(firm.tables, needs)
    when = period_asked(period, firm.year_starts) if period else _last_period(firm)
    key = _key(firm, str(when), closed_hash(firm.folder, when.last_day))
    folder = kept(store_of(firm), key, lambda folder: _prepare(firm, when, folder))
    record = json.loads((folder / "facts.json").read_text(encoding="utf-8"))
    gate = gate_of(firm, when, folder)
    edition = Edition(
        company=firm.in_language(i18n.spoken()).model_copy(update=gate.settings),
        gate=gate, period=when, folder=folder,
        inputs=tuple(record["inputs"]), facts=record["facts"],
        doubts=tuple(Doubt(**doubt) for doubt in record["doubts"]),
    )  # fmt: skip
    refuse_columns(edition.table("profile"), needs)
    return edition


read_period = open_edition  # its older name


def _last_period(firm: Company) -> Period:
    """Return the last period that the orders cover to the end, looked for once."""
    from profitchain.intake.intake import last_period

    def look(folder: Path) -> None:
        (folder / LAST_PERIOD).write_text(str(last_period(firm)), encoding="utf-8")

    folder = kept(store_of(firm), _key(firm, LAST_PERIOD), look)
    return Period((folder / LAST_PERIOD).read_text(encoding="utf-8"))


def _key(firm: Company, *what: str) -> str:
    from profitchain.intake.fingerprints import fingerprint

    parts = [fingerprint(firm), firm.model_dump_json(), *what, code_version()]
    parts += [version(name) for name in ("duckdb", "ibis-framework")]
    return hashlib.sha256("\n".join(parts).encode()).hexdigest()[:24]


def _prepare(firm: Company, period: Period, folder: Path) -> None:
    """Check the tables, sum them up in the engine, and write the summaries to a folder."""
    from profitchain.intake.intake import open_intake
    from profitchain.intake.parquet_cache import remove_old
    from profitchain.panel import summaries
    from profitchain.sources.engine import plain_errors

    with plain_errors(firm), closing(open_intake(firm, period)) as intake:
        facts = summaries.write_summaries(intake, period, folder)
        intake.account.to_parquet(folder / "account.parquet")
        intake.profile.to_parquet(folder / "profile.parquet")
        record = {"inputs": [asdict(source) for source in intake.inputs], "facts": facts}
        record["doubts"] = [asdict(doubt) for doubt in intake.doubts]
        (folder / "facts.json").write_text(json.dumps(record, indent=1), encoding="utf-8")
    remove_old(firm)
