"""What goes with topics, who writes of which, contacts, mentions, moods, proposals: their words."""

from __future__ import annotations

import pandas as pd

from profitchain.core.estimates import Estimate, NotEstimable
from profitchain.core.formats import digits, interval, number
from profitchain.core.group_names import group_name
from profitchain.core.i18n import N_, _
from profitchain.panel.edition import Edition
from profitchain.voice.mood import MoodModel
from profitchain.voice.proposals import TopicProposals
from profitchain.voice.shares import Texts
from profitchain.words.captions import ANSWERS
from profitchain.words.catalogue import words_of
from profitchain.words.presentation import Presentation, Said
from profitchain.words.reasons import text
from profitchain.words.voice import (
    before_words,
    listing_of,
    name_of,
    named,
    span_words,
    topic_names,
)

SOURCES = words_of("contacts", "sources")
NONE_RELEASED = N_(
    "No text has been released. `report --lists` proposes some, in the firm's own folder."
)
NONE_WANTED = N_("No customer's own words are shown: company.yml says so.")
NOTHING_STABLE = N_("Nothing came back in nearly all halves of the customers.")


def score_differences(scores: pd.DataFrame, *, edition: Edition) -> Presentation:
    """Return how scores differ between comments with a topic and like ones without."""
    return _differences(scores, ("lower", "lower"), edition)


def friction(scores: pd.DataFrame, *, edition: Edition) -> Presentation:
    """Return how effort differs between comments with a topic and like ones without."""
    effort = [q for q in edition.company.all_questions if q.kind == "ces"]
    low_is_easy = bool(effort) and effort[0].easy_is == "low"
    says = ("easier", "harder") if low_is_easy else ("harder", "easier")
    return _differences(scores, says, edition)


def _differences(scores: pd.DataFrame, says: tuple[str, str], edition: Edition) -> Presentation:
    """Return differences; `says`: the key where the lowest is clear, where the highest is."""
    rows = named(scores, edition)
    known = scores.dropna(subset=["value"])
    values: dict[str, object] = {"topic": "", "listing": listing_of(rows, "score")}
    if known.empty:
        return Presentation(rows, "none", values)
    ends = {says[1]: known.iloc[-1], says[0]: known.iloc[0]}
    key = next((key for key, row in reversed(ends.items()) if _is_clear(row, key == says[0])), "")
    if key:
        values["topic"] = name_of(ends[key]["topic"], edition)
    return Presentation(rows, key or "unclear", values)


def _is_clear(row: pd.Series, below: bool) -> bool:
    return bool(row["clear"]) and (row["value"] < 0) == below


def contacts(calls: pd.DataFrame, texts: Texts, *, edition: Edition) -> Presentation:
    """Return contacts for each hundred orders, of all and by topic."""
    known = calls.dropna(subset=["value"])
    rows = named(known, edition)
    values = {
        "span": span_words(texts, edition), "before": before_words(texts), "topic": "",
        "listing": listing_of(rows, "ratio"),
    }  # fmt: skip
    if known.empty:
        return Presentation(rows, "none", values)
    if len(known) == 1:
        return Presentation(rows, "all", values)
    values["topic"] = name_of(str(known["topic"].iloc[1]), edition)
    return Presentation(rows, "topic", values)


def public(trend: pd.DataFrame, *, edition: Edition) -> Presentation:
    """Return good less bad public mentions for each thousand orders over the periods."""
    now = trend[trend["period"] == str(edition.period)].dropna(subset=["value"])
    if now.empty:
        return Presentation(trend, "none")
    now = now.iloc[0]
    net = Estimate.of(now, unit="ratio")
    key = "unclear" if now["low"] <= 0 <= now["high"] else "up" if now["low"] > 0 else "down"
    return Presentation(trend, key, {"net": number(net), "n": digits(now["n"], 0)})


def own_words(released: pd.DataFrame, *, edition: Edition) -> Presentation:
    """Return the texts that a person has released, by topic; why there are none."""
    names = topic_names(edition)
    rows = pd.DataFrame({
        "topic": [names.get(topic, topic) for topic in released["topic"]],
        "text": released["text"].tolist(),
    })  # fmt: skip
    how = _(NONE_RELEASED)
    if edition.company.privacy.verbatims == "none":
        how = _(NONE_WANTED)
    return Presentation(rows, "released" if len(rows) else "none", {"how": how})


def money(points: pd.DataFrame, *, edition: Edition) -> Presentation:
    """Return what topics go with in the mean score of all answers, and in a year's money."""
    known = points.dropna(subset=["value"])
    rows = pd.DataFrame({"topic": [name_of(topic, edition) for topic in known["topic"]]})
    rows["mean_score"] = [_with_ends(Estimate.of(row, unit="score")) for row in known.itertuples()]
    if known["money_value"].notna().any():
        rows["money"] = [
            _with_ends(Estimate.of(row, prefix="money_", unit=row.money_unit))
            for row in known.itertuples()
        ]
    return Presentation(rows, "what")


def _with_ends(estimate: Estimate | NotEstimable) -> str:
    if isinstance(estimate, NotEstimable):
        return text(estimate)
    return f"{number(estimate)} ({interval(estimate, bare=True)})"


def moods(rows: pd.DataFrame, texts: Texts, *, edition: Edition) -> Presentation:
    """Return how texts without a score sound, by where they come from."""
    named = rows.assign(source=[_(SOURCES[name]) for name in rows["source"]])
    says = "read" if rows["value"].notna().any() else "none"
    return Presentation(named, says, {"span": span_words(texts, edition)})


def mood_known(model: MoodModel | NotEstimable, *, edition: Edition) -> list[Said]:
    """Return how well the model tells low scores from others; or why there is none."""
    quality = model if isinstance(model, NotEstimable) else model.auc
    if isinstance(model, NotEstimable) or isinstance(quality, NotEstimable):
        assert isinstance(quality, NotEstimable)
        return [Said("mood_unknown", {"why": text(quality)})]
    right, gap = f"{quality.value:.1%}", f"{model.gap:.1%}"
    values = {"n": digits(model.n, 0), "auc": quality, "right": right, "gap": gap}
    return [Said("mood_known", values)]


def stars(rows: pd.DataFrame, texts: Texts, *, edition: Edition) -> Presentation:
    """Return the mean of public stars by platform."""
    values = {"span": span_words(texts, edition), "platform": ""}
    known = rows.dropna(subset=["value"])
    if known.empty:
        return Presentation(rows.iloc[:0], "none", values)
    values["platform"] = str(known.loc[known["value"].idxmax(), "platform"])
    return Presentation(rows, "highest" if len(known) > 1 else "only", values)


def by_score_group(rows: pd.DataFrame, texts: Texts, *, edition: Edition) -> Presentation:
    """Return what each group of the score speaks of: a row a topic, a column a group."""
    wide = _by_topic(rows, "group", edition)
    return Presentation(wide, "what", {"span": span_words(texts, edition)})


def by_segment(rows: pd.DataFrame, texts: Texts, *, edition: Edition) -> Presentation:
    """Return the topics that some group writes of more or less than the others of its segment."""
    values: dict[str, object] = {"span": span_words(texts, edition), "topic": "", "group": ""}
    clear = rows[rows["clear"].astype(bool)]
    if clear.empty:
        return Presentation(pd.DataFrame({"topic": []}), "alike", values)
    first = clear.loc[clear["p"].astype(float).idxmin()]
    values |= {
        "topic": name_of(first["topic"], edition),
        "group": group_name(first["segment"], first["group"]),
    }
    shown = rows[rows["topic"].isin(clear["topic"]) & rows["segment"].isin(clear["segment"])]
    names = [group_name(*pair) for pair in zip(shown["segment"], shown["group"], strict=True)]
    wide = _by_topic(shown.assign(name=names), "name", edition)
    tidy = shown.drop(columns=["why", "p"]).reset_index(drop=True)
    says = "more" if first["value"] > first["others"] else "less"
    return Presentation(wide, says, values, {"tidy": tidy})


def _by_topic(rows: pd.DataFrame, column: str, edition: Edition) -> pd.DataFrame:
    """Return shares with a row a topic and a column for each value of `column`, in their order."""
    wide = rows.pivot(index="topic", columns=column, values="value")
    order = [name for name in rows[column].drop_duplicates() if name in wide]
    wide = wide.loc[rows["topic"].drop_duplicates(), order].dropna(how="all")
    wide.columns = [str(name) for name in order]
    wide.insert(0, "topic", [name_of(topic, edition) for topic in wide.index])
    return wide.reset_index(drop=True)


def proposals(found: TopicProposals | NotEstimable, *, edition: Edition) -> Presentation:
    """Return phrases that might be topics, each with its line for company.yml; why there are none.

    None where company.yml says `privacy: {verbatims: none}`.
    """
    nothing = pd.DataFrame({"phrase": [], "customers": [], "share": [], "setting": []})
    values: dict[str, object] = {"source": _(ANSWERS), "count": 0, "phrase": ""}
    if edition.company.privacy.verbatims == "none":
        return Presentation(nothing, "none", values | {"how": _(NONE_WANTED)})
    if isinstance(found, NotEstimable):
        return Presentation(nothing, "none", values | {"how": text(found)})
    values["source"] = _(
        "Comments of {n} customers that fit no topic", n=digits(found.customers, 0)
    )
    if found.phrases.empty:
        return Presentation(nothing, "none", values | {"how": _(NOTHING_STABLE)})
    values |= {"count": len(found.phrases), "phrase": found.phrases["phrase"].iloc[0], "how": ""}
    rows = found.phrases[list(nothing.columns)]
    return Presentation(rows, "some", values, {"units": {"share": "share"}})
