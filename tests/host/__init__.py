"""A host's own app: all it has is a user model that differs from Django's."""
