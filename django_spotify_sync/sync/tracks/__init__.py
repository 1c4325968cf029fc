"""Saved tracks, newest first: few requests prove them."""
