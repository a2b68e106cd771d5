"""The pane "Inside": every layer of the net at work on the drawing."""
