"""Files to modules and back: base models, adapters, checkpoints."""
