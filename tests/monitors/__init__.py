"""The monitors, in a loop of one's own."""
