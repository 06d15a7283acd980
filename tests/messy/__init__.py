"""Right returns, messed up in every way that districts know, and how they are read."""
