"""Lists of customers that stay within the firm: written only on demand, never published."""

from __future__ import annotations

import os
from pathlib import Path

import ibis
import pandas as pd

from profitchain.core.errors import ParameterError
from profitchain.core.estimates import NotEstimable
from profitchain.intake.fingerprints import CUSTOMER_IDS
from profitchain.intake.quarantine import spreadsheet_safe
from profitchain.lifetime import churn_model, contact_value
from profitchain.pages import verbatims
from profitchain.panel.edition import Edition
from profitchain.panel.texts import SOURCES
from profitchain.press import unhappy_list
from profitchain.sources.lot_files import LEFT_ALONE, LISTS, OF_LISTS, drawn_lists
from profitchain.sources.schemas import SCHEMAS
from profitchain.voice import masking, shares
from profitchain.voice import verbatims as proposals
from profitchain.words import reasons

FOLDER = "lists"
FILE = "at_risk.csv"
PLACES = {"risk": 4, "value": 2, "at_stake": 2}  # decimals that a caller can use
OWNER_ONLY = 0o600
ID_COLUMNS = ("customer_id", "order_id", "response_id", "contact_id", "mention_id")


def customer_ids(edition: Edition) -> pd.DataFrame:
    """Return row, customer_id: whom the rows of the table `customers` mean.

    For lists that stay within the firm. No page may read it, and `Edition.table` doesn't give it.
    """
    return pd.read_parquet(edition.folder / f"{CUSTOMER_IDS}.parquet")


def place_of(edition: Edition, published: Path) -> Path:
    """Return where an edition's list goes: `lists/<period>` in the company's own folder.

    Raises ParameterError where that lies within the folder of published editions.
    """
    folder = (edition.company.folder / FOLDER / str(edition.period)).resolve()
    if folder.is_relative_to(published.resolve()):
        raise ParameterError(
            f"The list of customers would lie in {published.name}, beside pages that are published."
            " Publish to a folder outside the company's: --out DIR."
        )
    return folder / FILE


def write_lists(edition: Edition, path: Path) -> str:
    """Write who may leave, the unhappy, and texts to release; return where, line by line."""
    written = (write_at_risk(edition, path), write_unhappy(edition, path))
    return "\n".join([*written, propose_verbatims(edition, path)])


def write_unhappy(edition: Edition, path: Path) -> str:
    """Write unhappy customers of value without a contact, and return a sentence that says where.

    Where company.yml says `leave_alone`, `left_alone` names those to leave alone by lot, and a
    file beside the periods' folders remembers them.

    Parameters
    ----------
    path : the file beside which they go.
    """
    found = unhappy_list.unhappy(edition)
    if isinstance(found, NotEstimable):
        return f"No list of unhappy customers was written: {reasons.text(found)}"
    named = found.merge(customer_ids(edition), on="row", validate="one_to_one").drop(columns="row")
    named = named[["customer_id", *(name for name in named if name != "customer_id")]].round(PLACES)
    share, period = edition.company.leave_alone, str(edition.period)
    apart = ""
    if share > 0:
        known = drawn_lists(edition.company.folder)
        named = unhappy_list.with_lot(named, known, share=share, period=period)
        now = named[["customer_id", "left_alone"]].assign(period=period)
        both = pd.concat([known, now]).drop_duplicates(["period", "customer_id"])
        _write(both[list(OF_LISTS)], edition.company.folder / LISTS / LEFT_ALONE)
        apart = f", {(named['left_alone'] == 'yes').sum():,} of them to be left alone by lot"
    place = path.with_name(unhappy_list.FILE)
    _write(named, place)
    return f"{len(named):,} unhappy customers of value without a contact{apart}: {place}"


def write_at_risk(edition: Edition, path: Path) -> str:
    """Write who is likely to leave, one row a customer, and return a sentence that says where.

    Parameters
    ----------
    path : the file, made readable by its owner alone and replaced whole.
    """
    if edition.facts.get("no_money") or not edition.has("customers"):
        return "No list of customers was written: it needs orders with customers and amounts."
    customers = edition.table("customers")
    seen = churn_model.forecast_churn(customers, per_year=edition.period.per_year)
    plan = contact_value.contact_value(customers, seen)
    if isinstance(plan, NotEstimable):
        return f"No list of customers was written: {reasons.text(plan)}"
    at_risk = contact_value.at_risk_list(plan, edition.company.main)
    named = customer_ids(edition).merge(at_risk, on="row", validate="one_to_one")
    named = named.sort_values("rank").drop(columns="row").round(PLACES)
    _write(named, path)
    few = ""
    if edition.stands_for > 1:
        few = f", only of those drawn by chance (one in {edition.stands_for:.3g} of all)"
    return f"{len(named):,} customers by what is at stake with each{few}: {path}"


def propose_verbatims(edition: Edition, path: Path) -> str:
    """Write texts that a person may release, one row a text, and return a sentence that says so.

    What lies there stays as it is: somebody may have begun to release.

    Parameters
    ----------
    path : the file beside which they go.
    """
    place = path.with_name(verbatims.FILE)
    if edition.company.privacy.verbatims == "none":
        return "No texts were proposed: company.yml says privacy: {verbatims: none}."
    if place.exists():
        return f"Texts proposed earlier stay as they are: {place}"
    texts = shares.texts_of(edition)
    proposed = proposals.propose(texts, smallest=edition.smallest)
    if proposed.empty:
        return "No texts were proposed: none is long enough, of no small group and nobody's twice."
    known = _known_words(edition, proposed)
    covered = [masking.masked(text, known=known) for text in proposed["text"]]
    _write(proposed.assign(released="", text=covered)[list(verbatims.COLUMNS)], place)
    return f"{len(proposed)} texts to read; write yes under `released` where one may show: {place}"


def _known_words(edition: Edition, proposed: pd.DataFrame) -> set[str]:
    """Return ids of those who wrote and of their orders, and what else `customers` says of them.

    Names among it, as wholes and word by word: the firm's own columns, segments left out.
    """
    words: set[str] = set()
    customers: set[str] = set()
    for table, several in proposed.groupby("source"):
        rows = edition.rows(str(table), where={SOURCES[str(table)][0]: several["key"].tolist()})
        for name in [name for name in ID_COLUMNS if name in rows]:
            words |= set(rows[name].dropna().astype(str))
        if "customer_id" in rows:
            customers |= set(rows["customer_id"].dropna())
    if customers and "customers" in edition.company.tables:
        rows = edition.rows("customers", where={"customer_id": sorted(customers)})
        known = {column.name for column in SCHEMAS["customers"].columns}
        own = [name for name in rows if name not in {*known, *edition.company.segments}]
        values = {str(value) for name in own for value in rows[name].dropna()}
        words |= values | {part for value in values for part in value.split()}
    return words


def _write(rows: pd.DataFrame, path: Path) -> None:
    """Write rows for their owner alone, and put them in place whole."""
    path.parent.mkdir(parents=True, exist_ok=True)
    draft = path.with_name(f".{path.name}")
    draft.unlink(missing_ok=True)
    os.close(os.open(draft, os.O_CREAT | os.O_EXCL | os.O_WRONLY, OWNER_ONLY))
    _safe(rows).to_csv(draft, index=False, encoding="utf-8")
    draft.replace(path)


def _safe(rows: pd.DataFrame) -> pd.DataFrame:
    """Return rows whose texts no spreadsheet takes for formulas."""
    con = ibis.duckdb.connect()
    held = con.create_table("rows", rows.assign(order=range(len(rows))))
    texts = [name for name, kind in held.schema().items() if kind.is_string()]
    safe = held.mutate(**{name: spreadsheet_safe(held[name]) for name in texts})
    frame = safe.order_by("order").drop("order").to_pandas()
    con.disconnect()
    return frame
