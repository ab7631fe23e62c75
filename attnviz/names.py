"""Names that several rooms need: the keys of the JSON format, and the choices of options; this needs no NumPy."""

SCHEMA_NAME = "attnviz/1"
ATTENTION_KEYS = {"encoder": "attention", "decoder": "decoder_attention", "cross": "cross_attention"}
MASK_KEYS = {"encoder": "masked", "decoder": "decoder_masked", "cross": "cross_masked"}
REST_KEYS = {"encoder": "rest", "decoder": "decoder_rest", "cross": "cross_rest"}
RECEIVED_KEYS = {"encoder": "received", "decoder": "decoder_received", "cross": "cross_received"}

# A model's keys in short.
MODEL_KEYS = ("name", "weights", "n_layers", "decoder_layers", "n_heads", "decoder_heads", "d_model", "seed")

KINDS = ("encoder", "decoder", "cross")
VALUES = ("weights", "scores", "norms", "zeroing")
VALUES_IN_WORDS = (
    "weights (after softmax), scores (before), norms (weights times what is moved), zeroing (what a layer loses "
    "without a key)"
)
SHARES = ("weights", "zeroing")  # the values whose rows sum to 1
REDUCTIONS = ("none", "mean-heads", "mean", "max", "rollout", "flow")
PATHS = ("rollout", "flow")  # the reductions that follow tokens through the layers

FILE_FORMATS = ("text", "jsonl", "csv", "tsv", "pairs")  # of files of texts
PICTURE_FORMATS = ("png", "svg", "pdf")
PICTURE_SCALES = ("shared", "head")
PICTURE_KINDS = ("matrix", "lines", "arcs", "text")
PICTURE_NORMS = ("linear", "sqrt", "log")
CAPTION_ENDING = ".txt"  # of the file beside a picture


def axes_of(values: str, reduce: str) -> tuple[str, ...]:
    """What each axis of matrices counts, without those of length 1: zeroing is of all heads together."""
    layers = ("layer",) if reduce in ("none", "mean-heads") else ()
    heads = ("head",) if reduce == "none" and values != "zeroing" else ()
    return (*layers, *heads, "query", "key")
