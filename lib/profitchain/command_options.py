"""What commands can be told: companies and periods, what to publish, how large, which contests."""

from __future__ import annotations

import argparse
from functools import partial

EXAMPLE = "data/example"
CERTIFIED = ("numbers", "clusters", "worth", "drivers", "naming", "grades", "forecasts", "alarms")


def add_contests(parser: argparse.ArgumentParser) -> None:
    """Let a command say what to measure, how often and where the figures go."""
    parser.add_argument("--parts", nargs="+", default=[], metavar="PART",
                        help="growth, data, fits, lifetime, suite (default: all)")  # fmt: skip
    parser.add_argument("--size", nargs="+", type=one_or_more, default=[], metavar="N",
                        help="orders, answers or customers (default: each part's own)")  # fmt: skip
    parser.add_argument("--runs", type=one_or_more, default=3, metavar="N",
                        help="of each program (3)")  # fmt: skip
    parser.add_argument("--all", action="store_true", help="also peers of a gigabyte to install")
    parser.add_argument("--write", action="store_true", help="into lib/BENCHMARKS.md")
    parser.add_argument("--json", metavar="FILE", help="also write all figures there")


def add_trials(parser: argparse.ArgumentParser) -> None:
    """Let a command say what is tried, and how often."""
    parser.add_argument("--firms", type=some, default=1000, metavar="N", help="of each kind (1000)")
    parser.add_argument("--parts", nargs="+", default=[], metavar="PART", choices=CERTIFIED,
                        help=f"only these: {', '.join(CERTIFIED)}")  # fmt: skip
    parser.add_argument("--to", metavar="FILE",
                        help="where the certificate goes (lib/CERTIFICATE.md)")  # fmt: skip
    parser.add_argument("--faults", type=one_or_more, default=0, metavar="N",
                        help="instead, kill N reports, break others, print what held")  # fmt: skip
    parser.add_argument("--histories", type=one_or_more, default=0, metavar="N",
                        help="instead, hold N topped-up stores beside new ones")  # fmt: skip
    parser.add_argument("--disclosure", type=one_or_more, nargs="+", default=[], metavar="N",
                        help="instead, attack editions of firms of N answers a year")  # fmt: skip
    parser.add_argument("--seed", type=int, default=2026, metavar="S", help="of these (2026)")


def add_order(parser: argparse.ArgumentParser) -> None:
    """Let a command say what to publish."""
    add_company(parser)
    parser.add_argument("--language", action="append", default=[], metavar="L",
                        help="language of the pages; again for more")  # fmt: skip
    parser.add_argument("--out", metavar="DIR", help="folder of all editions (default: reports)")
    parser.add_argument("--only", action="append", default=[], metavar="NOTEBOOK",
                        help="only this notebook, and the summary; again for more")  # fmt: skip
    parser.add_argument("--fresh", action="store_true",
                        help="run all notebooks, also those of which nothing changed")  # fmt: skip
    parser.add_argument("--restate", action="store_true", help="replace what nobody has seen yet")
    parser.add_argument("--set", action="append", default=[], metavar="NAME=VALUE",
                        help="a notebook parameter's value; again for more")  # fmt: skip
    parser.add_argument("--missing", action="store_true",
                        help="all complete periods without an edition, from PERIOD")  # fmt: skip
    parser.add_argument("--list", action="store_true", help="only name those periods")
    parser.add_argument("--pdf", action="store_true",
                        help="also print the edition to edition.pdf (needs Chromium)")  # fmt: skip
    parser.add_argument("--lists", action="store_true",
                        help="write who may leave, and texts to release, privately")  # fmt: skip


def add_size(parser: argparse.ArgumentParser) -> None:
    """Let a command say how large an invented company is, and which tables are written."""
    parser.add_argument("--customers", type=int, metavar="N",
                        help="(default: 4500, or as many as place the --orders)")  # fmt: skip
    parser.add_argument("--seed", type=int, metavar="S", help="(default: 2026)")
    parser.add_argument("--orders", type=int, metavar="N",
                        help="about so many, through more or less loyal customers")  # fmt: skip
    parser.add_argument("--answers", type=int, metavar="N",
                        help="about so many, through asking more or fewer")  # fmt: skip
    parser.add_argument("--tables", nargs="+", metavar="TABLE",
                        help="write these only, and orders (default: all)")  # fmt: skip


def add_company(parser: argparse.ArgumentParser) -> None:
    """Let a command say of which company and period."""
    parser.add_argument("period", nargs="?", default="", metavar="PERIOD",
                        help="2026Q3, 2026-09, 2026-W14, 2026FY04 (default: the last)")  # fmt: skip
    parser.add_argument("--company", default=EXAMPLE, metavar="DIR", help=f"(default: {EXAMPLE})")


def _at_least(fewest: int, text: str) -> int:
    if not text.isdecimal() or int(text) < fewest:
        raise argparse.ArgumentTypeError(f"{text} is not a whole number of {fewest} or more")
    return int(text)


some, one_or_more = partial(_at_least, 0), partial(_at_least, 1)


def add_json(parser: argparse.ArgumentParser) -> None:
    """Let a command say whose data to read, and how to print what it found."""
    add_company(parser)
    parser.add_argument("--json", action="store_true", help="print one JSON, the sentences aside")
