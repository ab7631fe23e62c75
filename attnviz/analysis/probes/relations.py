"""The relations of Universal Dependencies in words: what the dependent is, and what its head."""

RELATIONS = {
    "acl": ("clause", "noun"),
    "advcl": ("adverb clause", "verb"),
    "advmod": ("adverb", "verb"),
    "amod": ("adjective", "noun"),
    "appos": ("apposition", "noun"),
    "aux": ("auxiliary", "verb"),
    "case": ("preposition", "noun"),
    "cc": ("conjunction", "conjunct"),
    "ccomp": ("object clause", "verb"),
    "clf": ("classifier", "noun"),
    "compound": ("compound", "noun"),
    "conj": ("conjunct", "first one"),
    "cop": ("copula", "predicate"),
    "csubj": ("subject clause", "verb"),
    "dep": ("dependent", "head"),
    "det": ("determiner", "noun"),
    "discourse": ("interjection", "verb"),
    "dislocated": ("dislocated", "verb"),
    "expl": ("expletive", "verb"),
    "fixed": ("fixed word", "first one"),
    "flat": ("name part", "first part"),
    "goeswith": ("rest of word", "word"),
    "iobj": ("indirect object", "verb"),
    "list": ("list item", "first one"),
    "mark": ("marker", "clause"),
    "nmod": ("noun modifier", "noun"),
    "nsubj": ("subject", "verb"),
    "nummod": ("number", "noun"),
    "obj": ("object", "verb"),
    "obl": ("oblique", "verb"),
    "orphan": ("orphan", "head"),
    "parataxis": ("parataxis", "verb"),
    "reparandum": ("repair", "head"),
    "vocative": ("vocative", "verb"),
    "xcomp": ("open complement", "verb"),
}
"""By universal relation the words of the dependent and of its head; a head may be of another part of speech."""

LEFT_OUT = ("root", "punct")  # as in table 1 of Clark et al. 2019


def universal(relation: str) -> str:
    """The relation without its subtype: ``nsubj`` of ``nsubj:pass``."""
    return relation.partition(":")[0]


def relation_words(relation: str, direction: str) -> str:
    """Which word looks at which: ``subject -> verb``; of a subtype ``subject (pass) -> verb``.

    Args:
        relation: with or without a subtype; one that is not known is called by its name.
        direction: ``dependent->head`` or ``head->dependent``.
    """
    name, _, subtype = relation.partition(":")
    dependent, head = RELATIONS.get(name, (name, "head"))
    dependent = f"{dependent} ({subtype})" if subtype else dependent
    first, second = (dependent, head) if direction == "dependent->head" else (head, dependent)
    return f"{first} -> {second}"
