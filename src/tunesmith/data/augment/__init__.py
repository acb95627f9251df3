"""More rows from a few good ones: recipes ask a model, filters look at every answer, a journal loses nothing."""
