"""Pages of a list that moved while it was read, joined."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import pairwise

from django_spotify_sync.spotify.answers.saved import Key


def torn(pages: Sequence[tuple[int, int, Sequence[Key]]]) -> list[int]:
    """Return the numbers of pages that do not fit the page before: another total, or, overlapping, another entry.

    ``pages`` are (offset, total, keys), in order.
    """
    numbers = []
    for number, ((offset, total, keys), (next_offset, next_total, next_keys)) in enumerate(
        pairwise(pages), start=1
    ):
        overlap = offset + len(keys) - next_offset
        fits = (
            total == next_total
            if overlap <= 0
            else list(keys[-overlap:]) == list(next_keys[:overlap])
        )
        if not fits:
            numbers.append(number)
    return numbers


def stitch(
    pages: Sequence[Sequence[Key]], fresh: Mapping[int, Sequence[Key]]
) -> list[tuple[int, int]]:
    """Join pages of a list that moved while it was read; return (page, index) of each entry of the whole.

    ``fresh[i]`` is a page read later, centred on where page i begins: what it shows counts, what it no longer shows in
    its stretch is cut. Pages are numbered as in ``pages``; a fresh one by ``-1 - i``. Each key is taken once.
    """
    keys: dict[tuple[int, int], Key] = {}
    chain: list[tuple[int, int]] = []

    def refs(number: int, page: Sequence[Key], start: int = 0) -> list[tuple[int, int]]:
        taken = [(number, index) for index in range(start, len(page))]
        keys.update(zip(taken, page[start:], strict=True))
        return taken

    for number, page in enumerate(pages):
        patch = fresh.get(number)
        if patch is None:
            chain += refs(number, page)
            continue
        places = {key: index for index, key in enumerate(patch)}
        tail = max(0, len(chain) - 2 * len(patch) - 1)
        cut = next((at for at in range(tail, len(chain)) if keys[chain[at]] in places), len(chain))
        start = places[keys[chain[cut]]] if cut < len(chain) else 0
        chain = chain[:cut] + refs(-1 - number, patch, start)
        resume = next((at + 1 for at in reversed(range(len(page))) if page[at] in places), 0)
        chain += refs(number, page, resume)

    once: dict[Key | tuple[int, int], tuple[int, int]] = {}
    for ref in chain:
        once.setdefault(keys[ref] if keys[ref][0] is not None else ref, ref)
    return list(once.values())
