"""How the offices are staffed: posts, people, their age and education."""

from huizong import exports_ui, theme_charts, themes, ui

view = ui.enter_page("staffing")
theme = themes.ask_theme(view, "staffing")

themes.head(theme)
exports_ui.offer(view, "staffing")
themes.figures(theme)
theme_charts.explore(theme)
theme_charts.compositions(theme)
theme_charts.heat_map(theme)
themes.table(theme)
