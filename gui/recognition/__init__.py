"""What is made of a drawing, behind the window: predictions and picture files; no Tk."""
