"""下载 on its page: all that a page's figures are made of, as a workbook, slides or tables for other programs."""

from collections.abc import Callable

import streamlit as st

from huizong import exports, extracts, lineage, ui
from huizong.extracts import ALL
from huizong.texts import N_, _, language, speak

ICONS = {"excel": "📊", "pptx": "📽️", "csv": "📄", "datapackage": "📦", "sdmx": "🌐"}
HELP = {
    "excel": N_(
        "Figures with their formulas, charts that can be edited, definitions, and the cells behind the figures"
    ),
    "pptx": N_("A slide for each headline figure, with charts that can be edited"),
    "csv": N_("Every figure of the region and its parts, one a line"),
    "datapackage": N_(
        "Frictionless Data Package: figures, definitions, units, response and cells as described CSV files"
    ),
    "sdmx": N_("SDMX-CSV 2.0 with its structure, for statistical systems"),
}


def offer(view: ui.View, form: str = ALL) -> None:
    """The downloads of a form, or of all; each file is made when it is asked for."""
    with (
        st.container(horizontal=True, horizontal_alignment="right", key="downloads"),
        st.popover(_("Download"), icon="⬇️", type="tertiary"),
    ):
        title = extracts.title(view.store.forms, form, view.unit, view.period)
        for kind, wanted in exports.FORMATS.items():
            st.download_button(
                _(wanted.label),
                written(view, form, kind),
                f"{title} {_(wanted.label)}.zip" if wanted.ending == "zip" else f"{title}.{wanted.ending}",
                key=f"export {form} {kind}",
                icon=ICONS[kind],
                help=_(HELP[kind]),
                on_click="ignore",
                type="tertiary",
            )


def written(view: ui.View, form: str, kind: str) -> Callable[[], bytes]:
    """What makes the file, in the language of the page and with links to it: it runs in a thread of its own."""
    spoken, pages, wanted = language(), lineage.pages_address(), exports.FORMATS[kind]

    def write() -> bytes:
        speak(spoken)
        lineage.pages_are_at(pages)
        taken = extracts.take(
            view.store,
            form,
            view.unit.code,
            view.period,
            scope=view.scope,
            as_of=view.as_of,
            carry=view.carry,
            present=view.present,
            release=view.release,
            cells=wanted.cells,
        )
        return wanted.write(taken)

    return write
