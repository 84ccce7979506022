"""Who the firm is: company.yml, read and checked, with every fault named at once."""

from __future__ import annotations

import os
import re
from collections.abc import Iterable
from pathlib import Path
from typing import Any, Literal

import yaml
from babel.numbers import get_currency_precision
from pydantic import Field, PrivateAttr, ValidationError, model_validator

from profitchain.core.errors import CompanyError, did_you_mean
from profitchain.core.periods import Every
from profitchain.sources.connections import Connect, connect_faults, place_faults, secret_parts
from profitchain.sources.settings import (
    Currency,
    Language,
    Privacy,
    Question,
    Settings,
    Source,
    TableName,
    TimeZone,
)

BUILT_IN_CONTROLS = ("prior_orders", "recency", "tenure")
CANCELLED_STATUSES = ("cancelled", "canceled", "voided")
_ENVIRONMENT_NAME = re.compile(r"\$\{(\w+)\}")


class Company(Settings):
    """A firm: its tables, its questions and what is true of it in every period."""

    name: str
    currency: Currency
    language: Language = "en"
    time_zone: TimeZone = "UTC"
    report_every: Every = "quarter"
    connect: Connect | None = None
    tables: dict[TableName, Source]
    questions: dict[str, Question] = Field(default_factory=dict)
    main_question: str | None = None
    segments: list[str] = Field(default_factory=list)
    controls: list[str] = Field(default_factory=lambda: list(BUILT_IN_CONTROLS))
    experiment: str | None = None
    repeat_within_days: int = Field(default=90, ge=1)
    lookback_months: int = Field(default=12, ge=0)
    gross_margin: float | None = Field(default=None, gt=0, le=1)
    discount_rate: float = Field(default=0.10, ge=0, lt=1)
    contractual: bool = False
    first_payment: Literal["next", "now"] = "next"
    control_tolerance: float = Field(default=0.005, ge=0, le=1)
    cancelled_statuses: list[str] = Field(default_factory=lambda: list(CANCELLED_STATUSES))
    privacy: Privacy = Privacy()
    _folder: Path = PrivateAttr(default=Path())

    @model_validator(mode="before")
    @classmethod
    def _name_questions(cls, given: Any) -> Any:
        questions = given.get("questions") if isinstance(given, dict) else None
        if not isinstance(questions, dict):
            return given
        if any(isinstance(each, dict) and "name" in each for each in questions.values()):
            raise ValueError("A question's name is its key; what readers see is its label:.")
        named = {
            name: {**question, "name": name} if isinstance(question, dict) else question
            for name, question in questions.items()
        }
        return {**given, "questions": named}

    @model_validator(mode="after")
    def _agrees_with_itself(self) -> Company:
        faults = [
            *connect_faults(self.connect),
            *_table_faults(self),
            *place_faults(self.connect, self.tables),
            *_question_faults(self),
            *_control_faults(self),
        ]
        if faults:
            raise ValueError("\n".join(faults))
        return self

    @property
    def folder(self) -> Path:
        """The folder that holds company.yml; relative paths count from it."""
        return self._folder

    @property
    def slug(self) -> str:
        """The company folder's name, used in paths of editions."""
        return self.folder.resolve().name

    @property
    def main(self) -> Question | None:
        """The main question: the one declared, the only one, or None without questions."""
        if self.main_question:
            return self.questions[self.main_question]
        return next(iter(self.questions.values()), None)

    @property
    def all_questions(self) -> list[Question]:
        """Every question, in the order of company.yml."""
        return list(self.questions.values())

    def in_language(self, tag: str) -> Company:
        """Return the firm as pages in one language speak of it: each question with one label."""
        spoken = {name: question.in_language(tag) for name, question in self.questions.items()}
        return self.model_copy(update={"questions": spoken})

    @property
    def minor_units(self) -> int:
        """How many of the engine's integer money units make one unit of the currency."""
        return 10 ** max(2, get_currency_precision(self.currency))

    def has(self, table: str) -> bool:
        """Whether company.yml names this table."""
        return table in self.tables

    def question(self, name: str) -> Question:
        """Return the question of this name."""
        if name not in self.questions:
            raise CompanyError(
                f"There is no question '{name}' in company.yml. "
                f"{did_you_mean(name, self.questions)}"
            )
        return self.questions[name]


def load_company(folder: str | Path) -> Company:
    """Return the firm that a folder's company.yml describes.

    Raises
    ------
    CompanyError, with every fault of the file in plain words; no value taken from the environment
    is ever part of a message.
    """
    folder = Path(folder)
    given = _read_yaml(folder)
    try:
        company = Company.model_validate(given)
    except ValidationError as refused:
        raise CompanyError(_in_words(refused)) from None
    company._folder = folder
    unset = sorted(name for name in environment_names(company) if name not in os.environ)
    if unset:
        raise CompanyError(
            f"company.yml needs {', '.join(unset)} from the environment, and "
            f"{'it is' if len(unset) == 1 else 'they are'} not set. "
            f"Set it before the run: export {unset[0]}=..."
        )
    return company


def expand(text: str) -> str:
    """Return text with each `${NAME}` replaced from the environment."""
    try:
        return _ENVIRONMENT_NAME.sub(lambda found: os.environ[found[1]], text)
    except KeyError as missing:
        name = missing.args[0]
        raise CompanyError(
            f"company.yml needs {name} from the environment, and it is not set. "
            f"Set it before the run: export {name}=..."
        ) from None


def redacted(text: str, company: Company) -> str:
    """Return text in which what came from the environment is written as `${NAME}` again.

    Of a URL this holds for its host and password too, which engines like to repeat.
    """
    values = {name: os.environ.get(name, "") for name in environment_names(company)}
    for name, value in sorted(values.items(), key=lambda item: -len(item[1])):
        for part in filter(None, [value, *secret_parts(value)]):
            text = text.replace(part, f"${{{name}}}")
    return text


def environment_names(company: Company) -> set[str]:
    """Return the names that company.yml's tables and its `connect:` take from the environment."""
    return table_names(company) | _names_in(company.connect)


def table_names(company: Company) -> set[str]:
    """Return the names that company.yml's tables take from the environment."""
    return set().union(*(_names_in(source.model_dump()) for source in company.tables.values()))


def _names_in(value: Any) -> set[str]:
    return {name for text in _strings(value) for name in _ENVIRONMENT_NAME.findall(text)}


def _strings(value: Any) -> Iterable[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for part in value.values():
            yield from _strings(part)
    elif isinstance(value, list):
        for part in value:
            yield from _strings(part)


def _table_faults(company: Company) -> Iterable[str]:
    if "orders" not in company.tables:
        yield "tables: orders is missing; it is the one table that every page needs."
    if company.questions and "responses" not in company.tables:
        yield "questions are given, but tables: has no responses to hold their scores."
    if "responses" in company.tables and not company.questions:
        yield "tables: responses is given, but no questions: say which columns hold scores."


def _question_faults(company: Company) -> Iterable[str]:
    if company.main_question is None and len(company.questions) > 1:
        yield f"main_question is missing. Say which one: {', '.join(company.questions)}."
    elif company.main_question is not None and company.main_question not in company.questions:
        hint = did_you_mean(company.main_question, company.questions)
        yield f"main_question '{company.main_question}' is not among the questions. {hint}"


def _control_faults(company: Company) -> Iterable[str]:
    known = [*BUILT_IN_CONTROLS, *company.segments]
    for control in company.controls:
        if control not in known:
            yield (
                f"controls: '{control}' is neither built in nor a segment. "
                f"{did_you_mean(control, known)} Add a column of yours to segments: first."
            )


class _OnceOnly(yaml.SafeLoader):
    """Reads YAML, but refuses a key that stands twice in one mapping."""

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict:
        seen: list[Any] = []
        for key_node, _ in node.value:
            key = self.construct_object(key_node, deep=True)
            if key in seen:
                line = key_node.start_mark.line + 1
                raise CompanyError(
                    f"company.yml, line {line}: '{key}' stands there twice. Keep one of the two."
                )
            seen.append(key)
        return super().construct_mapping(node, deep)


def _read_yaml(folder: Path) -> dict[str, Any]:
    path = folder / "company.yml"
    if not path.is_file():
        siblings = sorted(p.parent.name for p in folder.resolve().parent.glob("*/company.yml"))
        hint = did_you_mean(folder.resolve().name, siblings) if siblings else ""
        raise CompanyError(
            f"There is no company.yml in the folder '{folder.name}'. "
            f"Name the folder that holds it, as in --company data/example. {hint}".rstrip()
        )
    try:
        given = yaml.load(path.read_text(encoding="utf-8-sig"), Loader=_OnceOnly)
    except UnicodeDecodeError:
        raise CompanyError("company.yml is not UTF-8. Save it as UTF-8.") from None
    except yaml.MarkedYAMLError as broken:
        line = broken.problem_mark.line + 1 if broken.problem_mark else 1
        raise CompanyError(
            f"company.yml can't be read at line {line}: {broken.problem}. "
            "Check the indentation, and quote text that holds ':' or '#'."
        ) from None
    if not isinstance(given, dict):
        raise CompanyError("company.yml holds no settings. Start it with 'name: My company'.")
    return given


def _in_words(refused: ValidationError) -> str:
    faults = [_fault_in_words(fault) for fault in refused.errors()]
    lines = [line for fault in faults for line in fault.splitlines()]
    head = (
        "company.yml has a fault:" if len(lines) == 1 else f"company.yml has {len(lines)} faults:"
    )
    return "\n".join([head, *(f"  - {line}" for line in lines)])


def _fault_in_words(fault: dict[str, Any]) -> str:
    steps = [str(step) for step in fault["loc"] if step != "[key]"]
    place = ".".join(steps)
    match fault["type"]:
        case "extra_forbidden":
            known = _keys_at(steps[:-1])
            return f"{place} is unknown. {did_you_mean(steps[-1], known)}"
        case "literal_error" if fault["loc"][-1] == "[key]":
            return f"{place} is unknown. {did_you_mean(steps[-1], TableName.__args__)}"
        case "missing":
            return f"{place} is missing."
        case "value_error":
            return f"{place}: {fault['ctx']['error']}" if place else str(fault["ctx"]["error"])
        case _:
            return f"{place}: {fault['msg'].replace('Input should', 'it should')}."


def _keys_at(steps: list[str]) -> list[str]:
    models = {"tables": Source, "questions": Question, "privacy": Privacy}
    model = models[steps[0]] if steps else Company
    return [
        name
        for name in model.model_fields
        if name not in ("folder",) and (name, model) != ("name", Question)
    ]
