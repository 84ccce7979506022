"""What each answer of the invented shop would say, how hard it is to read, and who writes it.

Each answer has something to say, whether it is written or not: so the share of all answers that
would speak of a topic is known. What it says is drawn by generators of its own.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd

from demo.behaviour import DRIVERS, choose, stream
from demo.comment_texts import AWKWARD, CORES, ENDINGS, LANGUAGES, MOODS, TAILS, TOPICS, VARIANTS
from demo.hard_texts import (
    GENERAL,
    HOMOPHONES,
    IRONY,
    IRONY_SPEAKS_OF,
    JOINED,
    MIXED,
    NEIGHBOURS,
    OTHERWISE,
    SPEAKS_OF,
    TURNED,
)

COMMENT_SHARE = np.array([0.42, 0.20, 0.24])  # by mood
CHINESE_SHARE = 0.10
IRONIC, IN_BOTH, GENERAL_SHARE = 0.12, 0.05, 0.10  # of all, but for irony: of the displeased
TWO_SUBJECTS, OTHER_LANGUAGE = 0.35, 0.06
SECOND_MOOD = ((0.60, 0.10, 0.30), (0.30, 0.40, 0.30), (0.08, 0.27, 0.65))  # by mood
MISSPELT, MARKUP = 0.30, 0.02
KINDS = ("plain", "ironic", "mixed", "general", "awkward")
PLAIN, IRONY_KIND, MIXED_KIND, GENERAL_KIND, AWKWARD_KIND = range(len(KINDS))
LABELS = (
    *("delivery", "product", "description", "packaging", "service", "price", "returns"),
    "ordering",
)
AWKWARD_SPEAKS_OF = ("", "ordering")
_INNER = re.compile("(?<=[A-Za-z])[a-z](?=[a-z])")


def mood(score: np.ndarray) -> np.ndarray:
    """Return 0 for scores 0-6, 1 for 7-8, 2 for 9-10: the places of `MOODS`."""
    return np.searchsorted([7, 9], score, side="right")


def comment_facts(answered: pd.DataFrame, seed: int) -> pd.DataFrame:
    """Return what each answer has to say, one row an answer.

    Parameters
    ----------
    answered : one row an answer, with its score and the drivers of its experience.

    Returns
    -------
    written (or only thought), kind (of `KINDS`), mood, subject, language, variant, ending, second,
    second_mood, second_variant, second_language (-1 where there is one half alone), misspelt,
    markup, dice_0 to dice_3, and for each of `LABELS` whether a reader would find it.
    """
    rng, n = stream(seed, "comments"), len(answered)
    feeling, felt = mood(answered["score"].to_numpy()), answered[list(DRIVERS)].to_numpy()
    anything = rng.integers(0, len(TOPICS), n)
    facts = pd.DataFrame({
        "mood": feeling,
        "subject": np.choose(feeling, [felt.argmin(axis=1), anything, felt.argmax(axis=1)]),
        "language": (rng.random(n) < CHINESE_SHARE).astype(int),
        "variant": rng.integers(0, VARIANTS, n),
        "ending": rng.integers(0, ENDINGS, n),
        "written": rng.random(n) < COMMENT_SHARE[feeling],
    })  # fmt: skip
    facts = facts.assign(**_hardships(facts, stream(seed, "hard comments")))
    pleased = np.flatnonzero(facts["written"] & (feeling == 2))[-2:]
    facts.loc[pleased, ["kind", "second"]] = [AWKWARD_KIND, -1]
    facts.loc[pleased, ["misspelt", "markup"]] = False
    facts.loc[pleased, "variant"] = np.arange(len(pleased))
    return pd.concat([facts, _labels(facts)], axis=1)


def _hardships(facts: pd.DataFrame, rng: np.random.Generator) -> dict[str, np.ndarray]:
    n, mood = len(facts), facts["mood"].to_numpy()
    drawn = rng.random(n)
    ironic = (drawn < IRONIC) & (mood == 0)
    ends = np.cumsum([IRONIC, IN_BOTH, GENERAL_SHARE])
    kind = np.select(
        [ironic, (drawn >= ends[0]) & (drawn < ends[1]), (drawn >= ends[1]) & (drawn < ends[2])],
        [IRONY_KIND, MIXED_KIND, GENERAL_KIND],
        PLAIN,
    )
    has_second = (rng.random(n) < TWO_SUBJECTS) & np.isin(kind, [PLAIN, IRONY_KIND])
    other = (facts["subject"].to_numpy() + rng.integers(1, len(TOPICS), n)) % len(TOPICS)
    second_moods = np.column_stack([choose(rng, shares, n) for shares in SECOND_MOOD])
    turned = rng.random(n) < OTHER_LANGUAGE
    dice = rng.integers(0, 2**31, (n, 4))
    return {
        "kind": kind,
        "second": np.where(has_second, other, -1),
        "second_mood": second_moods[np.arange(n), mood],
        "second_variant": rng.integers(0, VARIANTS, n),
        "second_language": np.where(turned, 1 - facts["language"], facts["language"]),
        "misspelt": rng.random(n) < MISSPELT,
        "markup": rng.random(n) < MARKUP,
        **{f"dice_{at}": dice[:, at] for at in range(dice.shape[1])},
    }


def _labels(facts: pd.DataFrame) -> pd.DataFrame:
    """Return for each of `LABELS` whether a reader would find it in each text."""
    kind, place = facts["kind"].to_numpy(), (facts["mood"], facts["subject"])
    cores = _table({mood: SPEAKS_OF[mood] for mood in MOODS})
    mixed = _table({mood: {s: [words for _text, words in MIXED[mood][s]] for s in TOPICS}
                    for mood in MOODS})  # fmt: skip
    ironic, awkward = _table({"": IRONY_SPEAKS_OF})[0], _sets(AWKWARD_SPEAKS_OF)
    variant = facts["variant"].to_numpy()
    found = np.where((kind == PLAIN)[:, None], cores[*place, variant], False)
    for of, table in ((IRONY_KIND, ironic[place[1], variant % ironic.shape[1]]),
                      (MIXED_KIND, mixed[*place, variant % mixed.shape[2]]),
                      (AWKWARD_KIND, awkward[variant % len(awkward)])):  # fmt: skip
        found = np.where((kind == of)[:, None], table, found)
    second = cores[facts["second_mood"], facts["second"], facts["second_variant"]]
    found |= second & (facts["second"].to_numpy() >= 0)[:, None]
    return pd.DataFrame(found, columns=list(LABELS))


def _table(words: Mapping[str, Mapping[str, Any]]) -> np.ndarray:
    """Return mood x subject x variant x label as truths."""
    return np.array([[_sets(of[subject]) for subject in TOPICS] for of in words.values()])


def _sets(labels: Any) -> np.ndarray:
    return np.array([[label in one.split() for label in LABELS] for one in labels])


def comment_text(fact: Any) -> str:
    """Return the text of one row of `comment_facts`."""
    mood, subject, language = MOODS[fact.mood], TOPICS[fact.subject], LANGUAGES[fact.language]
    if fact.kind == AWKWARD_KIND:
        return AWKWARD[fact.variant]
    if fact.kind == GENERAL_KIND:
        text = GENERAL[mood][fact.dice_0 % len(GENERAL[mood])]
    elif fact.kind == MIXED_KIND:
        several = MIXED[mood][subject]
        text = several[fact.variant % len(several)][0]
    else:
        several = (IRONY if fact.kind == IRONY_KIND else CORES)[language]
        own = (several if fact.kind == IRONY_KIND else several[mood])[subject]
        text = own[fact.variant % len(own)] + _second(fact) + TAILS[language][mood][fact.ending]
    text = misspelt(text, fact) if fact.misspelt else text
    return f"<p>{text.replace(' and ', ' &amp; ')}</p><br>" if fact.markup else text


def _second(fact: Any) -> str:
    """Return the second half of a text, with what joins it; "" where there is none."""
    if fact.second < 0:
        return ""
    language = LANGUAGES[fact.second_language]
    half = CORES[language][MOODS[fact.second_mood]][TOPICS[fact.second]][fact.second_variant]
    if fact.second_language != fact.language:
        return OTHERWISE + half
    if fact.second_mood != fact.mood:
        return TURNED[language] + _small(half)
    join = JOINED[language][fact.dice_1 % len(JOINED[language])]
    return join + (_small(half) if join != "; " else half)


def _small(text: str) -> str:
    return text if text[:2] in ("I ", "DH") else text[:1].lower() + text[1:]


def misspelt(text: str, dice: Any) -> str:
    """Return a text as typed in haste: letters swapped, lost, doubled or missed, words alike."""
    for wrong in [word for word in HOMOPHONES if word in text][: 1 + dice.dice_0 % 2]:
        text = text.replace(wrong, HOMOPHONES[wrong], 1)
    for how in (dice.dice_1, dice.dice_2)[: 1 + dice.dice_3 % 2]:
        spots = [match.start() for match in _INNER.finditer(text)]
        if not spots:
            break
        at = spots[how // 4 % len(spots)]
        before, letter, after = text[:at], text[at], text[at + 1 :]
        text = before + (after[0] + letter + after[1:], after, letter + letter + after,
                         NEIGHBOURS[letter] + after)[how % 4]  # fmt: skip
    if dice.dice_3 % 7 == 0:
        return text.lower().rstrip(".!。！")
    return text.upper() if dice.dice_3 % 31 == 1 else text


def comments_truth(
    facts: pd.DataFrame, ids: np.ndarray, periods: np.ndarray, scored: np.ndarray
) -> dict[str, object]:
    """Return who speaks of what, what makes it hard, and the share of all answers that would.

    Parameters
    ----------
    facts : as `comment_facts` gives them.
    ids, periods, scored : each answer's id, its quarter, and whether it answers the main question.
    """
    written = facts["written"].to_numpy()
    second = facts["second"].to_numpy() >= 0
    mixed = second & (facts["second_language"] != facts["language"]).to_numpy()
    hard = {
        "ironic": facts["kind"] == IRONY_KIND,
        "two_subjects": second,
        "two_languages": mixed | (facts["kind"] == MIXED_KIND),
        "misspelt": facts["misspelt"],
        "markup": facts["markup"],
        "no_topic": ~facts[list(LABELS)].any(axis=1),
    }
    shares = facts.loc[scored, list(LABELS)].groupby(periods[scored]).mean().round(6)
    return {
        "speak_of": {label: " ".join(ids[written & facts[label]]) for label in LABELS},
        "hard": {how: " ".join(ids[written & np.asarray(of)]) for how, of in hard.items()},
        "share_of_all_answers": shares.to_dict(orient="index"),
    }
