"""python -m huizong …: the same work as the pages, for automation and checks. --json prints one object."""

import argparse
import getpass
import json
import os
import subprocess
import sys
from collections.abc import Iterable, Sequence
from dataclasses import asdict
from pathlib import Path
from string import ascii_uppercase

from pandas import DataFrame

from huizong import blanks, derive, intake, sendback, submissions
from huizong.edits import describe
from huizong.forms import BadForm, Form, UnknownForm, all_forms
from huizong.indicators import UnknownIndicator, figures
from huizong.lineage import terms_of_figure
from huizong.org_units import LEVELS, UnknownUnit
from huizong.periods import BadPeriod, Period
from huizong.returns import Return, item_value
from huizong.samples import ensure_store
from huizong.store import ROOT, Store, StoreBusy, open_store, store_folder
from huizong.texts import LANGUAGES, _, language, speak

WORKBOOKS = {".xlsx", ".xlsm", ".xls", ".xlsb", ".ods", ".et"}
MISTAKES = (UnknownForm, UnknownIndicator, UnknownUnit, BadPeriod, BadForm, StoreBusy, FileNotFoundError)


def main(arguments: Sequence[str] | None = None) -> int:
    """Exit status: 0 fine, 1 returns with errors, 2 a call that cannot be carried out."""
    args = parser().parse_args(arguments)
    speak(args.language)
    if args.store:
        os.environ["HUIZONG_STORE"] = str(args.store)
    try:
        return args.run(args)
    except MISTAKES as error:
        print(f"huizong: {error}", file=sys.stderr)
        return 2


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

    def command(name: str, run, help: str) -> argparse.ArgumentParser:
        made = commands.add_parser(name, help=help, parents=[shared])
        made.set_defaults(run=run)
        return made

    made = command("check", check, "findings of workbooks; nothing is kept; exit 1 when there are errors")
    made.add_argument("files", nargs="+", type=Path, metavar="FILE")
    made = command("markup", markup, "a workbook with its findings marked; exit 1 when there are errors")
    made.add_argument("file", type=Path, metavar="FILE")
    made.add_argument("-o", "--output", required=True, type=Path, metavar="OUT")
    made = command("load", load, "take workbooks in")
    made.add_argument("paths", nargs="+", type=Path, metavar="PATH")
    made.add_argument("--accept", action="store_true", help="accept those without errors and without open queries")
    made = command("figure", figure, "one figure with its terms")
    made.add_argument("indicator", metavar="INDICATOR")
    made.add_argument("--unit", required=True, metavar="CODE")
    made.add_argument("--period", required=True, metavar="P", help="2018, 2018-H1, 2018-Q3, 2018-11")
    made = command("template", template, "a blank return")
    made.add_argument("form", metavar="FORM")
    made.add_argument("--unit", required=True, metavar="CODE")
    made.add_argument("--period", required=True, metavar="P")
    made.add_argument("-o", "--output", required=True, type=Path, metavar="FILE")
    made.add_argument("--all", action="store_true", help="a ZIP with the blanks of all units under CODE")
    command("forms", forms, "the forms there are")
    command("indicators", indicators, "the indicators there are")
    command("rebuild", rebuild, "make the derived tables again from the journal and the originals")
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
    entries = [checked_entry(found) for found in intake.check(store_for_checking(), paths)]
    show(args, {"files": entries}, (line for entry in entries for line in entry_lines(entry)))
    return 1 if any(entry["status"] in ("error", "unreadable") for entry in entries) else 0


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
    found = list(intake.check(store_for_checking(), [args.file]))
    readable = any(one.read for one in found)
    if readable:
        args.output.write_bytes(sendback.marked_file(args.file, found))
    entries = [checked_entry(one) for one in found]
    answer = {"files": entries, "output": str(args.output) if readable else None}
    show(args, answer, [line for entry in entries for line in entry_lines(entry)])
    return 1 if any(entry["status"] in ("error", "unreadable") for entry in entries) else 0


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
        yield f"  ? {question['ask']}: {question['found']} {' '.join(question['candidates'])}"
    for finding in entry["findings"]:
        at = "、".join(finding["cells"])
        where = f"{finding['sheet']}!{at}" if finding["sheet"] else at
        yield f"  {finding['severity']}  {where}  {finding['message']}  → {finding['remedy']}"


def workbooks_in(folder: Path) -> list[Path]:
    """The workbooks of a folder and those beneath it; ~$… are locks that an open Excel leaves."""
    return sorted(p for p in folder.rglob("*") if p.suffix.lower() in WORKBOOKS and not p.name.startswith("~$"))


def load(args: argparse.Namespace) -> int:
    paths = [path for given in args.paths for path in (workbooks_in(given) if given.is_dir() else [given])]
    for path in paths:
        if not path.is_file():
            raise FileNotFoundError(f"{path}: {_('no such file or folder')}")
    store = derive.ready(open_store())
    entries = []
    files = ((path.name, path.read_bytes()) for path in paths)
    receipts = intake.receive(store, files, who=who(), accept=args.accept)
    for n, (path, receipt) in enumerate(zip(paths, receipts, strict=True), 1):
        if not args.json and sys.stderr.isatty():
            print(f"\r{n}/{len(paths)}", end="", file=sys.stderr)
        entries.append({"file": str(path), "outcome": receipt.outcome, "message": receipt.message,
                        "submissions": receipt.submissions})  # fmt: skip
    states = submissions.states(store, [i for entry in entries for i in entry["submissions"]])
    for entry in entries:
        entry["returns"] = [states[i] for i in entry.pop("submissions")]
    store.close()
    show(args, {"files": entries}, (load_line(entry) for entry in entries))
    return 1 if any(load_failed(entry) for entry in entries) else 0


def load_failed(entry: dict) -> bool:
    return entry["outcome"] in ("unreadable", "refused") or any(r["status"] == "error" for r in entry["returns"])


def load_line(entry: dict) -> str:
    returns = "；".join(f"{r['form']} {r['unit']} {r['period']} {r['status']}" for r in entry["returns"])
    return f"{entry['file']}  {entry['outcome']}  {entry['message']}  {returns}"


# ---- figures and definitions ----------------------------------------------------------------------------------------


def figure(args: argparse.Namespace) -> int:
    store = ensure_store()
    period = Period.of(args.period)
    row = figures(store, [args.indicator], args.unit, [period]).iloc[0]
    terms = terms_of_figure(store, args.indicator, args.unit, period)
    form, indicator = store.forms.indicators[args.indicator]
    answer = {
        "indicator": args.indicator,
        "label": indicator.label.get(language()),
        "form": form.code,
        "unit": row["unit"],
        "unit_name": row["name"],
        "period": period.code,
        **{key: number(row[key]) for key in ("numerator", "denominator", "value", "n_reporting", "n_expected")},
        "missing_units": row["missing"],
        "missing_names": [store.units.get(code).name for code in row["missing"]],
        "n_incomplete": int(row["n_incomplete"]),
        "n_sample": int(row["n_sample"]),
        "terms": [asdict(term) for term in terms],
    }
    store.close()
    shown = "—" if answer["value"] is None else f"{answer['value'] * 100:.1f}%" if indicator.share else answer["value"]
    show(args, answer, [
        f"{answer['unit_name']} {period.label(language())} {answer['label']}：{shown}",
        f"{answer['numerator']} / {answer['denominator']}",
        f"{answer['n_reporting']}/{answer['n_expected']} {'、'.join(answer['missing_names'])}",
        *(f"  {t.side}  {t.label}  {t.item}={t.value}  {t.file} {t.sheet}!{t.cell}" for t in terms),
    ])  # fmt: skip
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
    form, unit = store.forms[args.form], store.units.get(args.unit)

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


# ---- the store ------------------------------------------------------------------------------------------------------


def rebuild(args: argparse.Namespace) -> int:
    store = open_store()
    events = derive.rebuild(store)
    store.close()
    show(args, {"events": events}, [_("Rebuilt from {n} events").format(n=events)])
    return 0


def reset(args: argparse.Namespace) -> int:
    store = open_store()
    derive.reset(store)
    store.close()
    show(args, {"store": str(store.folder)}, [_("The store is empty: {folder}").format(folder=store.folder)])
    return 0


def serve(args: argparse.Namespace) -> int:
    command = [sys.executable, "-m", "streamlit", "run", str(ROOT / "app.py"), "--server.port", str(args.port)]
    return subprocess.call(command, cwd=ROOT)
