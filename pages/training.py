"""What training was held, for whom, and by whom."""

from huizong import themes, ui

view = ui.enter_page("training")
theme = themes.ask_theme(view, "training")

themes.head(theme)
themes.figures(theme)
themes.explore(theme)
themes.compositions(theme)
themes.heat_map(theme)
themes.table(theme)
