"""Which enterprises help which villages, and how far the targets are reached."""

from huizong import themes, ui

view = ui.enter_page("pairing")
theme = themes.ask_theme(view, "pairing")

themes.head(theme)
themes.targets(theme)
themes.figures(theme)
themes.explore(theme)
themes.flows(theme)
themes.compositions(theme)
themes.heat_map(theme)
themes.table(theme)
