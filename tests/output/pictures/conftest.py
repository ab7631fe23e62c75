import sys

sys.path.insert(0, "/tmp/w")
__import__("shim")
