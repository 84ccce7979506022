"""Numbers know no language: what one language's pages computed stands for the next one's.

A notebook runs once for each language, in one kernel. There, all public functions of the packages
that know no language keep what they return, by the content of what they were given. An edition or a
question counts without its labels; what holds such a label, or the edition itself, is not kept.
What was changed since is computed anew. Nothing of it outlives the kernel.
"""

from __future__ import annotations

import hashlib
import io
import pickle
import pkgutil
import sys
from collections import deque
from collections.abc import Callable, Iterator
from functools import wraps
from importlib import import_module
from inspect import isgeneratorfunction
from types import FunctionType, ModuleType
from typing import Any, NamedTuple

from profitchain.panel.edition import Edition
from profitchain.sources.company import Company
from profitchain.sources.settings import Question

KNOW_NO_LANGUAGE = (
    *("stats", "measures", "effects", "drivers", "evidence", "lifetime", "voice", "benefits"),
    *("programmes", "outlook", "watch", "claims"),
)
OPENING = {  # what opening an edition asks, which is no other in another language
    "disclosure.gate": ("gate_of",),
    "intake.fingerprints": ("code_version", "fingerprint"),
}
_SHARED = "_is_shared"
_kept: dict[bytes, deque[_Result]] = {}  # by what was asked, in the order in which it was asked
_now = {"turn": 0, "depth": 0}  # only what is asked from outside is kept, not what that asks


class _Result(NamedTuple):
    """What a function returned in a language's turn, and the digest of it."""

    value: Any
    digest: bytes
    turn: int


def begin_turn() -> None:
    """Begin a language: what functions that know none computed for those before needs no doing."""
    _now["turn"] += 1
    functions = {function: _shared(function) for function in _functions()}
    for name, module in tuple(sys.modules.items()):
        if name.startswith("profitchain."):
            for own, value in tuple(vars(module).items()):
                if isinstance(value, FunctionType) and value in functions:
                    setattr(module, own, functions[value])
    if not hasattr(Edition.table, _SHARED):
        Edition.table = _shared(Edition.table)  # type: ignore[method-assign]


def _functions() -> Iterator[FunctionType]:
    for package in KNOW_NO_LANGUAGE:
        for module in _modules(package):
            for name in vars(module):
                yield from _public(module, name)
    for place, names in OPENING.items():
        module = import_module(f"profitchain.{place}")
        for name in names:
            yield from _public(module, name)


def _modules(package: str) -> list[ModuleType]:
    folder = import_module(f"profitchain.{package}")
    names = [info.name for info in pkgutil.iter_modules(folder.__path__)]
    return [import_module(f"{folder.__name__}.{name}") for name in names]


def _public(module: ModuleType, name: str) -> Iterator[FunctionType]:
    value = getattr(module, name)
    is_own = isinstance(value, FunctionType) and value.__module__ == module.__name__
    is_public = not name.startswith("_") and not isgeneratorfunction(value)
    if is_own and is_public and not hasattr(value, _SHARED):
        yield value


def _shared(function: Callable[..., Any]) -> Any:
    place = f"{function.__module__}.{function.__qualname__}"

    @wraps(function)
    def once(*arguments: Any, **named: Any) -> Any:
        if _now["depth"]:
            return function(*arguments, **named)
        _now["depth"] += 1
        try:
            asked = _content((place, arguments, named))
            if asked is None:
                return function(*arguments, **named)
            earlier = _earlier(asked)
            value = earlier.value if earlier else function(*arguments, **named)
            _keep(asked, value)
            return value
        finally:
            _now["depth"] -= 1

    setattr(once, _SHARED, True)
    return once


def _earlier(asked: _Content) -> _Result | None:
    """Return what came of it in an earlier turn, each time once, unless it was changed since."""
    results = _kept.get(asked.digest)
    if not results or results[0].turn == _now["turn"]:
        return None
    result = results.popleft()
    content = _content(result.value)
    return result if content and content.digest == result.digest else None


def _keep(asked: _Content, value: Any) -> None:
    content = _content(value)
    if content and not content.is_firm and not content.holds(asked.labels):
        result = _Result(value, content.digest, _now["turn"])
        _kept.setdefault(asked.digest, deque()).append(result)


class _Content(NamedTuple):
    """The content of an object: its digest, its bytes, labels of questions in it.

    `is_firm`: it holds the firm, or a question.
    """

    digest: bytes
    parts: list[Any]
    labels: frozenset[bytes]
    is_firm: bool

    def holds(self, labels: frozenset[bytes]) -> bool:
        """Tell whether one of some labels stands in it."""
        whole = b"\0".join(self.parts) if labels else b""
        return any(label in whole for label in labels)


def _content(thing: object) -> _Content | None:
    """Return an object's content; None of one that can't be told, as of a function."""
    buffers: list[pickle.PickleBuffer] = []
    stream = io.BytesIO()
    pickler = _Pickler(stream, protocol=5, buffer_callback=buffers.append)
    try:
        pickler.dump(thing)
        parts = [stream.getbuffer(), *(buffer.raw() for buffer in buffers)]
    except Exception:  # whatever a stranger's object says of itself
        return None
    digest = hashlib.blake2b(digest_size=20)
    for part in parts:
        digest.update(part)
        digest.update(b"\0")
    return _Content(digest.digest(), parts, frozenset(pickler.labels), pickler.is_firm)


class _Pickler(pickle.Pickler):
    """Writes what it is given; of an edition, a firm and its questions all but their labels."""

    def __init__(self, *arguments: Any, **named: Any) -> None:
        super().__init__(*arguments, **named)
        self.labels: set[bytes] = set()
        self.is_firm = False

    def reducer_override(self, thing: Any) -> Any:
        """Return how such an object is written; as ever where it knows no language."""
        self.is_firm |= isinstance(thing, Question | Company | Edition)
        if isinstance(thing, Question):
            return tuple, ((self._unlabelled(thing),),)
        if isinstance(thing, Company):
            questions = [self._unlabelled(question) for question in thing.questions.values()]
            rest = thing.model_dump_json(exclude={"questions"})
            return tuple, ((str(thing.folder), rest, *questions),)
        if isinstance(thing, Edition):
            parts = (str(thing.folder), thing.gate.key, thing.inputs, dict(thing.facts))
            return tuple, ((*parts, thing.doubts, thing.company),)
        return NotImplemented

    def _unlabelled(self, question: Question) -> str:
        if isinstance(question.label, str):
            self.labels.add(question.label.encode())
        return question.model_dump_json(exclude={"label"})
