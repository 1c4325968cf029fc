"""Text where a line break has a meaning."""

from __future__ import annotations

import json

from hypothesis import given
from hypothesis import strategies as st

from django_spotify_sync.export.text import one_line, without_breaks

TEXTS = st.text(st.sampled_from('a" \n\r\x0b\x0c\x1c\x1d\x1e\x85\u2028\u2029'))


@given(text=TEXTS)
def test_a_line_is_one_for_every_reader(text: str) -> None:
    assert len(one_line(text).splitlines()) <= 1
    line = without_breaks(json.dumps(text, ensure_ascii=False))
    assert (line.splitlines(), json.loads(line)) == ([line], text)
