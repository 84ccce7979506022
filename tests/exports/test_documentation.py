"""data/README.md names every known export as its format does, and each of its recipes can be used.

`.venv/bin/python tests/exports/test_documentation.py` writes the table of formats anew.
"""

from __future__ import annotations

import csv
import re
from pathlib import Path

import pytest
import yaml

from profitchain.exports.known_exports import known_exports
from profitchain.intake.intake import open_intake
from profitchain.panel.edition import read_period
from profitchain.sources.company import load_company
from profitchain.sources.schemas import SCHEMAS

README = Path(__file__).resolve().parents[2] / "data" / "README.md"
START = "<!-- formats: made by tests/exports/test_documentation.py -->"
END = "<!-- /formats -->"
KINDS = ("shop", "payments", "deals", "survey", "reviews", "tickets", "customers")
CELLS = {"time": "2026-01-{day:02d}T10:00:00", "money": "10.50", "score": "9"}
SLASHED = {"month first": "01/{day:02d}/2026", "unix": "17672256{day:02d}"}
TEXT = README.read_text(encoding="utf-8")
RECIPES = re.findall(r"```yaml\n(# .*?)```", TEXT, re.DOTALL)
(SNAPSHOT,) = [text for text in RECIPES if text.startswith("# a snapshot")]
QUERIED = [text for text in RECIPES if "query: |" in text and text != SNAPSHOT]
MAPPED = [text for text in RECIPES if text not in (*QUERIED, SNAPSHOT)]
FILES = {  # of the recipes with a query: rows, and (order, customer, revenue) that come of them
    "items": "no,client,day,price,pieces,state\n1,ann,2026-01-05,10.00,2,\n"
    "1,ann,2026-01-05,5.00,1,paid\n2,bob,2026-01-06,7.00,1,cancelled\n",
    "sales": "no,client,day,amount\n1,7,2026-01-05,25.00\n",
    "clients": "client,mail\n7, Ann \n",
}


def table_of_formats() -> str:
    """Return the known exports as a Markdown table, shops first."""
    rows = ["| `format:` | export | gives | what to know |", "|---|---|---|---|"]
    known = sorted(known_exports().items(), key=lambda pair: (KINDS.index(pair[1].kind), pair[0]))
    for name, export in known:
        tables = ", ".join(f"`{table}`" for table in export.tables)
        note = export.note.strip().replace("|", "/")
        rows.append(
            f"| `{name}` | {export.title} ({export.known.split(';')[0]}) | {tables} | {note} |"
        )
    return "\n".join(rows)


def drawn(text: str) -> str:
    """Return the README with the table of formats in it as it is now."""
    before, _, rest = text.partition(START)
    return f"{before}{START}\n{table_of_formats()}\n{END}{rest.partition(END)[2]}"


def test_the_readme_names_every_known_export_as_its_format_does():
    assert drawn(TEXT) == TEXT, "run: .venv/bin/python tests/exports/test_documentation.py"


def company(folder, recipe):
    """Return a company of a recipe's tables, with orders where they have none."""
    tables = yaml.safe_load(recipe)
    if "orders" not in tables:
        tables["orders"] = {"file": "own_orders.csv"}
        lines = [f"{k},C{k},2026-01-{k + 1:02d},10" for k in range(3)]
        head = "order_id,customer_id,ordered_at,revenue"
        (folder / "own_orders.csv").write_text("\n".join([head, *lines]))
    document = {"name": "X", "currency": "EUR", "tables": tables}
    if "responses" in tables:
        document["questions"] = {"nps": {"kind": "nps"}}
    (folder / "company.yml").write_text(yaml.safe_dump(document, allow_unicode=True))
    return load_company(folder)


@pytest.mark.parametrize("recipe", MAPPED, ids=lambda text: text.split("\n")[0][2:22])
def test_a_mapping_of_columns_can_be_used_as_it_stands(recipe, tmp_path):
    ((table, source),) = yaml.safe_load(recipe).items()
    kinds = {c.name: c.kind for c in SCHEMAS[table].columns} | {"nps": "score"}
    written = CELLS | ({"time": SLASHED[form]} if (form := source.get("date_format")) else {})
    with (tmp_path / source["file"]).open("w", newline="") as file:
        out = csv.writer(file)
        out.writerow(source["columns"].values())
        for day in range(1, 4):
            cell = [written.get(kinds[ours], f"C{day}") for ours in source["columns"]]
            out.writerow([text.format(day=day) for text in cell])
    intake = open_intake(company(tmp_path, recipe))
    used = {o.table: o.rows for o in intake.outcomes if o.kind == "used"}
    intake.close()
    assert used[table] == 3


@pytest.mark.parametrize("recipe", QUERIED)
def test_a_query_does_what_it_says(recipe, tmp_path):
    for name in yaml.safe_load(recipe)["orders"]["files"]:
        (tmp_path / f"{name}.csv").write_text(FILES[name], encoding="utf-8")
    intake = open_intake(company(tmp_path, recipe))
    (order,) = intake.tables["orders"].to_pandas().itertuples()
    intake.close()
    assert (order.order_id, order.customer_id, order.revenue) == ("1", "ann", 2500)


def test_a_snapshot_gives_the_retention_that_it_holds(tmp_path):
    """Of 40 customers 10 began in the month and 6 of the 30 others left in it."""
    tenures = [1 if k < 10 else 2 + k % 9 for k in range(40)]
    rows = [f"c{k},{t},{'Yes' if k >= 34 else 'No'},20.00,basic" for k, t in enumerate(tenures)]
    text = "\n".join(["client,tenure,churn,charge,tariff", *rows])
    (tmp_path / "snapshot.csv").write_text(text, encoding="utf-8")
    document = {"name": "X", "currency": "EUR", "report_every": "month", "time_zone": "UTC",
                "tables": yaml.safe_load(SNAPSHOT)}  # fmt: skip
    (tmp_path / "company.yml").write_text(yaml.safe_dump(document))
    edition = read_period(tmp_path, "2026-09", needs=["orders"])
    activity, contracts = edition.table("activity"), edition.table("gaps")
    now = activity[activity["period"] == "2026-09"]
    assert (now["previously_active"].sum(), now["retained"].sum()) == (30, 24)
    assert now["revenue"].sum() == 34 * 20
    assert activity["orders"].sum() == sum(tenures)  # a payment for each month of tenure
    assert contracts.loc[contracts["event"] == 1, "n"].sum() == 6


if __name__ == "__main__":
    README.write_text(drawn(TEXT), encoding="utf-8")
