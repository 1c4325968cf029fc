"""The ``fields`` parameter: which members of an answer the caller wants.

``total,items(added_at,item(name))`` and ``items.total`` are understood, as the reference of
GET /playlists/{id} has them; ``!`` (all but these) is not modelled. A name the answer does not
have is left out without a word, so a caller with another cohort's names gets ``{}``.
"""

from __future__ import annotations

import re
from typing import Any

type Tree = dict[str, Tree | None]


def parse(text: str) -> Tree:
    """Read the parameter into a tree of names; None below a name means all of it."""
    tokens = re.findall(r"[(),.]|[^(),.\s]+", text)
    tree, _ = _parse(tokens, 0)
    return tree


def _parse(tokens: list[str], at: int) -> tuple[Tree, int]:
    tree: Tree = {}
    while at < len(tokens) and tokens[at] != ")":
        if tokens[at] in ",(.":
            at += 1
            continue
        at = _name(tokens, at, tree)
    return tree, at + 1


def _name(tokens: list[str], at: int, tree: Tree) -> int:
    """Read one name with what hangs below it into *tree*; give the place after it."""
    name, after = tokens[at], tokens[at + 1 : at + 2]
    if after == ["("]:
        below, at = _parse(tokens, at + 2)
    elif after == ["."] and at + 2 < len(tokens):
        below = {}
        at = _name(tokens, at + 2, below)
    else:
        tree[name] = None
        return at + 1
    known = tree.get(name, {})
    tree[name] = None if known is None else {**known, **below}
    return at


def select(answer: Any, tree: Tree) -> Any:
    """Keep of *answer* what *tree* names; lists are gone through, null stays null."""
    if isinstance(answer, list):
        return [select(one, tree) for one in answer]
    if not isinstance(answer, dict):
        return answer
    return {
        name: answer[name] if below is None else select(answer[name], below)
        for name, below in tree.items()
        if name in answer
    }
