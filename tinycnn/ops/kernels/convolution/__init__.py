"""Algorithms of convolution, forward and backward, alone or together with activation and pooling.

`algorithms.py` chooses between them by the sizes of a convolution; `conv2d.py`, `relu.py`, `relu_max_pool.py`
and `average_pool.py` are what the rest of the library calls.
"""
