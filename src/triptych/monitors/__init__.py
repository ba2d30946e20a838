"""What watches a training and logs what it sees: each only calls `run.log`."""
