"""What a view prints, as text."""

import io

from attnviz.output.terminal.screen import print_to


def printed(renderable, screen):
    stream = io.TextIOWrapper(io.BytesIO(), "ascii" if screen.ascii else "utf-8", newline="")
    print_to(stream, screen, renderable)
    stream.flush()
    return stream.buffer.getvalue().decode()
