"""What a native chart of Word or PowerPoint shows, and how it looks: an office can edit it, for its figures lie in a
small workbook inside the document."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from pptx.chart.chart import Chart
from pptx.chart.data import CategoryChartData
from pptx.chart.xlsx import CategoryWorkbookWriter
from pptx.dml.color import RGBColor
from pptx.enum.chart import (
    XL_CHART_TYPE,
    XL_LABEL_POSITION,
    XL_LEGEND_POSITION,
    XL_MARKER_STYLE,
    XL_TICK_LABEL_POSITION,
)
from pptx.enum.dml import MSO_LINE
from pptx.util import Pt

from huizong.charts import GREEN, GREY, PALETTE

Kind = Literal["bar", "column", "line", "stacked"]
KINDS: dict[Kind, XL_CHART_TYPE] = {
    "bar": XL_CHART_TYPE.BAR_CLUSTERED,
    "column": XL_CHART_TYPE.COLUMN_CLUSTERED,
    "line": XL_CHART_TYPE.LINE_MARKERS,
    "stacked": XL_CHART_TYPE.BAR_STACKED,
}


@dataclass(frozen=True, kw_only=True)
class ChartData:
    """What a chart shows: categories along its axis, and each series' values there (None: no figure). target: the name
    of the series, the last, that is a line to be reached: dotted, without points and values."""

    kind: Kind
    categories: Sequence[str]
    series: Mapping[str, Sequence[float | None]]
    number_format: str = "0.0"
    target: str | None = None


class Texts(CategoryWorkbookWriter):
    """The workbook inside, in which a name that begins with “=” stays a name."""

    def _populate_worksheet(self, workbook: Any, worksheet: Any) -> None:
        worksheet.strings_to_formulas = worksheet.strings_to_urls = False
        super()._populate_worksheet(workbook, worksheet)


class Held(CategoryChartData):
    _workbook_writer = property(Texts)


def held(data: ChartData) -> CategoryChartData:
    """As python-pptx takes it."""
    made = Held(number_format=data.number_format)
    made.categories = list(data.categories)
    for name, values in data.series.items():
        made.add_series(name, list(values))
    return made


def style(chart: Chart, data: ChartData, font: str, points: float) -> None:
    """Values at the bars instead of a grid; the colours of the pages."""
    chart.font.size, chart.font.name = Pt(points), font
    chart.has_title = False
    chart.has_legend = len(data.series) > 1
    if chart.has_legend:
        chart.legend.position, chart.legend.include_in_layout = XL_LEGEND_POSITION.BOTTOM, False
    plot = chart.plots[0]
    if data.kind != "line":
        plot.gap_width = 45
    plot.has_data_labels = True
    plot.data_labels.number_format, plot.data_labels.number_format_is_linked = data.number_format, False
    if data.kind != "stacked":
        above = data.kind == "line"
        plot.data_labels.position = XL_LABEL_POSITION.ABOVE if above else XL_LABEL_POSITION.OUTSIDE_END
    for n, series in enumerate(plot.series):
        color = RGBColor.from_string(PALETTE[n % len(PALETTE)].removeprefix("#"))
        if series.name == data.target:
            series.smooth = False
            series.format.line.color.rgb = RGBColor.from_string(GREEN.removeprefix("#"))
            series.format.line.dash_style, series.format.line.width = MSO_LINE.ROUND_DOT, Pt(1.5)
            series.marker.style = XL_MARKER_STYLE.NONE
            series.data_labels.show_value = False
        elif data.kind == "line":
            series.smooth = False
            series.format.line.color.rgb = color
            series.marker.format.fill.solid()
            series.marker.format.fill.fore_color.rgb = color
            series.marker.format.line.color.rgb = color
        else:
            series.format.fill.solid()
            series.format.fill.fore_color.rgb = color
    values, names = chart.value_axis, chart.category_axis
    values.has_major_gridlines, values.visible = False, False
    values.minimum_scale = min([0.0, *(v for line in data.series.values() for v in line if v is not None)])
    names.tick_label_position = XL_TICK_LABEL_POSITION.LOW
    names.format.line.color.rgb = RGBColor.from_string(GREY.removeprefix("#"))
    if data.kind in ("bar", "stacked"):
        names.reverse_order = True  # the first category on top
