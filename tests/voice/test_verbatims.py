"""Texts are proposed by rule, masked, one a customer, and never from a small group."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from profitchain.voice import masking, shares, verbatims


@pytest.mark.parametrize(
    ("secret", "text"),
    [
        ("ann.lee@mail.example.org", "write to ann.lee@mail.example.org please"),
        ("ann @ mail . org", "write to ann @ mail . org please"),
        ("+49 30 1234567", "call +49 30 1234567 now"),
        ("(030) 123-4567", "call (030) 123-4567 now"),
        ("138 1234 5678", "电话 138 1234 5678"),
        ("13812345678", "打13812345678给我"),
        ("A-102931", "order A-102931 is late"),
        ("#4711", "order #4711 is late"),
        ("O0012345", "O0012345 never came"),
        ("Ann Lee", "My name is Ann Lee and"),
        ("Müller", "Herr Müller war da"),
        ("王小明", "我叫王小明，东西坏了"),
        ("Baker Street 22", "send it to Baker Street 22 please"),
        ("12 Long Lane", "I live at 12 Long Lane, by the sea"),
        ("Hauptstraße 5", "geliefert an Hauptstraße 5 statt"),
        ("中山路12号", "送到中山路12号"),
        ("www.me.example/x", "see www.me.example/x"),
        ("C000123", "C000123"),
    ],
)
def test_what_has_a_form_is_covered(secret, text):
    assert secret not in masking.masked(text) and masking.MASK in masking.masked(text)


@pytest.mark.parametrize(
    "text", ["The HP3050 came in 3 days", "10 out of 10", "5 pieces for 20 euros", "于2026年送到"]
)
def test_plain_words_and_small_numbers_stay(text):
    assert masking.masked(text) == text


def test_known_names_and_ids_are_covered_wherever_they_stand():
    text = "ann says that 77b is ANN's"
    assert masking.masked(text, known=["Ann", "77b"]) == "▢▢▢ says that ▢▢▢ is ▢▢▢'s"


def texts(customers: int = 40) -> shares.Texts:
    draw = np.random.default_rng(2)
    rows = pd.DataFrame({"customer": np.repeat([f"c{one}" for one in range(customers)], 2)})
    words = [f"the parcel came late by {n} days, {' '.join(draw.choice(list('abcdefgh'), 4))} sadly"
             for n in range(len(rows))]  # fmt: skip
    rows = rows.assign(
        text=words, folded=words, period="2026Q1", month="2026-01", source="responses"
    )
    rows["key"] = [f"r{one:03d}" for one in range(len(rows))]
    rows["group"], rows["speaks of late"], rows["speaks of no_topic"] = "", 1, 0
    rows["speaks of price"] = (rows["customer"] < "c12").astype(int)
    return shares.Texts(
        rows=rows, answers=pd.DataFrame(), question=None, topics=("late", "price"), came=len(rows),
        span=("2026Q1",), before=(),
    )  # fmt: skip


def test_three_a_topic_by_rule_and_one_a_customer():
    found = verbatims.propose(texts(), smallest=10)
    assert found["topic"].tolist() == ["late"] * 3  # few customers speak of the price
    assert found["rule"].tolist() == list(verbatims.RULES)
    who = texts().rows.set_index("key")["customer"]
    assert who[found["key"]].is_unique


def test_what_two_customers_wrote_alike_is_not_proposed_and_nothing_comes_of_nothing():
    alike = texts()
    rows = alike.rows.assign(text="the parcel came late by very many days", folded="the same")
    assert verbatims.propose(shares.Texts(**{**_fields(alike), "rows": rows}), smallest=10).empty
    none = shares.Texts(**{**_fields(alike), "rows": alike.rows.iloc[:0]})
    assert verbatims.propose(none, smallest=10).empty


def _fields(of: shares.Texts) -> dict:
    return {name: getattr(of, name) for name in shares.Texts.__dataclass_fields__}
