"""From Python to machine code: compiling with a disk cache, calls by address, vector instructions."""
