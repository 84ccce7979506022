"""Each finding's receipt: what it means, from which rows, by which code, and how to recompute it.

Written for whoever doubts a number: three lines of Python give a core number again from the firm's
tables, the notebook's command any other one. In English, as programs are.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import Any

import yaml

import profitchain
from profitchain.core import i18n
from profitchain.exhibits.findings import PageStory
from profitchain.measures.loyalty import loyalty_measures
from profitchain.measures.response_rate import rate_of
from profitchain.measures.satisfaction import measures_of, public_id
from profitchain.panel.edition import Edition
from profitchain.sources.company import Company
from profitchain.stats.comparisons import Measure
from profitchain.words.measures import definition

RECEIPTS = "receipts.json"
OPENED_WITH = {"within_days": "repeat_within_days", "lookback_months": "lookback_months"}


def write_receipts(
    folder: Path, edition: Edition, stories: Iterable[PageStory], settings: Mapping[str, object]
) -> None:
    """Write receipts.json: the inputs and their hashes once, and a receipt for each finding."""
    with i18n.speaking(i18n.SOURCE):
        receipts = [
            _receipt(row, page.name, edition, settings) for page in stories for row in page.findings
        ]
    content = {
        "company": edition.company.slug,
        "period": str(edition.period),
        "profitchain": profitchain.__version__,
        "inputs": list(edition.inputs),
        "findings": receipts,
    }
    text = json.dumps(content, ensure_ascii=False, indent=1) + "\n"
    (folder / RECEIPTS).write_text(text, encoding="utf-8", newline="\n")


def _receipt(
    row: Mapping[str, Any], page: str, edition: Edition, settings: Mapping[str, object]
) -> dict[str, object]:
    """Return a finding's receipt; its number by code of its own, or by the notebook alone."""
    id, firm = str(row["id"]), edition.company
    measure = dict(_measures(firm)).get(id)
    known = _catalogue()["receipts"]
    way = known.get(id) or (known.get(measure.key or measure.id) if measure else None)
    receipt = {key: row[key] for key in ("id", "group") if key in row}
    receipt |= {"page": page, "n": row["n"]}
    receipt["definition"] = (
        definition(measure) if measure else (way or {}).get("what", row["label"])
    )
    if way is None or "group" in row:
        command = f"python3 lib report {edition.period} --company data/{firm.slug} --only {page}"
        chosen = "".join(f" --set {name}={value}" for name, value in settings.items())
        return receipt | {"notebook": f"{page}.ipynb", "recompute": [f"{command} --fresh{chosen}"]}
    values = _values(edition, measure)
    imports = f"; {way['imports']}" if "imports" in way else ""
    lines = [
        f"import profitchain as pc{imports}",
        f"edition = pc.open_edition({_opened(edition, settings)})",
        way["code"].format(**values),
    ]
    module = f"profitchain.{way['module']}"
    return receipt | {"rows": way["rows"], "module": module, "recompute": lines}


def _opened(edition: Edition, settings: Mapping[str, object]) -> str:
    choices = [f", {name}={settings[own]}" for own, name in OPENED_WITH.items() if own in settings]
    return f"{f'data/{edition.company.slug}'!r}, {str(edition.period)!r}{''.join(choices)}"


def _values(edition: Edition, measure: Measure | None) -> dict[str, object]:
    """Return what stands for the `{names}` in a receipt's code."""
    firm, values = edition.company, dict(measure.values) if measure else {}
    shared = {name: str(_catalogue()[name]).format() for name in ("answers", "orders")}
    columns = {public_id(q, firm.all_questions): q.column for q in firm.all_questions}
    own = {"period": edition.period, "main": firm.main.column if firm.main else ""}
    return values | shared | own | {"column": columns.get(measure.id, "") if measure else ""}


def _measures(firm: Company) -> Iterator[tuple[str, Measure]]:
    """Yield the firm's measures by the ids under which they are published."""
    for question in firm.all_questions:
        id = public_id(question, firm.all_questions)
        yield id, replace(measures_of(question)[0], id=id)
    yield from loyalty_measures(firm.currency, firm.repeat_within_days).items()
    yield "response_rate", rate_of(invited=True)


@cache
def _catalogue() -> dict[str, Any]:
    text = Path(__file__).with_suffix(".yml").read_text(encoding="utf-8")
    return dict(yaml.safe_load(text))
