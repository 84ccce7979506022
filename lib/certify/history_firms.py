"""A small firm of several files a table, and what may become of them between two editions."""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import yaml

FIRST = pd.Timestamp("2024-07-01")
QUARTERS = 3  # that a firm begins with
ORDERS, ANSWERS, CONTACTS, CUSTOMERS = 36, 24, 8, 30  # rows of a quarter; people
PARQUET = ("orders", "responses", "order_lines")
CHANGED = {"orders": "revenue", "responses": "ease", "order_lines": "quantity"}
SETTINGS = {
    "currency": ("EUR", "JPY", "KWD"),
    "time_zone": ("Europe/Berlin", "Asia/Taipei", "UTC"),
    "repeat_within_days": (60, 90),
    "lookback_months": (6, 12),
    "gross_margin": (0.35, 0.4),
}
PERIODS = ("2025Q1", "2025Q1", "2025-03", "2024Q4", "")
COMPANY = {
    "name": "Shop", "currency": "EUR", "time_zone": "Europe/Berlin", "gross_margin": 0.35,
    "tables": {
        **{name: {"file": f"{name}/*.parquet"} for name in PARQUET},
        "contacts": {"file": "contacts/*.csv"}, "customers": {"file": "customers.csv"},
    },
    "questions": {
        "ease": {"column": "ease", "kind": "ces", "scale": [1, 7], "easy_is": "high"},
        "nps": {"column": "nps", "kind": "nps"},
    },
    "main_question": "ease", "segments": ["region"], "repeat_within_days": 60,
    "lookback_months": 12, "limits": {"set_aside": 0.9},
}  # fmt: skip


@dataclass(kw_only=True)
class HistoryFirm:
    """A firm in a folder that changes by chance; `told` says what was done to it, in order."""

    folder: Path
    luck: np.random.Generator
    settings: dict[str, Any] = field(default_factory=lambda: dict(COMPANY))
    quarters: int = 0
    told: list[str] = field(default_factory=list)

    def found(self, *, only_orders: bool = False) -> None:
        """Write the firm as it begins; company.yml may name orders and answers alone."""
        if only_orders:
            tables = {name: self.settings["tables"][name] for name in ("orders", "responses")}
            self.settings |= {"tables": tables, "segments": []}
        for name in (*PARQUET, "contacts"):
            (self.folder / name).mkdir(parents=True)
        people = pd.DataFrame({"customer_id": _ids("C", CUSTOMERS)})
        people["region"] = self.luck.choice(["North", "South"], CUSTOMERS)
        people["acquisition_channel"] = self.luck.choice(["search", "shop"], CUSTOMERS)
        people.to_csv(self.folder / "customers.csv", index=False)
        self.write_settings()
        for _quarter in range(QUARTERS):
            self.add_quarter()
        self.told.clear()

    def write_settings(self) -> None:
        """Write company.yml."""
        (self.folder / "company.yml").write_text(yaml.safe_dump(self.settings), encoding="utf-8")

    def change(self) -> None:
        """Let one thing become of the firm, by chance."""
        self.luck.choice(np.array(CHANGES, dtype=object))(self)

    def period(self) -> str:
        """Return a period to report on; at times the last one, whichever that is."""
        return str(self.luck.choice(PERIODS))

    def add_quarter(self) -> None:
        """Add a file a table, of the next quarter."""
        rows = self._rows(self.quarters)
        for name, frame in rows.items():
            self._write(frame, self.folder / name / f"{self.quarters:02}")
        self.quarters += 1
        self.told.append("added a quarter")

    def late_rows(self) -> None:
        """Add a file of rows of an earlier quarter, under new ids."""
        at = f"{self.luck.integers(self.quarters):02}-late{self.luck.integers(1000)}"
        for name, frame in self._rows(int(at[:2]), mark=at).items():
            if name != "contacts":
                self._write(frame.iloc[:5], self.folder / name / at)
        self.told.append(f"late rows {at}")

    def another_value(self, *, hidden: bool = False) -> None:
        """Change a number of a row; `hidden`: so that size and time of the file stay as they are.

        Files are written plainly, so that one number more or less alike takes as many bytes.
        """
        path = self._file()
        before, column = path.stat(), CHANGED[path.parent.name]
        frame = pd.read_parquet(path)
        row = int(self.luck.integers(len(frame)))
        frame.loc[row, column] = float(self.luck.integers(1, 7)) + 0.1
        self._write(frame, path.with_suffix(""))
        if hidden:
            os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns))
        is_alike = hidden and path.stat().st_size == before.st_size
        self.told.append(f"another value in {path.parent.name}{', same size and time' * is_alike}")

    def hidden_value(self) -> None:
        """Change a number so that size and time of its file stay."""
        self.another_value(hidden=True)

    def row_more(self) -> None:
        """Add a row to a file; of orders and answers with a new id."""
        path = self._file()
        frame = pd.read_parquet(path)
        row = frame.iloc[[int(self.luck.integers(len(frame)))]].copy()
        if path.parent.name != "order_lines":
            row.iloc[0, 0] = f"new{self.luck.integers(10**6)}"
        self._write(pd.concat([frame, row], ignore_index=True), path.with_suffix(""))
        self.told.append(f"a row more in {path.parent.name}")

    def row_less(self) -> None:
        """Take a row from a file."""
        path = self._file()
        frame = pd.read_parquet(path)
        self._write(frame.drop(index=int(self.luck.integers(len(frame)))), path.with_suffix(""))
        self.told.append(f"a row less in {path.parent.name}")

    def bad_row(self) -> None:
        """Let a row lack what it needs, or be cancelled."""
        path = self._file()
        frame = pd.read_parquet(path)
        row = int(self.luck.integers(len(frame)))
        column = {"orders": "status", "responses": "customer_id", "order_lines": "product_id"}
        frame.loc[row, column[path.parent.name]] = "cancelled" if path.parent.name == "orders" \
            else None  # fmt: skip
        if path.parent.name == "orders" and self.luck.integers(2):
            frame.loc[row, "revenue"] = np.nan
        self._write(frame, path.with_suffix(""))
        self.told.append(f"a bad row in {path.parent.name}")

    def same_key(self) -> None:
        """Repeat an order under its id in another file: as it was, or at another price."""
        paths = sorted((self.folder / "orders").glob("*.parquet"))
        first, second = self.luck.choice(len(paths), 2)
        source, frame = pd.read_parquet(paths[first]), pd.read_parquet(paths[second])
        row = source.iloc[[int(self.luck.integers(len(source)))]].copy()
        row["revenue"] += float(self.luck.integers(2))
        both = pd.concat([frame, row], ignore_index=True)
        self._write(both, paths[second].with_suffix(""))
        self.told.append("an order's id twice")

    def remove_file(self) -> None:
        """Remove a file of a table that has several."""
        path = self._file()
        if len(list(path.parent.iterdir())) > 1:
            path.unlink()
            self.told.append(f"removed a file of {path.parent.name}")

    def rename_file(self) -> None:
        """Call a file otherwise."""
        path = self._file()
        path.rename(path.with_name(f"{path.stem}r.parquet"))
        self.told.append(f"renamed a file of {path.parent.name}")

    def other_setting(self) -> None:
        """Change what company.yml says."""
        name = str(self.luck.choice(list(SETTINGS)))
        self.settings[name] = SETTINGS[name][int(self.luck.integers(len(SETTINGS[name])))]
        self.write_settings()
        self.told.append(f"{name} is {self.settings[name]}")

    def _file(self) -> Path:
        name = str(self.luck.choice([name for name in PARQUET if name in self.settings["tables"]]))
        paths = sorted((self.folder / name).glob("*.parquet"))
        return paths[int(self.luck.integers(len(paths)))]

    def _write(self, frame: pd.DataFrame, place: Path) -> None:
        if place.parent.name == "contacts":
            frame.to_csv(place.with_suffix(".csv"), index=False)
            return
        frame.to_parquet(
            place.with_suffix(".parquet"), index=False, compression=None, use_dictionary=False,
            row_group_size=10,
        )  # fmt: skip

    def _rows(self, quarter: int, mark: str = "") -> dict[str, pd.DataFrame]:
        """Return a quarter's rows by table: some orders at one instant, numbers with decimals."""
        luck, key = self.luck, mark or f"{quarter:02}"
        starts = FIRST + pd.DateOffset(months=3 * quarter)
        orders = pd.DataFrame({"order_id": _ids(f"O{key}-", ORDERS)})
        orders["customer_id"] = luck.choice(_ids("C", CUSTOMERS), ORDERS)
        orders["ordered_at"] = _instants(luck, starts, ORDERS)
        orders["revenue"] = luck.integers(1, 90_000, ORDERS) / 100
        orders["discount"] = luck.integers(0, 90, ORDERS) / 10
        orders["status"] = luck.choice(["paid", "paid", "paid", "cancelled"], ORDERS)
        orders.loc[:2, ["customer_id", "ordered_at"]] = ["C1", starts + pd.Timedelta("1h")]
        orders.loc[3, "revenue"] *= -0.01  # a refund
        answers = pd.DataFrame({"response_id": _ids(f"R{key}-", ANSWERS)})
        own = orders.sample(ANSWERS, random_state=luck)
        answers["customer_id"] = own["customer_id"].to_numpy()
        later = pd.to_timedelta(luck.integers(0, 9, ANSWERS), unit="D")
        answers["responded_at"] = own["ordered_at"].to_numpy() + later
        answers["ease"] = luck.integers(10, 70, ANSWERS) / 10
        answers["nps"] = luck.integers(0, 11, ANSWERS).astype(float)
        lines = orders.loc[orders.index.repeat(2), ["order_id", "revenue"]].reset_index(drop=True)
        lines["revenue"] = (lines["revenue"] / 2).abs().round(2)
        lines["product_id"] = luck.choice(["P1", "P2", "P3"], len(lines))
        lines["quantity"] = luck.integers(1, 40, len(lines)) / 10
        contacts = pd.DataFrame({"contact_id": _ids(f"K{key}-", CONTACTS)})
        contacts["customer_id"] = luck.choice(_ids("C", CUSTOMERS), CONTACTS)
        contacts["opened_at"] = _instants(luck, starts, CONTACTS)
        contacts["closed_at"] = contacts["opened_at"] + pd.Timedelta("30h")
        contacts["is_complaint"] = luck.choice(["yes", "no"], CONTACTS)
        return {"orders": orders, "responses": answers, "order_lines": lines, "contacts": contacts}


CHANGES: tuple[Callable[[HistoryFirm], None], ...] = (
    HistoryFirm.add_quarter, HistoryFirm.late_rows, HistoryFirm.another_value,
    HistoryFirm.hidden_value, HistoryFirm.row_more, HistoryFirm.row_less, HistoryFirm.bad_row,
    HistoryFirm.same_key, HistoryFirm.remove_file, HistoryFirm.rename_file,
    HistoryFirm.other_setting,
)  # fmt: skip


def _ids(front: str, many: int) -> list[str]:
    return [f"{front}{number}" for number in range(many)]


def _instants(luck: np.random.Generator, starts: pd.Timestamp, many: int) -> pd.Series:
    span = (starts + pd.DateOffset(months=3) - starts).days * 24 * 60
    return pd.Series(starts + pd.to_timedelta(np.sort(luck.integers(0, span, many)), unit="min"))
