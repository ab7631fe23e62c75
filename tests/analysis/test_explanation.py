"""An explanation's numbers follow from one another, step by step, and end in what the run gives."""

import numpy as np
import pytest

import attnviz
from attnviz.analysis.key_groups import word_of
from attnviz.analysis.matrices.spelling import find_word
from attnviz.analysis.telling import overview, strongest_telling
from attnviz.errors import UsageError
from attnviz.trace.tokens import Token

TEXT, TARGET = "The cat didn't sit on the mat", "Le chat dort ."
VARIANTS = [
    {},
    {"mask": "causal", "position": "alibi"},
    {"norm_placement": "pre", "gated": True, "activation": "silu", "norm": "rms"},
    {"score": "additive", "position": "relative", "n_kv_heads": 2},
    {"score": "cosine", "score_scale": 5.0, "position": "rotary", "bias": False},
    {"score": "dot", "position": "learned", "d_ff": 0, "d_head": 6},
    {"position": "learned", "pad_id": 0},
    {"norm_placement": "sandwich", "score_cap": 1.5, "norm": "rms", "mask": "causal"},
    {"norm_placement": "output", "qk_norm": True, "qk_norm_width": "all", "position": "rotary", "rotary_layers": "0"},
    {"norm_placement": "output", "parallel": True, "score_cap": 2.0, "position": "alibi", "clip_qkv": 0.7},
    {"norm_placement": "sandwich", "first_norm": False, "parallel": True},
    {"disentangled": "both", "disentangled_span": 4, "n_kv_heads": 2, "mask": "causal"},
    {"disentangled": "c2p", "disentangled_norm": True, "score": "dot", "score_cap": 3.0},
    {"disentangled": "p2c", "disentangled_share": True, "position": "alibi"},
    {"sink": True, "mask": "causal", "d_v": 5},
    {"q_latent": 9, "kv_latent": 7, "d_v": 3, "bias": False},
    {"kv_latent": 7, "position": "rotary", "rotary_dims": 4, "latent_bias": True},
    {"conv_kernel": 3, "conv_activation": "gelu"},
    {"n_experts": 5, "norm_placement": "pre", "gated": True, "d_shared": 7, "shared_gate": True},
    {"n_experts": 6, "router_groups": 2, "router": "sigmoid", "expert_layers": "1", "d_expert": 9},
    {"decoder_heads": 8, "decoder_position": "alibi", "decoder_norm": "rms", "decoder_d_ff": 48},
    {"norm_placement": "pre", "decoder_norm_placement": "post", "position": "rotary", "decoder_d_head": 6},
]


def explained(fields, *, kind="encoder", layer=1, head=2, query="2"):
    model = attnviz.load(seed=3, **fields)
    prepared = attnviz.prepare(model, TEXT, target=None if kind == "encoder" else TARGET)
    explanation = attnviz.explain(model, prepared, query=query, layer=layer, head=head, kind=kind)
    return model, explanation, {step.name: {q.symbol: q.values for q in step.quantities} for step in explanation.steps}


def distances_by_hand(config, stack, attn, q, k):
    """What distances add to the raw scores of query 2 of head 2, by their definition."""
    shared, norm = config.disentangled.share, config.disentangled.norm
    table, added = stack["embed.offsets"], {"c2p": [], "p2c": []}
    for j, key in enumerate(k):
        vector = table[min(max(2 - j + config.disentangled.span, 0), 2 * config.disentangled.span - 1)]
        if norm:
            vector = (vector - vector.mean()) / np.sqrt(vector.var() + config.norm.eps)
        for part, letter, other in (("c2p", "k", q), ("p2c", "q", key)):
            name = letter if shared else f"p{letter}"
            heads = config.n_kv_heads if letter == "k" else config.n_heads
            head, width = 2 * heads // config.n_heads, config.d_head
            if part in config.disentangled.parts:
                added[part].append(other @ (vector @ attn[f"w{name}"])[head * width : (head + 1) * width])
    return {part: np.array(numbers) for part, numbers in added.items()}


def close(actual, expected):
    np.testing.assert_allclose(actual, expected, atol=2e-5, rtol=2e-5)


def latent_of(x, attn, config):
    """What q is made of, where there is a vector for it."""
    if config.attention.q_latent is None:
        return x
    x = x @ attn["wql"] + (attn["bql"] if config.biases.latent else 0)
    gain, bias = (attn.get(f"q_latent_norm.{name}", default) for name, default in (("gain", 1), ("bias", 0)))
    return (x - x.mean()) / np.sqrt(x.var() + config.attention.latent_eps) * gain + bias


@pytest.mark.parametrize("kind", ["encoder", "decoder", "cross"])
@pytest.mark.parametrize("fields", VARIANTS)
def test_each_step_follows_from_the_one_before(fields, kind):  # noqa: C901 (one branch per kind of step)
    model, explanation, steps = explained(fields, kind=kind)
    config, stack = model.config.of_kind(kind), model.params if kind == "encoder" else model.params.at("decoder")
    attn = stack.at("layers.1").at("cross" if kind == "cross" else "attn")
    x = (steps.get("norm") or steps.get("input"))["x"]
    clip = config.attention.clip_qkv or np.inf
    own = slice(2 * config.d_head, 3 * config.d_head)
    if config.attention.q_latent or config.attention.kv_latent:
        x = latent_of(x, attn, config)
    q = x @ attn["wq"][:, own] + (attn["bq"][own] if config.biases.default else 0)
    q = q.clip(-clip, clip)
    if config.attention.qk_norm:
        q = steps["projection"]["q"]
    if config.position.kind != "rotary" or kind == "cross":
        close(steps["projection"]["q"], q)
    close(np.linalg.norm(steps["projection"]["q"]), np.linalg.norm(q))

    q, k, r = steps["projection"]["q"], steps["projection"]["k"], steps["scores"]["r"]
    for j in range(len(k)):
        by_hand = {
            "scaled_dot": lambda j: q @ k[j],
            "dot": lambda j: q @ k[j],
            "cosine": lambda j: q @ k[j] / np.linalg.norm(q) / np.linalg.norm(k[j]),
            "additive": lambda j: steps["scores"]["w"] @ np.tanh(q + k[j]),
        }[config.attention.score](j)
        close(r[j], by_hand)
    if config.disentangled.parts and kind != "cross":
        added = distances_by_hand(config, stack, attn, q, k)
        for part in config.disentangled.parts:
            close(steps["distance"][part], added[part])
            r = r + added[part]
        close(steps["distance"]["r+d"], r)
    scores = r * config.score_factor
    if "scale" in steps:
        close(steps["scale"]["s"], scores)
    if (cap := config.attention.score_cap) is not None:
        scores = cap * np.tanh(scores / cap)
        close(steps["cap"]["s"], scores)
    if "bias" in steps:
        close(steps["bias"]["s+b"], scores + steps["bias"]["b"])
        scores = steps["bias"]["s+b"]
    if "mask" in steps:
        scores = np.where(np.isinf(steps["mask"]["masked"]), -np.inf, scores)
        close(steps["mask"]["masked"], scores)

    lost = np.exp(attn["sink"][2] - scores.max()) if config.attention.sink else 0.0
    weights = np.exp(scores - scores.max()) / (np.exp(scores - scores.max()).sum() + lost)
    if config.attention.sink:
        close(steps["softmax"]["e_0"], [lost])
        close(steps["softmax"]["a_0"], [1 - weights.sum()])
    close(steps["softmax"]["a"], weights)
    close(explanation.weights, weights)
    close(steps["weighted_sum"]["a v"], weights[:, None] * steps["weighted_sum"]["v"])
    close(steps["weighted_sum"]["z"], steps["weighted_sum"]["a v"].sum(axis=0))
    z = steps["heads"]["z"]
    close(z[2], steps["weighted_sum"]["z"])
    close(steps["heads"]["o"], z.reshape(-1) @ attn["wo"] + (attn["bo"] if config.biases.default else 0))


@pytest.mark.parametrize("fields", VARIANTS)
@pytest.mark.parametrize("kind", ["encoder", "cross"])
def test_the_last_step_is_the_layers_output(fields, kind):
    layer = 0 if "conv_kernel" in fields else 1
    _, explanation, steps = explained(fields, kind=kind, layer=layer)
    whole = "encoder" if kind == "encoder" else "decoder"
    target = None if kind == "encoder" else TARGET
    result = attnviz.run(TEXT, target=target, model=attnviz.load(seed=3, **fields), keep=["out"])
    out = result.trace[whole, layer].out[2]
    close(list(steps[explanation.steps[-1].name].values())[-1], out)


def test_the_experts_shares_and_their_outputs_are_the_runs():
    fields = {"n_experts": 5, "experts_per_token": 2, "expert_layers": "1", "norm_placement": "pre"}
    model, explanation, steps = explained(fields)
    shares, at = steps["routing"]["p"], model.params.at("layers.1.ffn")
    logits = steps["routing"]["u"] @ at["wr"]
    first, second = np.argsort(-logits)[:2]
    assert sorted(np.flatnonzero(shares)) == sorted((first, second))
    close(shares[first] / shares[second], np.exp(logits[first] - logits[second]))
    close(shares.sum(), 1)
    made = [np.maximum(steps["routing"]["u"] @ at[f"experts.{e}.w1"], 0) @ at[f"experts.{e}.w2"] for e in range(5)]
    close(steps["feed_forward"]["f"], sum(share * out for share, out in zip(shares, made, strict=True)))
    step = next(step for step in explanation.steps if step.name == "routing")
    assert step.meaning == (
        f"The token is sent to {first} ({shares[first]:.3g}), {second} ({shares[second]:.3g}); there are 5 experts."
    )
    assert "routing" not in explained(fields, layer=0)[2]


@pytest.mark.parametrize("fields", VARIANTS)
def test_the_weights_are_those_that_show_prints(fields):
    _, explanation, _ = explained(fields)
    shown = attnviz.run(TEXT, model=attnviz.load(seed=3, **fields), layers=1, heads=2).attention[0, 0, 2]
    np.testing.assert_array_equal(explanation.weights, shown)


@pytest.mark.parametrize(
    ("fields", "absent", "present"),
    [
        ({}, {"bias", "mask", "norm", "input"}, {"embedding", "scale", "feed_forward", "output"}),
        ({"mask": "causal"}, {"bias"}, {"mask"}),
        ({"position": "alibi"}, {"mask"}, {"bias"}),
        ({"score": "dot"}, {"scale"}, {"scores"}),
        ({"d_ff": 0}, {"feed_forward", "output"}, {"residual"}),
        ({"norm_placement": "pre"}, {"cap"}, {"norm"}),
        ({"norm_placement": "output", "score_cap": 2.0}, {"norm"}, {"cap"}),
        ({}, {"distance"}, {"scores"}),
        ({"disentangled": "c2p"}, {"bias"}, {"distance", "scale"}),
    ],
)
def test_only_what_the_block_does_is_a_step(fields, absent, present):
    _, _, steps = explained(fields, layer=0)
    assert present <= set(steps)
    assert not absent & set(steps)


def test_the_first_layer_begins_with_the_token_and_its_position():
    _, _, steps = explained({}, layer=0)
    close(steps["embedding"]["x"], steps["embedding"]["t"] + steps["embedding"]["p"])
    _, explanation, steps = explained({"position": "none"}, layer=0)
    assert list(steps["embedding"]) == ["x"]
    assert explanation.steps[0].formula == "x = t"


def test_a_causal_mask_is_no_step_where_it_hides_nothing():
    _, _, steps = explained({"mask": "causal"}, query="-1")
    assert "mask" not in steps


def test_the_default_query_and_key_are_those_of_the_head_s_link_that_says_most():
    model = attnviz.load(seed=0)
    for text in ("The cat sat .", "A dog ran to the old house and slept", "no"):
        explanation = attnviz.explain(model, attnviz.prepare(model, text), layer=1, head=2)
        (matrix,) = attnviz.run(text, model=model, layers=1, heads=2).views["encoder"]
        link = strongest_telling(matrix)
        if link is None:
            assert explanation.place.query == len(explanation.queries) - 1
        else:
            assert (explanation.place.query, explanation.compared[0]) == link[:2]


def test_of_a_word_of_several_tokens_the_one_that_looks_most_is_the_default_query():
    text, model = "A unicyclist juggled pineapples.", attnviz.load()
    weights = attnviz.run(text, model=model).attention
    (merged,) = attnviz.run(text, model=model, words=True, hide_special=True).views.values()
    several = 0
    for matrix, (layer, head) in zip(merged, np.ndindex(3, 12), strict=True):
        explanation = attnviz.explain(model, attnviz.prepare(model, text), layer=layer, head=head)
        link = strongest_telling(matrix)
        if link is None:
            continue
        sides = (explanation.queries, matrix.queries[link.query]), (explanation.keys, matrix.keys[link.key])
        query, key = (word_of(tokens, word.position) for tokens, word in sides)
        shares = weights[layer, head][np.ix_(query, key)].sum(axis=-1)
        assert explanation.place.query == query[shares.argmax()]
        several += len(query) > 1
    assert several > 0


def test_the_explained_head_is_the_one_that_says_most():
    model = attnviz.load(seed=0)
    prepared = attnviz.prepare(model, TEXT)
    place = attnviz.explain(model, prepared).place
    result = attnviz.run(TEXT, model=model, words=True, hide_special=True)
    best = overview(iter(result.views.values())).heads[0]
    assert (place.layer, place.head) == (best.layer, best.head)
    assert attnviz.explain(model, prepared, layer=0).place.layer == 0


@pytest.mark.parametrize(("wanted", "index"), [("cat", 1), ("1", 1), ("-1", 4), ("the", 2), ("3", 3)])
def test_a_query_is_a_word_or_a_number(wanted, index):
    tokens = tuple(Token(text=t, label=t, piece=t) for t in ("The", "cat", "the", "mat", "the"))
    assert find_word(wanted, tokens, "query") == index
    numbers = tuple(Token(text=t, label=t, piece=t) for t in ("3", "men", "saw", "5", "1815"))
    assert [find_word(wanted, numbers, "query") for wanted in ("3", "5", "1815", "-1")] == [3, 3, 4, 4]


def test_a_query_is_an_occurrence_of_a_word_also_one_of_several_pieces():
    model = attnviz.load()
    prepared = attnviz.prepare(model, "The cat sat on the mat near the other mat.")
    pieces = [token.piece for token in prepared.tokens]

    def place_of(query):
        return attnviz.explain(model, prepared, query=query).place.query

    first, second = (i for i, piece in enumerate(pieces) if piece == "ma")  # a word of two pieces
    assert [place_of(query) for query in ("mat", "mat:1", "mat:2", "##t")] == [first, first, second, first + 1]
    assert place_of("the:2") == [i for i, piece in enumerate(pieces) if piece == "the"][1]
    explained = attnviz.explain(model, prepared, query="mat:2", keys=["mat", "sat"])
    assert explained.compared == (first, 3)


def test_a_query_that_is_not_there_is_refused():
    model = attnviz.load(seed=0)
    prepared = attnviz.prepare(model, "The cat sat")
    with pytest.raises(UsageError, match=r"^query: no word is 'dog'; expected a word .*, or a number from 0 to 2$"):
        attnviz.explain(model, prepared, query="dog")
    with pytest.raises(UsageError, match=r"^query: no word is '3'; expected a word"):
        attnviz.explain(model, prepared, query=3)
    with pytest.raises(UsageError, match=r"^layer: '0-1' selects 2; expected one$"):
        attnviz.explain(model, prepared, layer="0-1")


def test_a_head_of_one_number_is_explained():
    model = attnviz.load(seed=0, d_model=4, n_heads=4)
    explanation = attnviz.explain(model, attnviz.prepare(model, "a b"), layer=0, head=0, query=1)
    changed = model.config.replaced({"score_scale": 1.0}).as_dict()  # fields that follow from others are checked again
    assert changed == model.config.as_dict() | {"score_scale": 1.0}
    np.testing.assert_allclose(explanation.weights.sum(), 1, atol=1e-6)
