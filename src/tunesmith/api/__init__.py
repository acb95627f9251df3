"""The HTTP doors: one folder per dialect, one file per resource. A route reads, asks control and words the answer."""
