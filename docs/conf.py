"""How `make docs` builds these pages into docs/_build; a warning fails it. Nothing is loaded from another host."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parent.parent

project = "django_spotify_sync"
author = "the authors of django_spotify_sync"
extensions = ["myst_parser"]
exclude_patterns = ["_build"]
nitpicky = True

myst_enable_extensions = ["attrs_block", "deflist"]
myst_heading_anchors = 3
myst_links_external_new_tab = False

html_theme = "furo"
html_title = "Argo Spotify Integration"
html_use_index = False
html_copy_source = False
html_show_copyright = False
html_show_sphinx = False
pygments_style = "friendly"
pygments_dark_style = "monokai"

# Texts that stand in the folder above are written once: the README is the front page.
PAGES = {
    "README.md": "index",
    "README.ru.md": "readme-ru",
    "CHANGELOG.md": "changelog",
    "CONTRIBUTING.md": "contributing",
    "SECURITY.md": "security",
}


def take_in(app: Any, page: str, content: list[str]) -> None:
    """Put the text of the folder above where a page stands for it."""
    for source, name in PAGES.items():
        if page == name:
            app.env.note_dependency(str(ROOT / source))
            content[0] = f"{turned((ROOT / source).read_text())}\n\n{content[0]}"


def turned(text: str) -> str:
    """Turn its links, which lead to files of the repository, into links to pages."""
    text = text.replace("](docs/", "](")
    return re.sub(
        r"\]\(([A-Z]+(?:\.ru)?\.md)(?=[)#])",
        lambda link: f"]({PAGES.get(link[1], link[1])}.md",
        text,
    )


def setup(app: Any) -> dict[str, bool]:
    """Have Sphinx take them in."""
    app.connect("source-read", take_in)
    return {"parallel_read_safe": True}
