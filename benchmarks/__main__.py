"""Measure: ``python -m benchmarks [--quick] [speed] [hashes] [memory] [beat] [status] …``.

``speed``, ``hashes`` and ``memory`` are kept in a file, from which ``benchmarks.report`` makes the tables and plots of
the documentation: in ``benchmarks/results/`` if all is measured, and otherwise in ``artefacts/``. ``--quick`` measures
``speed`` alone, on small libraries.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

from benchmarks import (
    beat,
    disconnect,
    export,
    fetch,
    hashes,
    machine,
    memory,
    pace,
    pages,
    report,
    speed,
    status,
)

ROOT = Path(__file__).parent.parent
RESULTS = ROOT / "benchmarks" / "results" / "speed.json"

#: What is kept.
KEPT: dict[str, Callable[[bool], dict[str, list[dict[str, Any]]]]] = {
    "speed": lambda quick: speed.measure(quick=quick),
    "hashes": lambda _: {"hashes": hashes.main()},
    "memory": lambda _: {"memory": memory.main()},
}
#: What only prints.
PRINTED = {
    "beat": beat.main,
    "disconnect": disconnect.main,
    "export": export.main,
    "fetch": fetch.main,
    "pages": pages.main,
    "pace": pace.main,
    "status": status.main,
}


def main() -> None:
    """Measure what is asked for."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks")
    parser.add_argument("--quick", action="store_true", help="small libraries, few repeats")
    known = [*KEPT, *PRINTED]
    parser.add_argument("names", nargs="*", help=", ".join(known))
    options = parser.parse_args()
    if unknown := [name for name in options.names if name not in known]:
        parser.error(f"There is no measurement {unknown[0]!r}; there are: {', '.join(known)}.")
    names = options.names or (["speed"] if options.quick else known)
    kept = [name for name in names if name in KEPT]
    if kept:
        results = _measured(kept, quick=options.quick)
        print(report.text(results))
        print(f"\nAll of it is in {results.relative_to(ROOT)}.")
        if results == RESULTS:
            report.write(results)
    for name in names:
        if name in PRINTED:
            PRINTED[name]()


def _measured(names: list[str], *, quick: bool) -> Path:
    """Return the file that holds what was measured. It is written after each, since an hour is long."""
    is_whole = set(names) >= set(KEPT) and not quick
    results = RESULTS if is_whole else ROOT / "artefacts" / "speed.json"
    results.parent.mkdir(exist_ok=True)
    tables: dict[str, Any] = machine.described(quick=quick)
    for name in names:
        tables |= KEPT[name](quick)
        results.write_text(json.dumps(tables, indent=1) + "\n")
    return results


if __name__ == "__main__":
    main()
