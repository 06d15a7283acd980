"""Which enterprises help which villages, and how far the targets are reached."""

from huizong import exports_ui, theme_charts, themes, ui

view = ui.enter_page("pairing")
theme = themes.ask_theme(view, "pairing")

themes.head(theme)
exports_ui.offer(view, "pairing")
themes.figures(theme)
theme_charts.explore(theme)
theme_charts.flows(theme)
theme_charts.compositions(theme)
theme_charts.heat_map(theme)
themes.table(theme)
