"""JSON that is the same but for the last digits."""


def equal_but_for_noise(ours: object, theirs: object) -> bool:
    """The same JSON, whose fractions may differ by 1e-6."""
    if isinstance(ours, float) and isinstance(theirs, float):
        return abs(ours - theirs) <= 1e-6 * max(1, abs(theirs))
    if type(ours) is not type(theirs):
        return False
    if isinstance(ours, dict):
        return list(ours) == list(theirs) and all(equal_but_for_noise(ours[k], theirs[k]) for k in ours)
    if isinstance(ours, list):
        return len(ours) == len(theirs) and all(map(equal_but_for_noise, ours, theirs))
    return ours == theirs
