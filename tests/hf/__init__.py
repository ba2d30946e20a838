"""The Hugging Face adapter, put through real trainings of a very small ViT on real digits."""
