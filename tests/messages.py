"""Everything the package says to people, found in its source, and the catalogues that say it in other languages.

``python -m tests.messages`` brings ``locale/*/LC_MESSAGES/django.po`` up to date and compiles them; gettext's own tools
are not needed. What is new has no translation then, and ``tests/whole/test_locale.py`` names it.
"""

from __future__ import annotations

import inspect
import re
from ast import literal_eval
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

from babel.messages.catalog import Catalog
from babel.messages.extract import extract_from_file
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po, write_po
from django.utils.translation.template import templatize

import django_spotify_sync
from django_spotify_sync import exceptions

PACKAGE = Path(django_spotify_sync.__file__).parent
LOCALE = PACKAGE / "locale"
#: What a developer or an operator reads stays English, and FakeSpotify is a server of its own.
ENGLISH = ("management", "migrations", "testing")
KEYWORDS = {
    **dict.fromkeys(("_", "gettext", "gettext_lazy", "Words"), None),
    **dict.fromkeys(("ngettext", "ngettext_lazy"), (1, 2)),
}
HEADER = """\
# What django_spotify_sync says to people. `python -m tests.messages` keeps it up to date.
msgid ""
msgstr ""
"Language: {locale}\\n"
"Plural-Forms: {plural_forms}\\n"
"MIME-Version: 1.0\\n"
"Content-Type: text/plain; charset=UTF-8\\n"
"Content-Transfer-Encoding: 8bit\\n"

"""
_LITERAL = r"""u?('(?:[^'\\]|\\.)*'|"(?:[^"\\]|\\.)*")"""

type Message = str | tuple[str, ...]


def messages() -> dict[Message, set[str]]:
    """Return each message, singular and plural where it counts, and in which files it stands."""
    found: dict[Message, set[str]] = {}
    for file, message in [*_in_python(), *_in_templates(), *_in_errors()]:
        found.setdefault(message, set()).add(file.relative_to(PACKAGE).as_posix())
    return found


def _in_python() -> Iterator[tuple[Path, Message]]:
    for file in PACKAGE.rglob("*.py"):
        if file.relative_to(PACKAGE).parts[0] not in ENGLISH:
            for _, message, _, _ in extract_from_file("python", file, keywords=KEYWORDS):
                yield file, message


def _in_templates() -> Iterator[tuple[Path, Message]]:
    for file in PACKAGE.rglob("*.html"):
        source = templatize(file.read_text())
        for call in re.finditer(rf"\bgettext\({_LITERAL}\)", source):
            yield file, literal_eval(call[1])
        for call in re.finditer(rf"\bngettext\({_LITERAL}, ?{_LITERAL}", source):
            yield file, (literal_eval(call[1]), literal_eval(call[2]))


def _in_errors() -> Iterator[tuple[Path, Message]]:
    """Give the default messages of errors, which are their docstrings."""
    for kind in vars(exceptions).values():
        if inspect.isclass(kind) and issubclass(kind, exceptions.SpotifySyncError):
            yield Path(exceptions.__file__), " ".join(inspect.cleandoc(kind.__doc__ or "").split())


def catalogues() -> list[Path]:
    return sorted(LOCALE.glob("*/LC_MESSAGES/django.po"))


def read(file: Path) -> Catalog:
    with file.open("rb") as source:
        return read_po(source, locale=file.parent.parent.name)


def renew(file: Path) -> None:
    """Put in what is new and leave out what is gone; write the catalogue and its compiled form."""
    old = read(file)
    new = Catalog(locale=old.locale, charset="utf-8")
    for message, files in sorted(messages().items(), key=lambda item: str(item[0])):
        known = old.get(message)
        new.add(message, known.string if known else None, [(name, 0) for name in sorted(files)])
    with file.open("wb") as target:
        header = HEADER.format(locale=old.locale, plural_forms=old.plural_forms)
        target.write(header.encode())  # Babel's own has the time of day in it
        write_po(target, new, width=100, omit_header=True, include_lineno=False)
    whole = read(file)
    whole.creation_date = whole.revision_date = datetime(
        2026, 1, 1, tzinfo=UTC
    )  # the same bytes again
    with file.with_suffix(".mo").open("wb") as target:
        write_mo(target, whole)


if __name__ == "__main__":
    for catalogue in catalogues():
        renew(catalogue)
