from __future__ import annotations

from dataclasses import dataclass

import pytest

from django_spotify_sync.values import takes


def two(account, resource):
    return True


def two_or_three(account, resource, trigger=""):
    return True


@dataclass
class Plan:
    """A hook that is an object, and cannot be hashed."""

    name: str

    def __call__(self, account, resource, trigger):
        return True


@pytest.mark.parametrize(
    ("function", "takes_two", "takes_three"),
    [
        (two, True, False),
        (two_or_three, True, True),
        (Plan("paid"), False, True),
        (max, True, True),
    ],
)
def test_arguments_are_told_by_the_signature(function, takes_two, takes_three):
    assert (takes(function, 2), takes(function, 3)) == (takes_two, takes_three)
    assert (takes(function, 2), takes(function, 3)) == (takes_two, takes_three), "and again"
