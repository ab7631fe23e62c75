"""GGUF files (llama.cpp, Ollama): their header and their tensors."""
