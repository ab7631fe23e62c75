"""How much of the machine's own matrix-multiply rate the forward pass reaches: one thread, one process."""

from processes import ONE_THREAD, Settings, child, measured, say
from results import Comparison, Found, Samples

GOAL = 0.6  # of batches


def measure(settings: Settings) -> Found:
    """Batches of several shapes, against float32 products of large square matrices and against their own products."""
    say(f"forward: {settings.rounds} rounds")
    report = measured(child("forward.py", settings.model, settings.rounds, **ONE_THREAD)).report
    found = []
    for case in report["cases"]:
        texts, n = case["texts"], case["tokens"]
        what = f"forward pass, {texts} text{'s' * (texts > 1)} of {n} tokens"
        yardsticks = {"sgemm of 1024 × 1024": report["sgemm"], "its own products alone": case["products"]}
        for name, rates in yardsticks.items():
            goal = GOAL if rates is report["sgemm"] and texts > 1 else None
            sides = Samples("attnviz", tuple(case["forward"])), Samples(name, tuple(rates))
            found.append(Comparison("forward", what, "Gflop/s", *sides, yardstick=True, size=n, goal=goal))
    return Found(found, {"rate": "multiplications and additions of the matrix products, a second of the whole pass"})
