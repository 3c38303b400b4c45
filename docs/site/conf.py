"""Sphinx: Markdown by MyST, and the theme Furo, which has a search, a dark mode and pages for phones."""

extensions = ["myst_parser"]
exclude_patterns = ["build"]
html_theme = "furo"
html_copy_source = False
html_show_sphinx = False
# Headings have the anchors that GitHub gives them.
myst_heading_anchors = 4
myst_enable_extensions = ["strikethrough"]
# JavaScript of a page of the site, and no highlighting where a block is no code.
suppress_warnings = ["misc.highlighting_failure"]
