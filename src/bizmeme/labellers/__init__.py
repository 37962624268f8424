"""Vision APIs that label a post: one file or folder a vendor."""
