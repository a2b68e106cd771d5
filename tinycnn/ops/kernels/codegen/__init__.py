"""From Python to machine code: compiling and caching, function pointers, vector instructions."""
