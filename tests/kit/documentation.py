"""The documentation's pages, section by section."""

from __future__ import annotations

import re
import textwrap
from pathlib import Path

ROOT = Path(__file__).parents[2]
DOCS = ROOT / "docs"


def sections(page: str) -> dict[str, str]:
    """Return what stands under each heading of a page, deeper headings left out."""
    found: dict[str, str] = {}
    name, fenced = "", False
    for line in (ROOT / page).read_text().splitlines():
        fenced ^= line.startswith("```")
        if not fenced and (heading := re.match(r"##+ (.+)", line)):
            name = heading[1].replace("`", "")
        found[name] = found.get(name, "") + line + "\n"
    return found


def code_blocks(said: str, language: str) -> list[str]:
    """Return a text's code blocks, as they are to be copied."""
    fences = re.findall(rf"^( *)```{language}\n(.*?)^ *```", said, re.S | re.M)
    return [textwrap.dedent(block) for _, block in fences]


def first_column(section: str) -> list[str]:
    """Return what stands in backticks in the first column of a table."""
    cells = re.findall(r"^\| (`.+?) \|", section, re.M)
    return [word for cell in cells for word in re.findall(r"`(\w+)`", cell)]
