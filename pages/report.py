"""报告: a report in Word whose every figure can be followed, and what has changed since the last one."""

import streamlit as st

from huizong import report_ui, ui
from huizong.texts import _

view = ui.enter_page(recent=True, past=True, carry=True)
st.title("📝 " + _("Report"))
st.caption(f"{ui.unit_name(view.unit)} · {view.when}")

template = report_ui.choose_template(view)
if template:
    name, data = template
    report = report_ui.make(view, data)
    if report:
        report_ui.download(view, name, report)
        report_ui.preview(report)
        report_ui.compare(report)
