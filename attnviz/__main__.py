"""``python -m attnviz``."""

import os
import sys

# Python looks for modules in the working folder first, which may have a numpy.py of its own. A package that is run from
# its sources is found there: then it comes last.
if not sys.flags.safe_path and sys.path and sys.path[0] == os.getcwd():
    folder = sys.path.pop(0)
    if os.path.dirname(os.path.dirname(os.path.abspath(__file__))) == folder:
        sys.path.append(folder)

from attnviz.cli.process.start import start

start()
