"""Loops shared among threads, and sums whose order no number of threads changes."""
