"""Pictures of visuals, for a panel that has no view of its own. Drawn on workers."""
