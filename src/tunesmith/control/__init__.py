"""The office: who asked for what, what is allowed, what happened. No torch, no HTTP, no SQL."""
