"""How far numbers may differ that ought to be the same, and are sums of float32 in another order.

A matrix product adds up its terms in an order that depends on the shape and on the kernel that OpenBLAS chooses for
the processor. So a text has the same numbers by itself and in a batch to a few units of the seventh digit, which a
softmax makes larger.
"""

# Measured: at most 2e-6, in the attention of trained models on SkylakeX, Haswell, Nehalem and Katmai. A wrong mask
# changes far more.
ROUNDING = 1e-5


def equal_but_for_noise(ours: object, theirs: object) -> bool:
    """The same JSON, whose fractions may differ by what rounding does."""
    if isinstance(ours, float) and isinstance(theirs, float):
        return abs(ours - theirs) <= ROUNDING * max(1, abs(theirs))
    if type(ours) is not type(theirs):
        return False
    if isinstance(ours, dict):
        return list(ours) == list(theirs) and all(equal_but_for_noise(ours[k], theirs[k]) for k in ours)
    if isinstance(ours, list):
        return len(ours) == len(theirs) and all(map(equal_but_for_noise, ours, theirs))
    return ours == theirs
