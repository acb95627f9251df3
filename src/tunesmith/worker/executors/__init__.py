"""Ways to execute a run: one per file."""
