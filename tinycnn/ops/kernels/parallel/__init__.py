"""Running kernels on several threads: `thread_pool.py`, `grain.py`; sums over samples: `partial_sums.py`.

The order of a sum, and so its rounding, does not depend on the number of threads.
"""
