"""Run one measurement by its name, or all: ``python -m benchmarks [fetch] [sync] [memory] [pages] [pace]``."""

from __future__ import annotations

import sys

from benchmarks import fetch, memory, pace, pages, sync

MEASUREMENTS = {
    "fetch": fetch.main,
    "sync": sync.main,
    "memory": memory.main,
    "pages": pages.main,
    "pace": pace.main,
}

if __name__ == "__main__":
    names = sys.argv[1:] or list(MEASUREMENTS)
    if unknown := [name for name in names if name not in MEASUREMENTS]:
        sys.exit(f"There is no measurement {unknown[0]!r}; there are: {', '.join(MEASUREMENTS)}.")
    for name in names:
        MEASUREMENTS[name]()
