"""Rendered pages with numbers on them, and how many of their digits are read: `python -m benchmarks.pages`."""
