"""Each reason's key has one message, which fills in what the numbers' packages give it."""

from __future__ import annotations

import ast
import re

import pytest
from house import MODULES, package_of, tree

from profitchain.core.estimates import NotEstimable
from profitchain.words import catalogue, reasons

NUMBERS = (
    *("stats", "measures", "effects", "drivers", "evidence", "lifetime", "voice"),
    *("benefits", "programmes", "outlook", "watch", "claims"),
)


def test_no_key_stands_twice_and_none_is_left_over():
    text = (catalogue.FOLDER / "reasons.yml").read_text(encoding="utf-8")
    keys = re.findall(r"^(\w+):", text, re.MULTILINE)
    assert sorted(keys) == sorted(set(keys))
    code = "".join(path.read_text(encoding="utf-8") for path in MODULES.values())
    assert not [key for key in keys if f'"{key}"' not in code]


def test_both_forms_of_a_message_fill_in_the_same_values_and_each_way_is_known():
    for key, message in catalogue.read("reasons").items():
        if isinstance(message, dict):
            formats = message.get("formats", {})
            assert all(how in reasons.WAYS or format(1.0, how) for how in formats.values()), key
            assert message.keys() >= {"one", "many", "counts"} or "text" in message, key


@pytest.mark.parametrize("package", NUMBERS)
def test_every_reason_that_a_number_gives_has_a_message(package):
    keys = [
        branch.value
        for module, path in MODULES.items()
        if package_of(module) == package
        for call in ast.walk(tree(path))
        if isinstance(call, ast.Call) and getattr(call.func, "id", "") == "NotEstimable"
        for branch in branches(call.args[0])
        if isinstance(branch, ast.Constant) and branch.value.isidentifier()
    ]
    assert not set(keys) - reasons.MESSAGES.keys() - reasons.SENTENCES.keys()


def branches(node: ast.expr) -> list[ast.expr]:
    """Return what an expression may be: both sides of an `if`, else itself."""
    return [node.body, node.orelse] if isinstance(node, ast.IfExp) else [node]


def test_a_reason_counts_by_its_language_s_rules():
    assert "1 customer ordered again" in reasons.text(
        NotEstimable("too_few_next_orders", n=9, customers=1)
    )
