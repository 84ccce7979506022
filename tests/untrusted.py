"""Text that firms, customers and analysts might write to break a page, a file or a reader's eye."""

from __future__ import annotations

import base64
import json
from pathlib import Path

import nbformat
import numpy as np
import pandas as pd

ELSEWHERE = "elsewhere.example"
SCRIPTS = (
    "<script>alert(1)</script>",
    '"><img src=x onerror=alert(1)>',
    "' autofocus onfocus=alert(1) x='",
    f"<img src='//{ELSEWHERE}/a.png'>",
    f"</style><style>@import 'https://{ELSEWHERE}/a.css';",
    f"</title></textarea></script><svg onload=alert(1)><use href='https://{ELSEWHERE}/#a'/>",
    "<a href='javascript:alert(1)'>x</a>",
    "<![CDATA[<b onclick=alert(1)>]]>",
    "<!--download:x--><!--drawn-->",
    "&lt;script&gt;alert(1)&lt;/script&gt;&#0;&amp",
)
MARKDOWN = (
    f"[read](javascript:alert(1)) ![seen](https://{ELSEWHERE}/b.png)",
    f"**bold `code` <https://{ELSEWHERE}>**",
    "# head\n\n* list\n\n```\nfence",
)
FORMULAS = (
    "=1+1", "+1+1", "-1+1", "@SUM(A1)", "\t=1+1", "\r=1+1", "＝1+1", "'=1+1",
    f'=HYPERLINK("http://{ELSEWHERE}";"x")', "=cmd|'/c calc'!A0", "DDE(\"a\";\"b\")",
)  # fmt: skip
SIGHT = (
    "bell\x07 escape\x1b[31m",
    "nul\\0 del\x7f next\x85 line\u2028end",
    "right\u202eotfel\u202c isolate\u2067x",
    "zero\u200bwidth\u2060joined\ufeff",
    "שלום עולם", "مرحبا",
    "e\u0301 decomposed", "é composed",
    "a\u0300\u0301\u0302\u0303 stacked", "🧶👩‍👩‍👧 毛線", "noncharacter\ufffe",
)  # fmt: skip
BRACES = ("{}", "{0.__class__}", "{label} {n}", "{{x}} {% raw %}", "%s %(n)d", "${HOME} $x \\1")
ALIKE = ("Nord", "N\u043erd", "No\u200brd")
NAMES = (
    *ALIKE,
    "history",
    "a[]:*?/\\",
    "'quoted'",
    "z" * 60,
    "nan",
    "NULL",
    "../../etc/passwd",
    "all",
)
TEXTS = (*SCRIPTS, *MARKDOWN, *FORMULAS, *SIGHT, *BRACES, *NAMES)

MIME = {
    "image/svg+xml": f"<svg xmlns='http://www.w3.org/2000/svg' onload='alert(1)'><script>alert(1)"
    f"</script><image href='https://{ELSEWHERE}/c.png'/></svg>",
    "image/png": '" onerror="alert(1)',
    "image/jpeg": base64.b64encode(b"<script>alert(1)</script>").decode(),
    "application/vnd.elsewhere+json": {"html": "<script>alert(1)</script>"},
    "application/vnd.profitchain.elsewhere+json": {"x": 1},
    "application/javascript": "alert(1)",
    "text/html": "".join(SCRIPTS),
    "text/markdown": "\n".join((*SCRIPTS, *MARKDOWN)),
    "text/latex": "$\\href{javascript:alert(1)}{x}$",
    "text/plain": "".join(SCRIPTS),
}


def write_firm(folder: Path, texts: tuple[str, ...] = TEXTS, *, each: int = 12) -> Path:
    """Write a firm that carries each text in every column of text, and in company.yml's words."""
    many = len(texts) * each
    draw, who = np.random.default_rng(16), [f"C{number}" for number in range(many)]
    named = np.resize(texts, many)
    start = pd.Timestamp("2025-04-02")
    orders = pd.DataFrame({"customer_id": np.tile(who, 3)})
    orders.insert(0, "order_id", [f"O{number}" for number in range(len(orders))])
    at = start + pd.to_timedelta(
        np.r_[draw.uniform(0, 260, many), draw.uniform(0, 363, 2 * many)], unit="D"
    )
    orders = orders.assign(
        ordered_at=at.floor("s"), revenue=draw.uniform(5, 80, len(orders)).round(2)
    )
    orders.loc[0, "ordered_at"] = pd.Timestamp("2026-03-31 12:00")
    words = {name: np.resize(texts, len(orders)) for name in ("channel", "category")}
    orders = orders.assign(**words)
    answers = orders.head(many)[["order_id", "customer_id"]]
    answers = answers.assign(
        responded_at=pd.Timestamp("2026-01-02") + pd.to_timedelta(np.arange(many) % 80, unit="D"),
        nps=draw.choice(11, many), comment=named, touchpoint=np.resize(texts, many),
    )  # fmt: skip
    answers.insert(0, "response_id", [f"R{number}" for number in range(many)])
    customers = pd.DataFrame({"customer_id": who, "joined_on": "2025-04-01"})
    customers = customers.assign(acquisition_channel=named, **{SEGMENT: named})
    contacts = answers[["customer_id"]].assign(
        contact_id=range(many), opened_at=answers["responded_at"], topic=named, cost=1.5
    )
    lines = orders[["order_id"]].assign(
        product_id=np.resize(texts, len(orders)), revenue=orders["revenue"],
        category=np.resize(texts, len(orders)),
    )  # fmt: skip
    events = pd.DataFrame({"event": texts, "happened_on": "2026-02-01"})
    tables = {
        "orders": orders, "responses": answers, "customers": customers, "contacts": contacts,
        "order_lines": lines, "events": events,
    }  # fmt: skip
    folder.mkdir(parents=True)
    for name, table in tables.items():
        table.to_csv(folder / f"{name}{FILE}", index=False)
    label = " ".join(SCRIPTS[:2]) + BRACES[1]
    told = {
        "name": f"{SCRIPTS[1]} {BRACES[0]} {FORMULAS[0]}", "currency": "EUR",
        "questions": {"nps": {"kind": "nps", "label": label}},
        "segments": [SEGMENT, "channel"],
        "tables": {name: {"file": f"{name}{FILE}"} for name in tables},
        "limits": {"set_aside": 1},
    }  # fmt: skip
    (folder / "company.yml").write_text(json.dumps(told), encoding="utf-8")
    (folder / "commentary").mkdir()
    remarks = "\n\n".join((*SCRIPTS, *MARKDOWN, *BRACES))
    sections = (
        f"## {SCRIPTS[0]}",
        remarks,
        "## 03_satisfaction",
        f"*{SCRIPTS[1]}, 2026-04-02*",
        remarks,
    )
    said = "\n\n".join(sections)
    (folder / "commentary" / "2026Q1.md").write_text(said, encoding="utf-8")
    (folder / "commentary" / f"{SEGMENT}.md").write_text("x", encoding="utf-8")
    return folder


SEGMENT = "<b onclick=alert(1)>{place}"
FILE = "<svg onload=alert(1)>{}.csv"


def write_notebook(path: Path) -> Path:
    """Write an analyst's notebook that shows each kind of output, with what is no such thing."""
    allowed = {"tags": ["personal-data-allowed"]}
    opened = "import profitchain as pc\n\nedition = pc.open_edition(company, period)"
    shown = f"""
import json

class Shown:
    def __init__(self, data): self.data = data
    def _repr_mimebundle_(self, *_): return self.data

Shown(json.loads({json.dumps(MIME)!r}))"""
    cells = [
        nbformat.v4.new_markdown_cell(f"# {SCRIPTS[0]} {BRACES[1]} {FORMULAS[0]}?"),
        nbformat.v4.new_code_cell(
            'company: str = "data/example"  # x\nperiod: str = ""  # y',
            metadata={"tags": ["parameters"]},
        ),
        nbformat.v4.new_markdown_cell("\n\n".join((*SCRIPTS, *MARKDOWN))),
        nbformat.v4.new_code_cell(opened),
        nbformat.v4.new_code_cell(shown, metadata=allowed),
        *(
            nbformat.v4.new_code_cell(
                f"Shown({{{kind!r}: {data!r}, 'text/plain': '<x> y'}})", metadata=allowed
            )
            for kind, data in MIME.items()
            if kind != "text/plain"
        ),
    ]
    about = {"kernelspec": {"name": "python3", "display_name": "Python 3", "language": "python"}}
    nbformat.write(nbformat.v4.new_notebook(cells=cells, metadata=about), path)
    return path
