"""Plots of hours and a bar of needs, drawn on the server as SVG: frozen rows in, markup out.

No script and no style is in them: the fills are classes of ``admin.css``, lines have the colour of the text around.
What went wrong hangs below the line or has a pattern, so that nothing is told by colour alone. Numbers stand beside a
drawing and in its table, not in it: it is stretched to the room there is, which would stretch letters too.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString

from django_spotify_sync.admin.looks import number

#: In units of the drawing: how wide an hour is and its bar, how high bars may get and how deep, and the strip of marks.
COLUMN, BAR, HEIGHT, DEPTH, STRIP = 10, 8, 100, 40, 10
#: A limit so many times higher than all bars would press them flat: it is left to words.
FAR = 4
#: Fills that are drawn with a pattern, by its name.
PATTERNS = {"partial": "slashes", "lost": "dots"}


@dataclass(frozen=True, slots=True)
class Series:
    """One number an hour, None where it is not known. ``look`` is the class of its fill."""

    name: str
    look: str
    values: tuple[int | None, ...]
    is_below: bool = False

    @property
    def swatch(self) -> SafeString:
        """A piece of its fill, for the legend."""
        box = f'0 0 {BAR} {BAR}" width="12" height="12'
        inside = _rect(self.look, 0, 0, BAR, BAR)
        return format_html(
            '<svg class="spotify-sync-swatch" viewBox="{}" aria-hidden="true">{}</svg>',
            SafeString(box),
            inside,
        )


@dataclass(frozen=True, slots=True)
class Plot:
    """Bars by the hour, those of one hour on top of each other; ``marks`` stand above, ``limit`` is a line.

    What is below the line has a scale of its own: a few failures show under thousands that went well.

    ``gist`` says in words what is to be seen, for those who do not see it too; ``hours`` are the hours in words.
    """

    name: str
    title: str
    gist: str
    hours: tuple[str, ...]
    series: tuple[Series, ...]
    marks: Series | None = None
    limit: int | None = None

    @property
    def all_series(self) -> tuple[Series, ...]:
        return self.series + ((self.marks,) if self.marks else ())

    @property
    def rows(self) -> list[tuple[str, list[str]]]:
        """The numbers as a table, the latest hour first."""
        rows = zip(
            self.hours, zip(*(one.values for one in self.all_series), strict=True), strict=True
        )
        return [(hour, [number(value) for value in values]) for hour, values in rows][::-1]

    @property
    def is_limit_near(self) -> bool:
        return self.limit is not None and self.limit <= FAR * self._highest

    @property
    def height(self) -> str:
        """The number at the upper end of the drawing."""
        return number(self._top)

    @property
    def depth(self) -> str:
        """The number at its lower end, empty if nothing is below the line."""
        return number(self._deepest) if self._deepest else ""

    @property
    def _top(self) -> int:
        return max(self._highest, self.limit or 0) if self.is_limit_near else self._highest

    @property
    def _highest(self) -> int:
        return max(self._sums(is_below=False), default=0)

    @property
    def _deepest(self) -> int:
        return max(self._sums(is_below=True), default=0)

    @property
    def drawing(self) -> SafeString:
        """The plot as SVG."""
        scale, scale_below = HEIGHT / max(1, self._top), DEPTH / max(1, self._deepest)
        line = STRIP + HEIGHT
        width, height = COLUMN * len(self.hours), line + (DEPTH if self._deepest else 1)
        columns = format_html_join(
            "",
            "{}",
            ((self._column(place, line, scale, scale_below),) for place in range(len(self.hours))),
        )
        limit = (
            _line("limit", line - (self.limit or 0) * scale, width) if self.is_limit_near else ""
        )
        return format_html(
            '<svg class="spotify-sync-drawing" viewBox="0 0 {} {}" preserveAspectRatio="none" role="img" '
            'aria-label="{}">{}{}{}</svg>',
            width,
            height,
            f"{self.title}. {self.gist}",
            columns,
            _line("zero", line, width),
            limit,
        )

    def _sums(self, *, is_below: bool) -> list[int]:
        wanted = [one.values for one in self.series if one.is_below == is_below]
        return [sum(value or 0 for value in values) for values in zip(*wanted, strict=True)]

    def _column(self, place: int, line: float, scale: float, scale_below: float) -> SafeString:
        """Draw one hour, with what it holds in words for those who point at it."""
        left = place * COLUMN + (COLUMN - BAR) / 2
        up = down = line
        drawn, said = [], []
        for one in self.all_series:
            value = one.values[place]
            if not value:
                continue
            said.append(f"{one.name}: {number(value)}")
            high = value * (scale_below if one.is_below else scale)
            if one is self.marks:
                drawn.append(_rect(one.look, left, 0, BAR, STRIP - 2))
            elif one.is_below:
                drawn.append(_rect(one.look, left, down, BAR, high))
                down += high
            else:
                up -= high
                drawn.append(_rect(one.look, left, up, BAR, high))
        return format_html(
            "<g><title>{}</title>{}</g>",
            "; ".join([self.hours[place], *said]),
            format_html_join("", "{}", ((one,) for one in drawn)),
        )


def share_bar(parts: Iterable[tuple[str, int]], possible: int, words: str) -> SafeString:
    """Draw what is needed, by its parts, on the way to what is ``possible``; what is beyond that is beyond the line."""
    parts = list(parts)
    whole = max(possible, sum(value for _, value in parts), 1)
    drawn, left = [], 0.0
    for look, value in parts:
        wide = 100 * value / whole
        drawn.append(_rect(look, left, 2, wide, 10))
        left += wide
    end = 100 * possible / whole
    return format_html(
        '<svg class="spotify-sync-share" viewBox="0 0 100 14" preserveAspectRatio="none" role="img" aria-label="{}">'
        '{}<rect class="spotify-sync-frame" x="0" y="2" width="{}" height="10"/>'
        '<path class="spotify-sync-limit" d="M{} 0V14"/></svg>',
        words,
        format_html_join("", "{}", ((one,) for one in drawn)),
        _round(end),
        _round(end),
    )


def _rect(look: str, left: float, top: float, width: float, height: float) -> SafeString:
    place = [_round(value) for value in (left, top, width, height)]
    plain = '<rect class="spotify-sync-fill is-{}" x="{}" y="{}" width="{}" height="{}"/>'
    drawn = format_html(plain, look, *place)
    if look not in PATTERNS:
        return drawn
    over = '<rect fill="url(#spotify-sync-{})" x="{}" y="{}" width="{}" height="{}"/>'
    return drawn + format_html(over, PATTERNS[look], *place)


def _line(look: str, top: float, width: float) -> SafeString:
    return format_html(
        '<path class="spotify-sync-{}" d="M0 {}H{}"/>', look, _round(top), _round(width)
    )


def _round(value: float) -> str:
    """Return a number as SVG has it, whatever the language."""
    return f"{value:.2f}".rstrip("0").rstrip(".")
