"""Compiled building blocks that the kernels of convolution, dense layers and pooling call.

They are matrix products (dense, sparse, dot products), transposes, maxima of windows, padding of images, and
loops over flat arrays; and how matrices in flat arrays are passed to compiled code (`matrix.py`).
"""
