"""What the command `tinycnn train` consists of: its options, the net, the digits, and what comes out."""
