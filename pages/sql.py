"""SQL 查询: a question in SQL over one's own scope, read-only; only where the administrator has switched it on."""

import streamlit as st

from huizong import sandbox, sql_ui, ui
from huizong.texts import _

view = ui.enter_page(choose=False)
st.title("🧮 " + _("SQL"))

if not sandbox.switched_on():
    words = _("Questions in SQL are switched off. The administrator switches them on with {setting}.")
    ui.empty(words.format(setting="HUIZONG_SQL=on"), icon="🔒")
    st.stop()

st.caption(_("Read-only, over the rows of the units that you may see. Nothing that is asked here changes anything."))
box, tables = st.columns([3, 2], gap="medium")
with box:
    sql_ui.choose_example(view)
    sql = sql_ui.write_query(view)
with tables:
    sql_ui.show_catalogue(view)
sql_ui.answer(view, sql)
