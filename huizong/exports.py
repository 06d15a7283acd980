"""Figures to take away: an extract written as one of FORMATS, and what the file is called."""

from collections.abc import Callable
from typing import NamedTuple

from huizong.excel import csv_of
from huizong.extract_workbook import workbook
from huizong.extracts import Extract, figures_table
from huizong.packages import data_package, sdmx
from huizong.slides import slides
from huizong.texts import N_, _


class Format(NamedTuple):
    """label: what people call it; ending: of its files; cells: whether it lists the cells behind the figures."""

    label: str
    ending: str
    write: Callable[[Extract], bytes]
    cells: bool = False


HEADS = {
    "indicator": N_("Indicator code"),
    "label": N_("Indicator"),
    "unit": N_("Code of the region"),
    "name": N_("Region"),
    "period": N_("Period"),
    "value": N_("Value"),
    "measure": N_("Unit"),
    "numerator": N_("Numerator"),
    "denominator": N_("Denominator"),
    "n_reporting": N_("Reported"),
    "n_expected": N_("Due"),
    "n_nil": N_("Nil returns"),
    "missing": N_("Not reported (codes)"),
    "below_threshold": N_("Too few reported"),
    "n_carried": N_("Carried forward"),
    "n_incomplete": N_("Rows left out"),
    "n_sample": N_("Demonstration returns"),
    "target": N_("Target"),
    "address": N_("Trace"),
}


def table(extract: Extract) -> bytes:
    """Every figure of the extract, as CSV with the heads in the current language."""
    figures = figures_table(extract)
    figures["below_threshold"] = figures["below_threshold"].map({True: _("Yes"), False: _("No")})
    return csv_of(figures.rename(columns={name: _(head) for name, head in HEADS.items()}))


FORMATS: dict[str, Format] = {
    "excel": Format("Excel", "xlsx", workbook, cells=True),
    "pptx": Format("PowerPoint", "pptx", slides),
    "csv": Format("CSV", "csv", table),
    "datapackage": Format(N_("Data package"), "zip", data_package, cells=True),
    "sdmx": Format("SDMX-CSV", "zip", sdmx),
}
