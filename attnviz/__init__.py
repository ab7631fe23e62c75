"""attnviz: see what a transformer attends to.

Importing this package loads nothing heavy; each public name is imported when it is first used.
"""

from importlib import import_module

__version__ = "0.1.0"

_HOMES = {
    "load": "attnviz.model",
    "run": "attnviz.api.run",
    "prepare": "attnviz.sweeps.preparation",
    "prepare_vectors": "attnviz.sweeps.preparation",
    "explain": "attnviz.api.run",
    "heads": "attnviz.api.heads",
    "heads_per_text": "attnviz.api.heads_per_text",
    "diff": "attnviz.api.diff",
    "check": "attnviz.api.check",
    "figure": "attnviz.api.heatmaps",
    "heatmaps": "attnviz.api.heatmaps",
    "html": "attnviz.api.html",
    "sweep": "attnviz.api.sweep",
    "agreement": "attnviz.api.agreement",
    "probe_repeat": "attnviz.api.probes.repeat",
    "probe_syntax": "attnviz.api.probes.syntax",
    "probe_align": "attnviz.api.probes.align",
    "Model": "attnviz.model",
    "read_attention": "attnviz.elsewhere.attention_file",
    "EncoderConfig": "attnviz.encoder.config.block",
    "AttnvizError": "attnviz.errors",
    "FileLayout": "attnviz.text.layout",
    "Attention": "attnviz.trace.attention",
    "LayerTrace": "attnviz.trace.trace",
    "Result": "attnviz.trace.result",
    "Token": "attnviz.trace.tokens",
    "Trace": "attnviz.trace.trace",
}

__all__ = [  # noqa: PLE0604 (the names are those of the table above)
    "__version__",
    *_HOMES,
]


def __getattr__(name: str) -> object:
    if name not in _HOMES:
        raise AttributeError(f"module 'attnviz' has no attribute {name!r}")
    import_module("attnviz.api")  # so that a notebook can show whatever result that name gives
    return getattr(import_module(_HOMES[name]), name)


def __dir__() -> list[str]:
    return sorted(__all__)
