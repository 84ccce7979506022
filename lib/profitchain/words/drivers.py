"""What to mend first, what goes with the score, and how surely: what page 04 may say."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd

from profitchain.core.estimates import Estimate, NotEstimable, to_columns, to_frame
from profitchain.core.formats import interval, number
from profitchain.core.group_names import segment_name
from profitchain.core.i18n import N_, _
from profitchain.drivers.comparisons import Tests
from profitchain.drivers.from_edition import DriverFigures
from profitchain.drivers.halo import CLEAR
from profitchain.drivers.mending import ENOUGH, Mending
from profitchain.drivers.moments import DriverAnswers
from profitchain.drivers.path_model import PathModel
from profitchain.drivers.shares import DriverShares
from profitchain.drivers.skips import SkipCheck
from profitchain.panel.edition import Edition
from profitchain.words.captions import drawn_from, drawn_sentences, source
from profitchain.words.catalogue import words_of
from profitchain.words.presentation import Presentation, Said
from profitchain.words.prose import first_capital, listed
from profitchain.words.reasons import text
from profitchain.words.worth import WORDS, last_day

KINDS = words_of("drivers", "kinds")

PAYS = {True: "pays", False: "pays_not", None: "pays_unclear"}
MOST_ACTIONS = 6
MOST_PAIRS = 3


def answer(figures: DriverFigures, money: str, *, edition: Edition) -> list[Said | str]:
    """Return what to mend first and its worth, or why these answers don't decide."""
    found = figures.mending
    if isinstance(found, NotEstimable):
        return [Said("unknown", {"why": text(found)})]
    if not figures.apart:
        return [Said("together")]
    labels, first, sizes = _labels(found), found.first, found.sizes
    values: dict[str, object] = {
        "day": last_day(edition),
        "drivers": _either([labels[place] for place in first]),
        "below": f"{found.drivers[first[0]].target:g}",
        "what": _(WORDS[money]),
        "chance": f"{found.best[first[0]]:.0%}",
    }
    of_first = sorted((sizes[place] for place in first), key=lambda one: one.value)
    least, most = of_first[0], of_first[-1]
    values |= {"size": number(most), "least": number(least), "ends": interval(most, bare=True)}
    keys = ("alone", "undecided") if found.by_worth else ("alone_score", "undecided_score")
    return [Said(keys[len(first) > 1], values), *_why_no_money(found)]


def worth(figures: DriverFigures, money: str, *, edition: Edition) -> Presentation:
    """Return each driver's worth, or where no money is known its gain in score, the best first."""
    found = figures.mending
    if isinstance(found, NotEstimable):
        rows = to_frame([found] * len(figures.names), label=_names(figures))
        return _shown(figures, edition, rows, "unknown", Measure="", unit="score")
    labels, sizes = _labels(found), found.sizes
    order = sorted(range(len(sizes)), key=lambda place: -sizes[place].value)
    rows = to_frame([sizes[place] for place in order], label=[labels[place] for place in order])
    says = "together" if not figures.apart else "alone" if len(found.first) == 1 else "close"
    measure = _("Points of the mean score, had no answer been low")
    if found.by_worth:
        what = first_capital(_(WORDS[money]))
        measure = _("{What} of the year, had no answer been low", What=what)
    unit = edition.company.currency if found.by_worth else "score"
    values = {"driver": labels[found.first[0]], "Measure": measure, "unit": unit}
    return _shown(figures, edition, rows, says, **values)


def shares(figures: DriverFigures, *, edition: Edition) -> Presentation:
    """Return each driver's share of what all explain together, the largest first."""
    found, names = figures.shares, _names(figures)
    if isinstance(found, NotEstimable):
        rows = to_frame([found] * len(names), label=names)
        return _shown(figures, edition, rows, "unknown", explained="")
    order = np.argsort(-found.explained.values, kind="stable")
    explained, of_all = found.estimates(), found.estimates(of_all=True)
    rows = to_frame([explained[place] for place in order], label=[names[place] for place in order])
    rows = pd.concat([rows, to_columns([of_all[place] for place in order], "of_all")], axis=1)
    says = "leads" if found.first[order[0]] >= ENOUGH else "shared"
    values = {"driver": names[order[0]], "explained": f"{found.r2.value:.0%}"}
    shown = _shown(figures, edition, rows, says, **values)
    equal = {"reference": 1 / len(names), "reference_label": _("equal shares")}
    return shown._replace(options=equal)


def performance(figures: DriverFigures, *, edition: Edition) -> Presentation:
    """Return how drivers stand, and what one point more on each goes with: both intervals."""
    stands, more, labels = figures.performance, figures.one_more, _label_of(figures)
    if more.empty:
        rows = to_frame([_why(figures)], label=[""])
        return _shown(figures, edition, rows, "unknown")
    rows = more[more["outcome"] == "mean"].merge(stands, on="driver", suffixes=("", "_stands"))
    columns = {f"{part}_stands": f"across_{part}" for part in ("value", "low", "high")}
    rows = rows[["driver", "value", "low", "high", "n", "why", *columns]].rename(columns=columns)
    rows = rows.assign(driver=rows["driver"].map(labels), across_unit="points")
    stand, count = rows.sort_values("across_value"), rows.sort_values("value", ascending=False)
    lowest, strongest = stand["driver"].iloc[0], count["driver"].iloc[0]
    clear = [
        len(rows) > 1 and stand["across_high"].iloc[0] < stand["across_low"].iloc[1],
        len(rows) > 1 and count["low"].iloc[0] > count["high"].iloc[1],
    ]
    says = ("same" if lowest == strongest else "apart") if all(clear) else "unclear"
    return _shown(figures, edition, rows, says, lowest=lowest, strongest=strongest)


def one_more(figures: DriverFigures, *, edition: Edition) -> Presentation:
    """Return what one point more on each driver goes with, in score, promoters, detractors."""
    if figures.one_more.empty:
        empty = text(_why(figures))
        return _shown(figures, edition, pd.DataFrame(), "what", empty=empty)
    columns = {"mean": "mean_score", "promoters": "promoters", "detractors": "detractors"}
    parts = [
        of.set_index("driver")[["value", "low", "high"]].add_prefix(f"{columns[str(outcome)]}_")
        for outcome, of in figures.one_more.groupby("outcome", sort=False)
    ]
    rows = pd.concat(parts, axis=1)
    shares = [name for name in rows if not name.startswith("mean")]
    rows[shares] = 100 * rows[shares]
    rows = rows.rename(index=_label_of(figures)).reset_index()
    if isinstance(found := figures.mending, Mending):
        rows["low_answers"], rows["best_to_mend"] = found.room, found.best
    return _shown(figures, edition, rows, "what")


def sides(figures: DriverFigures, *, edition: Edition) -> Presentation:
    """Return each driver's slope below and above the middle, and what that makes of it."""
    found = figures.sides
    if isinstance(found, NotEstimable):
        return _shown(figures, edition, pd.DataFrame(), "alike", empty=text(found))
    rows = pd.DataFrame({"driver": [side.driver.label or side.driver.name for side in found]})
    for place, name in enumerate(("below", "above")):
        numbers = [Estimate.of(side.sides.iloc[place], unit="ratio") for side in found]
        rows = pd.concat([rows, to_columns(numbers, name)], axis=1)
    rows["kind"] = [_(KINDS[side.kind]) for side in found]
    says = "alike" if all(side.kind == "performance" for side in found) else "unlike"
    return _shown(figures, edition, rows, says)


def over_time(
    frame: pd.DataFrame, tests: Tests, figures: DriverFigures, *, edition: Edition
) -> Presentation:
    """Return the drivers' shares period by period, and whether any drifts."""
    labels = _label_of(figures)
    rows = frame[["period", "driver", "value", "low", "high", "n", "why"]]
    rows = rows.assign(driver=rows["driver"].map(labels))
    drifting = [labels[name] for (_of, name), test in tests.items() if test.p < CLEAR]
    says = "drift" if drifting else "steady" if tests else "unknown"
    return _shown(figures, edition, rows, says, drivers=listed(drifting))


def between_groups(
    frame: pd.DataFrame, tests: Tests, figures: DriverFigures, *, edition: Edition
) -> Presentation:
    """Return the drivers' shares in each group where groups compare, one row a driver in each."""
    labels, rows = _label_of(figures), pd.DataFrame()
    clear = [of for of, test in tests.items() if test.p < CLEAR]
    where = [f"{segment_name(segment)}: {labels[name]}" for segment, name in clear]
    says = "unlike" if clear else "alike" if tests else "unknown"
    if len(frame):
        group, driver = frame["segment"] + ": " + frame["group"], frame["driver"].map(labels)
        rows = frame.assign(group=group, driver=driver, unit="share")
        rows = rows[["group", "driver", "value", "low", "high", "unit", "why"]]
    return _shown(figures, edition, rows, says, where=listed(where))


def asked(figures: DriverFigures, *, edition: Edition) -> Presentation:
    """Return how important drivers are said to be and how they were expected, where asked."""
    frames = {"stated": figures.stated, "gap": figures.gaps}
    if isinstance(figures.shares, DriverShares):
        frames["derived"] = to_frame(figures.shares.estimates(), driver=figures.names)
    parts = [
        frame.set_index("driver")[["value", "low", "high", "why"]].add_prefix(f"{name}_")
        for name, frame in frames.items()
        if len(frame)
    ]
    rows = pd.DataFrame()
    if len(figures.stated) or len(figures.gaps):
        rows = pd.concat(parts, axis=1).rename(index=_label_of(figures)).reset_index()
    return _shown(figures, edition, rows, "what")


def served(figures: DriverFigures, *, edition: Edition) -> Presentation:
    """Return the shares among those to whom every driver applied, beside everybody's."""
    found, rows = figures.served, pd.DataFrame()
    if found is not None and isinstance(figures.shares, DriverShares):
        names = _names(figures)
        those = found.estimates() if isinstance(found, DriverShares) else [found] * len(names)
        columns = {"everybody": figures.shares.estimates(), "those_served": those}
        parts = [to_columns(estimates, name) for name, estimates in columns.items()]
        rows = pd.concat([pd.DataFrame({"driver": names}), *parts], axis=1)
    return _shown(figures, edition, rows, "what")


def paths(figures: DriverFigures, *, edition: Edition) -> Presentation:
    """Return the paths between the causes that the firm draws, with their reliability."""
    found, rows = figures.paths, pd.DataFrame()
    empty = _("`company.yml` declares no `blocks:`.")
    if isinstance(found, PathModel):
        cells = [
            (start, end, found.paths.loc[start, end], found.reliability[start], found.r2[end])
            for end in found.r2.index
            for start in found.paths.index[found.paths[end].notna()]
        ]
        names = ["cause", "leads_to", "path", "reliability", "explained"]
        rows = pd.DataFrame(cells, columns=names)
    elif found is not None:
        empty = text(found)
    return _shown(figures, edition, rows, "what", empty=empty)


def usable(figures: DriverFigures, *, edition: Edition) -> list[Said | str]:
    """Return how many answers could be used, what never varied, from how many customers."""
    counts = {"usable": figures.usable, "answered": figures.answered}
    said: list[Said | str] = [Said("usable", counts)]
    if isinstance(figures.answers, DriverAnswers) and figures.answers.constant:
        constant = [driver.label or driver.name for driver in figures.answers.constant]
        said.append(Said("constant", {"drivers": listed(constant)}))
    return [*said, *_of_skips(figures), *drawn_sentences("What drives the score", edition.facts)]


def not_decided(figures: DriverFigures, *, edition: Edition) -> list[Said | str]:
    """Return how surely each driver is the best to mend, where several may be."""
    found = figures.mending
    if isinstance(found, NotEstimable) or not figures.apart or len(found.first) == 1:
        return []
    labels = _labels(found)
    chances = [
        _("{driver} {chance}", driver=labels[at], chance=f"{found.best[at]:.0%}")
        for at in found.first
    ]
    return [Said("chances", {"chances": listed(chances)})]


def interactions(figures: DriverFigures, *, edition: Edition) -> list[Said | str]:
    """Return which drivers together go with more or less than their sum, or only seem to."""
    labels, said, every = _label_of(figures), list[Said | str](), figures.pairs
    for key, held in (("beyond", "clear"), ("ceiling", "only_ceiling")):
        pairs = sorted((pair for pair in every if getattr(pair, held)), key=lambda p: p.p_straight)
        names = [" × ".join(labels[one.name] for one in pair.drivers) for pair in pairs]
        values = {"pairs": listed(names[:MOST_PAIRS]), "found": len(pairs), "of": len(every)}
        said += [Said(key, values)] if pairs else []
    return said


def actions(figures: DriverFigures, *, edition: Edition) -> list[Said | str]:
    """Return what each action costs that is to mend a driver, and from when on it pays."""
    if not figures.apart:
        return []
    return [Said(PAYS[one.pays], {
        "action": one.action, "cost": number(one.cost), "each": number(one.each),
        "customers": one.customers, "driver": one.driver.label or one.driver.name,
        "most": number(one.at_most), "ends": interval(one.at_most, bare=True),
        "share": f"{one.must_mend:.0%}",
    }) for one in figures.actions[:MOST_ACTIONS]]  # fmt: skip


def _of_skips(figures: DriverFigures) -> list[Said | str]:
    """Return by how much skips change a share, of the driver that they change most."""
    check = figures.skips
    if not isinstance(check, SkipCheck) or not check.apart:
        return []
    most = max(check.apart, key=lambda at: abs(check.filled[at] - check.whole[at].value))
    values = {"driver": check.drivers[most].label or check.drivers[most].name,
              "whole": number(check.whole[most]), "filled": f"{check.filled[most]:.0%}",
              "answers": check.answers}  # fmt: skip
    return [Said("skips", values)]


def _why_no_money(found: Mending) -> list[Said | str]:
    if isinstance(found.worth, NotEstimable):
        return [Said("no_money", {"why": text(found.worth)})]
    if found.by_worth:
        return []
    largest = max(found.worth, key=lambda one: one.value)
    return [Said("money_open", {"most": number(largest), "ends": interval(largest, bare=True)})]


def _why(figures: DriverFigures) -> NotEstimable:
    parts = (figures.answers, figures.sides, figures.shares, NotEstimable("too_few_to_say"))
    return next(part for part in parts if isinstance(part, NotEstimable))


def _label_of(figures: DriverFigures) -> dict[str, str]:
    return {driver.name: driver.label or driver.name for driver in figures.drivers}


def _names(figures: DriverFigures) -> list[str]:
    labels = _label_of(figures)
    return [labels[name] for name in figures.names]


def _labels(found: Mending) -> list[str]:
    return [driver.label or driver.name for driver in found.drivers]


def _either(names: Sequence[str]) -> str:
    """Return names of which one is meant: "A or B"."""
    if len(names) == 1:
        return names[0]
    return _("{names} or {last}", names=_(", ").join(names[:-1]), last=names[-1])


def _shown(
    figures: DriverFigures, edition: Edition, rows: pd.DataFrame, says: str, **values: object
) -> Presentation:
    note = source(N_("Answers with all drivers given"), figures.usable)
    note = drawn_from(note, edition.stands_for)
    return Presentation(rows, says, {"empty": "", "source": note, **values})
