"""Tokens to weights: one loop, its methods, and the numbers it decides by itself."""
