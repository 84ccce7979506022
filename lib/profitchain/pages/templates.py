"""What all pages share: one stylesheet, and the templates of those that no notebook makes."""

from __future__ import annotations

import re
from functools import cache
from pathlib import Path

from profitchain.core import i18n
from profitchain.words import prose

TEMPLATES = Path(__file__).parent / "templates"


@cache
def stylesheet() -> str:
    """Return the one stylesheet of all pages, without comments and line ends."""
    text = (TEMPLATES / "style.css").read_text(encoding="utf-8")
    text = re.sub(r"/\*.*?\*/", "", text, flags=re.S)
    text = re.sub(r"\s*([{};,])\s*|\s*\n\s*", r"\1", text)
    return re.sub(r"(?<=[\w-]): (?=[^{}]*[;}])|;(?=})", lambda cut: cut[0].rstrip("; "), text)


def filled(template: str, **parts: object) -> str:
    """Return a template's page in the spoken language; what it is given is escaped."""
    from jinja2 import Environment, FileSystemLoader

    environment = Environment(loader=FileSystemLoader(TEMPLATES), autoescape=True)
    around = {"css": stylesheet(), "say": prose.TEXT, "language": i18n.spoken()}
    return environment.get_template(template).render(around | parts) + "\n"
