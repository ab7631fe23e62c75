"""The page: one HTML file with the matrices of all heads, which a browser shows without a network.

``document.py`` fills ``assets/template.html`` with the style, the script, a head (JSON) and the data (text): base64 of
chunks, one after the other, each inflated by itself when it is looked at. Python computes every number, and the script
shows them. Its format is ``attnviz-page/1``.

The head::

    format, version, precision (decimals at most)
    texts[]    what it says of each text, below
    metrics[]  name, help, unit: those that some set has, in the order of the table of heads
    chunks[]   the characters of each chunk in the data
    start      text, set, head (indices), side (from, to), query, key (positions, or null), words, special

A text: ``text``, ``target``, ``pair``, ``other`` (B's text of a difference), ``where``, ``model``, ``digest``,
``random``, ``command`` (what prints it in the terminal), ``sides[]``, ``sets[]``, ``start``.

A side: ``name`` (text, source, target), ``tokens``, ``words`` (null where words are tokens), ``pieces`` (each word's
first token and how many it has). Tokens and words have ``labels``, ``numbers`` (positions), ``special`` (padding too),
``segments`` and ``spaces`` (whether white space comes before them in the text).

A set: matrices of one kind and values, of each head or reduced::

    kind, values, reduce; name, caption; percent, signed, scale
    queries, keys   indices of sides
    rows, columns   the names of the grid's rows and columns; heads are in its order
    heads[]         name, chunk, and a title where the name is not LnHm
    codes           bytes, steps, zero, or float: see ``codes.py``
    words, rest     whether chunks hold the numbers of words, and what rows give to special tokens
    thumbs          chunk, all, hidden (rows and columns of thumbnails with special tokens and without); null where both
                    sides have at most 32 tokens
    metrics, order  by metric: each head's string as ``attnviz heads`` prints it, and heads from the largest on
    labels, shares, telling   each head's label, what follows it, and heads from the one that says most on; or null

A chunk is raw deflate of byte planes: all low bytes of its codes, then all high bytes. ``sections.py`` says which codes
a head's chunk holds. The chunk of thumbnails holds, for each head, a byte per cell, with special tokens, then without.
"""
