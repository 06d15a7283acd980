"""报送任务: who owes which form, how often, until when."""

import streamlit as st

from huizong import assignments_ui, desk_ui, ui
from huizong.texts import _

view = ui.enter_page(choose=False)
st.title("📋 " + _("Who owes what"))
desk_ui.say_what_was_done()

assignments_ui.explain()
draft = assignments_ui.open_draft(view)
rules = assignments_ui.edit_rules(view, draft)
assignments_ui.edit_in_excel(view, draft, rules)
assignments_ui.save(view, draft, rules)
assignments_ui.add_rule(view, draft, rules)
assignments_ui.show_samples(view)

assignments_ui.preview(view)
assignments_ui.show_history(view)
