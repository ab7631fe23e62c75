"""The block, written from the papers with loops over plain Python floats, to hold the package against.

It imports nothing of the package and vectorises nothing. A configuration is a dict of the block's fields, in which
those that came with trained models may be missing; parameters are nested lists under the native checkpoint's names.
Vectors are lists, matrices lists of rows.
"""

import math

INF = math.inf


def product(x, w, b=None):
    """Rows of x times w, plus b."""
    return [
        [sum(row[i] * w[i][j] for i in range(len(w))) + (b[j] if b is not None else 0.0) for j in range(len(w[0]))]
        for row in x
    ]


def softmax(row):
    """Vaswani et al. 2017, equation 1; a row without any key gets nothing at all."""
    top = max(row)
    if top == -INF:
        return [0.0] * len(row)
    powers = [math.exp(s - top) for s in row]
    return [p / sum(powers) for p in powers]


def dot(a, b):
    return sum(x * y for x, y in zip(a, b, strict=True))


def raw_score(q, k, kind, w):
    if kind in ("scaled_dot", "dot"):
        return dot(q, k)
    if kind == "cosine":
        lengths = math.sqrt(dot(q, q)) * math.sqrt(dot(k, k))
        return dot(q, k) / lengths if lengths else 0.0
    return sum(w[d] * math.tanh(q[d] + k[d]) for d in range(len(q)))  # Bahdanau et al. 2015


def scale(config):
    if config["score_scale"] is not None:
        return config["score_scale"]
    if config["score"] != "scaled_dot":
        return 1.0
    return 1 / math.sqrt(config["d_head"] * (1 + len(disentangled_parts(config))))  # He et al. 2021: sqrt(3d) with both


def disentangled_parts(config):
    kind = config.get("disentangled", "none")
    return {"none": [], "both": ["c2p", "p2c"]}.get(kind, [kind])


def is_among(layer, spelled):
    """Whether a layer is one of those that a text such as "0,2-3" names; None names all."""
    ends = [] if spelled is None else [part.split("-") for part in spelled.split(",")]
    return spelled is None or any(int(end[0]) <= layer <= int(end[-1]) for end in ends)


def has_window(config, layer):
    """Whether the layer's self-attention sees only the window."""
    return config["window"] is not None and is_among(layer, config.get("window_layers"))


def is_allowed(i, j, config, causal, layer):
    """Whether query i may attend to key j."""
    if causal and j > i:
        return False
    return not has_window(config, layer) or abs(i - j) <= config["window"]


def has_bias(config, kind):
    """Whether there are biases of a kind (qkv, out, ffn, norm): as ``bias`` says unless the kind's own field does."""
    own = config.get(f"{kind}_bias")
    return config["bias"] if own is None else own


def norm(row, params, name, config):
    """Layer norm (Ba et al. 2016, biased variance) or RMS norm (Zhang & Sennrich 2019)."""
    n = len(row)
    gain = params[f"{name}.gain"] if config.get("norm_gain", True) else [1.0] * n
    if config["norm"] == "rms":
        root = math.sqrt(sum(x * x for x in row) / n + config["norm_eps"])
        return [x / root * g for x, g in zip(row, gain, strict=True)]
    mean = sum(row) / n
    root = math.sqrt(sum((x - mean) ** 2 for x in row) / n + config["norm_eps"])
    bias = params[f"{name}.bias"] if has_bias(config, "norm") else [0.0] * n
    return [(x - mean) / root * g + b for x, g, b in zip(row, gain, bias, strict=True)]


def sigmoid(x):
    return 1 / (1 + math.exp(-x))


def activation(x, kind):
    if kind == "relu":
        return max(x, 0.0)
    if kind == "relu2":
        return max(x, 0.0) * max(x, 0.0)
    if kind == "gelu":
        return 0.5 * x * (1 + math.erf(x / math.sqrt(2)))
    if kind == "gelu_tanh":
        return 0.5 * x * (1 + math.tanh(math.sqrt(2 / math.pi) * (x + 0.044715 * x**3)))
    return x / (1 + math.exp(-(1.702 if kind == "quick_gelu" else 1) * x))


def sinusoid(position, d_model, kind="alternating"):
    """Vaswani et al. 2017, section 3.5; in halves all sines come first (Marian)."""
    if kind == "halves":
        alternating = sinusoid(position, d_model)
        return alternating[::2] + alternating[1::2]
    angles = [position / 10000 ** (2 * (d // 2) / d_model) for d in range(d_model)]
    return [math.sin(a) if d % 2 == 0 else math.cos(a) for d, a in enumerate(angles)]


def yarn_bounds(config):
    """The last pair that is kept and the first that is stretched in full, by how often each turns in rotary_ctx."""
    dims = config.get("rotary_dims") or config["d_head"]

    def pair_of(turns):  # base^(-2i/dims) * rotary_ctx = 2 pi turns
        return dims / 2 * math.log(config["rotary_ctx"] / (2 * math.pi * turns), config["rotary_base"])

    first, last = pair_of(config["rotary_high"]), pair_of(config["rotary_low"])
    if config["rotary_truncate"]:
        first, last = math.floor(first), math.ceil(last)
    first, last = max(first, 0), min(last, dims - 1)
    return first, last if last != first else last + 0.001


def rotary_magnitude(config, layer):
    """The number that multiplies rotated vectors; 1 in windows with a base of their own."""
    if has_window(config, layer) and config.get("window_rotary_base") is not None:
        return 1.0
    if config.get("rotary_magnitude") is not None:
        return config["rotary_magnitude"]
    kind, factor = config.get("rotary_scaling", "none"), config.get("rotary_factor", 1.0)
    if factor <= 1 or kind not in ("yarn", "longrope"):
        return 1.0
    return 0.1 * math.log(factor) + 1 if kind == "yarn" else (1 + math.log(factor, config["rotary_ctx"])) ** 0.5


def stretched(frequency, config, i, n):
    """The rotary frequency of pair i for longer texts of n tokens.

    Chen et al. 2023 (linear), Llama 3.1 (by wavelength), Peng et al. 2023 (YaRN, by pair), Ding et al. 2024 (LongRoPE).
    """
    kind, slow = config.get("rotary_scaling", "none"), frequency / config.get("rotary_factor", 1.0)
    if kind in ("none", "dynamic", "linear", "proportional"):
        return frequency if kind in ("none", "dynamic") else slow
    if kind == "longrope":
        return frequency / config["rotary_long" if n > config["rotary_ctx"] else "rotary_short"][i]
    if kind == "yarn":
        first, last = yarn_bounds(config)
        share = min(max((i - first) / (last - first), 0), 1)
        return (1 - share) * frequency + share * slow
    wavelength = 2 * math.pi / frequency
    if wavelength < config["rotary_ctx"] / config["rotary_high"]:
        return frequency
    if wavelength > config["rotary_ctx"] / config["rotary_low"]:
        return slow
    low, high = config["rotary_low"], config["rotary_high"]
    share = (config["rotary_ctx"] / wavelength - low) / (high - low)
    return (1 - share) * slow + share * frequency


def rotary_frequencies(config, layer, n=1):
    """A layer's frequencies for a text of n tokens, one a pair; a base of the windows' own is never stretched."""
    dims = config.get("rotary_dims") or config["d_head"]
    if has_window(config, layer) and config.get("window_rotary_base") is not None:
        return [config["window_rotary_base"] ** (-2 * i / dims) for i in range(dims // 2)]
    base, kind, ctx = config["rotary_base"], config.get("rotary_scaling"), config.get("rotary_ctx")
    if kind == "dynamic" and n > ctx:  # "NTK-aware": the slowest pair goes as far in n as it went in rotary_ctx
        base *= (config["rotary_factor"] * n / ctx - config["rotary_factor"] + 1) ** (dims / (dims - 2))
    width = config["d_head"] if kind == "proportional" else dims
    turned = [stretched(base ** (-2 * i / width), config, i, n) for i in range(dims // 2)]
    return turned + [0.0] * (width // 2 - dims // 2) if kind == "proportional" else turned


def rotated(x, position, frequencies, magnitude=1.0):
    """Su et al. 2021, pairs (i, i + half) of the first dimensions: each turned by position * its frequency."""
    out, half = list(x), len(frequencies)
    for i, frequency in enumerate(frequencies):
        angle = position * frequency
        out[i] = magnitude * (x[i] * math.cos(angle) - x[i + half] * math.sin(angle))
        out[i + half] = magnitude * (x[i] * math.sin(angle) + x[i + half] * math.cos(angle))
    return out


def alibi_slopes(n):
    """Press et al. 2022: the published function, for head counts that are no power of two as well."""

    def of_power(m):
        start = 2 ** (-(2 ** -(math.log2(m) - 3)))
        return [start * start**i for i in range(m)]

    if math.log2(n).is_integer():
        return of_power(n)
    closest = 2 ** math.floor(math.log2(n))
    return of_power(closest) + alibi_slopes(2 * closest)[0::2][: n - closest]


def bucket(offset, config, causal):
    """Raffel et al. 2020 (T5): offset is key - query."""
    n, base = config["relative_buckets"], 0
    if causal:
        distance = max(-offset, 0)
    else:
        n //= 2
        base = n if offset > 0 else 0
        distance = abs(offset)
    exact = n // 2
    if distance < exact:
        return base + distance
    far = exact + int(math.log(distance / exact) / math.log(config["relative_max_distance"] / exact) * (n - exact))
    return base + min(far, n - 1)


def heads_of(x, params, at, name, n_heads, config):
    """A projection (name q, k or v) of rows, cut into heads; q and k are normed where ``qk_norm`` says so."""
    bias = params[f"{at}.b{name}"] if has_bias(config, "qkv") else None
    rows, width = product(latent(x, params, at, name, config), params[f"{at}.w{name}"], bias), config["d_head"]
    if name == "v":
        width = config.get("d_v") or width
    if name == "k" and config.get("kv_latent") and config["position"] == "rotary":
        shared = product(x, params[f"{at}.wkr"], params[f"{at}.bkr"] if config.get("latent_bias") else None)
        own = width - len(shared[0])
        rows = [
            [v for h in range(n_heads) for v in [*shared[i], *row[h * own : (h + 1) * own]]]
            for i, row in enumerate(rows)
        ]
    normed, at = name != "v" and config.get("qk_norm"), f"{at}.{name}_norm"
    over = config.get("qk_norm_width", "head")
    if normed and over == "all":
        rows = norms(rows, params, at, config)
    heads = [[row[h * width : (h + 1) * width] for row in rows] for h in range(n_heads)]
    if normed and over == "head":
        heads = [norms(head, params, at, config) for head in heads]
    if normed and over == "each":
        heads = [norms(head, own_part(params, at, h, width), at, config) for h, head in enumerate(heads)]
    clip = config.get("clip_qkv")
    if clip is None:
        return heads
    return [[[min(max(value, -clip), clip) for value in row] for row in head] for head in heads]


def latent(x, params, at, name, config):
    """What q, or k and v, are made of: x, or narrower vectors (DeepSeek-V2, 2024, section 2.1)."""
    which = "q" if name == "q" else "kv"
    if not config.get(f"{which}_latent"):
        return x
    rows = product(x, params[f"{at}.w{which}l"], params[f"{at}.b{which}l"] if config.get("latent_bias") else None)
    eps = config.get("latent_eps")
    own = config if eps is None else config | {"norm_eps": eps}
    return norms(rows, params, f"{at}.{which}_latent_norm", own)


def own_part(params, at, h, width):
    """The norm of head h, where a tensor has those of all heads."""
    return {
        f"{at}.{kind}": params[f"{at}.{kind}"][h * width : (h + 1) * width]
        for kind in ("gain", "bias")
        if f"{at}.{kind}" in params
    }


def position_bias(i, j, h, config, causal, table):
    """What a score of head h gets for where its query and its key stand."""
    total = 0.0
    if config["position"] == "alibi":
        total -= alibi_slopes(config["n_heads"])[h] * abs(i - j)
    if config["position"] == "relative" or config.get("relative_bias"):
        total += table[bucket(j - i, config, causal)][h]
    return total


def offset_row(i, j, config):
    """He et al. 2021, equation 3, of query i and key j: the row of i - j, and far ones share the last.

    With a largest distance the rows beyond half the span are on a logarithmic scale (DeBERTa v2's published code).
    """
    span, offset, far = config["disentangled_span"], i - j, config.get("disentangled_max")
    if far is not None and abs(offset) > span // 2:
        half = span // 2
        distance = half + math.ceil(math.log(abs(offset) / half) / math.log((far - 1) / half) * (half - 1))
        offset = distance if offset > 0 else -distance
    if offset <= -span:
        return 0
    return 2 * span - 1 if offset >= span else offset + span


def offset_vector(row, h, letters, params, at, config):
    """Row ``row`` of the offsets' keys (``k``) or queries (``q``) of head h."""
    shared, width = config.get("disentangled_share"), config["d_head"]
    name = letters if shared else f"p{letters}"
    bias = params[f"{at}.b{name}"] if has_bias(config, "qkv") else None
    return product([row], params[f"{at}.w{name}"], bias)[0][h * width : (h + 1) * width]


def disentangled_score(i, j, q, k, h, shared, params, at, config, offsets):
    """Content to position and position to content (He et al. 2021, equation 4).

    The published code takes the row of i - j for both, where the paper has j - i in the second.
    """
    parts, total = disentangled_parts(config), 0.0
    if parts:
        row = offsets[offset_row(i, j, config)]
        total += dot(q, offset_vector(row, shared, "k", params, at, config)) if "c2p" in parts else 0.0
        total += dot(k, offset_vector(row, h, "q", params, at, config)) if "p2c" in parts else 0.0
    return total


def offset_table(params, prefix, config):
    """The vectors of offsets, (2 span, d_model), normed where that is set."""
    table = params.get(f"{prefix}embed.offsets")
    normed = table is not None and config.get("disentangled_norm")
    return norms(table, params, f"{prefix}embed.offsets_norm", config) if normed else table


def attention(x, source, params, at, config, *, padding=None, layer=None, causal=False, table=None, offsets=None):
    """One multi-head attention; ``layer`` is None in cross-attention, which has no positions and no mask."""
    heads, kv_heads, width = config["n_heads"], config["n_kv_heads"], config.get("d_v") or config["d_head"]
    own, causal = layer is not None, causal or config["mask"] == "causal"
    q = heads_of(x, params, at, "q", heads, config)
    k, v = (heads_of(source, params, at, name, kv_heads, config) for name in "kv")
    if own and config["position"] == "rotary" and is_among(layer, config.get("rotary_layers")):
        n_real = len(x) if padding is None else len(x) - sum(padding)
        turns, magnitude = rotary_frequencies(config, layer, n_real), rotary_magnitude(config, layer)
        q, k = ([[rotated(r, p, turns, magnitude) for p, r in enumerate(head)] for head in m] for m in (q, k))
    scores, weights, z = [], [], []
    for h in range(heads):
        shared = h * kv_heads // heads
        w = params[f"{at}.score_w"][h] if config["score"] == "additive" else None
        scores.append([])
        for i in range(len(x)):
            row = []
            for j in range(len(source)):
                s = raw_score(q[h][i], k[shared][j], config["score"], w)
                if own:
                    s += disentangled_score(i, j, q[h][i], k[shared][j], h, shared, params, at, config, offsets)
                s *= scale(config)
                cap = config.get("score_cap")
                s = s if cap is None else cap * math.tanh(s / cap)
                s += position_bias(i, j, h, config, causal, table) if own else 0.0
                hidden = own and not is_allowed(i, j, config, causal, layer)
                row.append(-INF if hidden or (padding is not None and padding[j]) else s)
            scores[h].append(row)
        # A sink's score takes part, and its share goes nowhere (GPT-OSS, 2025).
        sink = [params[f"{at}.sink"][h]] if config.get("sink") else []
        weights.append([softmax(row + sink)[: len(row)] for row in scores[h]])
        z.append([[sum(a * v[shared][j][d] for j, a in enumerate(row)) for d in range(width)] for row in weights[h]])
    joined = [[value for h in range(heads) for value in z[h][i]] for i in range(len(x))]
    out = product(joined, params[f"{at}.wo"], params[f"{at}.bo"] if has_bias(config, "out") else None)
    return {"q": q, "k": k, "v": v, "scores": scores, "weights": weights, "z": z, "attn_out": out}


def gated(g, h, config):
    """A number of the hidden layer from that of the gate and the other one (Shazeer 2020; clipped: GPT-OSS)."""
    limit = config.get("gate_limit")
    if limit is not None:
        g, h = min(g, limit), max(min(h, limit), -limit)
    return activation(g, config["activation"]) * (h + config.get("gate_plus", 0.0))


def feed_forward(x, params, at, config):
    b1, b2 = (params[f"{at}.b{n}"] if has_bias(config, "ffn") else None for n in (1, 2))
    hidden = product(x, params[f"{at}.w1"], b1)
    if config["gated"]:
        gates = product(x, params[f"{at}.wg"], params[f"{at}.bg"] if config.get("gate_bias") else None)
        hidden = [
            [gated(g, h, config) for g, h in zip(gate, row, strict=True)]
            for gate, row in zip(gates, hidden, strict=True)
        ]
    else:
        hidden = [[activation(h, config["activation"]) for h in row] for row in hidden]
    return hidden, product(hidden, params[f"{at}.w2"], b2)


def shares_of_experts(row, params, at, config):
    """A token's share of each expert (Shazeer et al. 2017; groups and the bias of the choice: DeepSeek-V3)."""
    n, groups = config["n_experts"], config.get("router_groups", 1)
    bias = params[f"{at}.br"] if config.get("router_bias") else None
    (logits,) = product([row], params[f"{at}.wr"], bias)
    scores = softmax(logits) if config.get("router", "softmax") == "softmax" else [sigmoid(one) for one in logits]
    choice = [s + params[f"{at}.bc"][e] if config.get("router_choice_bias") else s for e, s in enumerate(scores)]
    of_group = [sorted(choice[g * n // groups : (g + 1) * n // groups], reverse=True)[:2] for g in range(groups)]
    best = sorted(range(groups), key=lambda g: -sum(of_group[g]))[: config.get("groups_per_token", groups)]
    allowed = [e for e in range(n) if e * groups // n in best]
    chosen = sorted(allowed, key=lambda e: -choice[e])[: config["experts_per_token"]]
    total = sum(scores[e] for e in chosen) if config.get("router_norm", True) else 1.0
    return [scores[e] / total * config.get("router_scale", 1.0) if e in chosen else 0.0 for e in range(n)]


def mixture(x, params, at, config):
    """The experts' outputs times their shares, and the shared expert's."""
    shares = [shares_of_experts(row, params, at, config) for row in x]
    outs = [[0.0] * len(row) for row in x]
    for i, row in enumerate(x):
        for e, share in enumerate(shares[i]):
            if share:
                (out,) = feed_forward([row], params, f"{at}.experts.{e}", config)[1]
                outs[i] = [a + share * b for a, b in zip(outs[i], out, strict=True)]
        if config.get("d_shared"):
            (out,) = feed_forward([row], params, f"{at}.shared", config)[1]
            gate = sigmoid(product([row], params[f"{at}.ws"])[0][0]) if config.get("shared_gate") else 1.0
            outs[i] = [a + gate * b for a, b in zip(outs[i], out, strict=True)]
    return shares, outs


def add(x, y):
    return [[a + b for a, b in zip(r, s, strict=True)] for r, s in zip(x, y, strict=True)]


def norms(x, params, name, config):
    return [norm(row, params, name, config) for row in x]


def learned_rows(n, config, params, ids):
    """Rows of the position table; with a pad_id the first is of that token, and the others are counted without it."""
    table, pad_id = params["embed.positions"], config.get("pad_id")
    if pad_id is None:
        return table[:n]
    rows, seen = [], 0
    for i in range(n):
        is_pad = ids is not None and ids[i] == pad_id
        seen += 0 if is_pad else 1
        rows.append(table[0] if is_pad else table[seen])
    return rows


def with_positions(x, config, params, ids=None):
    if config["position"] == "sinusoidal":
        return add(x, [sinusoid(p, len(row), config["sinusoids"]) for p, row in enumerate(x)])
    if config["position"] == "learned":
        return add(x, learned_rows(len(x), config, params, ids))
    return x


def projected(x, config, params):
    return product(x, params["embed.project.w"], params["embed.project.b"] if config["bias"] else None)


def token_vectors(config, params, ids, padding):
    """Scaled; those of zero_id are 0, and the others n / (n - how many) times as large (ESM's published code)."""
    real = [i for p, i in enumerate(ids) if padding is None or not padding[p]]
    zeros = [i for i in real if i == config.get("zero_id")]
    growth = len(real) / max(len(real) - len(zeros), 1) if zeros else 1.0
    factors = [0.0 if i == config.get("zero_id") else growth * config["embed_scale"] for i in ids]
    return [[factor * value for value in params["embed.tokens"][i]] for i, factor in zip(ids, factors, strict=True)]


def embedded(config, params, ids=None, vectors=None, type_ids=None, padding=None):
    """What enters the first layer, d_model wide; vectors stand for all that is made in another width."""
    project = config.get("project")
    if ids is None:
        return vectors if project == "after" else with_positions(vectors, config, params)
    x = token_vectors(config, params, ids, padding)
    if project == "before":
        x = projected(x, config, params)
    norms_tokens = config.get("norms_tokens")
    if norms_tokens:
        x = norms(x, params, "embed.norm", config)
    x = with_positions(x, config, params, ids)
    if config.get("n_segments"):
        x = add(x, [params["embed.segments"][t] for t in type_ids or [0] * len(x)])
    if config.get("embed_norm") and not norms_tokens:
        x = norms(x, params, "embed.norm", config)
    return projected(x, config, params) if project == "after" else x


def part(x, run, params, at, name, config, reads=None):
    """One part of a block with its residual sum and norms.

    ``run`` gives the part's numbers and what is added to x; it may read something else than x. The norm is one of the
    sum (post), of what is read (pre), of what is added (output: OLMo 2), or there are two: of what is read and of what
    is added (sandwich: Gemma 2).
    """
    reads = x if reads is None else reads
    placement = config["norm_placement"]
    if placement == "post":
        made, out = run(reads)
        total = add(x, out)
        normed = norms(total, params, f"{at}.{name}", config)
        return made | {name: normed}, total, normed
    left_out = name == "norm1" and at.endswith("layers.0") and not config.get("first_norm", True)
    if placement == "output" or left_out:
        made, out = run(reads)
    else:
        normed = norms(reads, params, f"{at}.{name}", config)
        made, out = run(normed)
        made |= {name: normed}
    if placement in ("sandwich", "output"):
        own = name if placement == "output" else f"{name}_out"
        out = norms(out, params, f"{at}.{own}", config)
        made |= {own: out}
    total = add(x, out)
    return made, total, total


def attention_part(x, params, at, layer, config, **more):
    """The self-attention: layer ``layer`` of the stack whose tensors stand under ``at``."""

    def run(y):
        made = attention(y, y, params, f"{at}.attn", config, layer=layer, **more)
        return made, made["attn_out"]

    made, total, y = part(x, run, params, at, "norm1", config)
    return made | {"resid_pre": x, "resid_mid": total}, y


def feed_forward_part(x, params, at, name, config, entered):
    """The feed-forward; parallel to the attention it reads what entered the layer."""
    if not config["d_ff"]:
        return {}, x

    def run(y):
        if config.get("n_experts") and is_among(int(at.rpartition(".")[2]), config.get("expert_layers")):
            shares, out = mixture(y, params, f"{at}.ffn", config)
            return {"routing": shares, "ffn_out": out}, out
        hidden, out = feed_forward(y, params, f"{at}.ffn", config)
        return {"ffn_hidden": hidden, "ffn_out": out}, out

    reads = entered if config.get("parallel") else x
    made, total, y = part(x, run, params, at, name, config, reads)
    return made | {"resid_post": total}, y


def convolution(x, params, config, padding):
    """act(sum_t x[i + t - side] W_t + b), W_t the rows of w of neighbour t; what is padding or beyond the ends is 0."""
    kernel, width, n = config["conv_kernel"], len(x[0]), len(x)
    bias = params["layers.0.conv.b"] if config["bias"] else [0.0] * width
    rows = []
    for i in range(n):
        total = list(bias)
        for t in range(kernel):
            j = i + t - kernel // 2
            if 0 <= j < n and not (padding is not None and padding[j]):
                w = params["layers.0.conv.w"][t * width : (t + 1) * width]
                total = [a + b for a, b in zip(total, product([x[j]], w)[0], strict=True)]
        kind = config["conv_activation"]
        rows.append([math.tanh(value) if kind == "tanh" else activation(value, kind) for value in total])
    return rows


def encode(config, params, *, ids=None, vectors=None, padding=None, type_ids=None):
    """Each layer's numbers under the names of LayerTrace, and the stack's output."""
    x, layers = embedded(config, params, ids, vectors, type_ids, padding), []
    offsets = offset_table(params, "", config)
    for n in range(config["n_layers"]):
        at = f"layers.{n}"
        table = params.get("embed.relative", params.get(f"{at}.attn.relative"))
        made, y = attention_part(x, params, at, n, config, padding=padding, table=table, offsets=offsets)
        more, y = feed_forward_part(y, params, at, "norm2", config, entered=x)
        if n == 0 and config.get("conv_kernel"):
            convolved = convolution(x, params, config, padding)
            more, y = more | {"conv_out": convolved}, norms(add(y, convolved), params, "layers.0.conv_norm", config)
        x = y
        layers.append(made | more | {"out": x})
    return layers, x if config["norm_placement"] == "post" else norms(x, params, "final_norm", config)


def decoder_differences(config):
    """The decoder's settings where they may differ from the encoder's; those without a value are the encoder's."""
    names = {"n_layers": "decoder_layers"}
    names |= {"n_heads": "decoder_heads", "n_kv_heads": "decoder_kv_heads", "d_head": "decoder_d_head"}
    names |= {name: f"decoder_{name}" for name in ("d_ff", "position", "norm", "norm_placement")}
    differences = {name: config[name] if config.get(own) is None else config[own] for name, own in names.items()}
    if differences["n_heads"] == config["n_heads"]:
        return differences | widths(config, differences["d_head"])
    if config.get("decoder_kv_heads") is None and config["n_kv_heads"] == config["n_heads"]:
        differences["n_kv_heads"] = differences["n_heads"]
    if config.get("decoder_d_head") is None and config["n_heads"] * config["d_head"] == config["d_model"]:
        differences["d_head"] = config["d_model"] // differences["n_heads"]
    return differences | widths(config, differences["d_head"])


def widths(config, d_head):
    """The widths that are those of a whole head, where they are so in the encoder."""
    return {name: d_head for name in ("d_v", "rotary_dims") if config.get(name) in (None, config["d_head"])}


def decoder_tables(config, params):
    """The parameters, with the tables that are the decoder's own in place of the encoder's."""
    names = ("tokens", "positions", "norm.gain", "norm.bias")
    own = {f"embed.{name}": params.get(f"decoder.embed.{name}") for name in names}
    return params | {name: table for name, table in own.items() if table is not None}


def decode(config, params, memory, *, ids=None, vectors=None, padding=None, type_ids=None):
    """As ``encode``, for the decoder: a pair of dicts a layer, of its self-attention and of its cross-attention."""
    tables, differences = decoder_tables(config, params), decoder_differences(config)
    scale = config.get("decoder_embed_scale")
    entry = {"position": differences["position"], "norms_tokens": config.get("decoder_norms_tokens")}
    entry["embed_scale"] = config["embed_scale"] if scale is None else scale
    x = embedded(config | entry, tables, ids, vectors, type_ids)
    layers, config = [], config | differences
    offsets = offset_table(params, "decoder.", config)
    for n in range(config["n_layers"]):
        at = f"decoder.layers.{n}"
        table = params.get("decoder.embed.relative", params.get(f"{at}.attn.relative"))

        def cross_run(y, at=at):
            made = attention(y, memory, params, f"{at}.cross", config, padding=padding)
            return made, made["attn_out"]

        own, y = attention_part(x, params, at, n, config, causal=True, table=table, offsets=offsets)
        cross, total, after = part(y, cross_run, params, at, "norm2", config)
        cross |= {"resid_pre": y, "resid_mid": total, "out": after}
        more, x = feed_forward_part(after, params, at, "norm3", config, entered=x)
        layers.append((own | more | {"out": x}, cross))
    return layers, x if config["norm_placement"] == "post" else norms(x, params, "decoder.final_norm", config)
