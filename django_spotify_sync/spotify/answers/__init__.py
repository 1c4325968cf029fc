"""Spotify's JSON, whichever shape, as rows that can be stored: a file a topic.

None means that the answer did not say; a stored value is never wiped by it. Times are aware and in UTC.
"""
