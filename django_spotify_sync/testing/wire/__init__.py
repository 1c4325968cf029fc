"""HTTP, its limits and its faults."""
