"""What is there is read: whole sheets, other encodings, scores beside codes of nothing given."""

from __future__ import annotations

import re
import zipfile
from pathlib import Path

import openpyxl
import pytest
import yaml

from profitchain.core.errors import ProfitchainError
from profitchain.core.periods import Period
from profitchain.intake.intake import Intake, check_report, open_intake
from profitchain.sources.company import load_company

Q1 = Period("2026Q1")
HEADER = "order_id,customer_id,ordered_at,revenue,channel\n"
ORDERS = HEADER + "".join(f"o{k},c{k},2026-01-{k:02},5,web\n" for k in range(1, 21))


def opened(folder: Path, orders: bytes | str = ORDERS, answers: str = "", **settings) -> Intake:
    """Return the tables of a small firm, whose `settings` stand with its orders or answers."""
    data = orders if isinstance(orders, bytes) else orders.encode()
    (folder / "orders.csv").write_bytes(data)
    given: dict = {"name": "R", "currency": settings.pop("currency", "EUR")}
    given["tables"] = {"orders": {"file": "orders.csv"}}
    if answers:
        (folder / "responses.csv").write_text(answers, encoding="utf-8")
        given["tables"]["responses"] = {"file": "responses.csv"} | settings
        given["questions"] = {"nps": {"kind": "nps"}, "service": {"kind": "driver"}}
        given["main_question"] = "nps"
    else:
        given["tables"]["orders"] |= settings
    (folder / "company.yml").write_text(yaml.safe_dump(given), encoding="utf-8")
    return open_intake(load_company(folder), Q1)


def test_a_sheet_is_read_whole_whatever_size_it_says_it_has(tmp_path):
    book = openpyxl.Workbook()
    for line in ORDERS.split():
        book.active.append(line.split(","))
    book.active["C3"] = 46023.5  # a day number, as a cell without a date's format holds
    book.save(tmp_path / "whole.xlsx")
    whole = zipfile.ZipFile(tmp_path / "whole.xlsx")
    stale = zipfile.ZipFile(tmp_path / "stale.xlsx", "w")
    with whole, stale:
        for name in whole.namelist():
            size = rb'<dimension ref="[^"]*"', b'<dimension ref="A1:D3"'
            stale.writestr(name, re.sub(*size, whole.read(name)))
    orders = opened(tmp_path, file="stale.xlsx").tables["orders"].to_pandas()
    assert len(orders) == 20
    assert set(orders["channel"]) == {"web"}
    assert str(orders.set_index("order_id").loc["o2", "ordered_at"]) == "2026-01-01 12:00:00"


CHINESE = ORDERS.replace("web", "網路商店")


def test_a_file_in_big5_is_read_undeclared_and_refused_as_anything_else(tmp_path):
    data = CHINESE.encode("cp950")
    channel = opened(tmp_path, data, currency="TWD").tables["orders"].channel
    assert set(channel.execute()) == {"網路商店"}
    assert set(opened(tmp_path, data).tables["orders"].channel.execute()) == {"網路商店"}
    with pytest.raises(ProfitchainError, match="encoding: big5"):
        opened(tmp_path, data, encoding="cp1252")


def answers_of(scores: list[tuple[object, object]]) -> str:
    lines = [f"r{k},c1,2026-02-01,{nps},{service}\n" for k, (nps, service) in enumerate(scores)]
    return "response_id,customer_id,responded_at,nps,service\n" + "".join(lines)


def test_a_code_of_nothing_given_empties_its_own_cell_and_is_told(tmp_path):
    scores = [(9, 5), (8, 99), (7, 99), ("10 - Extremely likely", "Not applicable"), (11, 4)]
    intake = opened(tmp_path, answers=answers_of(scores))
    rows = intake.tables["responses"].order_by("response_id").to_pandas()
    assert rows["nps"].tolist() == [9, 8, 7, 10]
    assert rows["service"].isna().tolist() == [False, True, True, True]
    assert sorted(intake.emptied["responses"]) == [
        ("service", "99", 2),
        ("service", "Not applicable", 1),
    ]
    told = check_report(intake)
    assert "not given  service: '99' in 2 rows" in told
    assert "nps lies outside its scale 0 to 10 (row 6: '11')" in told


def test_what_means_nothing_in_one_column_is_a_score_in_another(tmp_path):
    scores = [(6, 6), (6, "fine"), (9, 4)]
    settings = {"missing": {"service": 6}, "labels": {"service": {"Fine": 5}}}
    rows = opened(tmp_path, answers=answers_of(scores), **settings).tables["responses"]
    frame = rows.order_by("response_id").to_pandas()
    assert frame["nps"].tolist() == [6, 6, 9]
    assert frame["service"].fillna(-1).tolist() == [-1, 5, 4]
    with pytest.raises(ProfitchainError, match=re.escape("missing: {service: ['6']}")):
        opened(tmp_path, answers=answers_of(scores), missing=["6"])


def test_a_format_that_reads_all_dates_is_named_where_the_declared_one_does_not(tmp_path):
    stamps = ORDERS.replace(",2026-01-", ",1767").replace(",5,", "00000,5,")  # whole milliseconds
    millis = re.sub(r",1767(\d\d)00000,", r",17672256\g<1>000,", stamps)
    with pytest.raises(ProfitchainError, match="the years 58,000; did you mean unix_ms") as refused:
        opened(tmp_path, millis, date_format="unix")
    assert "date_format: {ordered_at: unix_ms}" in str(refused.value)


def test_a_folder_may_be_called_like_a_pattern(tmp_path):
    folder = tmp_path / "shop [1]"
    folder.mkdir()
    assert int(opened(folder, file="ord*.csv").tables["orders"].count().execute()) == 20
