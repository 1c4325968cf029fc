"""`manage.py demo`: the whole site in one process and its Spotify in another, taken through its paces."""
