"""Each reason's key has one message, which fills in what the numbers' packages give it."""

from __future__ import annotations

import ast
from itertools import chain

import pytest
from house import MODULES, package_of, tree

from profitchain.core.estimates import NotEstimable
from profitchain.words import reasons

NUMBERS = ("stats", "measures", "effects", "evidence", "lifetime")


def test_no_key_stands_in_two_tables():
    keys = list(chain.from_iterable(reasons.TABLES))
    assert sorted(keys) == sorted(set(keys))


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
    assert not set(keys) - reasons.REASONS.keys()


def branches(node: ast.expr) -> list[ast.expr]:
    """Return what an expression may be: both sides of an `if`, else itself."""
    return [node.body, node.orelse] if isinstance(node, ast.IfExp) else [node]


def test_a_reason_counts_by_its_language_s_rules():
    assert "1 customer ordered again" in reasons.text(
        NotEstimable("too_few_next_orders", n=9, customers=1)
    )
