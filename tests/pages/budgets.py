"""How long an edition's pages are: `.venv/bin/python tests/pages/budgets.py FOLDER` prints it.

Words are those that a reader sees before opening anything: not of drawings, folded parts, menus.
"""

from __future__ import annotations

import re
import sys
from pathlib import Path

from profitchain.core.i18n import length

MOST_WORDS, MOST_EXHIBITS, MOST_WORDS_OF_ALL = 900, 7, 7000
MOST_BYTES, MOST_BYTES_OF_INDEX = 150_000, 60_000
_FOLDED = re.compile(r"<details\b[^>]*>(?:(?!<details\b).)*?</details>", flags=re.S)
_SUMMARY = re.compile(r"<summary\b[^>]*>.*?</summary>", flags=re.S)


def unfolded(page: str) -> str:
    """Return a page's main part without what is folded away; what opens it stays."""
    text = page.partition("<main")[2].partition(">")[2].partition("</main>")[0]
    while _FOLDED.search(text):
        text = _FOLDED.sub(lambda match: " ".join(_SUMMARY.findall(match[0])[:1]), text)
    return re.sub(r'<nav class="contents".*?</nav>', " ", text, flags=re.S)


def words(page: str) -> int:
    """Return how many words a reader meets on a page."""
    text = re.sub(r"<(svg|style)\b.*?</\1>", " ", unfolded(page), flags=re.S)
    return length(re.sub(r"<[^>]+>", " ", text))


def exhibits(page: str) -> int:
    """Return how many exhibits a reader meets on a page."""
    return unfolded(page).count('<figure class="exhibit"')


def sizes(folder: Path) -> dict[str, tuple[int, int, int]]:
    """Return words, exhibits and bytes of each page of an edition, by its name."""
    texts = {path.stem: path.read_text(encoding="utf-8") for path in sorted(folder.glob("*.html"))}
    return {name: (words(text), exhibits(text), len(text.encode())) for name, text in texts.items()}


if __name__ == "__main__":
    table = sizes(Path(sys.argv[1]))
    for name, (count, shown, size) in table.items():
        print(f"{name:<24}{count:>7,} words {shown:>3} exhibits {size / 1000:>7.0f} kB")
    print(f"{'all':<24}{sum(count for count, _, _ in table.values()):>7,} words")
