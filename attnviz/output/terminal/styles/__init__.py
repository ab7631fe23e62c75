"""The styles of an attention matrix on the terminal: one file each, and one entry here, with words for the help.

``--style auto`` takes the first that fits the screen. The command line reads the names: nothing is imported here.
"""

STYLES = {
    "numbers": "a number in every cell",
    "blocks": "small cells of colour",
    "top": "each row's strongest keys",
}
