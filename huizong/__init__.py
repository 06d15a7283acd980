"""Huizong (汇总): district returns read, checked, added up, and every figure followed to its cell."""
