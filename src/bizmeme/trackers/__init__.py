"""Where runs are recorded: one file a service."""
