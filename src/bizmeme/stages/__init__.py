"""One file a pipeline stage; each reads as read, compute, write."""
