"""Our ORM tools. They know nothing of Spotify."""
