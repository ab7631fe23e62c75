"""What a head is good for: repeated tokens, syntactic relations, word alignments."""
