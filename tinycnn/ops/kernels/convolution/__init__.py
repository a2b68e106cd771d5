"""Every way to convolve, and the shapes that each is for."""
