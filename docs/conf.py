# ruff: noqa: INP001 - the folder is no package
"""How Sphinx builds the site: `make docs`."""

from __future__ import annotations

project = "tap-exact-online"
copyright = "the authors of tap-exact-online"  # noqa: A001 - Sphinx's name for it
html_title = "tap-exact-online"
html_theme = "furo"
extensions = ["myst_parser"]
# The pages are Markdown that reads well in the repository, too: anchors are made as GitHub makes them.
myst_heading_anchors = 4
# The site holds no page that a reader cannot find.
exclude_patterns = []
html_show_sphinx = False
html_copy_source = False
html_theme_options = {
    "sidebar_hide_name": False,
    "navigation_with_keys": True,
    "light_css_variables": {"color-brand-primary": "#0b6e99", "color-brand-content": "#0b6e99"},
    "dark_css_variables": {"color-brand-primary": "#6cc3e0", "color-brand-content": "#6cc3e0"},
}
html_static_path = ["static"]
html_css_files = ["site.css"]
pygments_style = "friendly"
pygments_dark_style = "monokai"
