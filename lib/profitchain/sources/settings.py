"""What company.yml may say of tables and questions, each setting with its limits."""

from __future__ import annotations

from datetime import date
from typing import Annotated, Any, Literal
from zoneinfo import available_timezones

from babel.numbers import list_currencies
from pydantic import AfterValidator, BaseModel, ConfigDict, Field, model_validator
from pydantic_core import PydanticCustomError

from profitchain.core import i18n
from profitchain.core.errors import did_you_mean

TABLE_NAMES = (
    "orders", "responses", "customers", "invitations", "order_lines", "contacts", "costs",
    "referrals", "offers", "memberships", "events", "mentions", "benchmarks", "control_totals",
    "rates",
)  # fmt: skip
QuestionKind = Literal["nps", "csat", "ces", "rating", "driver"]

SCALES: dict[str, tuple[int, int]] = {"nps": (0, 10), "ces": (1, 7)}
USUAL_SCALE = (1, 5)
NAMED_FORMATS = ("iso", "day first", "month first", "unix", "unix_ms")
_LONGEST_ACRONYM = 4
_SNAKE_CASE = r"^[a-z][a-z0-9_]*$"


def _known_table(name: str) -> str:
    if name not in TABLE_NAMES:
        raise PydanticCustomError("unknown_table", "is unknown")  # company.py says which there are
    return name


def _known_zone(name: str) -> str:
    if name not in available_timezones():
        near = did_you_mean(name, sorted(available_timezones()))
        hint = near if near.startswith("Did") else "Write it as Europe/Berlin."
        raise ValueError(f"'{name}' is no time zone. {hint}")
    return name


def _known_currency(code: str) -> str:
    if code not in list_currencies():
        raise ValueError(f"'{code}' is no currency. Write its ISO 4217 code, such as EUR or USD.")
    return code


def _known_language(tag: str) -> str:
    if tag not in i18n.available():
        raise ValueError(f"There are no pages in '{tag}'. {did_you_mean(tag, i18n.available())}")
    return tag


def _known_format(pattern: str) -> str:
    if "%" not in pattern and pattern not in NAMED_FORMATS:
        raise ValueError(
            f"date_format '{pattern}' is unknown. Write a pattern such as '%d/%m/%Y %H:%M', or one "
            f"of: {', '.join(NAMED_FORMATS)}."
        )
    return pattern


TableName = Annotated[str, AfterValidator(_known_table)]
Language = Annotated[str, AfterValidator(_known_language)]
TimeZone = Annotated[str, AfterValidator(_known_zone)]
Currency = Annotated[str, AfterValidator(_known_currency)]
DateFormat = Annotated[str, AfterValidator(_known_format)]


class Settings(BaseModel):
    """Part of company.yml: nothing unknown, nothing changed later, no value in messages."""

    model_config = ConfigDict(extra="forbid", frozen=True, hide_input_in_errors=True)


class Source(Settings):
    """Where one table comes from and how it is written.

    Strings may hold `${NAME}`: they stay unexpanded here, so that no secret can be shown, and are
    expanded by `expand` only at the moment of reading.
    """

    file: str | None = None
    table: str | None = None
    query: str | None = None
    database: str | None = None
    files: dict[str, str] = Field(default_factory=dict)
    columns: dict[str, str] = Field(default_factory=dict)
    time_zone: TimeZone | None = None
    date_format: DateFormat | dict[str, DateFormat] | None = None
    decimal: Literal[".", ","] | None = None
    missing: list[str] = Field(default_factory=list)
    sheet: str | int | None = None
    encoding: str | None = None
    delimiter: str | None = None
    skip_rows_before_header: int = Field(default=0, ge=0)
    skip_rows_after_header: int = Field(default=0, ge=0)

    @model_validator(mode="after")
    def _says_one_place(self) -> Source:
        if sum(place is not None for place in (self.file, self.table, self.query)) != 1:
            raise ValueError("Say where the rows are: exactly one of file:, table: or query:.")
        if self.file and (self.database or self.files):
            raise ValueError("file: stands alone; database: and files: belong to table: or query:.")
        return self

    def format_of(self, column: str) -> str | None:
        """Return the date format declared for one of our columns, if any."""
        if isinstance(self.date_format, dict):
            return self.date_format.get(column)
        return self.date_format


class Question(Settings):
    """One survey question: where its score stands and what counts as satisfied."""

    name: str = Field(pattern=_SNAKE_CASE)
    column: str = ""
    kind: QuestionKind
    scale: tuple[float, float] = Field(default=(0, 0))
    satisfied_from: float | None = None
    easy_is: Literal["high", "low"] | None = None
    label: str | dict[Language, str] = ""
    scale_since: date | None = None

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


def _default_label(name: str) -> str:
    return name.replace("_", " ").capitalize() if len(name) > _LONGEST_ACRONYM else name.upper()


class Privacy(Settings):
    """What may be shown of small groups."""

    smallest_group: int = Field(default=10, ge=1)


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
