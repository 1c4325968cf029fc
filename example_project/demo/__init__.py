"""`manage.py demo`: the whole site in one process, taken through its paces. No site needs this app."""
