"""The only SQL and the only blob paths: one SQLite file and one folder of content-addressed blobs."""
