"""Instruments of the tests: they read back what real back ends wrote, or stand in for a server."""
