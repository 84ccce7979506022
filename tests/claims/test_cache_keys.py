"""What a firm wants tried is part of what page 14 and the edition are made of."""

from __future__ import annotations

from types import SimpleNamespace

from profitchain.press import edition_cache
from profitchain.press.edition_cache import ReportRequest
from profitchain.press.run_cache import RunCache

CELL = """{{"cells": [{{"cell_type": "code", "id": "0", "metadata": {{}}, "outputs": [],
 "execution_count": null, "source": "from profitchain.{module} import {name}"}}],
 "metadata": {{}}, "nbformat": 4, "nbformat_minor": 5}}"""
COMPANY = "name: Tiny\ncurrency: EUR\ntime_zone: UTC\ntables: {orders: {file: orders.csv}}\n"


def keys(tmp_path, module, name):
    """Return the keys of a notebook's run without a firm's claims, with some, and with others."""
    notebook = tmp_path / f"{name}.ipynb"
    notebook.write_text(CELL.format(module=module, name=name), encoding="utf-8")
    edition = SimpleNamespace(
        folder=tmp_path / "store", gate=SimpleNamespace(key=""),
        company=SimpleNamespace(folder=tmp_path),
    )  # fmt: skip
    cache = RunCache(edition=edition, notebooks=tmp_path, code="", parameters={}, tags=("en",))
    found = []
    for text in (None, "V01: {}", "V02: {}"):
        if text:
            (tmp_path / "claims.yml").write_text(text, encoding="utf-8")
        found.append(cache.key(notebook))
    return found


def test_a_changed_claim_runs_page_14_again_and_no_other_page(tmp_path):
    of_claims = keys(tmp_path, "claims", "judged")
    assert len(set(of_claims)) == 3 and all(of_claims)
    (tmp_path / "claims.yml").unlink()
    assert len(set(keys(tmp_path, "benefits", "offers"))) == 1


def test_a_published_edition_doesnt_stand_once_a_claim_has_changed(tmp_path):
    (tmp_path / "company.yml").write_text(COMPANY, encoding="utf-8")
    (tmp_path / "orders.csv").write_text("order_id,customer_id,ordered_at,revenue\n")
    request = ReportRequest.of(tmp_path, "2026Q3", out=tmp_path / "out")
    made_of = [edition_cache.sources(request, "code", tmp_path)]
    for text in ("V01: {}", "V02: {}"):
        (tmp_path / "claims.yml").write_text(text, encoding="utf-8")
        made_of.append(edition_cache.sources(request, "code", tmp_path))
    assert len(set(made_of)) == 3 and all(made_of)
