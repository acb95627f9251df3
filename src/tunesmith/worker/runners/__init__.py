"""One kind of job per file."""
