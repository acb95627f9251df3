"""OpenAI's dialect, as its official clients speak it."""
