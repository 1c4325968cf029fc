"""Filters of the library."""

from __future__ import annotations

from django import template

from pages import words

register = template.Library()


@register.filter
def minutes(milliseconds: int) -> str:
    """Write a length as people do: 3:07."""
    whole_minutes, seconds = divmod(round(milliseconds / 1000), 60)
    return f"{whole_minutes}:{seconds:02}"


@register.filter
def shelf_title(resource: str) -> str:
    """Name a shelf."""
    return words.SHELVES[resource][0]


@register.filter
def unit(resource: str) -> str:
    """Say what a sync of it counts."""
    return words.SHELVES[resource][1]


@register.filter
def why_failed(code: str) -> str:
    """Explain the error of a sync."""
    return words.failure(code)


@register.filter
def in_words(code: str) -> str:
    """Explain the reason of a sync."""
    return words.reason(code)
