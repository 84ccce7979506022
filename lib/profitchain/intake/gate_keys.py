"""Whether ids and names mean the same everywhere, and whether each id means one customer."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator
from functools import reduce

import ibis
import ibis.expr.types as ir
import pandas as pd

from profitchain.intake.doubts import ENOUGH, FEW, Doubt, Finding, Stop, Values
from profitchain.intake.gate import Gate, rows_of, times
from profitchain.intake.table_checks import OUTCOME, USED
from profitchain.sources.id_forms import FORMS, POWER, in_form, looks
from profitchain.sources.settings import MatchIds
from profitchain.sources.temp_tables import materialise
from profitchain.sources.typed_tables import typed_name

# Customers' tables:
MET_BY = ("customers", "responses", "invitations", "contacts", "memberships", "offers")
LOTS = 4096  # of customers, by their numbers: who has a share of the rows has it of one lot's
MOST_OF_ONE = 0.05  # share of a table's rows above which one customer is looked at
ABOVE_SECOND = 5  # times as many rows as the second has
STRAY = 0.01  # share of customers without an order from which on spellings are compared
UNMET = 0.5  # the same of the table of customers, which holds some who never bought
EXACT_DIGITS = 15  # of a number in a spreadsheet
ZEROS_BY_CHANCE = 0.3  # share of longer ids that may end in zeros: a tenth by chance
LONGEST_NAME = 500  # letters of a group's name
MOST_NAMES = 20_000  # the most frequent, of all columns of text
_CUSTOMER = typed_name("customer_id")


def id_findings(gate: Gate) -> Iterator[Finding]:
    """Yield what is doubtful about ids."""
    tables = [t for t in ("orders", "responses") if gate.has(t, "customer_id")]
    for table in tables:
        yield from _rounded(gate, table)
        yield from _nobodies(gate, table)
        yield from _one_for_many(gate, table)
    if "orders" in tables:
        yield from _spelt_twice(gate, "customer_id")
        yield from _spelt_twice(gate, "order_id")
        for table in (name for name in MET_BY if gate.has(name, "customer_id")):
            yield from _meet(gate, table)
        if gate.has("responses", "customer_id", "order_id"):
            yield from _orders_of_answers(gate)
    yield from _look_alike(gate)


def _customers(gate: Gate, table: str) -> ir.Table:
    """Return who, used: one row a row of a table that names a customer."""
    rows = gate.rows(table, "used", "cancelled", "later", "broken")
    rows = rows.select(who=gate.who(rows), used=rows[OUTCOME] == USED)
    return rows.filter(rows["who"].notnull())


def _rounded(gate: Gate, table: str) -> Iterator[Finding]:
    """Stop where a spreadsheet rounded ids of customers: it made one of many. Tell of orders' ids.

    They are written as 7.70E+18, or end in zeros after the 15 digits that a spreadsheet keeps.
    """
    judged, plain = gate.judged[table], gate.company.match_ids.numbers == "plain"
    total = sum(outcome.rows for outcome in gate.outcomes[table])
    if not total or judged.table.is_large or judged.table.raw.warehouse or plain:
        return
    names = [name for name in ("customer_id", "order_id") if gate.has(table, name)]
    sums = {f"{name}/{of}": value for name in names
            for of, value in _sums(judged.rows[typed_name(name)]).items()}  # fmt: skip
    counts = judged.rows.aggregate(**sums).to_pandas().iloc[0]
    for name in names:
        long, powers, zeros, ids, example = counts.filter(like=f"{name}/")
        n = int(powers) + (int(zeros) if zeros >= max(2 * FEW, ZEROS_BY_CHANCE * long) else 0)
        if n < FEW or n < STRAY * total:
            continue
        if name == "order_id":
            yield Doubt(table=table, column=name, kind="rounded", values={"n": n, "of": total})
            continue
        yield Stop(
            table=table,
            says=f"{n:,} of its {total:,} rows have a customer_id such as '{example}' "
            f"({int(ids):,} different): a spreadsheet rounded long numbers, as powers of ten or "
            "after 15 digits, and who is who can't be told from them. Export the table anew with "
            "customer_id as text. If none was rounded, add to company.yml: match_ids: "
            "{numbers: plain}.",
        )


def _sums(id: ir.StringValue) -> dict[str, ir.Value]:
    """Return how many ids are long, are powers of ten, end in zeros; different ones, the first."""
    long = (id.length() > EXACT_DIGITS) & id.re_search(r"^[0-9]+$")
    zeros = long & (id.substr(EXACT_DIGITS).replace("0", "") == "")
    powers = id.upper().contains("E+") & id.re_search(POWER)
    rounded = ibis.ifelse(powers | zeros, id, ibis.null("string"))
    return {"long": times(long), "powers": times(powers), "zeros": times(zeros),
            "ids": rounded.nunique(), "example": rounded.min()}  # fmt: skip


def _nobodies(gate: Gate, table: str) -> Iterator[Finding]:
    """Tell how many rows name nobody: guest, 0, #N/A."""
    judged = gate.judged[table]
    rows = gate.rows(table)
    n = int(rows.filter(rows[_CUSTOMER].isnull()).count().execute())
    of = gate.outcomes[table][0].rows
    if not n:
        return
    cells = rows_of(judged, "used", cells=True)
    cells = cells.filter(cells[_CUSTOMER].isnull())
    word = cells[judged.table.source_names["customer_id"]].cast("string").strip()
    words = cells.select(word=word)
    words = words.filter(words["word"].notnull() & (words["word"] != ""))
    counts = words.group_by("word").aggregate(n=words.count()).order_by(ibis.desc("n"), "word")
    frame = counts.limit(50).to_pandas()
    kind = "guests" if table == "orders" else "anonymous"
    name = {"table": table, "column": "customer_id"}
    if len(frame):
        named = ", ".join(f"'{word}'" for word in frame["word"].head(3))
        yield Doubt(**name, kind=f"{kind}_named", values={"n": n, "of": of, "words": named})
    elif n >= FEW and n >= STRAY * of:
        yield Doubt(**name, kind=kind, values={"n": n, "of": of})


def _one_for_many(gate: Gate, table: str) -> Iterator[Finding]:
    """Tell of a customer who has far more rows than any other: it may stand for many."""
    rows = _customers(gate, table)
    if rows["who"].type().is_integer() and not _is_uneven(rows):
        return
    customers = rows.group_by("who").aggregate(n=times(rows["used"]))
    whole = ibis.window()
    customers = customers.mutate(
        total=customers["n"].sum().over(whole), of=customers["n"].count().over(whole)
    )
    top = customers.order_by(ibis.desc("n")).limit(2).to_pandas()
    if len(top) < 2 or top["n"][0] < 20 or top["n"][0] < MOST_OF_ONE * top["total"][0]:
        return
    if top["n"][0] >= ABOVE_SECOND * top["n"][1]:
        n, total, of = (int(top[name][0]) for name in ("n", "total", "of"))
        values: Values = {"n": n, "of": total, "customers": of}
        yield Doubt(table=table, column="customer_id", kind="one_customer", values=values)


def _is_uneven(rows: ir.Table) -> bool:
    """Tell whether a lot of customers has a share of the rows that one alone may not have."""
    lots = rows.group_by(lot=rows["who"] % LOTS).aggregate(n=times(rows["used"]))
    sums = lots.aggregate(most=lots["n"].max(), of=lots["n"].sum()).to_pandas().iloc[0].fillna(0)
    return bool(sums["most"] >= MOST_OF_ONE * sums["of"])


def _meet(gate: Gate, table: str) -> Iterator[Finding]:
    """Tell how many customers of a table never ordered, and which spelling would find them."""
    here, buyers = _customers(gate, table).select("who").distinct(), _customers(gate, "orders")
    strangers = int(here.anti_join(buyers, "who").count().execute())
    if strangers < 3:
        return
    of = int(here.count().execute())
    if strangers <= (UNMET if table == "customers" else STRAY) * of:
        return
    found, setting = _respelt(gate, table, buyers)
    many = of >= ENOUGH and int(buyers["who"].nunique().execute()) >= ENOUGH
    past = strangers > gate.company.limits.strangers * of
    values: Values = {"n": strangers, "of": of, "found": found, "setting": setting}
    if many and past and table == "responses":
        yield Stop(table=table, says=_no_meeting(of, of - strangers, found, setting))
    elif found > max(STRAY * of, 2):
        kind = "near_misses" if table == "responses" else "near_misses_elsewhere"
        yield Doubt(table=table, column="customer_id", kind=kind, values=values)
    elif strangers > of / 2 and of >= FEW and table in ("responses", "contacts"):
        kind = "strangers" if table == "responses" else "strangers_elsewhere"
        yield Doubt(table=table, column="customer_id", kind=kind, values=values)


def _spelt_twice(gate: Gate, column: str) -> Iterator[Finding]:
    """Tell how many ids of orders, or of those who ordered, are another's in a second spelling."""
    judged = gate.judged["orders"]
    if judged.table.is_large or judged.table.raw.warehouse:
        return
    rows = gate.rows("orders")
    ids = rows.select(id=rows[typed_name(column)]).distinct()["id"]
    sums = {f"as_{k}": in_form(ids, form.match).nunique() for k, form in enumerate(FORMS)}
    of, *fewer = ids.as_table().aggregate(of=ids.nunique(), **sums).to_pandas().iloc[0].astype(int)
    least, setting = min(zip(fewer, (form.setting for form in FORMS), strict=True))
    if of - least > max(STRAY * of, 2):
        kind = "spelt_twice" if column == "customer_id" else "orders_spelt_twice"
        values: Values = {"n": int(of - least), "of": int(of), "setting": setting}
        yield Doubt(table="orders", column=column, kind=kind, values=values)


def _no_meeting(of: int, met: int, found: int, setting: str) -> str:
    says = (
        f"{met:,} of {of:,} customers who answered ever ordered: customer_id seems to mean "
        "different things in orders and responses. "
    )
    if found:
        return says + (
            f"{found:,} more would meet an order if ids were spelt alike: add to company.yml: "
            f"match_ids: {{{setting}}}."
        )
    return says + (
        "Say which columns hold the same id: tables: responses: columns: {customer_id: <name>}, "
        "and the same for orders. If hardly anybody who answers should have ordered, add: "
        "limits: {strangers: 1}."
    )


def _respelt(gate: Gate, table: str, buyers: ir.Table) -> tuple[int, str]:
    """Return how many more customers would meet an order by the best spelling, and its setting."""
    rows = gate.rows(table, "used", "cancelled", "later", "broken")
    rows = rows.select(id=rows[_CUSTOMER], who=gate.who(rows)).distinct()
    lost = rows.filter(rows["who"].notnull()).anti_join(buyers, "who").select("id")
    lost = materialise(gate.con, f"without_orders_{table}", lost)
    orders = gate.rows("orders", "used", "cancelled", "later")
    known = orders.select(id=orders[_CUSTOMER]).distinct()
    every = MatchIds(case="ignore", blanks="strip", leading_zeros="strip", numbers="plain")
    forms = [*((form.match, form.setting) for form in FORMS)]
    forms.append((every, ", ".join(setting for _, setting in forms)))
    found = []
    for match, setting in forms:
        keys = known.select(key=in_form(known["id"], match)).distinct()
        alike = lost.mutate(key=in_form(lost["id"], match)).semi_join(keys, "key")
        found.append((int(alike.count().execute()), setting))
    best = reduce(lambda a, b: b if b[0] > a[0] else a, found)
    return best if best[0] else (0, "")


def _orders_of_answers(gate: Gate) -> Iterator[Finding]:
    """Tell of answers about orders of somebody else, or about orders that are not there."""
    answers = gate.rows("responses")
    answers = answers.select(order=answers[typed_name("order_id")], who=gate.who(answers))
    answers = answers.filter(answers["order"].notnull())
    orders = rows_of(gate.judged["orders"], "used", "cancelled", "later")
    orders = orders.select(its=orders[typed_name("order_id")], buyer=gate.who(orders))
    joined = answers.left_join(orders, answers["order"] == orders["its"])
    others = times(joined["who"] != joined["buyer"])
    unknown = times(joined["its"].isnull())
    sums = joined.aggregate(of=joined.count(), others=others, unknown=unknown)
    counts = {k: int(n) for k, n in sums.to_pandas().iloc[0].fillna(0).items()}
    for kind, n in (("others_order", counts["others"]), ("unknown_order", counts["unknown"])):
        if n >= (1 if kind == "others_order" else max(FEW, MOST_OF_ONE * counts["of"])):
            values: Values = {"n": n, "of": counts["of"]}
            yield Doubt(table="responses", column="order_id", kind=kind, values=values)


def _look_alike(gate: Gate) -> Iterator[Finding]:
    """Tell of names of groups that look like another one and are written otherwise."""
    texts = [
        rows.select(
            place=ibis.literal(f"{table}.{column.name}"), word=rows[typed_name(column.name)]
        )
        for table, judged in gate.judged.items()
        for column in judged.table.schema.columns
        if column.kind == "text" and column.name != "comment" and gate.has(table, column.name)
        for rows in [gate.rows(table)]
    ]
    if not texts:
        return
    words = ibis.union(*texts) if len(texts) > 1 else texts[0]
    counts = (
        words.filter(words["word"].notnull()).group_by("place", "word").aggregate(n=ibis._.count())
    )
    ordered = counts.order_by(ibis.desc("n"), "place", "word").limit(MOST_NAMES).to_pandas()
    yield from _endless_names(gate, ordered)
    ordered = ordered.assign(looks=ordered["word"].map(looks))
    for (place, _looks), alike in ordered.groupby(["place", "looks"], sort=False):
        first, n = alike.iloc[0], int(alike["n"].iloc[1:].sum())
        if n and first["n"] >= gate.company.privacy.smallest_group:
            signs = set(first["word"]) ^ set().union(*alike["word"].iloc[1:])
            named = [f"U+{ord(c):04X} {unicodedata.name(c, '')}".strip() for c in sorted(signs)[:3]]
            table, _, column = place.partition(".")
            values: Values = {"n": n, "word": first["word"], "signs": ", ".join(named) or "blanks"}
            yield Doubt(table=table, column=column, kind="look_alike", values=values)


def _endless_names(gate: Gate, names: pd.DataFrame) -> Iterator[Finding]:
    """Stop where a segment holds whole texts: each would be the name of a group on every page."""
    for place, word in zip(names["place"], names["word"].str.len(), strict=True):
        table, _, column = place.partition(".")
        if column in gate.company.segments and word > LONGEST_NAME:
            says = (
                f"its segment '{column}' holds a text of {word:,} letters; the name of a "
                f"group has {LONGEST_NAME:,} at most. Is it a comment? Take it out of segments:, "
                "or name another column."
            )
            yield Stop(table=table, says=says)
            return
