"""The files of a model folder that hold its weights."""
