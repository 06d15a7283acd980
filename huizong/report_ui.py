"""报告 on its page: a template, what it says of a region and period, what has changed since the last one, the file."""

import hashlib
from itertools import groupby

import streamlit as st

from huizong import lineage, reports, ui
from huizong.desk_ui import plain_markdown
from huizong.reports import BadTemplate, Report
from huizong.store import ROOT
from huizong.texts import N_, _

TITLES = {"quarterly": N_("Quarterly analysis"), "yearly": N_("Yearly analysis")}
OWN = "own"
GUIDE = ROOT / "docs" / "reports.md"


def choose_template(view: ui.View) -> tuple[str, bytes] | None:
    """(name, file) of a shipped template or of one's own; None until that is uploaded."""
    names = [*reports.shipped(), OWN]
    usual = "yearly" if view.period.frequency == "year" else "quarterly"
    words = {OWN: _("One's own"), **{name: _(title) for name, title in TITLES.items()}}
    name = st.segmented_control(
        _("Template"),
        names,
        default=usual,
        format_func=lambda name: words.get(name, name),
        key=f"template {usual}",
        required=True,
    )
    if name != OWN:
        data = reports.template_called(name)
        with st.container(horizontal=True, vertical_alignment="center"):
            st.caption(
                _("To change its wording or layout, take it as a Word file, edit it and upload it as one's own.")
            )
            st.download_button(_("Take the template"), data, f"{words[name]}.docx", icon="📝", on_click="ignore")
        return name, data
    with st.expander(_("How a template is written")):
        st.markdown(GUIDE.read_text(encoding="utf-8"))
    files = ui.upload(_("A template written in Word (.docx)"), types=["docx"], key="own template")
    return (files[-1].name.removesuffix(".docx"), files[-1].getvalue()) if files else None


def make(view: ui.View, template: bytes) -> Report | None:
    """The report; where the template cannot be filled, says which tag and why."""

    def made() -> Report | BadTemplate:
        try:
            bound = view.release.name if view.release else None
            return reports.make_report(
                view.store,
                template,
                view.unit.code,
                view.period,
                scope=view.scope,
                as_of=view.as_of,
                release=bound,
                carry=view.carry,
                present=view.present,
            )
        except BadTemplate as error:
            return error

    with st.spinner(_("Writing the report …")):
        report = view.keep(("report", hashlib.sha256(template).hexdigest(), lineage.pages_address()), made)
    if isinstance(report, Report):
        return report
    with st.container(border=True):
        st.markdown("🔴 " + _("The template cannot be filled:"))
        st.text(str(report))
        st.markdown("👉 " + _("Correct it in Word, save it and upload it again. What a template may say stands above."))
    return None


def download(view: ui.View, name: str, report: Report) -> None:
    title = f"{view.unit.name}{view.when}{_(TITLES[name]) if name in TITLES else name}"
    with st.container(horizontal=True, vertical_alignment="center"):
        st.download_button(
            _("Download Word"), report.document, f"{title}.docx", type="primary", icon="📄", on_click="ignore"
        )
        words = _("{n} figures, each with a link to what it is made of; the annex lists them.")
        st.caption(words.format(n=len(report.figures)))


def preview(report: Report) -> None:
    """What the report says, without layout and charts."""
    with st.expander(_("The text of the report"), expanded=True):
        for columns, paragraphs in groupby(report.paragraphs, lambda text: text.count(reports.CELLS) + 1):
            lines = [plain_markdown(text) for text in paragraphs]
            if columns > 1:
                rows = [f"| {line.replace(reports.CELLS, ' | ')} |" for line in lines]
                st.markdown("\n".join([rows[0], "|" + " --- |" * columns, *rows[1:]]))
            else:
                st.markdown("\n\n".join(lines))


def compare(report: Report) -> None:
    """The sentences that differ from a former report of the same template."""
    st.subheader(_("What has changed since a former report"))
    st.caption(_("After corrections: upload the report as it went out, and the sentences that differ are listed."))
    files = ui.upload(_("The former report (.docx)"), types=["docx"], key="former report")
    if not files:
        return
    try:
        changed = reports.changes(files[-1].getvalue(), report)
    except BadTemplate as error:
        st.error(plain_markdown(str(error)))
        return
    if not changed:
        st.success(_("Every sentence is the same."))
        return
    st.markdown(_("{n} sentences or lines of tables differ.").format(n=len(changed)))
    st.table(
        {
            _("Before"): [plain_markdown(change.before) or "—" for change in changed],
            _("Now"): [plain_markdown(change.after) or "—" for change in changed],
        }
    )
