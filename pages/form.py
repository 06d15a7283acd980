"""Any form that has no page of its own: everything that can be shown from its declaration."""

from huizong import themes, ui

code = ui.form_of_this_page()
view = ui.enter_page(code)
theme = themes.ask_theme(view, code)

themes.head(theme)
themes.targets(theme)
themes.figures(theme)
themes.explore(theme)
themes.flows(theme)
themes.compositions(theme)
themes.heat_map(theme)
themes.table(theme)
