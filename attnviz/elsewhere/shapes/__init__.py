"""From the names and the shapes of arrays to matrices (layer, head, query, key) by kind of attention."""
