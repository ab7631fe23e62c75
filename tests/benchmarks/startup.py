"""How long the command line takes before and around the maths, against what Python needs for the libraries alone."""

from processes import Settings, alternating, attnviz, python
from results import Comparison, Found, samples

PER_ROUND = 3  # so short that they can run more often
SENTENCE = "The animal didn't cross the street because it was too tired."
SEEDED = ("show", SENTENCE, "--seed", "0")
YARDSTICKS = {
    "import typer": python("-c", "import typer"),
    "import typer, numpy, rich": python("-c", "import typer, numpy, rich"),
    "`attnviz show --seed 0`": attnviz(*SEEDED),
}
PAIRS = (
    ("`import attnviz`", python("-c", "import attnviz"), "import typer", 1.3),
    ("`attnviz --help`", attnviz("--help"), "import typer", 1.0),
    ("`attnviz --version`", attnviz("--version"), "import typer", 1.3),
    ("`attnviz show --help`", attnviz("show", "--help"), "import typer", 1.3),
    ("`attnviz heads --help`", attnviz("heads", "--help"), "import typer", 1.3),
    ("`attnviz show --seed 0`", attnviz(*SEEDED), "import typer, numpy, rich", 1.5),
    ("`attnviz show --seed 0 --json`", attnviz(*SEEDED, "--json"), "import typer, numpy, rich", 1.5),
    ("`attnviz show`, with tiny", attnviz("show", SENTENCE), "`attnviz show --seed 0`", 1.4),
)


def measure(settings: Settings) -> Found:
    """Each pair in turn with its own yardstick."""
    found = []
    for what, command, against, goal in PAIRS:
        runs = alternating("startup", {what: command, against: YARDSTICKS[against]}, PER_ROUND * settings.rounds)
        wall, cpu = (samples(runs, what, against, figure, unit=1000) for figure in ("wall", "cpu"))
        found.append(Comparison("startup", what, "ms", *wall, yardstick=True, goal=goal, cpu=cpu))
    return Found(found)
