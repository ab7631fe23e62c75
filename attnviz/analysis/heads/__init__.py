"""What each head does, in numbers."""
