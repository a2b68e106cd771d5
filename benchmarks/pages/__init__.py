"""Rendered pages with numbers, and how many of their digits are read: `python -m benchmarks.pages`."""
