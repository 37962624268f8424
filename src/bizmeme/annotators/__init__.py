"""Where people label: one file a service."""
