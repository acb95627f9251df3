"""Our own routes: what OpenAI has no words for."""
