"""Which encoding a text file is written in, told by how common the letters are that it makes.

Western single-byte encodings read every byte, so that no text proves them: they are only offered.
"""

from __future__ import annotations

import codecs
import re
import unicodedata
from collections.abc import Iterator, Sequence
from pathlib import Path

from profitchain.core.errors import CompanyError, did_you_mean

OURS = "utf-8"
COMMON_ENCODINGS = ("utf-8", "utf-16", "cp1252", "latin-1", "iso-8859-15", "gb18030", "big5",
                    "shift_jis", "euc_kr")  # fmt: skip
_WIDER = {"big5": "cp950", "gb2312": "gb18030", "gbk": "gb18030", "shift_jis": "cp932",
          "euc_kr": "cp949"}  # what Windows writes under a standard's name  # fmt: skip
_SPOKEN = {"cp950": "big5", "cp932": "shift_jis", "cp949": "euc_kr"}
_EAST_ASIAN = ("cp950", "gb18030", "cp932", "cp949")
_SIMPLIFIED = (("CNY",), ("zh-Hans", "zh-CN", "zh"))
_TRADITIONAL = (("TWD", "HKD", "MOP"), ("zh-Hant", "zh-TW", "zh-HK"))
_WESTERN = re.compile(
    "[A-Za-zÄÖÜäöüßÀÂÇÉÈÊËÎÏÔÙÛŒàâçéèêëîïôùûœÆØÅæøåÑÁÍÓÚñáíóúãõ€£°–—‘’“”…·«»§©®™½\xa0]"
)
_SYLLABLES = frozenset(  # the most common ones of Korean
    "이다는을가에의고하지도어한기로사나리은아시대자서수인그를있정해일전보스들제주부요장여상구"
    "라조마만우비것과오원소게안선성동니면합진세관미드모공연계방문국분트경으내용적치유화신습았"
    "었생위물저음최직발달배송품매재격친절느려너무울산좋추천족번더잘못때말래건강점포객빠른"
)
_EVERYDAY = frozenset(  # the most common Chinese characters, of both scripts, and words of shops
    "的一是不了在人有我他这這个個们們中来來上大为為和国國地到以说說时時要就出会會可也你对對生能而子那得于於着下自之年过過发發后後作里裡用道行所然家种種事成方"
    "多经經么去法学學如都同现現当當没沒动動面起看定天分还還进進好小部其些主样樣理心她本前开開但因只从從想实實日者意无無力它与與长長把机機十民第公此已工使情明"
    "性知全三又关關点點正业業外将將两兩高间間由问問很最重并物手应應向头頭文体體美相见見被利什二等产產或新己制身果加西月话話合回特代内內信表化老给給世位次度门"
    "門任常先海通教原东東声聲提立及比员員解水名真处處走各入几幾口认認条條平系气氣题題活更别別打女变變四总總何电電数數安少报報才结結反受目太量再感建务務做接必"
    "场場件计計管期市直德资資金指许許统統区區保至形社便空决決展科司五基书書非则則听聽白却卻界达達光放强強即难難且思完设設式色路记記南品住告类類求据據程北边邊"
    "该該交规規万萬取望觉覺共确確传傳观觀清今让讓候带帶运運慢快货貨客服态態差送退款店商买買卖賣价價格质質满滿推荐薦省广廣州深京華华"
)
_HIGH = re.compile("[^\x00-\x7f]+")
_LONGEST_WESTERN_RUN = 2
_SAMPLE, _CHUNK = 1 << 16, 1 << 20  # bytes
_SURE, _AHEAD, _FEW_LETTERS, _HARDLY, _AT_HOME = 0.52, 0.12, 6, 0.5, 0.15


def declared_encoding(declared: str, *, name: str) -> str:
    """Return the codec of a declared encoding: the wider one that Windows means by its name."""
    try:
        codec = codecs.lookup(declared).name
    except LookupError:
        hint = did_you_mean(declared, COMMON_ENCODINGS)
        raise CompanyError(f"encoding: '{declared}' of {name} is unknown. {hint}") from None
    return _WIDER.get(codec, codec)


def home_encodings(currency: str, language: str) -> tuple[str, ...]:
    """Return the encodings that a firm of this currency and language most likely writes."""
    for (currencies, languages), codecs_ in (
        (_TRADITIONAL, ("cp950", "gb18030")),
        (_SIMPLIFIED, ("gb18030", "cp950")),
    ):
        if currency in currencies or language in languages:
            return codecs_
    return {"JPY": ("cp932",), "KRW": ("cp949",)}.get(currency, ())


def sample_of(path: Path) -> bytes:
    """Return lines of a file that hold more than ASCII, as far as they are needed to tell."""
    sample = bytearray()
    with path.open("rb") as file:
        for line in file:
            if not line.isascii():
                sample += line
            if len(sample) >= _SAMPLE:
                break
    return bytes(sample)


def recognised(sample: bytes, home: Sequence[str] = ()) -> str | None:
    """Return the East Asian encoding that a sample proves, or None where it could be another.

    A firm's own encoding needs less proof.
    """
    ranked = [(codec, share) for codec, share in _ranked(sample, home) if codec in _EAST_ASIAN]
    if not ranked or ranked[0][1] < _SURE or western_share(sample) > ranked[0][1]:
        return None
    best, share = ranked[0]
    is_close = len(ranked) > 1 and share - ranked[1][1] < _AHEAD
    is_short = sum(map(len, _HIGH.findall(sample.decode(best)))) < _FEW_LETTERS
    return None if (is_close or is_short) and best not in home[:1] else best


def likely(sample: bytes, home: Sequence[str] = ()) -> str | None:
    """Return the encoding to offer first for a sample that isn't UTF-8, as company.yml names it."""
    ranked = _ranked(sample, home)
    if not ranked or ranked[0][1] < _HARDLY:
        return spoken(home[0]) if home else None
    return spoken(ranked[0][0])


def spoken(codec: str) -> str:
    """Return a codec's name as company.yml has it."""
    return _SPOKEN.get(codec, codec)


def refuse_mojibake(path: Path, encoding: str, home: Sequence[str], *, name: str) -> None:
    """Stop where a file, read as declared, is full of letters that nobody writes."""
    sample = sample_of(path)
    other = recognised(sample, home)
    if other is None or other == encoding or encoding.startswith(("utf", "ascii")):
        return
    own = _letter_share(sample, encoding) if encoding in _EAST_ASIAN else western_share(sample)
    if own is not None and own < _HARDLY:
        shown = next(iter(_HIGH.findall(sample.decode(encoding, "replace"))), "")[:8]
        raise CompanyError(
            f"{name} is declared as {spoken(encoding)}, but read so it holds '{shown}' and the "
            f"like. It looks like {spoken(other)}. Declare encoding: {spoken(other)} for its table "
            "in company.yml."
        )


def _ranked(sample: bytes, home: Sequence[str]) -> list[tuple[str, float]]:
    """Return the encodings that can read a sample with their share of common letters, best first.

    The firm's own encoding is given a start.
    """
    shares = {codec: _letter_share(sample, codec) for codec in _EAST_ASIAN}
    found = {
        codec: share + (_AT_HOME if codec in home[:1] and share else 0)
        for codec, share in shares.items()
        if share is not None
    }
    found["cp1252"] = western_share(sample)
    return sorted(found.items(), key=lambda item: -item[1])


def western_share(sample: bytes) -> float:
    """Return the share of a sample's letters beyond ASCII that stand as western words have them."""
    runs = _HIGH.findall(sample.decode("cp1252", "replace"))
    good = sum(
        len(run)
        for run in runs
        if len(run) <= _LONGEST_WESTERN_RUN and all(map(_WESTERN.match, run))
    )
    return good / max(1, sum(map(len, runs)))


def _letter_share(sample: bytes, codec: str) -> float | None:
    """Return how common the letters beyond ASCII are, 0 to 1; None if they can't be read so.

    Half of it is the share that its standard kept for common ones, half that of everyday letters.
    """
    try:
        text = sample.decode(codec)
    except UnicodeDecodeError:
        return None
    letters = [sign for run in _HIGH.findall(text) for sign in run if not _is_mark(sign)]
    marks = sum(_is_common(letter, codec) + _is_everyday(letter, codec) for letter in letters)
    return marks / max(1, 2 * len(letters))


def _is_mark(sign: str) -> bool:
    """Tell whether a sign is one of punctuation, money or a blank."""
    return unicodedata.category(sign)[0] in "PZ" or unicodedata.category(sign) == "Sc"


def _is_everyday(letter: str, codec: str) -> bool:
    if codec == "cp932" and "ぁ" <= letter <= "ヿ":
        return True
    return letter in (_SYLLABLES if codec == "cp949" else _EVERYDAY)


def _is_common(letter: str, codec: str) -> bool:
    """Tell whether a letter stands in the part of its standard that was kept for common ones."""
    if codec == "cp932" and "ぁ" <= letter <= "ヿ":
        return True
    standard, first, last = {
        "cp950": ("big5", 0xA4, 0xC6), "gb18030": ("gb2312", 0xB0, 0xD7),
        "cp932": ("shift_jis", 0x88, 0x98), "cp949": ("euc_kr", 0xB0, 0xC8),
    }[codec]  # fmt: skip
    code = letter.encode(standard, "ignore")
    return len(code) == 2 and first <= code[0] <= last


def texts(path: Path, encoding: str) -> Iterator[str]:
    """Yield a file's text in parts; none ends between the two signs of a Windows line end."""
    decoder, held = codecs.getincrementaldecoder(encoding)(), ""
    with path.open("rb") as file:
        while block := file.read(_CHUNK):
            text = held + decoder.decode(block)
            held = "\r" if text.endswith("\r") else ""
            yield text.removesuffix("\r") if held else text
    yield held + decoder.decode(b"", final=True)
