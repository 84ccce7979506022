"""Publishing once more: what stands is replaced only where comparing both tells of nobody."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path

import pandas as pd

from profitchain.core.periods import Period
from profitchain.disclosure import ledger
from profitchain.disclosure.gate import DisclosureGate
from profitchain.disclosure.ledger import OF
from profitchain.disclosure.published_sums import STAYING, sums_in
from profitchain.disclosure.published_windows import LINK, followed_sums
from profitchain.sources.company import Company

BUCKETS, DIGITS = 256, 6
RESTATED = "restated"  # of an entry: what its edition told of earlier periods as they are now

Print = Mapping[str, int]


def why_it_stands(company: Company, gate: DisclosureGate, folder: Path) -> str:
    """Return why a period can't be published (again), "" where it can.

    What was published is replaced only where each figure that changed did so by as many customers
    as may be shown, or more: half the distance between then and now of its customers, counted by
    what they said and bought, is the fewest that it can be. And a period inside a published one
    would tell what has changed since, unless all is made of the same files.
    """
    entries, period = ledger.entries_of(company), gate.period
    own = [entry for entry in entries if entry["period"] == str(period)]
    if own:
        then, now = own[-1]["prints"], _prints(gate, folder)
        pairs = [(then.get(figure, {}), now.get(figure, {})) for figure in {*then, *now}]
        is_few = any(0 < _customers_changed(*pair) < gate.smallest for pair in pairs)
        return f"in some figure fewer than {gate.smallest} customers have changed" if is_few else ""
    for other in (Period(e["period"]) for e in entries if e["made_of"] != _made_of(folder)):
        if other.first_day <= period.first_day and period.last_day <= other.last_day:
            return f"it lies inside {other}, which was published from other files"
    return ""


def write_down(company: Company, gate: DisclosureGate, folder: Path, *, anew: bool = False) -> None:
    """Add to the ledger what an edition has published, unless it says so already.

    Parameters
    ----------
    folder : the edition's, with its summaries.
    anew : what was published of this period before no longer counts: nobody has seen it.
    """
    at = {"at": datetime.now(UTC).isoformat(timespec="seconds")}
    entries, period = ledger.entries_of(company), str(gate.period)
    own = [entry for entry in entries if entry["period"] == period]
    entry = {**gate.as_json(), "prints": _prints(gate, folder)}
    if restated := _restated(entries, gate, folder):
        entry[RESTATED] = restated
    if own and not anew and all(own[-1].get(name) == entry[name] for name in entry):
        return
    others = [other for other in entries if not anew or other["period"] != period]
    sums = {name: _new_sums(name, gate, folder, others) for name in STAYING}
    sums |= _new_followed_sums(company, gate, folder, others)
    groups = _group_sums(gate, folder).to_dict("list")
    entry |= {"made_of": _made_of(folder), "groups": groups, "sums": sums}
    withdrawn = [{"withdrawn": period, **at}] if anew and own else []
    ledger.add(company, [*withdrawn, {**entry, **at}])


def tellable(company: Company, gate: DisclosureGate, folder: Path) -> dict[str, frozenset[str]]:
    """Return which figures of earlier periods may be told as they are today, by period.

    Those in which as many customers have changed as may be shown, or more, since they were
    published; and as many, or none, since an edition last told of them. Figures are questions, by
    their ids, and `activity`.
    """
    restated = _restated(ledger.entries_of(company), gate, folder)
    return {period: frozenset(figures) for period, figures in restated.items()}


def _restated(
    entries: Sequence[ledger.Entry], gate: DisclosureGate, folder: Path
) -> dict[str, dict[str, Print]]:
    """Return the prints that may be told of, by period and figure; none where no sum has changed.

    What an edition has told of stands in its entry, for the next one to keep apart from.
    """
    if not gate.changes:
        return {}
    published = {entry["period"]: entry["prints"] for entry in entries}
    restated: dict[str, dict[str, Print]] = {}
    for period in {str(each) for each in gate.period.reach()} - {str(gate.period)}:
        then = published.get(period)
        if then is None:
            continue
        for figure, now in _prints_of(period, folder):
            earlier = [entry.get(RESTATED, {}).get(period, {}).get(figure) for entry in entries]
            since = [_customers_changed(told, now) for told in earlier if told is not None]
            changed = _customers_changed(then[figure], now) if figure in then else 0
            if changed >= gate.smallest and all(n == 0 or n >= gate.smallest for n in since):
                restated.setdefault(period, {})[figure] = now
    return {period: restated[period] for period in sorted(restated)}


def _prints_of(period: str, folder: Path) -> Iterator[tuple[str, Print]]:
    """Yield the prints of an earlier period's figures as today's summaries have them."""
    for name in ("score_cells", "activity"):
        rows = _summary(name, folder)
        if rows.empty:
            continue
        rows = rows[rows["period"] == period]
        if name == "activity":
            yield name, _print(rows)
        else:
            for question, of_one in rows.groupby("question"):
                yield str(question), _print(of_one[["cluster", "score", "n"]])


def _new_sums(
    name: str, gate: DisclosureGate, folder: Path, entries: list[ledger.Entry]
) -> dict[str, list[object]]:
    """Return the sums of those periods that nothing was published of, and of the edition's own."""
    frame = _summary(name, folder)
    if frame.empty:
        return {}
    return _unknown(name, sums_in(name, gate.completed(name, frame), gate.period), gate, entries)


def _new_followed_sums(
    company: Company, gate: DisclosureGate, folder: Path, entries: list[ledger.Entry]
) -> dict[str, dict[str, list[object]]]:
    """Return by name what windows consist of, of the periods that nothing was published of."""
    cells = gate.completed(LINK, _summary(LINK, folder))
    named = followed_sums(company, gate.period, cells)
    return {name: _unknown(name, sums, gate, entries) for name, sums in named}


def _unknown(
    name: str, sums: pd.DataFrame, gate: DisclosureGate, entries: list[ledger.Entry]
) -> dict[str, list[object]]:
    known = ledger.sums_of(entries, name).keys() - {str(gate.period)}
    new: dict[str, list[object]] = sums[~sums[OF].isin(list(known))].to_dict("list")
    return new


def _group_sums(gate: DisclosureGate, folder: Path) -> pd.DataFrame:
    """Return the period's answers by question, score and the groups that are shown."""
    frame = _summary("score_cells", folder)
    if frame.empty or not gate.own.total or not gate.own.together:
        return pd.DataFrame()
    frame = gate.applied("score_cells", gate.completed("score_cells", frame))
    frame = frame[frame["period"] == str(gate.period)]
    keys = ["question", "score", *(name for name in gate.own.together if name in frame)]
    return frame.groupby(keys, as_index=False)["n"].sum()


def _prints(gate: DisclosureGate, folder: Path) -> dict[str, Print]:
    """Return, of each figure of a period, how many customers fall into each of `BUCKETS`.

    A customer's bucket is a hash of what is summed up of this customer, without any name.
    """
    return {
        figure: _print(rows)
        for name in ("score_cells", "activity", "customers")
        for figure, rows in _figures(name, _summary(name, folder), gate)
    }


def _summary(name: str, folder: Path) -> pd.DataFrame:
    path = folder / f"{name}.parquet"
    return pd.read_parquet(path) if path.exists() else pd.DataFrame()


def _figures(
    name: str, frame: pd.DataFrame, gate: DisclosureGate
) -> Iterator[tuple[str, pd.DataFrame]]:
    """Yield the figures of a summary that customers share: all, each question, each group."""
    if frame.empty:
        return
    frame = gate.applied(name, frame)
    if name == "customers":
        yield name, frame[frame["back"] == 0].drop(columns="row")
        return
    frame = frame[frame["period"] == str(gate.period)]
    if name == "activity":
        yield name, frame
        return
    for question, rows in frame.groupby("question"):
        yield str(question), rows[["cluster", "score", "n"]]
        for segment in gate.own.together:
            for group, inside in rows.groupby(segment):
                yield f"{question} {segment} {group}", inside[["cluster", "score", "n"]]


def _print(rows: pd.DataFrame) -> Print:
    values = rows.drop(columns="cluster").round(DIGITS)  # sums of floats come in any order
    hashes = pd.util.hash_pandas_object(values, index=False) % 2**32
    buckets = hashes.groupby(rows["cluster"]).sum() % BUCKETS
    return {str(bucket): int(n) for bucket, n in buckets.value_counts().sort_index().items()}


def _customers_changed(then: Print, now: Print) -> int:
    """Return how many customers have changed, at the least."""
    moves = [now.get(bucket, 0) - then.get(bucket, 0) for bucket in {*then, *now}]
    return max(sum(move for move in moves if move > 0), -sum(move for move in moves if move < 0))


def _made_of(folder: Path) -> str:
    facts = json.loads((folder / "facts.json").read_text(encoding="utf-8"))
    return hashlib.sha256(json.dumps(facts["inputs"]).encode()).hexdigest()
