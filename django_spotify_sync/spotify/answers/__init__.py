"""Spotify's JSON, whichever shape, as rows that can be stored: a file a topic."""
