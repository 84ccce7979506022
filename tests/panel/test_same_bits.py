"""The summaries of the same rows are the same bits, in whatever order they come to any threads."""

from __future__ import annotations

import numpy as np
import pandas as pd

from certify.histories import differing_columns
from certify.history_firms import PARQUET, HistoryFirm
from profitchain.panel.edition import open_edition

PERIOD = "2025Q1"


def test_neither_the_order_of_rows_nor_threads_change_a_bit(tmp_path):
    firm = HistoryFirm(folder=tmp_path / "firm", luck=np.random.default_rng(7))
    firm.found()
    folders = []
    for threads in (1, 2):
        firm.settings["connect"] = {"backend": "duckdb", "threads": threads}
        firm.write_settings()
        folders.append(open_edition(firm.folder, PERIOD).folder)
        for path in sorted(path for name in PARQUET for path in (firm.folder / name).iterdir()):
            rows = pd.read_parquet(path).sample(frac=1, random_state=8)
            rows.to_parquet(path, index=False, row_group_size=10)
    names = sorted(path.name for path in folders[0].glob("*.parquet"))
    assert {"past_sums.parquet", "newcomer_months.parquet", "price_cells.parquet",
            "contact_sequels.parquet", "months.parquet"} <= {*names}  # fmt: skip
    for name in names:
        assert not differing_columns(name, *(folder / name for folder in folders))
