"""Where posts come from: one file an origin."""
