"""Ready-made draws: what a batch and a model's outputs look like, found by their shapes."""
