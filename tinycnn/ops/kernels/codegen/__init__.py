"""From Python to machine code: the compiler's door, addresses of functions, vector instructions."""
