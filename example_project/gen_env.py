"""Make .env from env.sample, every "generated" in it replaced by a fresh secret. Needs nothing but Python.

An .env that is there is never touched, since its key opens what the database holds.
"""

from __future__ import annotations

import base64
import os
import secrets
import sys
from pathlib import Path

GENERATED = "generated"


def fernet_key() -> str:
    """Return 32 random bytes as Fernet wants them (the Fernet specification, "Key Format")."""
    return base64.urlsafe_b64encode(secrets.token_bytes(32)).decode()


def filled(line: str) -> str:
    """Return the line with its secret, if it wants one."""
    name, _, value = line.partition("=")
    if value != GENERATED:
        return line
    return f"{name}={fernet_key() if name == 'FERNET_KEY' else secrets.token_urlsafe(48)}"


def main(folder: Path) -> str:
    """Write the file, readable by its owner only; return what happened in words."""
    text = "\n".join(map(filled, (folder / "env.sample").read_text().splitlines())) + "\n"
    try:
        handle = os.open(folder / ".env", os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        return ".env is there already; it stays as it is."
    with open(handle, "w") as file:
        file.write(text)
    return (
        "Made .env, with fresh keys. Keep FERNET_KEY: without it every user has to connect again."
    )


if __name__ == "__main__":
    print(main(Path(sys.argv[1] if sys.argv[1:] else ".")))
