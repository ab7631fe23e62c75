"""The parts of the screen, each as lines of styled text with the places that a mouse can point at."""
