"""Rerun's own viewer: without a window for pictures, in a window or a browser for a person."""
