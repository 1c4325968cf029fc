"""Run one measurement by its name, or all: ``python -m benchmarks [beat] [disconnect] …``."""

from __future__ import annotations

import sys

from benchmarks import beat, disconnect, fetch, memory, pace, pages, sync

MEASUREMENTS = {
    "beat": beat.main,
    "disconnect": disconnect.main,
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
