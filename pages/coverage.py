"""Whether every township has a committee member and every village a liaison officer."""

from huizong import exports_ui, theme_charts, themes, ui

view = ui.enter_page("coverage")
theme = themes.ask_theme(view, "coverage")

themes.head(theme)
exports_ui.offer(view, "coverage")
themes.figures(theme)
theme_charts.explore(theme)
theme_charts.compositions(theme)
theme_charts.heat_map(theme)
themes.table(theme)
