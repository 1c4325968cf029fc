"""What a set of JSON pages says about keys, nulls and types, and whether another page agrees."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

# Objects are told apart by what decides their keys: a local file has others than a track.
type Variant = tuple[Any, Any, bool]

NULLABLE_URLS = {"next", "previous"}


@dataclass
class Shape:
    """The types seen in one place; below it, the keys of each variant of object, and the items."""

    types: set[str] = field(default_factory=set)
    variants: dict[Variant, dict[str, Shape]] = field(default_factory=dict)
    always: dict[Variant, set[str]] = field(default_factory=dict)
    items: Shape | None = None

    def learn(self, value: Any) -> Shape:
        """Take one example in."""
        self.types.add(type(value).__name__)
        if isinstance(value, dict):
            kind = variant(value)
            self.always[kind] = self.always.get(kind, set(value)) & set(value)
            known = self.variants.setdefault(kind, {})
            for key, below in value.items():
                known.setdefault(key, Shape()).learn(below)
                if key in NULLABLE_URLS:
                    known[key].types |= {"str", "NoneType"}
        if isinstance(value, list):
            for below in distinct(value):
                self.items = (self.items or Shape()).learn(below)
        return self

    def complaints(
        self,
        value: Any,
        where: str = "",
        ignored: frozenset[str] = frozenset(),
        strict: bool = True,
    ) -> list[str]:
        """Say everything in *value* that no example showed; *strict* minds unseen variants."""
        name = type(value).__name__
        if name not in self.types:
            return [f"{where}: {name}, but examples have {sorted(self.types)}"]
        found: list[str] = []
        if isinstance(value, dict):
            kind = variant(value)
            if kind not in self.variants:
                return [f"{where}: no example of {kind}"] if strict else []
            known = self.variants[kind]
            missing = self.always[kind] - set(value) - ignored
            found += [f"{where}: lacks {key}" for key in sorted(missing)]
            for key, below in value.items():
                if key in ignored:
                    continue
                if key not in known:
                    found.append(f"{where}: has {key}, which no example has")
                else:
                    found += known[key].complaints(below, f"{where}.{key}", ignored, strict)
        if isinstance(value, list) and value:
            if self.items is None:
                return [f"{where}: entries, but examples are empty"] if strict else []
            for below in distinct(value):
                found += self.items.complaints(below, f"{where}[]", ignored, strict)
        return found


def distinct(values: list[Any]) -> list[Any]:
    """Keep one of each text: a list of 180 markets says no more than one of a few."""
    texts = {value for value in values if isinstance(value, str)}
    return [*sorted(texts)[:1], *(value for value in values if not isinstance(value, str))]


def variant(value: dict[str, Any]) -> Variant:
    """Say what decides the keys of an object."""
    return (value.get("type"), value.get("is_local"), "id" in value and value["id"] is None)
