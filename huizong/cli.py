"""python -m huizong …: the same work as the pages, for automation and checks. --json prints one object."""

import argparse
import getpass
import json
import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from contextvars import copy_context
from dataclasses import asdict, replace
from datetime import UTC, date, datetime
from functools import cache
from pathlib import Path
from string import ascii_uppercase
from tempfile import TemporaryDirectory
from threading import Event, Thread

import pandas as pd
from pandas import DataFrame

from huizong import blanks, bulk, cross_checks, decisions, derive, figure_words, intake, releases, sendback, submissions
from huizong.answers import Answers, BadAnswers, asked_about, read_answers
from huizong.backup import BadBackup, StoreNotEmpty, back_up, restore_from, verify_backup
from huizong.decisions import NotAcceptable
from huizong.derive import OriginalsUnread
from huizong.edits import describe, place_in_words
from huizong.excel import display_width
from huizong.forms import BadForm, Form, UnknownForm, all_forms
from huizong.inbox import Inbox
from huizong.indicators import UnknownIndicator, figures
from huizong.intake import NotYet, Receipt
from huizong.lineage import terms_of_figure
from huizong.org_units import DATA, LEVELS, Register, UnknownUnit, load_register
from huizong.periods import BadPeriod, Period
from huizong.register_changes import CHANGES, BadRegisterChanges
from huizong.releases import Moment, Release, UnknownRelease
from huizong.returned import Return, item_value
from huizong.samples import ensure_store
from huizong.sheet import Unreadable, unlock_file
from huizong.store import ROOT, Store, StoreBusy, StoreTrouble, open_store, store_folder
from huizong.texts import LANGUAGES, _, language, speak
from huizong.verify import Difference, Verified, verify_store

PROGRESS_SECONDS = 5.0  # between two lines where there is no terminal
WORKBOOKS = {".xlsx", ".xlsm", ".xls", ".xlsb", ".ods", ".et"}
EXPORTS = ("excel", "pptx", "csv", "datapackage", "sdmx")  # exports.FORMATS, which takes long to import
MISTAKES = (
    BadAnswers, BadBackup, BadForm, BadPeriod, BadRegisterChanges, FileNotFoundError, NotAcceptable, NotYet,
    OriginalsUnread, StoreNotEmpty, StoreTrouble, UnknownForm, UnknownIndicator, UnknownRelease, UnknownUnit,
)  # fmt: skip


def main(arguments: Sequence[str] | None = None) -> int:
    """Exit status: 0 fine, 1 something has errors or cannot be read, 2 a call that cannot be carried out, 130 ended by
    Ctrl-C, 141 whoever read the answer has stopped."""
    args = parser().parse_args(arguments)
    speak(args.language)
    if args.store:
        os.environ["HUIZONG_STORE"] = str(args.store)
    try:
        status = args.run(args)
        sys.stdout.flush()
        return status
    except MISTAKES as error:
        print(f"huizong: {error}", file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        return 130
    except BrokenPipeError:  # figure … | head
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())  # what is still in the buffer goes nowhere
        return 141


def how_returns_count(made: argparse.ArgumentParser) -> None:
    made.add_argument("--carry", action="store_true", help="a unit's last return stands in for one that has not come")
    made.add_argument("--present", action="store_true", help="in present boundaries, not those of the time")


def shared_options(**defaults: object) -> argparse.ArgumentParser:
    """The options that stand before or after the command; only those before it have defaults."""
    shared = argparse.ArgumentParser(add_help=False, argument_default=argparse.SUPPRESS)
    shared.add_argument("--store", type=Path, help="where the store lies (HUIZONG_STORE)")
    shared.add_argument("--json", action="store_true", help="one JSON object on stdout")
    shared.add_argument("--language", choices=[*LANGUAGES])
    shared.set_defaults(**defaults)
    return shared


def parser() -> argparse.ArgumentParser:
    shared = shared_options()
    before = shared_options(store=None, json=False, language="zh_CN")
    top = argparse.ArgumentParser(prog="python -m huizong", parents=[before])
    commands = top.add_subparsers(dest="command", required=True, metavar="COMMAND")

    def command(name: str, run, help: str, *parents: argparse.ArgumentParser) -> argparse.ArgumentParser:
        made = commands.add_parser(name, help=help, parents=[shared, *parents])
        made.set_defaults(run=run)
        return made

    opening = argparse.ArgumentParser(add_help=False)
    words = "what check --json printed, an answer beside each question (docs/questions.md)"
    opening.add_argument("--answers", type=Path, metavar="FILE.json", help=words)
    unlocking = argparse.ArgumentParser(add_help=False)
    words = "of protected workbooks, one password a line; without it HUIZONG_PASSWORD, or they are asked for"
    unlocking.add_argument("--password-file", type=Path, metavar="FILE", help=words)
    made = command(
        "check", check, "findings of workbooks; nothing is kept; exit 1 when there are errors", opening, unlocking
    )
    made.add_argument("files", nargs="+", type=Path, metavar="FILE")
    made = command("markup", markup, "a workbook with its findings marked; exit 1 when there are errors", unlocking)
    made.add_argument("file", type=Path, metavar="FILE")
    made.add_argument("-o", "--output", required=True, type=Path, metavar="OUT")
    receiving = argparse.ArgumentParser(add_help=False)
    receiving.add_argument("--accept", action="store_true", help="accept those without errors and without open queries")
    receiving.add_argument("--summary", type=Path, metavar="FILE.xlsx", help="what became of each file, as a workbook")
    made = command("load", load, "take workbooks in: files, folders, ZIPs", receiving, opening, unlocking)
    made.add_argument("paths", nargs="+", type=Path, metavar="PATH")
    words = "the earlier day on which they came by another way (2018-10-12), by which they are in time"
    made.add_argument("--received-on", type=date.fromisoformat, metavar="DATE", help=words)
    words = "take in what is put into a folder, until ended by Ctrl-C or SIGTERM"
    made = command("watch", watch, words, receiving, unlocking)
    made.add_argument("folder", type=Path, metavar="FOLDER")
    made.add_argument("--every", type=float, default=5, metavar="SECONDS", help="between two looks (5)")
    made.add_argument("--once", action="store_true", help="take in what is there, and end")
    frozen = argparse.ArgumentParser(add_help=False)
    frozen.add_argument("--release", metavar="NAME", help="of a release, in place of now")
    made = command("figure", figure, "one figure with its terms", frozen)
    made.add_argument("indicator", metavar="INDICATOR")
    made.add_argument("--unit", required=True, metavar="CODE")
    made.add_argument("--period", required=True, metavar="P", help="2018, 2018-H1, 2018-Q3, 2018-11")
    how_returns_count(made)
    made = command("cross", cross, "what is worth checking across returns, ranked")
    made.add_argument("--unit", required=True, metavar="CODE")
    made.add_argument("--period", required=True, metavar="P")
    made.add_argument("--most", type=int, default=cross_checks.MOST, metavar="N", help="lines told (%(default)s)")
    made = command("template", template, "a blank return")
    made.add_argument("form", metavar="FORM")
    made.add_argument("--unit", required=True, metavar="CODE")
    made.add_argument("--period", required=True, metavar="P")
    made.add_argument("-o", "--output", required=True, type=Path, metavar="FILE")
    made.add_argument("--all", action="store_true", help="a ZIP with the blanks of all units under CODE")
    made = command("report", report, "a report in Word whose figures are linked to what they are made of", frozen)
    made.add_argument("template", metavar="TEMPLATE", help="quarterly, yearly, or a Word file (docs/reports.md)")
    made.add_argument("--unit", required=True, metavar="CODE")
    made.add_argument("--period", required=True, metavar="P")
    made.add_argument("-o", "--output", required=True, type=Path, metavar="FILE.docx")
    how_returns_count(made)
    words = "figures as a workbook, slides or tables for other programs (docs/exports.md)"
    made = command("export", export, words, frozen)
    made.add_argument("form", metavar="FORM", help="a form, or all")
    made.add_argument("--unit", required=True, metavar="CODE")
    made.add_argument("--period", required=True, metavar="P")
    made.add_argument("--as", dest="kind", default="excel", choices=EXPORTS, help="(%(default)s)")
    made.add_argument("-o", "--output", required=True, type=Path, metavar="FILE")
    how_returns_count(made)
    made = command("release", release, "freeze the figures of now under a name (docs/releases.md)")
    made.add_argument("name", metavar="NAME")
    made.add_argument("--note", default="", help="what it is for")
    made.add_argument("--period", metavar="P", help="the period that it is made for; without it, all")
    words = "of what was in force at this moment of the local clock (2018-10-15T18:00), in place of now"
    made.add_argument("--as-of", type=datetime.fromisoformat, metavar="MOMENT", help=words)
    made = command("releases", list_releases, "the releases; of one, what was corrected since")
    made.add_argument("name", nargs="?", metavar="NAME")
    made.add_argument("--against", metavar="NAME", help="compare with this later release, in place of now")
    made.add_argument("--unit", default="0", metavar="CODE", help="the corrections under it (the country)")
    made.add_argument("--period", metavar="P", help="the corrections of its figures only")
    command("forms", forms, "the forms there are")
    command("indicators", indicators, "the indicators there are")
    made = command("register", register, "check a file of register changes: units abolished, merged, split, new")
    made.add_argument("file", type=Path, metavar="FILE.csv")
    made.add_argument("--apply", action="store_true", help="put it in force")
    command("rebuild", rebuild, "make the derived tables again from the journal and the originals")
    made = command("verify", verify, "whether the store, or a backup of it, is whole; exit 1 when something differs")
    made.add_argument("backup", nargs="?", type=Path, metavar="BACKUP", help="a folder that backup has made")
    made.add_argument("--quick", action="store_true", help="the record only, without rebuilding the tables beside it")
    made = command("backup", backup, "copy the record to a folder on another disk; what is there already stays")
    made.add_argument("folder", type=Path, metavar="DEST")
    made = command("restore", restore, "fill an empty store from a backup")
    made.add_argument("folder", type=Path, metavar="BACKUP")
    words = "also when originals are missing in the backup; exit 1 then"
    made.add_argument("--incomplete", action="store_true", help=words)
    command("reset", reset, "start empty: everything in the store is deleted")
    made = command("serve", serve, "the pages, on http://localhost:8501")
    made.add_argument("--port", type=int, default=8501)
    return top


def show(args: argparse.Namespace, answer: dict, lines: Iterable[str]) -> None:
    if args.json:
        print(json.dumps(answer, ensure_ascii=False, indent=1))
    else:
        for line in lines:
            print(line)


def who() -> str:
    try:
        return getpass.getuser()
    except (OSError, KeyError):  # no account of that number: a container
        return "cli"


# ---- check and load -------------------------------------------------------------------------------------------------


def check(args: argparse.Namespace) -> int:
    paths = [path for given in args.files for path in (workbooks_in(given) if given.is_dir() else [given])]
    store = store_for_checking()
    answers = read_answers(args.answers, store.forms, store.units) if args.answers else None
    found = intake.check(store, paths, answers=answers, passwords=passwords_of(args))
    entries = [checked_entry(one) for one in found]
    if answers:
        answers.none_left()
    show(args, {"files": entries}, (line for entry in entries for line in entry_lines(entry)))
    return 1 if any(entry["status"] in ("error", "unreadable") for entry in entries) else 0


def passwords_of(args: argparse.Namespace) -> Callable[[], list[str]]:
    """Asks for the passwords once, when a file wants one. None stands on the command line, where all can see it."""

    @cache
    def passwords() -> list[str]:
        if args.password_file:
            return [line for line in args.password_file.read_text(encoding="utf-8-sig").splitlines() if line]
        if given := os.environ.get("HUIZONG_PASSWORD"):
            return [given]
        if sys.stdin.isatty() and (typed := getpass.getpass(_("Password of the protected workbooks: "))):
            return [typed]
        return []

    return passwords


def store_for_checking() -> Store:
    """The store there is, for last period's values; without one, or while it is busy, a check needs none."""
    folder = store_folder()
    if (folder / "huizong.duckdb").exists():
        try:
            return derive.ready(open_store(folder))
        except StoreBusy as error:
            print(f"huizong: {error}; {_('checked without comparing with earlier returns')}", file=sys.stderr)
    return Store(None)


def checked_entry(found: intake.Checked) -> dict:
    read = found.read
    form = read.form if read else None
    return {
        "file": found.filename,
        "return": found.number + 1,
        "form": form.code if form else None,
        "unit": read.unit.code if read and read.unit else None,
        "unit_name": read.unit.name if read and read.unit else None,
        "period": read.period.code if read and read.period else None,
        "sheets": read.sheets if read else [],
        "status": found.status,
        "rows": len(read.rows) if read else 0,
        "values": list(values_of(read)) if read else [],
        "questions": [asdict(question) for question in read.questions] if read else [],
        "findings": [
            {
                "severity": finding.severity,
                "rule": finding.rule,
                "sheet": finding.sheet,
                "cells": finding.cells,
                "item": finding.item,
                "found": finding.found,
                **(
                    {"message": intake.reason_text(found.reason, found.findings[0].cells), "expected": "", "remedy": ""}
                    if found.reason
                    else {k: v for k, v in describe(form, finding).items() if k != "item"}
                ),
            }
            for finding in found.findings
        ],
    }


def markup(args: argparse.Namespace) -> int:
    store, path = store_for_checking(), args.file
    found = list(intake.check(store, [path]))
    with TemporaryDirectory() as folder:
        if found[0].reason == "password":
            given = passwords_of(args)()
            path = without_password(path, given, Path(folder))
            again = intake.check(store, [path], passwords=lambda: given)
            found = [replace(one, filename=str(args.file)) for one in again]
        if readable := any(one.read for one in found):
            args.output.write_bytes(sendback.marked_file(path, found))
    entries = [checked_entry(one) for one in found]
    answer = {"files": entries, "output": str(args.output) if readable else None}
    show(args, answer, [line for entry in entries for line in entry_lines(entry)])
    return 1 if any(entry["status"] in ("error", "unreadable") for entry in entries) else 0


def without_password(path: Path, passwords: Iterable[str], folder: Path) -> Path:
    """A copy in the folder without its password, when one of these opens it; else the file as it is."""
    for password in passwords:
        data = unlock_file(path, password)
        if not isinstance(data, Unreadable):
            copy = folder / path.name
            copy.write_bytes(data)
            return copy
    return path


def values_of(read: Return) -> Iterable[dict]:
    for row in read.rows:
        for item, value in row.values.items():
            declared = read.form.by_code[item]
            cell = read.cell(row, item) or ""
            entry = {"row": int(cell.lstrip(ascii_uppercase)), "unit": row.unit_code, "label": row.label, "item": item,
                     "value": item_value(value), "cell": f"{row.sheet}!{cell}"}  # fmt: skip
            if declared.codes and value is not None:
                # The words of the form are what a reader knows; the code is how the product keeps them.
                entry |= {"value": declared.code_label(str(value), "zh"), "code": value}
            yield entry


def entry_lines(entry: dict) -> Iterable[str]:
    head = "  ".join(str(entry[key]) for key in ("form", "unit_name", "period") if entry[key])
    yield f"{entry['file']}  {head}  {entry['status']}  {entry['rows']}"
    for question in entry["questions"]:
        at = f" {question['sheet']}!{question['cell']}" if question["cell"] else ""
        yield f"  ? {question['ask']}{at}: {question['found']} {' '.join(question['candidates'])}"
    for finding in entry["findings"]:
        at = "、".join(map(place_in_words, finding["cells"]))
        where = f"{finding['sheet']}!{at}" if finding["sheet"] else at
        yield f"  {finding['severity']}  {where}  {finding['message']}  → {finding['remedy']}"


def workbooks_in(folder: Path) -> list[Path]:
    """The workbooks of a folder and those beneath it; ~$… are locks that an open Excel leaves."""
    return sorted(p for p in folder.rglob("*") if p.suffix.lower() in WORKBOOKS and not p.name.startswith("~$"))


# ---- many files -----------------------------------------------------------------------------------------------------


def load(args: argparse.Namespace) -> int:
    """What was received before says so: the same call again goes on where one was ended."""
    if args.summary and not args.summary.parent.is_dir():
        raise FileNotFoundError(_("{path}: no such file or folder").format(path=args.summary.parent))
    paths = [path for given in args.paths for path in files_given(given)]
    store = derive.ready(open_store())
    answers = read_answers(args.answers, store.forms, store.units) if args.answers else None
    batch = bulk.Batch(store, bulk.on_disk(paths), who=who(), accept=args.accept, received_on=args.received_on)
    with ended_by_signals(batch.stopping), progress_shown(batch):
        try:
            batch.finish()
        except StoreTrouble:
            print("huizong:", stopped_words(batch), file=sys.stderr)
            raise
    open_locked(store, batch, passwords_of(args))
    if answers:
        answer_questions(store, batch, answers)
    entries = load_entries(store, batch.receipts)
    outcomes, statuses = bulk.counted(batch.receipts, states_of(store, batch.receipts))
    stopped = len(batch.receipts) < batch.total
    answer = {"files": entries, "summary": outcomes | {"returns": statuses, "of": batch.total, "stopped": stopped}}
    show(args, answer, load_lines(store, batch))
    if args.summary:
        args.summary.write_bytes(bulk.summary_workbook(store, batch.receipts))
    store.close()
    return 130 if stopped else 1 if any(load_failed(entry) for entry in entries) else 0


def open_locked(store: Store, batch: bulk.Batch, passwords: Callable[[], list[str]]) -> None:
    """Takes in the workbooks that wait for their password, with the first that fits."""
    for n, receipt in enumerate(batch.receipts):
        for password in passwords() if receipt.locked else []:
            try:
                batch.receipts[n] = intake.receive_unlocked(store, receipt, password, who=who(), accept=batch.accept)
                break
            except Unreadable as error:
                batch.receipts[n] = replace(receipt, message=intake.reason_text(error.reason))


def answer_questions(store: Store, batch: bulk.Batch, answers: Answers) -> None:
    """Answers what returns just taken in leave unclear. Raises BadAnswers when more is answered than was asked."""
    answered = []
    for receipt in batch.receipts:
        for submission in receipt.submissions:
            while said := answers.take(receipt.filename, *asked_about(store, submission)):
                decisions.answer(store, submission, who=who(), **said)
                answered.append(submission)
    if batch.accept:
        with store.transaction() as cursor:
            decisions.accept_within(store, cursor, answered, who())
    answers.none_left()


def files_given(path: Path) -> list[Path]:
    try:
        return bulk.files_under(path)
    except OSError:
        raise FileNotFoundError(_("{path}: no such file or folder").format(path=path)) from None


@contextmanager
def ended_by_signals(stopping: Event) -> Iterator[None]:
    """Ctrl-C and SIGTERM set stopping; the second Ctrl-C does not wait for what is under way."""

    def stop(number: int, _frame: object) -> None:
        if stopping.is_set():
            raise KeyboardInterrupt
        stopping.set()
        print("\nhuizong:", _("Stopping after the files under way …"), file=sys.stderr)

    before = {number: signal.signal(number, stop) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


@contextmanager
def progress_shown(batch: bulk.Batch) -> Iterator[None]:
    """How far a batch is, on stderr: one line written over and over on a terminal, else one every few seconds."""
    ended, terminal = Event(), sys.stderr.isatty()

    def tell() -> None:
        shown = ""
        while not ended.wait(0.2 if terminal else PROGRESS_SECONDS):
            text = batch.progress()
            while terminal and display_width(text) >= shutil.get_terminal_size().columns:
                text = text[:-1]
            if text != shown:
                print(
                    f"\r{text}\x1b[K" if terminal else text, end="" if terminal else "\n", file=sys.stderr, flush=True
                )
            shown = text

    teller = Thread(target=copy_context().run, args=(tell,), daemon=True)
    teller.start()
    try:
        yield
    finally:
        ended.set()
        teller.join()
        if terminal:
            print("\r\x1b[K", end="", file=sys.stderr, flush=True)


def states_of(store: Store, receipts: Sequence[Receipt]) -> dict[str, dict]:
    return submissions.states(store, [i for receipt in receipts for i in receipt.submissions])


def load_entries(store: Store, receipts: Sequence[Receipt]) -> list[dict]:
    states = states_of(store, receipts)
    return [
        {"file": receipt.filename, "outcome": receipt.outcome, "message": receipt.message,
         "returns": [states[i] for i in receipt.submissions if i in states]}
        for receipt in receipts
    ]  # fmt: skip


def load_failed(entry: dict) -> bool:
    return entry["outcome"] in ("unreadable", "refused") or any(r["status"] == "error" for r in entry["returns"])


def load_lines(store: Store, batch: bulk.Batch) -> Iterable[str]:
    """A line for each file and return, what needs a look last, where the eye is; then the counts."""
    yield from file_lines(store, batch.receipts)
    yield from bulk.in_words(batch.receipts, states_of(store, batch.receipts))
    if len(batch.receipts) < batch.total:
        yield stopped_words(batch)


def stopped_words(batch: bulk.Batch) -> str:
    words = _("Stopped: {n} of {total} files were taken in and stay. The same command again goes on from there.")
    return words.format(n=f"{len(batch.receipts):,}", total=f"{batch.total:,}")


def file_lines(store: Store, receipts: Sequence[Receipt]) -> list[str]:
    rows = bulk.summary(store, receipts, urgent_last=True)
    heads = list(rows.columns)
    return [
        "  ".join(
            f"{head} {value}" if isinstance(value, int) else value
            for head, value in zip(heads, row, strict=True)
            if not pd.isna(value) and value not in ("", 0)
        )
        for row in rows.astype(object).itertuples(index=False)
    ]


def watch(args: argparse.Namespace) -> int:
    """Until it is told to end; --once takes in what is there. What stands in the way is said once, and tried again."""
    inbox, stopping = Inbox(args.folder), Event()
    receipts: list[Receipt] = []  # since the start
    unopened: set[str] = set()  # files that have been told of, and are tried again
    trouble, looks, renew = "", 0, False
    passwords = passwords_of(args)
    with ended_by_signals(stopping):
        while not stopping.is_set():
            looks += 1
            try:
                if paths := inbox.complete():
                    store = derive.ready(open_store())
                    batch = bulk.Batch(store, bulk.on_disk(paths), who=who(), accept=args.accept, stopping=stopping)
                    with progress_shown(batch):
                        batch.finish()
                    open_locked(store, batch, passwords)
                    for path in paths:
                        if str(path) not in batch.unopened:
                            inbox.take(path)
                    told = unopened & batch.unopened
                    news = [receipt for receipt in batch.receipts if receipt.filename not in told]
                    unopened = batch.unopened
                    tell(args, store, news)
                    receipts, renew = receipts + news, renew or bool(news)
                if renew and args.summary:
                    args.summary.write_bytes(bulk.summary_workbook(derive.ready(open_store()), receipts))
                    renew = False
                trouble = ""
            except BrokenPipeError:
                raise
            except (OSError, StoreTrouble) as error:
                before, trouble = trouble, str(error)
                if isinstance(error, OSError):
                    trouble = _("{path} cannot be reached: {why}").format(path=error.filename, why=error.strerror)
                if trouble != before:
                    print(f"huizong: {trouble}", _("(waiting; it goes on by itself)"), file=sys.stderr, flush=True)
            if args.once and looks > 1:
                break
            stopping.wait(args.every)
    return 2 if trouble else 0


def tell(args: argparse.Namespace, store: Store, receipts: Sequence[Receipt]) -> None:
    """A line for each file just taken in; those that had been before are counted."""
    news = [receipt for receipt in receipts if receipt.outcome != "already"]
    if args.json:
        for entry in load_entries(store, news):
            print(json.dumps(entry, ensure_ascii=False))
    else:
        for line in file_lines(store, news):
            print(f"{datetime.now():%H:%M:%S}  {line}")
        if before := len(receipts) - len(news):
            print(f"{datetime.now():%H:%M:%S}  " + _("already received: {n} files").format(n=f"{before:,}"))
    sys.stdout.flush()


# ---- figures and definitions ----------------------------------------------------------------------------------------


def figure(args: argparse.Namespace) -> int:
    held = ensure_store()
    period = Period.of(args.period)
    _release, (store, as_of) = asked_of(args, held)
    row = figures(
        store, [args.indicator], args.unit, [period], as_of=as_of, carry=args.carry, present=args.present
    ).iloc[0]
    terms = terms_of_figure(
        store, args.indicator, args.unit, period, as_of=as_of, carry=args.carry, present=args.present
    )
    form, indicator = store.forms.indicators[args.indicator]
    answer = {
        "indicator": args.indicator,
        "label": indicator.label.get(language()),
        "form": form.code,
        "unit": row["unit"],
        "unit_name": row["name"],
        "period": period.code,
        **{
            key: number(row[key]) for key in ("numerator", "denominator", "value", "n_reporting", "n_expected", "n_nil")
        },
        "missing_units": row["missing"],
        "missing_names": [store.units.get(code).name for code in row["missing"]],
        "missing_periods": row["missing_periods"],
        "unowed_periods": row["unowed_periods"],
        "carried_units": row["carried"],
        "below_threshold": bool(row["below_threshold"]),
        "target": number(row["target"]),
        "note": figure_words.why(row, indicator),
        "n_incomplete": int(row["n_incomplete"]),
        "n_sample": int(row["n_sample"]),
        "release": args.release,
        "terms": [asdict(term) for term in terms],
    }
    store.close()
    held.close()
    notes = "；".join(figure_words.remarks(row, indicator))
    shown = figure_words.format_figure(row, indicator, "plain", unit=False) + (f" {notes}" if notes else "")
    show(args, answer, [
        f"{answer['unit_name']} {period.label(language())} {answer['label']}：{shown}",
        f"{answer['numerator']} / {answer['denominator']}",
        f"{answer['n_reporting']}/{answer['n_expected']} {'、'.join(answer['missing_names'])}",
        *(f"  {t.side}  {t.label}  {t.item}={t.value}  {t.file} {t.sheet}!{t.cell}" for t in terms),
    ])  # fmt: skip
    return 0


def asked_of(args: argparse.Namespace, store: Store) -> tuple[Release | None, Moment]:
    """The release that was named, and whom to ask."""
    named = releases.called(store, args.release) if args.release else None
    return named, releases.moment_of(store, named) if named else Moment(store)


def release(args: argparse.Namespace) -> int:
    store = ensure_store()
    as_of = args.as_of and args.as_of.astimezone(UTC).replace(tzinfo=None)
    made = releases.make(store, args.name, who=who(), note=args.note, period=args.period, as_of=as_of)
    store.close()
    entry = release_entry(made)
    show(args, entry, [release_line(entry)])
    return 0


def release_line(entry: dict) -> str:
    return f"{entry['name']}  {entry['as_of']}  {entry['period'] or ''}  {entry['note']}"


def release_entry(made: Release) -> dict:
    moments = {name: f"{getattr(made, name).isoformat(timespec='seconds')}Z" for name in ("made_at", "as_of")}
    return asdict(made) | moments | {"forms": dict(made.forms)}


def list_releases(args: argparse.Namespace) -> int:
    store = ensure_store()
    if not args.name:
        entries = [release_entry(made) for made in releases.listed(store)]
        store.close()
        show(args, {"releases": entries}, map(release_line, entries))
        return 0
    since, until = (releases.called(store, name) if name else None for name in (args.name, args.against))
    period = Period.of(args.period) if args.period else None
    found = releases.corrections(store, since, until, unit=args.unit, period=period)
    changes = [releases.told(change, store) for change in found.changes.itertuples()]
    differing = json.loads(found.figures.to_json(orient="records"))
    store.close()
    show(args, {"release": args.name, "against": args.against, "figures": differing, "changes": changes}, [
        *changes,
        *(f"{f['name']}  {f['period']}  {f['indicator']}  {number(f['value_before'])} → {number(f['value_after'])}"
          for f in differing),
    ])  # fmt: skip
    return 0


def cross(args: argparse.Namespace) -> int:
    store = ensure_store()
    period, unit = Period.of(args.period), store.units.get(args.unit)
    found = cross_checks.lines(store, unit.code, period, most=args.most)
    store.close()
    lines = [
        {"likely": cross_checks.CHECKS[line.check].likely, "unit_name": store.units.get(line.unit).name, **asdict(line)}
        for line in found
    ]
    answer = {"unit": unit.code, "unit_name": unit.name, "period": period.code, "lines": lines}
    show(args, answer, (
        f"{line.check}  {store.units.get(line.unit).name}  {line.form}  {line.period}  {line.message}  "
        f"{f'{line.sheet}!{line.cells}' if line.cells else ''}  → {line.remedy}"
        for line in found
    ))  # fmt: skip
    return 0


def number(value: object) -> int | float | None:
    """A figure as JSON has it: None when missing, whole when whole."""
    if value is None or value != value:
        return None
    return int(value) if float(value).is_integer() else float(value)


def forms(args: argparse.Namespace) -> int:
    declared = all_forms()
    answer = [form_entry(form) for form in declared.values()]
    show(args, {"forms": answer}, (f"{f['form']}  {f['title']}  {f['frequency']}  {f['measure']}" for f in answer))
    return 0


def form_entry(form: Form) -> dict:
    return {
        "form": form.code,
        "title": form.title.get(language()),
        "frequency": form.frequency,
        "measure": form.measure,
        "levels": form.levels,
        "items": [{"item": i.code, "label": i.head(language()), "type": i.type} for i in form.items],
        "rules": [{"rule": r.code, "severity": r.severity, "expr": r.expr} for r in form.rules],
        "indicators": [i.code for i in form.indicators],
    }


def indicators(args: argparse.Namespace) -> int:
    answer = [
        {"indicator": code, "form": form.code, "label": indicator.label.get(language()),
         "unit": indicator.unit.get(language()) if indicator.unit else "%",
         "definition": indicator.definition.get(language())}
        for code, (form, indicator) in all_forms().indicators.items()
    ]  # fmt: skip
    show(args, {"indicators": answer}, (f"{i['indicator']}  {i['label']}  {i['definition']}" for i in answer))
    return 0


def template(args: argparse.Namespace) -> int:
    store, period = store_for_checking(), Period.of(args.period)
    form, unit = store.forms.of(args.form, period), store.units.get(args.unit)

    if period.frequency != form.frequency:
        raise BadPeriod(f"{form.code} is reported by {form.frequency}; {period.code} is a {period.frequency}")
    if not args.all and LEVELS[unit.level] not in form.levels:
        levels = ", ".join(form.levels)
        raise UnknownUnit(f"{form.code} is reported by: {levels}; {unit.code} is a {LEVELS[unit.level]}")

    def previous(unit: str) -> DataFrame | None:
        return submissions.rows_in_force(store, form.code, unit, period.previous().code)

    if args.all:
        units = blanks.reporting_units(form, unit.code, store.units)
        data = blanks.blanks(form, units, period, language=language(), register=store.units, previous=previous)
    else:
        units, before = [unit.code], previous(unit.code)
        data = blanks.blank(form, unit.code, period, language=language(), register=store.units, previous=before)
    store.close()
    args.output.write_bytes(data)
    made = {"file": str(args.output), "form": form.code, "unit": unit.code, "period": period.code, "units": units}
    show(args, made, [f"{args.output}  {len(units)}"])
    return 0


def report(args: argparse.Namespace) -> int:
    from huizong import reports  # here: what writes Word takes a third of a second to import

    data, period = reports.template_called(args.template), Period.of(args.period)
    held = ensure_store()
    bound, (store, as_of) = asked_of(args, held)
    try:
        how = {"carry": args.carry, "present": args.present}
        name = bound and bound.name
        made = reports.make_report(store, data, args.unit, period, as_of=as_of, release=name, **how)
    except reports.BadTemplate as error:
        print(f"huizong: {args.template}: {error}", file=sys.stderr)
        return 2
    finally:
        store.close()
        held.close()
    args.output.write_bytes(made.document)
    answer = {
        "file": str(args.output),
        "release": args.release,
        "template": args.template,
        "unit": args.unit,
        "period": period.code,
        "figures": [
            {
                "number": printed.number,
                "indicator": printed.indicator.code,
                "unit": printed.unit.code,
                "period": printed.period.code,
                **{key: number(printed.row[key]) for key in ("numerator", "denominator", "value")},
                "address": printed.address,
            }
            for printed in made.figures
        ],
    }
    show(args, answer, [f"{args.output}  {len(made.figures)}"])
    return 0


# ---- the register ---------------------------------------------------------------------------------------------------


def register(args: argparse.Namespace) -> int:
    """What a file of register changes says; --apply puts it in force (data/register_changes.csv)."""
    standing = load_register(changes=args.file)
    shipped = load_register(changes=Path(os.devnull))
    before, ceased_before = set(shipped.units), set(shipped.former)
    ceased = [unit for unit in standing.former if unit not in ceased_before]
    new = [unit for unit in standing.units if unit not in before and not unit.valid_to]
    if args.apply:
        shutil.copyfile(args.file, DATA / CHANGES)
    answer = {
        "new": [
            {"unit": unit.code, "name": unit.name, "valid_from": unit.valid_from and unit.valid_from.isoformat()}
            for unit in new
        ],
        "ceased": [
            {
                "unit": unit.code,
                "name": unit.name,
                "valid_to": unit.valid_to.isoformat(),
                "successors": unit.successors,
                "counted_with": {heir.code: str(heir.weight) for heir in standing.heirs if heir.former == unit},
            }
            for unit in ceased
        ],
        "applied": args.apply,
    }
    show(args, answer, register_lines(standing, answer))
    return 0


def register_lines(units: Register, answer: dict) -> Iterator[str]:
    for row in answer["new"]:
        yield _("new: {code} {name}").format(code=row["unit"], name=row["name"])
    for row in answer["ceased"]:
        heirs = _(", ").join(f"{code} {units.get(code).name}" for code in row["successors"])
        words = _("ceased: {code} {name} on {day}, followed by {heirs}")
        said = words.format(code=row["unit"], name=row["name"], day=row["valid_to"], heirs=heirs or _("nobody"))
        yield said if row["counted_with"] else said + _("; its series breaks, nothing is shared out")
    if answer["applied"]:
        yield _("These changes are in force; a running server takes them up when it is started again.")
    else:
        yield _("Nothing has been changed; --apply puts these changes in force.")


def export(args: argparse.Namespace) -> int:
    from huizong import exports, extracts  # here: what writes slides takes a third of a second to import

    wanted, period = exports.FORMATS[args.kind], Period.of(args.period)
    store = ensure_store()
    named, (asked, as_of) = asked_of(args, store)
    how = {"carry": args.carry, "present": args.present, "as_of": as_of, "release": named}
    taken = extracts.take(asked, args.form, args.unit, period, cells=wanted.cells, **how)
    store.close()
    args.output.write_bytes(wanted.write(taken))
    figures = len(extracts.figures_table(taken))
    answer = {"file": str(args.output), "as": args.kind, "form": args.form, "unit": args.unit, "period": period.code,
              "release": args.release, "figures": figures}  # fmt: skip
    show(args, answer, [f"{args.output}  {figures}"])
    return 0


# ---- the store ------------------------------------------------------------------------------------------------------


def rebuild(args: argparse.Namespace) -> int:
    store = open_store()
    events = derive.rebuild(store)
    store.close()
    show(args, {"events": events}, [_("Rebuilt from {n} events").format(n=events)])
    return 0


def verify(args: argparse.Namespace) -> int:
    if args.backup:
        found = verify_backup(args.backup)
    else:
        store = existing_store()
        found = verify_store(store, quick=args.quick)
        store.close()
    show(args, asdict(found) | {"whole": not found.differences}, verified_lines(found))
    return 1 if found.differences else 0


def existing_store() -> Store:
    """The store there is; it is not made by looking at it."""
    folder = store_folder()
    if not (folder / "huizong.duckdb").exists():
        raise FileNotFoundError(_("there is no store in {folder}").format(folder=folder))
    return derive.ready(open_store(folder))


def verified_lines(found: Verified) -> Iterator[str]:
    yield _("{n} events, {originals} originals").format(n=found.events, originals=found.originals)
    if found.unreferenced:
        yield _("{n} originals were left by an interrupted upload; they do no harm").format(n=len(found.unreferenced))
    if found.rebuilt:
        yield _("the tables were compared with a rebuild")
    yield from difference_lines(found.differences)
    yield _("{n} differences").format(n=len(found.differences)) if found.differences else _("everything is whole")


def difference_lines(differences: Iterable[Difference]) -> Iterator[str]:
    return (f"  {difference.part}  {difference.subject}  {difference.what}" for difference in differences)


def backup(args: argparse.Namespace) -> int:
    store = existing_store()
    made = back_up(store, args.folder)
    store.close()
    words = _("{n} events, {originals} originals, {copied} of them new in {folder}")
    said = words.format(n=made.events, originals=made.originals, copied=made.copied, folder=args.folder)
    show(args, asdict(made) | {"backup": str(args.folder)}, [said, *difference_lines(made.differences)])
    return 1 if made.differences else 0


def restore(args: argparse.Namespace) -> int:
    store = open_store()
    restored = restore_from(store, args.folder, incomplete=args.incomplete)
    store.close()
    said = _("Restored into {folder}: {n} events").format(folder=store.folder, n=restored.events)
    show(args, asdict(restored) | {"store": str(store.folder)}, [said, *difference_lines(restored.differences)])
    return 1 if restored.differences else 0


def reset(args: argparse.Namespace) -> int:
    store = open_store()
    derive.reset(store)
    store.close()
    show(args, {"store": str(store.folder)}, [_("The store is empty: {folder}").format(folder=store.folder)])
    return 0


def serve(args: argparse.Namespace) -> int:
    command = [sys.executable, "-m", "streamlit", "run", str(ROOT / "app.py"), "--server.port", str(args.port)]
    return subprocess.call(command, cwd=ROOT)
