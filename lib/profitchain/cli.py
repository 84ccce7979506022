"""The commands: report, new, new-test, check, watch, init, example, verify, certify, bench,
licences, languages, test.
"""

from __future__ import annotations

import argparse
import gc
import os
import subprocess
import sys
from collections.abc import Callable, Mapping, Sequence
from contextlib import closing
from io import TextIOWrapper
from pathlib import Path
from typing import Any

from profitchain import __version__
from profitchain.command_options import (
    add_company,
    add_contests,
    add_json,
    add_order,
    add_size,
    add_trials,
)
from profitchain.core.errors import ProfitchainError, of_the_system
from profitchain.press import new_test

QUICK = " and ".join(f"not {slow}" for slow in ("slow", "certify", "browser", "worlds", "edition"))
BESIDE = ("demo", "certify", "bench")  # the package, in a checkout
EXAMPLE_OPTIONS = ("customers", "seed", "orders", "answers", "tables")
Run = Callable[[argparse.Namespace], int]


def main(arguments: Sequence[str] | None = None) -> int:
    """Run a command; return 0, or 1 with a message that says what to do."""
    parser = _parser()
    options, others = parser.parse_known_args(arguments)
    if options.run is test:
        options.pytest = others
    elif others:
        parser.error(f"unknown: {' '.join(others)}")
    for stream in (one for one in (sys.stdout, sys.stderr) if isinstance(one, TextIOWrapper)):
        stream.reconfigure(errors="backslashreplace")  # a path may hold what can't be shown
    try:
        return options.run(options)
    except ModuleNotFoundError as error:
        folder = (error.name or "").split(".")[0]
        if folder not in BESIDE:
            raise
        needs = f"This command needs `lib/{folder}`, which no wheel holds"
        print(f"\n{needs}: run it in a checkout, as python3 lib COMMAND.", file=sys.stderr)
        return 1
    except Exception as error:
        told = str(error) if isinstance(error, ProfitchainError) else of_the_system(error)
        if not told:
            raise
        print(f"\n{told}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("\nStopped. Nothing was published.", file=sys.stderr)
        return 130


def report(options: argparse.Namespace) -> int:
    """Publish an edition, or all `--missing`; `--lists` writes what stays within the firm."""
    from profitchain.core import provenance
    from profitchain.press import fork_server

    code = provenance.code_of(provenance.NOTEBOOKS)
    words = {"languages": options.language, "company": options.company}
    fork_server.start(provenance.NOTEBOOKS, code, **words)  # imports as long as those here
    out = Path(options.out) if options.out else provenance.REPORTS
    settings = _settings(options.set)
    choices = {"out": out, "only": options.only, "settings": settings, "spoken": options.language}
    if options.missing or options.list:
        return _report_missing(options, choices)
    if not (options.fresh or options.restate or options.lists or options.pdf):
        from profitchain.press import edition_cache

        request = edition_cache.ReportRequest.of(options.company, options.period, **choices)
        if folder := edition_cache.standing_edition(request, code, provenance.NOTEBOOKS):
            print("Nothing has changed since this edition was made: it stands.", file=sys.stderr)
            print(folder / "index.html")
            return 0
    return _publish(options, choices | {"restate": options.restate})


def _report_missing(options: argparse.Namespace, choices: Mapping[str, Any]) -> int:
    """Publish, or list, all complete periods without an edition; 1 if one could not be made."""
    from profitchain.press import missing_editions

    periods = missing_editions.missing_periods(options.company, choices["out"], options.period)
    if options.list:
        print(*periods, sep="\n", end="\n" if periods else "")
        return 0

    def made(period: str) -> int:
        return _publish(argparse.Namespace(**{**vars(options), "period": period}), choices)

    return missing_editions.publish_each(periods, made)


def _publish(options: argparse.Namespace, choices: Mapping[str, Any]) -> int:
    gc.disable()  # what is imported is no garbage
    from profitchain.panel.edition import read_period
    from profitchain.press import customer_lists
    from profitchain.press.publish import publish

    gc.freeze()
    gc.set_threshold(50_000, 20, 50)  # rounds of garbage are a tenth of preparing a firm
    gc.enable()
    _refuse_bad_claims(options.company)
    if options.lists:
        edition = read_period(options.company, options.period)
        place = customer_lists.place_of(edition, choices["out"])
    index = publish(options.company, options.period, **choices, fresh=options.fresh)
    if options.lists:
        print(customer_lists.write_lists(edition, place), file=sys.stderr)
    print(index)
    if options.pdf:
        _print(index.parent)
    return 0


def _refuse_bad_claims(company: str) -> None:
    """Raise where a firm's own claims can't be used, before anything runs."""
    from profitchain.sources.company import find_company
    from profitchain.sources.own_claims import FILE

    folder = find_company(company)
    if (folder / FILE).is_file():
        from profitchain.claims.own_claims import own_claims  # no slower where there are none

        own_claims(folder)


def _print(folder: Path) -> None:
    """Write an edition's PDF, one a language, and the lists that lead to it."""
    from profitchain.pages import editions, index_pages, pdf

    for pages in editions.published_edition(folder).folders.values():
        print(pdf.print_edition(pages, beside=folder), file=sys.stderr)
    index_pages.write_index_pages(folder.parent.parent)


def new(options: argparse.Namespace) -> int:
    """Write a notebook that asks a question, and print what to do next."""
    from profitchain.press import new_notebook
    from profitchain.press.publish import NOTEBOOKS

    place = new_notebook.write_notebook(options.question, NOTEBOOKS, after=options.after)
    print(new_notebook.next_steps(place))
    return 0


def check(options: argparse.Namespace) -> int:
    """Print what the tables hold and what was set aside; 1 if nothing can be computed."""
    from profitchain.claims.own_claims import own_claims
    from profitchain.core.period_names import period_asked
    from profitchain.intake.intake import check_report, last_period, open_intake
    from profitchain.sources.company import find_company, load_company
    from profitchain.words.data import doubts_in_words
    from profitchain.words.prose import unmarked

    firm = load_company(find_company(options.company))
    claims = own_claims(firm.folder)
    period = period_asked(options.period, firm.year_starts) if options.period else last_period(firm)
    with closing(open_intake(firm, period)) as intake:
        print(check_report(intake))
        for doubt in doubts_in_words(intake.doubts, firm):
            print(f"\nDoubtful: {unmarked(doubt['says'])}")
    if claims:
        print(f"\nclaims.yml: {len(claims)} claims of your own can be tried.")
    return 0


def watch(options: argparse.Namespace) -> int:
    """Print what needs somebody now; 0 if nothing does, 2 if something, 1 if it can't be told."""
    from profitchain.press import watch_run

    return watch_run.watch(options)


def example(options: argparse.Namespace) -> int:
    """Write an invented company, and print how to report on it."""
    from demo.write_example import write_example

    chosen = {name: getattr(options, name) for name in EXAMPLE_OPTIONS}
    given = {name: value for name, value in chosen.items() if value is not None}
    write_example(Path(options.folder), **given)
    print(f"Written. Its first report: python3 lib report --company {options.folder}")
    return 0


def init(options: argparse.Namespace) -> int:
    """Write a first company.yml from a folder's files; return 1 if it can't be used as it is."""
    from profitchain.intake.new_company import write_company

    made = write_company(Path(options.folder), questions=sys.stdin.isatty())
    print(made.says)
    return int(made.fault is not None)


def verify(options: argparse.Namespace) -> int:
    """Rebuild an edition elsewhere and print every number that differs; 1 if one does."""
    from profitchain.press.verify import differences

    verification = differences(Path(options.edition), company=options.company)
    print(verification.summary)
    return int(bool(verification.rows))


def certify(options: argparse.Namespace) -> int:
    """Try every headline number in invented firms and write the certificate; 1 if one misses.

    With `--faults`, break reports instead, and print what held; with `--histories`, hold stores
    topped up beside empty ones; with `--disclosure`, attack what small firms publish; 1 if
    something did not hold.
    """
    if options.disclosure:
        from certify import disclosure_run

        return disclosure_run.run(options.disclosure, options.seed)
    if options.faults:
        from certify import faults

        return faults.run(options.faults, options.seed)
    if options.histories:
        from certify import histories

        return histories.run(options.histories, options.seed)
    from certify import run as certification

    to = Path(options.to) if options.to else None
    return certification.certify_parts(options.firms, options.parts, to)


def bench(options: argparse.Namespace) -> int:
    """Measure time and memory beside other programs, and print tables as parts are done."""
    from bench import run as benchmarks

    order = benchmarks.BenchPlan(
        parts=tuple(options.parts or benchmarks.PARTS), runs=options.runs,
        sizes=tuple(options.size), large=options.all,
    )  # fmt: skip
    results = benchmarks.run_and_tell(order, benchmarks.BENCHMARKS if options.write else None)
    if options.json:
        Path(options.json).write_text(benchmarks.as_json(results), encoding="utf-8")
    return 0


def licences(_options: argparse.Namespace) -> int:
    """Print the licence of every package that is installed here, beside its name and version."""
    from profitchain.core import provenance

    print("\n".join(provenance.licences()))
    return 0


def languages(options: argparse.Namespace) -> int:
    """Bring the catalogues up to date, print what each language lacks; 1 if something does."""
    from profitchain.core.i18n import SOURCE, available
    from profitchain.press import translations

    tags = options.tags or [tag for tag in available() if tag != SOURCE]
    states = [translations.update_catalogues(tag) for tag in tags]
    print("\n".join(map(translations.state_in_words, states)))
    return int(any(state.missing or state.changed for state in states))


def test(options: argparse.Namespace) -> int:
    """Run the test suite on all cores; the quick tests or what arguments ask for on one."""
    from profitchain.core.provenance import ROOT

    together = ["--numprocesses=auto", "--dist=loadfile", "--no-loadscope-reorder"]
    parallel = [] if options.pytest or options.quick else together  # each imports all once more
    quick = ["-m", QUICK] if options.quick else []
    command = [sys.executable, "-m", "pytest", *parallel, *quick, *options.pytest]
    return subprocess.run(command, cwd=ROOT, env=os.environ, check=False).returncode


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="profitchain", description="What customer satisfaction is worth, period by period."
    )
    parser.add_argument("--version", action="version", version=__version__)
    commands = parser.add_subparsers(required=True, metavar="COMMAND")

    def command(run: Run, **about: Any) -> argparse.ArgumentParser:
        added = commands.add_parser(run.__name__, **about)
        added.set_defaults(run=run)
        return added

    add_order(command(report, help="check, run all notebooks, render, publish an edition"))

    sub = command(new, help="make a notebook, and so a page, from a question")
    sub.add_argument("question", metavar="QUESTION", help='as in "Why do refunds rise?"')
    sub.add_argument("--after", default="", metavar="NN", help="its place (default: behind all)")
    new_test.add_command(commands, add_company)
    add_company(command(check, help="the data contract and claims.yml alone"))
    add_json(command(watch, help="what needs somebody now: 0 nothing, 2 something, 1 an error"))

    sub = command(init, help="write a first company.yml from a folder of files, whatever they are")
    sub.add_argument("folder", metavar="FOLDER")

    sub = command(example, help="write an invented company with known truth")
    sub.add_argument("folder", metavar="DIR")
    add_size(sub)

    sub = command(verify, help="rebuild an edition and compare number by number")
    sub.add_argument("edition", metavar="EDITION",
                     help="its folder, such as reports/example/2026Q3")  # fmt: skip
    sub.add_argument("--company", metavar="DIR", help="the company's folder (default: by its name)")

    add_trials(command(certify, help="try every headline number in invented firms (minutes)"))

    add_contests(command(bench, help="measure time and memory beside other programs (hours)"))

    command(licences, help="the licence of every package that is installed here")

    sub = command(languages, help="bring the catalogues up to date, list what lacks translation")
    sub.add_argument("tags", nargs="*", metavar="LANGUAGE", help="such as fr, also a new one")

    sub = command(test, help="run the test suite; further arguments go to pytest", add_help=False)
    sub.add_argument("--quick", action="store_true", help="no browser, worlds, whole editions")
    return parser


def _settings(texts: Sequence[str]) -> dict[str, str]:
    from profitchain.core.errors import ParameterError

    for text in texts:
        if "=" not in text:
            raise ParameterError(f"--set {text}: write it as --set name=value.")
    return dict(text.split("=", 1) for text in texts)
