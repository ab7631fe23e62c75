"""Fixed texts: sentences that read like English, with the spread of lengths that real ones have, and one long text.

They are made, not copied: nothing to download, nobody's rights, the same on every machine.
"""

import random


def _phrases(text: str) -> list[str]:
    return text.split(", ")


SUBJECTS = _phrases(
    "the old lighthouse keeper, my sister, a tired engineer, the committee, every child in the village, "
    "the cat next door, our new neighbour, the minister of finance, she, he, they, the company, "
    "a young doctor from Lisbon, the last train, one of the witnesses, the river, nobody in the office"
)
VERBS = _phrases(
    "found, never forgot, carried, sold, described, lost, repaired, wanted, quietly ignored, could not explain, "
    "had already seen, will need, promised to return, painted, was looking for, gave away, remembered, has studied"
)
OBJECTS = _phrases(
    "it, the broken clock, a letter, three boxes of apples, the answer, his grandfather's bicycle, "
    "an unusual proposal, the results of the second experiment, some bread and cheese, "
    "the key to the upper room, their money, a map that nobody had used for years, the photograph, "
    "most of the furniture, her first novel, the bill"
)
PLACES = _phrases(
    "in the morning, near the harbour, after the war, without a word, on the way to school, for almost ten years, "
    "behind the station, at the end of the long winter, last week, with great care, in a small town by the sea, again, "
    "despite the heavy rain, during the meeting, under the kitchen table"
)
LINKS = _phrases(
    "because, although, and, but, while, so, before, even though, and when the door opened, "
    "which surprised us since, if"
)
CLAUSES = (1, 1, 1, 1, 1, 2, 2, 2, 2, 3)  # a sentence has one of these numbers of them
LONGEST = 35  # words: about 40 tokens of a trained model
ENDS = ("", ".", ".", ".", ".", ".", "!", "?")


def sentences(count: int) -> list[str]:
    """So many sentences, different ones, always the same."""
    source = random.Random(0)  # noqa: S311 (its numbers are the same in every Python)
    made: dict[str, None] = {}
    while len(made) < count:
        sentence = _sentence(source)
        if len(sentence.split()) <= LONGEST:
            made[sentence] = None
    return list(made)


def long_text(n: int) -> str:
    """A text of n words: of as many tokens for a tokenizer that cuts at spaces and punctuation."""
    words = " ".join(sentences(n // 4 + 1)).replace(",", "").split()
    return " ".join(word.strip(".!?").replace("'s", "") for word in words[:n])


def _sentence(source: random.Random) -> str:
    parts = [_clause(source)]
    for _ in range(_pick(source, CLAUSES) - 1):
        parts += [_pick(source, LINKS), _clause(source)]
    text = " ".join(parts)
    return text[0].upper() + text[1:] + _pick(source, ENDS)


def _clause(source: random.Random) -> str:
    words = [_pick(source, SUBJECTS), _pick(source, VERBS), _pick(source, OBJECTS)]
    places = int(source.random() * 2.2)
    return " ".join(words + [_pick(source, PLACES) for _ in range(places)])


def _pick(source: random.Random, choices: tuple | list):
    """One of them; ``random()`` alone is promised to be the same in every version of Python."""
    return choices[int(source.random() * len(choices))]
