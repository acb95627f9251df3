"""Bytes become rows, rows become examples, examples become tokens. No torch."""
