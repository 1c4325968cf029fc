"""Lists of lists: the list of playlists, and the items of those that changed."""
