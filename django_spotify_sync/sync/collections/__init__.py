"""Lists whose order proves nothing: all is read."""
