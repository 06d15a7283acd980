"""Any form that has no page of its own: everything that can be shown from its declaration."""

from huizong import exports_ui, theme_charts, themes, ui

code = ui.form_of_this_page()
view = ui.enter_page(code)
theme = themes.ask_theme(view, code)

themes.head(theme)
exports_ui.offer(view, code)
themes.figures(theme)
theme_charts.explore(theme)
theme_charts.flows(theme)
theme_charts.compositions(theme)
theme_charts.heat_map(theme)
themes.table(theme)
