"""What training was held, for whom, and by whom."""

from huizong import exports_ui, theme_charts, themes, ui

view = ui.enter_page("training")
theme = themes.ask_theme(view, "training")

themes.head(theme)
exports_ui.offer(view, "training")
themes.figures(theme)
theme_charts.explore(theme)
theme_charts.compositions(theme)
theme_charts.heat_map(theme)
themes.table(theme)
