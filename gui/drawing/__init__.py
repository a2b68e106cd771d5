"""What is drawn: strokes and pictures, the pen and the eraser; neither Tk nor `tinycnn`."""
