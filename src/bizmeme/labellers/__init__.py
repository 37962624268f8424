"""Vision APIs that label a post: one file a vendor."""
