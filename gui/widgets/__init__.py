"""What a person sees and presses: canvas, panel, buttons, keys and file dialogs."""
