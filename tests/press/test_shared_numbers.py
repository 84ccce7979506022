"""What knows no language is computed once for all languages, unless something of it has changed."""

from __future__ import annotations

import subprocess
import sys

from test_architecture import NUMBERS

from profitchain.press import shared_numbers

IN_A_KERNEL = """
from types import FunctionType
import pandas as pd
from profitchain.core.errors import ParameterError
from profitchain.press import shared_numbers
from profitchain.sources.settings import Question
from profitchain.stats import ratios

asked = []

def count(rows, *, by=1):
    asked.append(by)
    return {"n": len(rows) * by}

def labelled(question):
    asked.append(question.label)
    return [question.label]

def named(question):
    asked.append(question.label)
    return [question.name]

def itself(question):
    asked.append(question.label)
    return question

def fails(rows):
    asked.append(1)
    raise ParameterError("too few")

for function in (count, labelled, named, itself, fails):
    function.__module__ = ratios.__name__
    setattr(ratios, function.__name__, function)
shared_numbers.begin_turn()
en, zh = (Question(name="ease", column="ease", kind="driver", label=label)
          for label in ("Ease", "\\u4fbf\\u6377"))
rows = pd.DataFrame({"a": [1, 2]})

def computed(work):
    asked.clear()
    work()
    return len(asked)
"""


def told(text: str) -> str:
    """Return what a fresh process prints: what is shared stays in the one that shares it."""
    command = [sys.executable, "-c", IN_A_KERNEL + text]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert not done.returncode, done.stderr
    return done.stdout.strip()


def test_each_language_gets_what_the_one_before_computed_unless_it_changed():
    said = told("""
first, second = ratios.count(rows, by=2), ratios.count(rows, by=2)
print(len(asked), first is second)  # within a language, each has an object of its own
second["n"] = 0  # as a cell may do
shared_numbers.begin_turn()
print(computed(lambda: print(ratios.count(rows.copy(), by=2) is first)))
print(computed(lambda: print(ratios.count(rows, by=2)["n"])))  # it was changed
print(computed(lambda: ratios.count(rows.assign(a=[1, 3]), by=2)))
print(computed(lambda: ratios.count(rows, by=3)))
""")
    assert said.split() == ["2", "False", "True", "0", "4", "1", "1", "1"]


def test_labels_stay_in_their_language():
    said = told("""
for work in (ratios.labelled, ratios.named, ratios.itself):
    work(en)
shared_numbers.begin_turn()
for work in (ratios.labelled, ratios.named, ratios.itself):
    print(computed(lambda: work(zh)))
print(ratios.labelled(zh) == [zh.label], ratios.itself(zh) is zh)
""")
    assert said.split() == ["1", "0", "1", "True", "True"]


def test_why_there_is_no_number_is_found_out_in_each_language():
    said = told("""
for turn in range(2):
    try:
        ratios.fails(rows)
    except ParameterError as error:
        print(repr(error))
    shared_numbers.begin_turn()
print(len(asked))
""")
    assert said.endswith("2") and len(set(said.splitlines()[:2])) == 1


def test_it_reaches_what_words_and_notebooks_call_by_name():
    said = told("""
from profitchain.effects import repeat_effect
from profitchain.words import drivers
from profitchain.panel.edition import Edition
public = [value for module in (repeat_effect, ratios) for name, value in vars(module).items()
          if isinstance(value, FunctionType) and value.__module__ == module.__name__
          and not name.startswith("_")]
print(all(hasattr(value, "_is_shared") for value in public), hasattr(Edition.table, "_is_shared"))
""")
    assert said == "True True"


def test_only_packages_that_know_no_language_are_shared():
    assert set(shared_numbers.KNOW_NO_LANGUAGE) == set(NUMBERS)
