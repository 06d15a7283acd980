"""Whether every township has a committee member and every village a liaison officer."""

from huizong import themes, ui

view = ui.enter_page("coverage")
theme = themes.ask_theme(view, "coverage")

themes.head(theme)
themes.figures(theme)
themes.explore(theme)
themes.compositions(theme)
themes.heat_map(theme)
themes.table(theme)
