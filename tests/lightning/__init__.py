"""Real, small trainings with Lightning on the CPU, read back from what they left on disk."""
