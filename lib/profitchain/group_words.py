"""The sentences and captions on groups that behave alike: "can't be told apart" is an answer."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd

from profitchain.captions import Caption, source
from profitchain.clustering import Trial, profile
from profitchain.estimates import Estimate, Said, Unsaid
from profitchain.fair_comparisons import ALIKE, APART, Compared, Fairly, outside_funnel
from profitchain.formats import digits, plain
from profitchain.narration import brief, in_sentence
from profitchain.ratios import said_frame
from profitchain.store import Edition
from profitchain.wording import listed, sentence, unmarked

NO_SEGMENTS = "No segment of company.yml stands in table `customers`, so no groups are compared."
MOST_LISTED = 4  # groups named in a sentence
MARKS = {APART[0]: "up", APART[1]: "down"}


def answer_sentence(found: Fairly, every: Sequence[Compared]) -> str:
    """Return which declared groups truly differ, or that they can't be told apart; "" if none."""
    heads = found.segments[found.segments["why"] == ""]
    if heads.empty:
        return ""
    labels = _labels(every)
    told = [
        f"groups of **{segment} truly differ** in {_measures(rows, labels)}"
        for segment, rows in heads[heads["verdict"] == "differ"].groupby("segment", sort=False)
    ]
    differing = set(heads.loc[heads["verdict"] == "differ", "segment"])
    alike = [name for name in dict.fromkeys(heads["segment"]) if name not in differing]
    compared = listed(labels[name] for name in dict.fromkeys(heads["measure"]))
    if not told:
        return (
            f"**No groups can be told apart**: in {compared}, customers by {listed(alike, 'or')} "
            "differ no more than chance alone would have it."
        )
    tail = f"; those of {listed(alike)} can't be told apart in any measure" if alike else ""
    words = listed(told) + tail
    return f"{words[0].upper()}{words[1:]}."


def kept_sentence(found: Fairly, all_of_them: Said) -> str:
    """Return which groups keep more or fewer of their customers, in shrunken rates."""
    if isinstance(all_of_them, Unsaid):
        return f"How many customers come back can't be said: {all_of_them.why}"
    rows = found.of("retention_rate")
    apart = rows[rows["verdict"].isin(APART)]
    if apart.empty:
        tail = "; no group is clearly apart" if len(rows) else ""
        return sentence("{share} of the previous period's customers came back{tail}.",
                        share=all_of_them, tail=tail)  # fmt: skip
    told = [sentence("{name} {said}", name=row.group, said=_shrunk(row)) for row in _first(apart)]
    more = len(apart) - len(told)
    words = listed([*told, f"{more} more"] if more else told)
    return sentence("Of all, {share} came back; drawn to the mean, {words}.",
                    share=all_of_them, words=words)  # fmt: skip


def segment_sentences(found: Fairly, every: Sequence[Compared]) -> list[str]:
    """Return, a segment each, how much its groups differ beyond chance in every measure."""
    if found.segments.empty:
        return [NO_SEGMENTS]
    labels = _labels(every)
    told = []
    for segment, heads in found.segments.groupby("segment", sort=False):
        parts = [f"{labels[row.measure]}: {_head(row)}" for row in heads.itertuples()]
        told.append(f"**By {segment}**. {_capital('; '.join(parts))}.")
    return told


def funnel_sentence(shown: pd.DataFrame, limits: pd.DataFrame, phi: float) -> str:
    """Return how many groups lie outside the funnel, and how widely they scatter (`phi`)."""
    if phi != phi:
        return "How widely groups scatter in the funnel can't be said: too few to say."
    counted = f"{len(outside_funnel(shown, limits))} of {len(shown)} groups"
    more, tail = "no more", ""
    if phi > 1 + 2 * (2 / len(shown)) ** 0.5:
        more, tail = "more", ": one outside the limits need not be special"
    return (
        f"In the funnel {counted} lie outside the 95% limits, where chance alone puts one in "
        f"twenty. All in all groups scatter {more} than chance alone would have it "
        f"(over-dispersion {digits(phi, 2)}; chance: 1){tail}."
    )


def gain_sentence(tried: Trial | Unsaid) -> str:
    """Return whether clusters found in the data foretell the next period better than rules."""
    if isinstance(tried, Unsaid):
        return f"Whether clusters foretell more than rules can't be said: {tried.why}"
    if isinstance(tried.gain, Unsaid):
        return f"Whether clusters foretell more than rules can't be said: {tried.gain.why}"
    head = f"**{_verdict(tried)}.**"
    return sentence(
        "{head} Out of time, the clusters' gain in the squared error that is saved is "
        "{gain:difference}.",
        head=head, gain=tried.gain,
    )  # fmt: skip


def groups_table(found: Fairly, every: Sequence[Compared]) -> pd.DataFrame:
    """Return the groups side by side: in each measure, raw and drawn to the mean.

    Returns
    -------
    One row a group, those of a segment together: group; for each measure NAME_raw and NAME_value,
    NAME_low, NAME_high, NAME_unit, NAME_why, NAME_verdict ("up", "down", "").
    """
    table = pd.DataFrame({"group": []})
    for place, one in enumerate(every):
        rows = found.groups[found.groups["measure"] == one.measure.id]
        name = _column(one)
        part = pd.DataFrame({
            "group": _names(rows),
            f"{name}, raw": rows["raw_value"].astype(float),
            **{f"{name}_{end}": rows[f"shrunk_{end}"].astype(float) for end in ENDS},
            **{f"{name}_{told}": rows[told] for told in ("unit", "why")},
            f"{name}_verdict": rows["verdict"].map(MARKS).fillna(""),
        })  # fmt: skip
        table = table.merge(part, how="outer", on="group", sort=False) if place else part
    return table.reset_index(drop=True)


ENDS = ("value", "low", "high")


def of_groups(found: Fairly, every: Sequence[Compared], edition: Edition) -> Caption:
    """Return the caption of the groups side by side."""
    apart = found.groups[found.groups["verdict"].isin(APART)]
    names = list(dict.fromkeys(apart["group"]))
    message = "The declared groups can't be told apart"
    if found.groups.empty:
        message = "No groups are declared"
    if names:
        message = brief(f"Truly apart in some measure: {listed(names)}",
                        f"{len(names)} groups are truly apart in some measure")  # fmt: skip
    units = {f"{_column(one)}, raw": one.measure.unit for one in every}
    n = max((len(one.rows) for one in every), default=0)
    return {
        "message": message,
        "measure": "Raw, and drawn to the mean of all groups as far as their size demands, with "
        "95% intervals. ▲ ▼: above or below the others of the segment",
        "source": source("Orders and answers", n) + _assumed(every, edition),
        "units": units,
        "empty": unmarked(NO_SEGMENTS),
    }


def funnel_frame(found: Fairly) -> pd.DataFrame:
    """Return what the funnel draws: group, segment, customers, value, low, high, unit.

    Where two segments share a group's name, the segment stands before it. Without any group to
    draw, one row that says `why`.
    """
    rows = found.of("retention_rate")
    if rows.empty:
        reasons = found.segments["why"].tolist()
        return said_frame([Unsaid(why=(reasons or [unmarked(NO_SEGMENTS)])[0])], group=[""]).assign(
            customers=np.nan, segment="", unit="share", verdict=""
        )
    twice = rows["group"].duplicated(keep=False)
    names = rows["group"].where(~twice, rows["segment"] + ": " + rows["group"])
    numbers = {end: rows[f"raw_{end}"].astype(float) for end in ENDS}
    head = {"group": names, "segment": rows["segment"], "customers": rows["n"].astype(int)}
    return pd.DataFrame(head | numbers | {"unit": rows["unit"], "verdict": rows["verdict"]})


def of_funnel(
    shown: pd.DataFrame, limits: pd.DataFrame, all_of_them: Said, edition: Edition
) -> Caption:
    """Return the caption of the funnel (`shown`: as `funnel_frame`; `limits`: its drawing's)."""
    apart = shown.loc[shown["verdict"].isin(APART), "group"]
    outside = len(outside_funnel(shown, limits))
    message = "No group keeps clearly more or fewer of its customers"
    if not shown["value"].notna().any():
        message = "No groups to compare in keeping customers"
    if len(apart):
        message = brief(f"Beyond chance: {listed(apart)}", f"{len(apart)} groups beyond chance")
    told = {
        "message": message,
        "measure": "Share of the previous period's customers who bought again, by size of the "
        "group. Dark and light: 95% and 99.8% of groups drawn by lot from all of them",
        "source": source("Orders; customers active in the previous period", all_of_them.n),
        "description": f"{message}. {outside} of {shown['value'].count()} lie outside the 95% "
        "limits, where chance alone puts one in twenty. All shares stand in the table.",
        "x_label": "customers in the group",
        "limits": limits,
        "height": 380,
    }
    return told | {"middle": getattr(all_of_them, "value", 0.0)}


def of_trial(tried: Trial | Unsaid, edition: Edition) -> Caption:
    """Return the caption of clusters against groups by rule."""
    known = isinstance(tried, Trial) and isinstance(tried.gain, Estimate)
    message = _verdict(tried) if known else "Clusters against groups by rule: too few to say"
    n = tried.gain.n if known else 0
    return {
        "message": message,
        "measure": f"Share of squared error in the next {edition.period.every}'s "
        f"{_money(edition)} per customer saved against one mean for all, learnt a period earlier",
        "source": source("Orders; customers known a period ago", n),
        "units": {"groups": "count"},
        "empty": gain_sentence(tried),
    }


def trial_table(tried: Trial | Unsaid) -> pd.DataFrame:
    """Return the trial as a table, the clusters' gain in its last row; empty if there is none."""
    if isinstance(tried, Unsaid):
        return pd.DataFrame()
    rows = tried.table.drop(columns="n")
    gain = tried.gain
    numbers = {f"saved_{end}": getattr(gain, end, float("nan")) for end in ENDS}
    last = {"way": "gain of clusters", "saved_unit": "share"} | numbers
    last["saved_why"] = getattr(gain, "why", "")
    return pd.concat([rows, pd.DataFrame([last])], ignore_index=True)


def profile_table(tried: Trial | Unsaid, customers: pd.DataFrame, edition: Edition) -> pd.DataFrame:
    """Return the clusters' profile if they foretell better than groups by rule, else no rows."""
    if isinstance(tried, Unsaid) or not tried.is_worth_showing:
        return pd.DataFrame()
    unit = edition.company.currency
    return profile(customers, tried.clusters, unit=unit, smallest=edition.smallest)


def of_profile(tried: Trial | Unsaid, edition: Edition) -> Caption:
    """Return the caption of the clusters' profile."""
    n = tried.gain.n if isinstance(tried, Trial) else 0
    shown = isinstance(tried, Trial) and tried.is_worth_showing
    return {
        "message": "What the clusters are like" if shown else "The clusters are not shown",
        "measure": f"Means per customer a period ago, over the lookback; {_money(edition)} in the "
        f"{edition.period.every} that followed, with 95% intervals",
        "source": source("Orders; customers known a period ago", n),
        "units": {
            "customers": "customers", "customers_share": "share", "discount_share": "share",
            "money": edition.company.currency,
        },
        "empty": f"Not shown. {unmarked(gain_sentence(tried))}",
    }  # fmt: skip


def _verdict(tried: Trial) -> str:
    """Return which way of grouping foretells the next period better, as a message."""
    if tried.is_worth_showing:
        return "Clusters found in the data foretell more than groups by rule"
    if not (tried.table["saved_low"] > 0).any():
        return "Neither groups by rule nor clusters foretell the next period"
    if tried.gain.high < 0:
        return "Groups by rule foretell more than clusters found in the data"
    return "Groups by rule do as well as clusters found in the data"


def _labels(every: Sequence[Compared]) -> dict[str, str]:
    return {one.measure.id: in_sentence(one.measure.label) for one in every}


def _measures(heads: pd.DataFrame, labels: dict[str, str]) -> str:
    return listed(labels[name] for name in heads["measure"])


def _first(apart: pd.DataFrame) -> list[object]:
    """Return the rows to name: the highest and the lowest where there are many."""
    if len(apart) <= MOST_LISTED:
        return list(apart.itertuples())
    return list(pd.concat([apart.iloc[: MOST_LISTED // 2], apart.iloc[-2:]]).itertuples())


def _shrunk(row: object) -> Estimate:
    return Estimate(
        value=row.shrunk_value, low=row.shrunk_low, high=row.shrunk_high, n=int(row.n),
        unit=row.unit,
    )  # fmt: skip


def _head(row: object) -> str:
    """Return how much the groups of one segment differ in one measure."""
    if row.why:
        return row.why[0].lower() + row.why[1:].removesuffix(".")
    p = plain(row.p_adjusted, "p")
    p = f"p {p}" if p.startswith("below") else f"p = {p}"
    if row.verdict == ALIKE:
        return f"{ALIKE} ({p})"
    unit = "percentage points" if row.unit == "share" else row.unit
    spread = plain(row.tau * (100 if row.unit == "share" else 1), unit)
    return f"they differ ({p}), by {spread}"


def _names(rows: pd.DataFrame) -> pd.Series:
    """Return each group's name, after its segment where there are several segments."""
    if rows["segment"].nunique() <= 1:
        return rows["group"].astype(str)
    return rows["segment"].astype(str) + ": " + rows["group"].astype(str)


def _capital(text: str) -> str:
    return f"{text[0].upper()}{text[1:]}"


def _column(one: Compared) -> str:
    return one.measure.id.removesuffix("_per_customer").removeprefix("latest_")


def _assumed(every: Sequence[Compared], edition: Edition) -> str:
    rate = edition.assumed_margin
    money = any(one.measure.id == "margin_per_customer" for one in every)
    return f"; margin is assumed at {rate:.0%} of revenue" if rate and money else ""


def _money(edition: Edition) -> str:
    return "margin" if "margin" in edition.table("customers") else "revenue"
