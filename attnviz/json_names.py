"""The names of the JSON format that both its writer and its reader need."""

SCHEMA_NAME = "attnviz/1"
ATTENTION_KEYS = {"encoder": "attention", "decoder": "decoder_attention", "cross": "cross_attention"}
MASK_KEYS = {"encoder": "masked", "decoder": "decoder_masked", "cross": "cross_masked"}
REST_KEYS = {"encoder": "rest", "decoder": "decoder_rest", "cross": "cross_rest"}
