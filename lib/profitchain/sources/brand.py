"""How a firm's pages look like its own: logo, accent, whom to ask, when the next edition comes."""

from __future__ import annotations

import base64
from datetime import date
from pathlib import Path
from typing import Annotated

from pydantic import AfterValidator

from profitchain.core.errors import CompanyError
from profitchain.sources.settings import Settings

KINDS = {".svg": "svg+xml", ".png": "png", ".jpg": "jpeg", ".jpeg": "jpeg", ".webp": "webp"}
MOST_BYTES = 40_000
CONTRAST = 4.5  # of text against white: WCAG 2.2, 1.4.3


def _legible(colour: str) -> str:
    """Return a colour as #rrggbb that can be read as text on white."""
    digits = colour.removeprefix("#").lower()
    if len(digits) != 6 or not set(digits) <= set("0123456789abcdef"):
        raise ValueError(f"'{colour}' is no colour. Write it as in accent: \"#005a9c\".")
    if (contrast := 1.05 / (_luminance(digits) + 0.05)) < CONTRAST:
        raise ValueError(
            f"'{colour}' is too pale to read on white (contrast {contrast:.1f}, needed "
            f"{CONTRAST}). Choose a darker tone of it."
        )
    return f"#{digits}"


def _luminance(digits: str) -> float:
    parts = (int(digits[at : at + 2], 16) / 255 for at in (0, 2, 4))
    red, green, blue = (
        part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts
    )
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


class Brand(Settings):
    """What makes pages a firm's own; all of it may be left out."""

    logo: str = ""
    accent: Annotated[str, AfterValidator(_legible)] | None = None
    contact: str = ""
    next_edition: date | None = None

    def logo_data(self, folder: Path) -> str:
        """Return the logo as a data URI; "" without one.

        Raises CompanyError where the file lies outside the firm's folder, is no picture or too
        large.
        """
        if not self.logo:
            return ""
        path = (folder / self.logo).resolve()
        kind = KINDS.get(path.suffix.lower())
        inside = path.is_relative_to(folder.resolve())
        if not inside or kind is None or not path.is_file() or path.stat().st_size > MOST_BYTES:
            raise CompanyError(
                f"brand: logo: '{self.logo}' can't be used. It must be a picture "
                f"({', '.join(KINDS)}) of at most {MOST_BYTES // 1000} kB in the folder of "
                "company.yml."
            )
        return f"data:image/{kind};base64,{base64.b64encode(path.read_bytes()).decode('ascii')}"
