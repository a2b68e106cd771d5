"""The same work, side by side with peers: checked to give the same first, then timed in turns."""
