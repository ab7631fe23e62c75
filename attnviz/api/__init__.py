"""attnviz as a library: one function per command, with plain arguments and frozen results.

>>> import attnviz
>>> result = attnviz.run("The cat sat", seed=0)
>>> result.attention.shape
(2, 4, 3, 3)
"""
