"""Build the sites with a wheel, and say how long each took: `python -m tests.sites WHEEL [DJANGO …]`."""

from __future__ import annotations

import sys
import time
from pathlib import Path

from tests.sites import bare, grown
from tests.sites.terminal import Broken, Site

DJANGOS = ["5.2", "6.1"]


def main(wheel: str, *djangos: str) -> int:
    """Return 1 if a site did not work."""
    failed = False
    for django in djangos or DJANGOS:
        for build in (bare, grown):
            name = f"{build.__name__.rpartition('.')[2]}, Django {django}"
            began = time.monotonic()
            try:
                with Site(Path(wheel).resolve(), django) as site:
                    build.build(site)
            except Broken as problem:
                print(f"{name}: {problem}", flush=True)
                failed = True
                continue
            took = time.monotonic() - began
            print(f"{name}: from an empty folder to a synced library in {took:.0f} s", flush=True)
    return int(failed)


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
