"""How the offices are staffed: posts, people, their age and education."""

from huizong import themes, ui

view = ui.enter_page("staffing")
theme = themes.ask_theme(view, "staffing")

themes.head(theme)
themes.figures(theme)
themes.explore(theme)
themes.compositions(theme)
themes.heat_map(theme)
themes.table(theme)
