"""Runs the peers and halo in turn on the same arrays and writes what was measured. Needs nothing beyond Python's own library."""
