"""What a view prints, as text."""

import io

from attnviz.output.terminal.screen import print_to


def printed(renderable, screen):
    stream = io.TextIOWrapper(io.BytesIO(), "ascii" if screen.ascii else "utf-8", newline="")
    print_to(stream, screen, renderable)
    stream.flush()
    return stream.buffer.getvalue().decode()


def styled(view):
    """The pieces of a view that show something, line by line, each as (text, style): ``("layer 0", "bold")``."""
    lines = [[(text.strip(), str(style)) for text, style in line if text.strip()] for line in view.lines()]
    return [line for line in lines if line]


def texts_in(view, style):
    """The texts of a view that have exactly that style; ``none`` is plain."""
    return [text for line in styled(view) for text, name in line if name == style]
