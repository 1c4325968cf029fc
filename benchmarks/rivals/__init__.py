"""What one would use instead: a library for Spotify's Web API, and rows written by Django's own means.

Each is what a good developer writes in an afternoon. They have models of their own, with the columns and the keys of
ours, and neither the indexes nor the folded names by which ours are searched: that is for them.
"""
