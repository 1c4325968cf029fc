"""A run's life: asked for, made, alive, written, ended."""
