"""REST: a file a thing, beside what all of them share."""
