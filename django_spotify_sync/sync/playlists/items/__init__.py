"""The items of one playlist."""
