"""Tunesmith: fine-tune, serve and own your language models on your own machine."""

__version__ = "0.1.0"
