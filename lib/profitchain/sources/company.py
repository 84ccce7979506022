"""Who the firm is: company.yml, read and checked, with every fault named at once."""

from __future__ import annotations

import hashlib
import os
import re
from collections.abc import Iterable
from pathlib import Path
from typing import Any, Literal

from babel.numbers import get_currency_precision
from pydantic import Field, PrivateAttr, ValidationError, model_validator

from profitchain.core.atomic import among_temporary
from profitchain.core.errors import CompanyError, did_you_mean
from profitchain.core.periods import Every
from profitchain.core.provenance import ROOT
from profitchain.sources import known_values, settings
from profitchain.sources.brand import Brand
from profitchain.sources.company_faults import driver_faults, faults_in_words
from profitchain.sources.company_file import names_in, read_yaml
from profitchain.sources.connections import Connect, connect_faults, place_faults, secret_parts
from profitchain.sources.settings import (
    EXPERIENCED,
    Block,
    ColumnLabels,
    Limits,
    MatchIds,
    Privacy,
    Question,
    Settings,
    Source,
    Statuses,
    Topics,
)
from profitchain.stats.model_matrix import MONTH

LONGEST_WINDOW, LONGEST_LOOKBACK = 3_660, 600  # days; months
MOST_QUESTIONS = 60
BUILT_IN_CONTROLS = ("prior_orders", "recency", "tenure")
SHORTEST_WORD = 4  # letters of a word that tells something of a secret
FACTS = ("orders", "subscriptions", "responses")  # at least one of them is needed
CANCELLED_STATUSES = ("cancelled", "canceled", "voided")
_PARTS: dict[str, type[Settings]] = {
    "tables": Source, "questions": Question, "privacy": Privacy, "match_ids": MatchIds,
    "statuses": Statuses, "limits": Limits, "segments": ColumnLabels,
    "labels": ColumnLabels, "topics": Topics, "blocks": Block,
    "brand": Brand,
}  # fmt: skip


class Company(Settings):
    """A firm: its tables, its questions and what is true of it in every period."""

    name: str
    currency: known_values.Currency
    language: known_values.Language = "en"
    time_zone: known_values.TimeZone = "UTC"
    report_every: Every = "quarter"
    fiscal_year_starts: known_values.YearStart | None = None
    connect: Connect | None = None
    tables: dict[known_values.TableName, Source]
    questions: dict[str, Question] = Field(default_factory=dict)
    main_question: str | None = None
    named_segments: settings.Segments = Field(default_factory=dict, alias="segments")
    labels: dict[Literal["touchpoint", "event", "topic"], ColumnLabels] = Field(
        default_factory=dict
    )
    controls: list[str] = Field(default_factory=lambda: list(BUILT_IN_CONTROLS))
    drivers: list[str] = Field(default_factory=list)
    blocks: dict[str, Block] = Field(default_factory=dict)
    experiment: str | None = None
    repeat_within_days: int = Field(default=90, ge=1, le=LONGEST_WINDOW)
    lookback_months: int = Field(default=12, ge=0, le=LONGEST_LOOKBACK)
    gross_margin: float | None = Field(default=None, gt=0, le=1)
    discount_rate: float = Field(default=0.10, ge=0, lt=1)
    leave_alone: float = Field(default=0.0, ge=0, le=0.5)
    contractual: bool = False
    first_payment: Literal["next", "now"] = "next"
    control_tolerance: float = Field(default=0.005, ge=0, le=1)
    cancelled_statuses: list[str] = Field(default_factory=lambda: list(CANCELLED_STATUSES))
    statuses: Statuses = Statuses()
    free_orders: Literal["counted", "left_out"] = "counted"
    match_ids: MatchIds = MatchIds()
    limits: Limits = Limits()
    privacy: Privacy = Privacy()
    topics: Topics = Topics()
    brand: Brand = Brand()
    _folder: Path = PrivateAttr(default=Path())

    @model_validator(mode="before")
    @classmethod
    def _name_questions(cls, document: Any) -> Any:
        questions = document.get("questions") if isinstance(document, dict) else None
        if not isinstance(questions, dict):
            return document
        if any(
            isinstance(question, dict) and "name" in question for question in questions.values()
        ):
            raise ValueError("A question's name is its key; what readers see is its label:.")
        named = {
            name: {**question, "name": name} if isinstance(question, dict) else question
            for name, question in questions.items()
        }
        return {**document, "questions": named}

    @model_validator(mode="after")
    def _agrees_with_itself(self) -> Company:
        if faults := list(_faults(self)):
            raise ValueError("\n".join(faults))
        if "subscriptions" in self.tables and "orders" not in self.tables:
            self.__dict__["contractual"] = True  # what else could be meant
        self.controls[:] = [*(name for name in self.controls if name != MONTH), MONTH]
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
    def driving(self) -> list[Question]:
        """The questions that may move the score: drivers, values, those named under `drivers:`."""
        named = self.drivers
        return [q for q in self.questions.values() if q.kind in EXPERIENCED or q.name in named]

    @property
    def driving_columns(self) -> list[str]:
        """The further columns that may: what stands under `drivers:` and is no question."""
        return [name for name in self.drivers if name not in self.questions]

    @property
    def all_questions(self) -> list[Question]:
        """All questions about what was experienced, in the order of company.yml."""
        return [q for q in self.questions.values() if q.kind not in settings.OF_A_DRIVER]

    def in_language(self, tag: str) -> Company:
        """Return the firm as pages in one language speak of it: each question with one label."""
        questions = {name: question.in_language(tag) for name, question in self.questions.items()}
        return self.model_copy(update={"questions": questions})

    @property
    def segments(self) -> list[str]:
        """The columns that part customers, as company.yml names them."""
        return list(self.named_segments)

    @property
    def column_labels(self) -> dict[str, settings.ColumnLabels]:
        """What columns whose values pages show are called, with their values, by column."""
        return {**dict(self.labels.items()), **self.named_segments}

    @property
    def group_names(self) -> dict[tuple[str, str], str | dict[str, str]]:
        """What segments ("" for the group) and their groups are called: once, or by language."""
        return {
            (name, group): label
            for name, labels in self.column_labels.items()
            for group, label in {"": labels.label, **labels.values}.items()
        }

    @property
    def year_starts(self) -> str:
        """When its fiscal year starts, as in a period's name: "04", "1231"; "" on 1 January."""
        return self.fiscal_year_starts or ""

    @property
    def minor_units(self) -> int:
        """How many of the engine's integer money units make one unit of the currency."""
        return 10 ** max(2, get_currency_precision(self.currency))

    @property
    def asks_only(self) -> bool:
        """Whether it has answers alone: neither orders nor contracts."""
        return not {"orders", "subscriptions"} & set(self.tables)

    def has(self, table: str) -> bool:
        """Whether company.yml names this table."""
        return table in self.tables

    def question(self, name: str) -> Question:
        """Return the question of this name."""
        if name not in self.questions:
            hint = did_you_mean(name, self.questions)
            raise CompanyError(f"There is no question '{name}' in company.yml. {hint}")
        return self.questions[name]


def load_company(folder: str | Path) -> Company:
    """Return the firm that a folder's company.yml describes.

    Raises CompanyError with every fault of the file, and never a value from the environment.
    """
    folder = Path(folder)
    try:
        company = Company.model_validate(read_yaml(folder))
    except ValidationError as error:
        raise CompanyError(faults_in_words(error, {"": Company, **_PARTS})) from None
    company._folder = folder
    unset = sorted(name for name in environment_names(company) if name not in os.environ)
    if unset:
        raise CompanyError(
            f"company.yml needs {', '.join(unset)} from the environment, and "
            f"{'it is' if len(unset) == 1 else 'they are'} not set. "
            f"Set it before the run: export {unset[0]}=..."
        )
    return company


def find_company(company: str | Path) -> Path:
    """Return the company's folder, looked for from the current folder, then from the project's."""
    for base in (Path.cwd(), ROOT):
        folder = (base / Path(company).expanduser()).resolve()
        if (folder / "company.yml").is_file():
            return folder
    raise CompanyError(
        f"No company.yml in '{company}'. Name a folder that holds one, for instance data/example, "
        "or make an invented company: python3 lib example FOLDER."
    )


def store_of(company: Company) -> Path:
    """Return the company's store; where its folder can't be written, one among temporary files."""
    store = company.folder / ".store"
    try:
        if company.folder == Path():  # of no folder
            raise PermissionError
        store.mkdir(exist_ok=True, mode=0o700)
        if not os.access(store, os.W_OK):
            raise PermissionError
    except OSError:
        place = hashlib.sha256(str(company.folder).encode()).hexdigest()[:16]
        store = among_temporary(f"profitchain-{os.getuid()}-{place}")
    return store


def redacted(text: str, company: Company) -> str:
    """Return text with `${NAME}` for what came from the environment, and for a URL's parts.

    Of what stands in a query also for its words: an engine names the one that it can't read.
    """
    queries = set().union(*(names_in(source.query) for source in company.tables.values()))
    values = {name: os.environ.get(name, "") for name in environment_names(company)}
    for name, value in sorted(values.items(), key=lambda item: -len(item[1])):
        words = re.findall(rf"\w{{{SHORTEST_WORD},}}", value) if name in queries else []
        for part in filter(None, [value, *secret_parts(value), *words]):
            text = text.replace(part, f"${{{name}}}")
    return text


def environment_names(company: Company) -> set[str]:
    """Return the names that company.yml's tables and its `connect:` take from the environment."""
    return table_names(company) | names_in(company.connect)


def table_names(company: Company) -> set[str]:
    """Return the names that company.yml's tables take from the environment."""
    return set().union(*(names_in(source.model_dump()) for source in company.tables.values()))


def _faults(company: Company) -> Iterable[str]:
    tables, questions, main = company.tables, company.questions, company.main_question
    yield from connect_faults(company.connect)
    if not any(name in tables for name in FACTS):
        yield (
            f"tables: none of {', '.join(FACTS)} is there. Give at least one of them, as in "
            "tables: {orders: {file: orders.csv}}."
        )
    if questions and "responses" not in tables:
        yield "questions are given, but tables: has no responses to hold their scores."
    if len(questions) > MOST_QUESTIONS:
        yield (
            f"questions: {len(questions)} are given; a report follows {MOST_QUESTIONS} at most. "
            "Keep those that somebody acts on."
        )
    if "responses" in tables and not questions:
        yield "tables: responses is given, but no questions: say which columns hold scores."
    yield from place_faults(company.connect, tables)
    if main is None and len(questions) > 1:
        yield f"main_question is missing. Say which one: {', '.join(questions)}."
    elif main is not None and main not in questions:
        hint = did_you_mean(main, questions)
        yield f"main_question '{main}' is not among the questions. {hint}"
    if company.report_every == "week" and "subscriptions" in tables and "orders" not in tables:
        yield (
            "report_every: week can't be, for contracts are followed by what is paid each month. "
            "Write month, quarter or year."
        )
    yield from driver_faults(
        questions, company.drivers, company.blocks, main or next(iter(questions), "")
    )
    controls = [*BUILT_IN_CONTROLS, MONTH, *company.segments]
    for control in company.controls:
        if control not in controls:
            yield (
                f"controls: '{control}' is neither built in nor a segment. "
                f"{did_you_mean(control, controls)} Add a column of yours to segments: first."
            )
