"""What a firm calls its segments and their groups of customers, in the spoken language.

Ids, groups of findings and the rows behind exhibits hold what stands in the firm's tables; who
speaks to a reader asks here. Whoever opens an edition says whose names are spoken.
"""

from __future__ import annotations

from collections.abc import Mapping

import pandas as pd

from profitchain.core import i18n

Key = tuple[str, str]  # segment, group; "" for the segment itself
Names = Mapping[Key, str | Mapping[str, str]]
_names: dict[Key, str | Mapping[str, str]] = {}


def call(names: Names) -> None:
    """Let segments and groups be called by these names from here on: one, or one a language."""
    _names.clear()
    _names.update(names)


def segment_name(segment: object) -> str:
    """Return what a segment is called; as it stands in the tables where nobody said."""
    return _name(str(segment))


def group_name(segment: object, group: object) -> str:
    """Return what a group of a segment is called; as it stands where nobody said.

    Examples
    --------
    >>> call({("region", "n"): {"en": "North", "zh-Hans": "北区"}})
    >>> group_name("region", "n"), group_name("region", "s"), group_name("tier", "n")
    ('North', 's', 'n')
    >>> call({})
    """
    return _name(str(segment), str(group))


def key_in_words(key: object) -> str:
    """Return what a group is called whose key is "segment: group", or the group alone.

    A group alone goes by its name where all segments that know it agree on one.
    """
    segment, parted, group = str(key).partition(": ")
    if parted and (segment, "") in _names:
        words = {"segment": segment_name(segment), "group": group_name(segment, group)}
        return i18n.gettext("{segment}: {group}", **words)
    known = {_name(segment, group) for segment, group in _names if group == str(key)}
    return known.pop() if len(known) == 1 else str(key)


def with_group_names(frame: pd.DataFrame) -> pd.DataFrame:
    """Return a frame whose groups and segments, and columns of segments, go by their names."""
    names = {segment for segment, _group in _names}
    words = {
        name: [_unless_same(group_name(name, cell), cell) for cell in frame[name]]
        for name in names.intersection(frame.columns)
    }
    if names and "group" in frame:
        segments = frame.get("segment", [""] * len(frame))
        pairs = zip(segments, frame["group"], strict=True)
        words["group"] = [_unless_same(_in_row(*pair), pair[1]) for pair in pairs]
    if names and "segment" in frame:
        words["segment"] = [_unless_same(segment_name(cell), cell) for cell in frame["segment"]]
    return frame.assign(**words) if words else frame


def _in_row(segment: object, group: object) -> str:
    is_alone = segment and not str(group).startswith(f"{segment}: ")
    return group_name(segment, group) if is_alone else key_in_words(group)


def _unless_same(name: str, cell: object) -> object:
    """Return a cell's name; the cell itself where it is no text, or nobody named it."""
    return cell if name == str(cell) else name


def _name(segment: str, group: str = "") -> str:
    name = _names.get((segment, group), "")
    name = name if isinstance(name, str) else name.get(i18n.spoken(), "")
    return name or group or segment
