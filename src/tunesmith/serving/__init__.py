"""Weights into text: the embedded engine, its process, and the protocol the API speaks to it. No torch on import."""
