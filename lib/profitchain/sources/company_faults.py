"""Faults of company.yml in words: where each stands, what was wrong, what would be right."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from pydantic import ValidationError
from pydantic_core import ErrorDetails

from profitchain.core.errors import did_you_mean
from profitchain.sources import known_values
from profitchain.sources.settings import EXPERIENCED, OF_A_DRIVER, Block, Question, Settings

_WAYS = ("str", "int", "float")  # of a setting that may be one or another


def faults_in_words(error: ValidationError, parts: Mapping[str, type[Settings]]) -> str:
    """Return every fault of a company.yml, one a line; `parts` are by place, "" the file."""
    faults = [(_place(fault), fault) for fault in error.errors()]
    named = [place for place, fault in faults if fault["type"] == "value_error"]
    sure = [
        {**fault, "loc": place}
        for place, fault in faults
        if fault["type"] == "value_error"
        or not any(within[: len(place)] == place for within in named)
    ]
    lines = "\n".join(_fault_in_words(fault, parts) for fault in sure).splitlines()
    head = "has a fault:" if len(lines) == 1 else f"has {len(lines)} faults:"
    return "\n".join([f"company.yml {head}", *(f"  - {line}" for line in lines)])


def _place(fault: ErrorDetails) -> tuple[str, ...]:
    """Return where a fault stands, without the ways in which pydantic tried to read it."""
    steps = [str(step) for step in fault["loc"]]
    return tuple(step for step in steps if "[" not in step and step not in _WAYS)


def _fault_in_words(fault: Mapping[str, Any], parts: Mapping[str, type[Settings]]) -> str:
    *above, last = list(fault["loc"]) or [""]
    place = ".".join([*above, last])
    match fault["type"]:
        case "extra_forbidden":
            model = parts[above[0] if above else ""]
            fields = [field.alias or name for name, field in model.model_fields.items()]
            keys = [key for key in fields if key != "name" or model is not Question]
            return f"{place} is unknown. {did_you_mean(last, keys)}"
        case "unknown_table":
            return f"{place} is unknown. {did_you_mean(last, known_values.TABLE_NAMES)}"
        case "missing":
            return f"{place} is missing."
        case "value_error":
            return f"{place}: {fault['ctx']['error']}" if place else str(fault["ctx"]["error"])
        case _:
            return f"{place}: {fault['msg'].replace('Input should', 'it should')}."


def driver_faults(
    questions: Mapping[str, Question], named: Sequence[str], blocks: Mapping[str, Block], main: str
) -> Iterable[str]:
    """Yield what is wrong with expectations and importance, what else may drive, and blocks."""
    judged = [name for name, question in questions.items() if question.kind in EXPERIENCED]
    for name, question in questions.items():
        if question.of and question.of not in judged:
            yield (
                f"questions.{name}.of: '{question.of}' is no question of kind: driver. "
                f"{did_you_mean(question.of, judged)}"
            )
    of_column = {question.column: name for name, question in questions.items()}
    for name in named:
        if name == main:
            yield f"drivers: '{name}' is the main question, which drivers may move. Leave it out."
        elif name in questions and questions[name].kind in (*EXPERIENCED, *OF_A_DRIVER):
            yield f"drivers: '{name}' counts by its kind already. Leave it out."
        elif name in of_column and name not in questions:
            yield f"drivers: '{name}' is the column of a question. Write '{of_column[name]}'."
    for block, parts in blocks.items():
        others = [other for other in blocks if other != block]
        lists = {"questions": (parts.questions, questions), "follows": (parts.follows, others)}
        for part, (names, known) in lists.items():
            for name in (name for name in names if name not in known):
                yield f"blocks.{block}.{part}: '{name}' is unknown. {did_you_mean(name, known)}"
    given = [name for parts in blocks.values() for name in parts.questions]
    for name in dict.fromkeys(name for name in given if given.count(name) > 1):
        yield f"blocks: '{name}' stands in two blocks. Keep it in one."
