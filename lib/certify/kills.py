"""What reports leave behind that are killed: at any moment, or at the exchange of two editions.

First ones and those of an edition that stands, in one language or two, on paper, four at once.
"""

from __future__ import annotations

import os
import shutil
import signal
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, field, replace
from functools import partial

import numpy as np

from certify.breakable import Running, Shop, Trial, after, contents, finished, in_words
from certify.warm_reports import WarmReports
from profitchain.pages import pdf

WAYS: dict[str, tuple[str, ...]] = {
    "one language": (),
    "two languages": ("--language=en", "--language=zh-Hant"),
    "on paper": ("--pdf",),
    "four at once": ("--language=en",),
}
RARE = 10  # one in so many kills is on paper, and one of four at once: they take four times as long
COLD = 20  # one in so many starts as a user's does, with all its imports
LONGER_COLD = 3  # times as long
A_LOOK = 0.001  # seconds
AFTER_THE_RECORD = 0.05  # seconds in which editions are exchanged

Edition = Mapping[str, bytes]


@dataclass(kw_only=True)
class Killer:
    """Kills reports of one shop.

    `wholes` are whole editions by the way in which they are made, first as they are before paper;
    `seconds` is how long the last whole run of each took.
    """

    shop: Shop
    warm: WarmReports
    luck: np.random.Generator
    wholes: dict[str, tuple[Edition, Edition]] = field(default_factory=dict)
    seconds: dict[str, float] = field(default_factory=dict)

    def kill(self, way: str, *, is_aimed: bool, is_cold: bool) -> Trial:
        """Kill a run, or one of four, and judge what it left."""
        own = Shop(root=self.shop.root, company=self.shop.company,
                   out=self.shop.out / way.replace(" ", "-"), more=WAYS[way])  # fmt: skip
        plain, reference = self._wholes_of(own, way)
        is_first = bool(self.luck.integers(2))
        if is_first:
            shutil.rmtree(own.out)
        if self.luck.integers(4) == 0:
            shutil.rmtree(own.company / ".store", ignore_errors=True)
        before = contents(own.edition)
        others = [self._started(own) for _one in range(3 * (way == "four at once"))]
        running: Running = own.start("--fresh") if is_cold else self._started(own)
        times = (1 + len(others)) * (LONGER_COLD if is_cold else 1)
        if is_aimed:
            self._wait_for_the_exchange(own, running, way)
        else:
            time.sleep(self.luck.uniform(0, self.seconds[way] * times))
        with suppress(ProcessLookupError):
            os.killpg(running.pid, signal.SIGKILL)
        finished(running)
        why = next((in_words(told) for code, told in map(finished, others) if code), "")
        stands = contents(own.edition)
        if stands and _is_made_of(stands, plain, reference):
            before = stands  # paper comes after the pages, file by file
        why = why or after(own, before, reference, again=lambda: self._whole(own, way))
        when = "first run" if is_first else "run again"
        where = "at any moment"
        if is_aimed:
            where = "while it prints" if way == "on paper" else "at the exchange"
        return Trial(fault=f"killed {where}, {way}, {when}", why=why)

    def _wholes_of(self, own: Shop, way: str) -> tuple[Edition, Edition]:
        if way not in self.wholes:
            before_paper = replace(own, more=() if way == "on paper" else own.more)
            self._whole(before_paper, way, "--fresh")
            plain = contents(own.edition)
            self._whole(own, way, "--fresh")
            self.wholes[way] = plain, contents(own.edition)
        return self.wholes[way]

    def _whole(self, own: Shop, way: str, *more: str) -> tuple[int, str]:
        start = time.monotonic()
        ended = finished(self.warm.start(own.command(*more)))
        self.seconds[way] = time.monotonic() - start
        return ended

    def _started(self, own: Shop) -> Running:
        return self.warm.start(own.command("--fresh"))

    def _wait_for_the_exchange(self, own: Shop, running: Running, way: str) -> None:
        """Wait until editions are exchanged, or of one on paper until they were and it prints."""
        most = AFTER_THE_RECORD
        while not list(own.out.glob("*/.making-*/record.json")) and running.poll() is None:
            time.sleep(A_LOOK)
        while way == "on paper" and running.poll() is None:
            most = self.seconds[way]
            if (own.edition / "index.html").exists() and not (own.edition / pdf.PDF).exists():
                break
            time.sleep(A_LOOK)
        time.sleep(self.luck.uniform(0, most))


def kills_of(shop: Shop, times: int, seed: int) -> Iterator[Callable[[], Trial]]:
    """Yield so many kills, half of them aimed at the exchange."""
    warm = WarmReports(shop.root, shop.variables | {"PYTHONHASHSEED": "0"})
    killer = Killer(shop=shop, warm=warm, luck=np.random.default_rng(seed))
    can_print = any(map(shutil.which, pdf.BROWSERS))
    for number in range(times):
        place = (number + number // RARE) % RARE  # each way is aimed now and then
        way = ("one language", "two languages")[number // 2 % 2]
        if place == 1 and can_print:
            way = "on paper"
        if place == RARE // 2:
            way = "four at once"
        is_cold = number % COLD == COLD // 2
        yield partial(killer.kill, way, is_aimed=bool(number % 2), is_cold=is_cold)
    warm.end()


def _is_made_of(stands: Edition, plain: Edition, reference: Edition) -> bool:
    """Tell whether each file is whole, and as before paper or after."""
    return plain.keys() <= stands.keys() and all(
        file in (plain.get(name), reference.get(name)) for name, file in stands.items()
    )
