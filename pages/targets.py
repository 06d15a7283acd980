"""目标: what each region is to reach."""

import streamlit as st

from huizong import desk_ui, targets_ui, ui
from huizong.texts import _

view = ui.enter_page(recent=True)
st.title("🎯 " + _("Targets"))
st.caption(_("What a region is to reach, entered for a year or a shorter period. A target of a year also holds for its "
             "quarters, but for sums of what happened in a period."))  # fmt: skip
desk_ui.say_what_was_done()

indicators = targets_ui.choose_indicators()
period = targets_ui.choose_period(view)
targets_ui.edit(view, period, indicators)
