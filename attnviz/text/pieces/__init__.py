"""SentencePiece models (Kudo & Richardson 2018): the file, the library that encodes with it, and a JSON form of it."""
