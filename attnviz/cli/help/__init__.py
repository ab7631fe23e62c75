"""Help: what a command can do, which word was meant, and topics to read."""
