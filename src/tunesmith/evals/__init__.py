"""Text becomes scores."""
