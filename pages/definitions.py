"""指标解释: every column, check and indicator of the forms, as their YAML declares them."""

import streamlit as st

from huizong import definitions, desk_ui, ui
from huizong.forms import all_forms
from huizong.texts import _, language

view = ui.enter_page(choose=False)
st.title("📖 " + _("Definitions"))

forms = all_forms()
words = st.text_input(
    _("Search"),
    key="words",
    bind="query-params",
    icon="🔍",
    placeholder=_("A column, a check or an indicator; empty shows one form in full"),
)
chosen = st.segmented_control(
    _("Form"),
    list(forms),
    format_func=lambda code: f"{forms[code].icon} {forms[code].theme.get(language())}",
    key="form",
    default=next(iter(forms)),
    required=True,
    bind="query-params",
    label_visibility="collapsed",
    disabled=bool(words),
)

explained = {code: definitions.explain(forms[code], words) for code in (forms if words else [chosen])}
for code, tables in explained.items():
    if tables:
        st.header(forms[code].title.get(language()))
        st.caption(definitions.facts_of(forms[code]))
    for heading, table in tables.items():
        st.subheader(heading)
        st.table(table, hide_index=True, border="horizontal")

if not any(explained.values()):
    ui.empty(_("Nothing holds all of these words. Try fewer of them."))
elif not words:
    st.subheader(_("Blank return"))
    desk_ui.offer_blank(view, chosen)
