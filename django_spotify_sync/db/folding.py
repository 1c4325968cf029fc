"""A text as search looks for it: the same for all ways to write it. Pure, and knows nothing of Spotify.

What people type is seldom what stands there: "fur" for "Für", «тысяча» for «ТЫСЯЧА», an é of one code point or of two.
Databases do not help: SQLite knows no capitals beyond ASCII, and no database of ours takes accents away by itself. So
the names and the words that are looked for are folded here, by the same rules, and compared as they are.

- Capitals are small letters, in every script, as Unicode folds them: ß is ss, ς is σ.
- What Unicode calls compatible is the same (NFKD): ﬁ is fi, Ａ is a, ² is 2, ㌔ is キロ.
- Accents go, whatever letter they make in some language: é is e, ё is е, й is и, ñ is n, å is a; so do the vowel points
  of Hebrew and Arabic, which are written or not. Marks that no one leaves out stay: those that tell が from か, and the
  vowel signs of India and Thailand.
- Letters with a stroke or joined, which Unicode takes for letters of their own, are what people type who have no such
  key: ø is o, ł l, đ and ð d, ħ h, ŧ t, ı i (and so is İ), æ ae, œ oe, þ th.
- Curly apostrophes, quotes and dashes of all lengths are those of a keyboard.
- What cannot be seen goes (soft hyphens, joiners, the selectors behind an emoji), and any white space is one blank.
"""

from __future__ import annotations

from unicodedata import category, combining, normalize

_LIKE_TYPED = {
    **dict(zip("øłđðħŧı", "olddhti", strict=True)),
    **dict(zip("æœþ", ("ae", "oe", "th"), strict=True)),
    **dict.fromkeys("‘’‛ʼ′", "'"),
    **dict.fromkeys("“”„‟", '"'),
    **dict.fromkeys("‐‑‒–—―−", "-"),
}
#: Combining classes that are no accents: 8 tells が from か, 9 joins consonants, the others are vowels and tones.
_SPEAKING = {8, 9, *range(37, 200)}


def folded(text: str) -> str:
    """Return the text as search looks for it. What is folded stays as it is when it is folded again."""
    if text.isascii():
        return " ".join(text.lower().split())
    plain = normalize("NFKD", text).translate(_PLAIN)
    plain = normalize("NFKD", plain.casefold()).translate(_PLAIN)
    return " ".join(normalize("NFC", plain).split())


class _Plain(dict[int, str | int | None]):
    """What becomes of each character that has been met."""

    def __missing__(self, code: int) -> int | None:
        self[code] = kept = None if _is_dropped(chr(code)) else code
        return kept


_PLAIN = _Plain({ord(letter): typed for letter, typed in _LIKE_TYPED.items()})


def _is_dropped(character: str) -> bool:
    kind = combining(character)
    if kind:
        return kind not in _SPEAKING
    return category(character) == "Cf" or _is_selector(character)


def _is_selector(character: str) -> bool:
    """Tell whether it only selects how what stands before it looks."""
    return "\ufe00" <= character <= "\ufe0f" or "\U000e0100" <= character <= "\U000e01ef"
