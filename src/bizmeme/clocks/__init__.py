"""Time as a port: the wall clock and the simulated one."""
