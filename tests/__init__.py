"""The tests, and the smallest host there can be."""
