"""The pure part: no I/O, no clock, no unseeded randomness, no heavy import."""
