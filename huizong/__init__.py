"""Huizong (汇总): district returns read, checked, added up, and every figure followed to its cell."""

import os

__version__ = "0.1.0"

# With lxml, which python-docx brings, openpyxl writes other bytes for the same content, and parses in another way.
os.environ["OPENPYXL_LXML"] = "False"
