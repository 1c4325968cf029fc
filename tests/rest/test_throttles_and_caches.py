"""What a throttle takes for a cache that is away, and what not."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import RequestFactory

from django_spotify_sync.rest.throttles import OAuthThrottle


def test_only_the_cache_s_own_errors_let_everybody_go(
    settings: Any, caplog: pytest.LogCaptureFixture
) -> None:
    request = RequestFactory().get("/")  # of nobody, whom nothing has put on it

    with pytest.raises(AttributeError, match="user"):
        OAuthThrottle().allow_request(request, None)

    assert "cache is away" not in caplog.text
