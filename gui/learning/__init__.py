"""Learning before one's eyes: one step on a drawing, a net trained from nothing, digits of one's own."""
