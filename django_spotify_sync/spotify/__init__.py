"""Spotify's world: HTTP and JSON. Knows nothing of Django and of the database; it is handed its token and its pace."""
