"""What company.yml may say of what moves a score: blocks of questions, and where it disagrees."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from pydantic import Field

from profitchain.core.errors import did_you_mean
from profitchain.sources.settings import EXPERIENCED, Question, Settings


class Block(Settings):
    """One cause behind several questions, and the blocks that lead to it."""

    questions: list[str] = Field(min_length=1)
    follows: list[str] = Field(default_factory=list)


def driver_faults(
    questions: Mapping[str, Question], columns: Sequence[str], blocks: Mapping[str, Block]
) -> Iterable[str]:
    """Yield what is wrong with expectations and importance, further columns, and blocks."""
    judged = [name for name, question in questions.items() if question.kind in EXPERIENCED]
    for name, question in questions.items():
        if question.of and question.of not in judged:
            yield (
                f"questions.{name}.of: '{question.of}' is no question of kind: driver. "
                f"{did_you_mean(question.of, judged)}"
            )
    asked = {question.column for question in questions.values()}
    for name in filter(asked.__contains__, columns):
        yield f"drivers: '{name}' is the column of a question. Give that kind: driver."
    for block, parts in blocks.items():
        others = [other for other in blocks if other != block]
        named = {"questions": (parts.questions, questions), "follows": (parts.follows, others)}
        for part, (names, known) in named.items():
            for name in (name for name in names if name not in known):
                yield f"blocks.{block}.{part}: '{name}' is unknown. {did_you_mean(name, known)}"
    given = [name for parts in blocks.values() for name in parts.questions]
    for name in dict.fromkeys(name for name in given if given.count(name) > 1):
        yield f"blocks: '{name}' stands in two blocks. Keep it in one."
