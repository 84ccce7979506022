"""What company.yml may say of tables and questions, each setting with its limits."""

from __future__ import annotations

from datetime import date
from typing import Annotated, Any, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, model_validator

from profitchain.sources.known_values import (
    DateFormat,
    ExportFormat,
    Label,
    Language,
    TimeZone,
    Why,
    Word,
    Words,
)

QuestionKind = Literal[
    "nps", "csat", "ces", "rating", "driver", "value", "expectation", "importance"
]
EXPERIENCED = ("driver", "value")  # kinds that may move the score
OF_A_DRIVER = ("expectation", "importance")  # kinds that ask about a driver

SCALES: dict[str, tuple[int, int]] = {"nps": (0, 10), "ces": (1, 7)}
USUAL_SCALE = (1, 5)
_LONGEST_ACRONYM = 4
_SNAKE_CASE = r"^[a-z][a-z0-9_]*$"


class Settings(BaseModel):
    """Part of company.yml: nothing unknown, nothing changed later, no value in messages."""

    model_config = ConfigDict(extra="forbid", frozen=True, hide_input_in_errors=True)


class Source(Settings):
    """Where one table comes from and how it is written.

    `parts` are the entries of `files:` where it is a list: files of one table, each with settings
    of its own; of two versions of a row the one from the later part wins, or by `later_by`.
    Strings may hold `${NAME}`: they stay unexpanded here, so that no secret can be shown, and are
    expanded by `expand` only at the moment of reading.
    """

    file: str | None = None
    table: str | None = None
    query: str | None = None
    database: str | None = None
    files: dict[str, str] = Field(default_factory=dict)
    parts: list[Source] = Field(default_factory=list)
    format: ExportFormat | None = None
    status_words: dict[Why, list[str]] = Field(default_factory=dict)
    later_by: str | None = None
    columns: dict[str, str] = Field(default_factory=dict)
    time_zone: TimeZone | None = None
    date_format: DateFormat | dict[str, DateFormat] | None = None
    decimal: Literal[".", ","] | None = None
    missing: dict[str, Words] | Words = Field(default_factory=list)
    labels: dict[str, dict[Word, Word | None]] = Field(default_factory=dict)
    sheet: str | int | None = None
    encoding: str | None = None
    delimiter: str | None = None
    skip_rows_before_header: int = Field(default=0, ge=0)
    skip_rows_after_header: int = Field(default=0, ge=0)

    @model_validator(mode="before")
    @classmethod
    def _list_parts(cls, document: Any) -> Any:
        if isinstance(document, dict) and isinstance(document.get("files"), list):
            if "parts" in document:
                raise ValueError("files: is a list of files already; leave parts: out.")
            rest = {key: value for key, value in document.items() if key != "files"}
            return {**rest, "parts": document["files"]}
        return document

    @model_validator(mode="after")
    def _says_one_place(self) -> Source:
        places = (self.file, self.table, self.query, self.parts or None)
        if sum(place is not None for place in places) != 1:
            raise ValueError(
                "Say where the rows are: exactly one of file:, table: or query: (or a files: list)."
            )
        if self.parts and any(part.file is None for part in self.parts):
            raise ValueError("files: Each entry of the list names one file:, as in - file: a.csv.")
        if self.format and not self.file:
            raise ValueError("format: belongs to a file:, also within a list of files:.")
        if self.file and (self.database or self.files):
            raise ValueError("file: stands alone; database: and files: belong to table: or query:.")
        return self

    def format_of(self, column: str) -> str | None:
        """Return the date format declared for one of our columns, if any."""
        if isinstance(self.date_format, dict):
            return self.date_format.get(column)
        return self.date_format

    def missing_of(self, column: str) -> list[str]:
        """Return the texts that mean nothing given in one of our columns."""
        return self.missing.get(column, []) if isinstance(self.missing, dict) else self.missing

    @property
    def named_columns(self) -> dict[str, list[str]]:
        """The settings that name columns of ours, with those that they name."""
        by_setting = {
            "missing": self.missing,
            "labels": self.labels,
            "date_format": self.date_format,
        }
        return {name: list(of) for name, of in by_setting.items() if isinstance(of, dict)}


class Question(Settings):
    """One survey question: where its score stands and what counts as satisfied."""

    name: str = Field(pattern=_SNAKE_CASE)
    column: str = ""
    kind: QuestionKind
    scale: tuple[float, float] = Field(default=(0, 0))
    satisfied_from: float | None = None
    easy_is: Literal["high", "low"] | None = None
    label: Label = ""
    scale_since: date | None = None
    blank: Literal["skipped", "not_applicable"] = "skipped"
    of: str = ""

    @model_validator(mode="before")
    @classmethod
    def _fill_in(cls, document: Any) -> Any:
        if not isinstance(document, dict):
            return document
        kind, name = str(document.get("kind")), document.get("name")
        scale = SCALES.get(kind, USUAL_SCALE)
        return {"scale": scale, "column": name, "label": _default_label(str(name)), **document}

    def in_language(self, tag: str) -> Question:
        """Return the question with its label in one language, else in the first that it has."""
        if isinstance(self.label, str):
            return self
        label = self.label.get(tag) or next(iter(self.label.values()), _default_label(self.name))
        return self.model_copy(update={"label": label})

    @model_validator(mode="after")
    def _agrees_with_itself(self) -> Question:
        low, high = self.scale
        if low >= high:
            raise ValueError(
                f"scale [{low:g}, {high:g}] must run from its lowest to its highest score."
            )
        if self.kind == "ces" and self.easy_is is None:
            raise ValueError(
                "An effort question needs easy_is: high (7 = very easy) or easy_is: low (1 = very "
                "easy), because both are in use."
            )
        if self.kind != "ces" and self.easy_is is not None:
            raise ValueError(f"easy_is belongs to kind: ces, not to kind: {self.kind}.")
        if self.blank != "skipped" and self.kind not in EXPERIENCED:
            raise ValueError(f"blank: belongs to kind: driver or value, not to kind: {self.kind}.")
        if bool(self.of) != (self.kind in OF_A_DRIVER):
            raise ValueError(
                "of: says of which driver an expectation or importance is asked, as in {kind: "
                "expectation, of: delivery}. It belongs to both kinds, and to no other."
            )
        if self.satisfied_from is not None and not low <= self.satisfied_from <= high:
            raise ValueError(
                f"satisfied_from: {self.satisfied_from:g} lies outside the scale {low:g} to "
                f"{high:g}."
            )
        return self

    @property
    def satisfied_at(self) -> float:
        """The lowest score that counts as satisfied; with easy_is: low, the highest."""
        if self.satisfied_from is not None:
            return self.satisfied_from
        return self.scale[0] + 1 if self.easy_is == "low" else self.scale[1] - 1

    def better(self, given: Any) -> Any:
        """Return answers turned so that a higher one is better, whatever the scale says."""
        return sum(self.scale) - given if self.easy_is == "low" else given


def _default_label(name: str) -> str:
    return name.replace("_", " ").capitalize() if len(name) > _LONGEST_ACRONYM else name.upper()


class ColumnLabels(Settings):
    """What a column and its values are called on pages, each once or by language."""

    label: Label = ""
    values: dict[Word, Label] = Field(default_factory=dict)


def _by_name(given: Any) -> Any:
    """Return segments by name, of a list of names or of names with settings."""
    if isinstance(given, list):
        given = {
            name: settings
            for entry in given
            for name, settings in (entry if isinstance(entry, dict) else {str(entry): None}).items()
        }
    if not isinstance(given, dict):
        raise ValueError(
            "Name the columns that part customers, as in segments: [region, tier], or say also "
            "what pages call them: segments: {region: {label: Region, values: {n: North}}}."
        )
    return {name: {} if settings is None else settings for name, settings in given.items()}


Segments = Annotated[dict[Word, ColumnLabels], BeforeValidator(_by_name)]


class Topic(Settings):
    """A topic of texts: what readers call it, and the beginnings of words that speak of it."""

    label: str | dict[Language, str] = ""
    words: list[Word] = Field(min_length=1)

    @model_validator(mode="before")
    @classmethod
    def _words_alone(cls, document: Any) -> Any:
        return {"words": document} if isinstance(document, list) else document


class Topics(Settings):
    """Lists of words: the starter list that is named, and the firm's own on top of it."""

    starter: Literal["shop", "bank", "telecom"] | None = None
    lists: dict[str, Topic] = Field(default_factory=dict)

    @model_validator(mode="before")
    @classmethod
    def _by_topic(cls, document: Any) -> Any:
        if isinstance(document, dict) and "lists" not in document:
            own = {key: topic for key, topic in document.items() if key != "starter"}
            return {"starter": document.get("starter"), "lists": own}
        return {"starter": document} if isinstance(document, str) else document


class Privacy(Settings):
    """What may be shown of small groups, and of what customers wrote."""

    smallest_group: int = Field(default=10, ge=1)
    verbatims: Literal["released", "none"] = "released"


class MatchIds(Settings):
    """Which spellings of an id are the same one, in every table."""

    case: Literal["keep", "ignore"] = "keep"
    blanks: Literal["keep", "strip"] = "keep"
    leading_zeros: Literal["keep", "strip"] = "keep"
    numbers: Literal["keep", "plain"] = "keep"


class Statuses(Settings):
    """Which words of orders' `status` are sales and which aren't, beyond those known anyway."""

    counted: list[str] = Field(default_factory=list)
    left_out: list[str] = Field(default_factory=list)


class Limits(Settings):
    """How far a table may be from what it should be before a run stops, as shares of its rows."""

    set_aside: float = Field(default=0.02, ge=0, le=1)
    shared_keys: float = Field(default=0.02, ge=0, le=1)
    strangers: float = Field(default=0.95, ge=0, le=1)
    other_money: float = Field(default=0, ge=0, le=1)


class Block(Settings):
    """One cause behind several questions, and the blocks that lead to it."""

    questions: list[str] = Field(min_length=1)
    follows: list[str] = Field(default_factory=list)
