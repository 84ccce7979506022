"""The suite by plain papermill and nbconvert, one notebook after the other, nothing shared."""

from __future__ import annotations

import gzip
import os
from pathlib import Path

from clock import Clock, main

SUMMARY = "00_summary"


def plain(company: str, notebooks: str, to: str) -> dict:
    """Run every notebook with papermill and turn it into nbconvert's own page."""
    import papermill
    from nbconvert import HTMLExporter

    folder = Path(to) / "plain"
    folder.mkdir(exist_ok=True)
    os.environ["PYTHONPATH"] = os.pathsep.join(filter(None, [os.environ.get("PYTHONPATH", "")]))
    clock, failed, spent = Clock(), [], 0.0
    for path in in_order(Path(notebooks)):
        run = folder / path.name
        try:
            ran = papermill.execute_notebook(str(path), str(run), {"company": company},
                                             progress_bar=False, cwd=notebooks)  # fmt: skip
            spent += seconds_of(ran)
        except papermill.exceptions.PapermillExecutionError:
            failed.append(path.stem)
        body, _resources = HTMLExporter().from_filename(str(run))
        run.with_suffix(".html").write_text(body, encoding="utf-8")
    clock.stop()
    summary = f"{weight(folder)}; cells {spent:.1f} s, imports included"
    summary += f"; stopped: {', '.join(failed)}" if failed else ""
    return {**clock.told, "megabytes": None, "result": summary}


def in_order(notebooks: Path) -> list[Path]:
    """Return a folder's notebooks, the summary last."""
    return sorted(notebooks.glob("[0-9]*.ipynb"), key=lambda one: (one.stem == SUMMARY, one.name))


def seconds_of(executed: dict) -> float:
    """Return how long the cells of an executed notebook took, as papermill says."""
    cells = (cell for cell in executed["cells"] if cell["cell_type"] == "code")
    return sum(cell["metadata"].get("papermill", {}).get("duration") or 0.0 for cell in cells)


def weight(folder: Path) -> str:
    """Return how many pages a folder has and what they weigh."""
    files = [*folder.glob("[0-9]*.html"), *folder.glob("index.html")]  # ours calls the summary so
    pages = [path.read_bytes() for path in files]
    whole, packed = sum(map(len, pages)), sum(len(gzip.compress(page)) for page in pages)
    return f"{len(pages)} pages, {whole / 1000:,.0f} kB ({packed / 1000:,.0f} kB gzipped)"


if __name__ == "__main__":
    main({"plain": plain})
