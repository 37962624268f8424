"""Disk, network and clock: what the core must not touch."""
