"""The same work, side by side with peers: validated first, then timed in turns."""
