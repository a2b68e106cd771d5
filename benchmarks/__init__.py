"""Benchmarks: the same work done by tinycnn, PyTorch, Keras and NumPy, checked to agree, then timed.

`python -m benchmarks` runs the comparison; some modules are commands of their own (see their docstrings).
"""
