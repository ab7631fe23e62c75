"""The block, written from the papers with loops over plain Python floats, to hold the package against.

It imports nothing of the package and vectorises nothing. A configuration is a dict with all fields of the block;
parameters are nested lists under the native checkpoint's names. Vectors are lists, matrices lists of rows.
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
    return 1 / math.sqrt(config["d_head"]) if config["score"] == "scaled_dot" else 1.0


def is_allowed(i, j, config, causal):
    """Whether query i may attend to key j."""
    causal = causal or config["mask"] == "causal"
    if causal and j > i:
        return False
    return config["window"] is None or abs(i - j) <= config["window"]


def norm(row, params, name, config):
    """Layer norm (Ba et al. 2016, biased variance) or RMS norm (Zhang & Sennrich 2019)."""
    n, gain = len(row), params[f"{name}.gain"]
    if config["norm"] == "rms":
        root = math.sqrt(sum(x * x for x in row) / n + config["norm_eps"])
        return [x / root * g for x, g in zip(row, gain, strict=True)]
    mean = sum(row) / n
    root = math.sqrt(sum((x - mean) ** 2 for x in row) / n + config["norm_eps"])
    bias = params[f"{name}.bias"] if config["bias"] else [0.0] * n
    return [(x - mean) / root * g + b for x, g, b in zip(row, gain, bias, strict=True)]


def activation(x, kind):
    if kind == "relu":
        return max(x, 0.0)
    if kind == "gelu":
        return 0.5 * x * (1 + math.erf(x / math.sqrt(2)))
    if kind == "gelu_tanh":
        return 0.5 * x * (1 + math.tanh(math.sqrt(2 / math.pi) * (x + 0.044715 * x**3)))
    return x / (1 + math.exp(-x))


def sinusoid(position, d_model):
    """Vaswani et al. 2017, section 3.5."""
    angles = [position / 10000 ** (2 * (d // 2) / d_model) for d in range(d_model)]
    return [math.sin(a) if d % 2 == 0 else math.cos(a) for d, a in enumerate(angles)]


def rotated(x, position, base):
    """Su et al. 2021, pairs (i, i + d/2): each turned by position * base^(-2i/d)."""
    half = len(x) // 2
    out = list(x)
    for i in range(half):
        angle = position * base ** (-2 * i / len(x))
        out[i] = x[i] * math.cos(angle) - x[i + half] * math.sin(angle)
        out[i + half] = x[i] * math.sin(angle) + x[i + half] * math.cos(angle)
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


def attention(x, source, params, at, config, *, padding=None, causal=None, table=None):
    """One multi-head attention; ``causal`` is None in cross-attention, which has no positions and no mask."""
    heads, kv_heads, width = config["n_heads"], config["n_kv_heads"], config["d_head"]
    bias = {name: params.get(f"{at}.b{name}") if config["bias"] else None for name in "qkvo"}
    rows = {
        name: product(y, params[f"{at}.w{name}"], bias[name]) for name, y in (("q", x), ("k", source), ("v", source))
    }

    def split(matrix, n):
        return [[row[h * width : (h + 1) * width] for row in matrix] for h in range(n)]

    q, k, v = split(rows["q"], heads), split(rows["k"], kv_heads), split(rows["v"], kv_heads)
    own = causal is not None
    if own and config["position"] == "rotary":
        q, k = ([[rotated(r, p, config["rotary_base"]) for p, r in enumerate(head)] for head in m] for m in (q, k))
    own_causal = own and (causal or config["mask"] == "causal")
    scores, weights, z = [], [], []
    for h in range(heads):
        shared = h * kv_heads // heads
        w = params[f"{at}.score_w"][h] if config["score"] == "additive" else None
        scores.append([])
        for i in range(len(x)):
            row = []
            for j in range(len(source)):
                s = raw_score(q[h][i], k[shared][j], config["score"], w) * scale(config)
                if own and config["position"] == "alibi":
                    s -= alibi_slopes(heads)[h] * abs(i - j)
                if own and config["position"] == "relative":
                    s += table[bucket(j - i, config, own_causal)][h]
                hidden = (own and not is_allowed(i, j, config, causal)) or (padding is not None and padding[j])
                row.append(-INF if hidden else s)
            scores[h].append(row)
        weights.append([softmax(row) for row in scores[h]])
        z.append([[sum(a * v[shared][j][d] for j, a in enumerate(row)) for d in range(width)] for row in weights[h]])
    joined = [[value for h in range(heads) for value in z[h][i]] for i in range(len(x))]
    out = product(joined, params[f"{at}.wo"], bias["o"])
    return {"q": q, "k": k, "v": v, "scores": scores, "weights": weights, "z": z, "attn_out": out}


def feed_forward(x, params, at, config):
    b1, b2 = (params[f"{at}.b{n}"] if config["bias"] else None for n in (1, 2))
    hidden = product(x, params[f"{at}.w1"], b1)
    if config["gated"]:
        gates = product(x, params[f"{at}.wg"])
        hidden = [
            [activation(g, config["activation"]) * h for g, h in zip(gate, row, strict=True)]
            for gate, row in zip(gates, hidden, strict=True)
        ]
    else:
        hidden = [[activation(h, config["activation"]) for h in row] for row in hidden]
    return hidden, product(hidden, params[f"{at}.w2"], b2)


def add(x, y):
    return [[a + b for a, b in zip(r, s, strict=True)] for r, s in zip(x, y, strict=True)]


def norms(x, params, name, config):
    return [norm(row, params, name, config) for row in x]


def embedded(config, params, ids=None, vectors=None):
    x = (
        [list(row) for row in vectors]
        if ids is None
        else [[value * config["embed_scale"] for value in params["embed.tokens"][i]] for i in ids]
    )
    if config["position"] == "sinusoidal":
        return [[a + b for a, b in zip(row, sinusoid(p, len(row)), strict=True)] for p, row in enumerate(x)]
    if config["position"] == "learned":
        return [[a + b for a, b in zip(row, params["embed.positions"][p], strict=True)] for p, row in enumerate(x)]
    return x


def part(x, run, params, name, config):
    """One part of a block with its residual sum and norm, after it (post) or before it (pre)."""
    pre = config["norm_placement"] == "pre"
    normed = norms(x, params, name, config) if pre else None
    made, out = run(normed if pre else x)
    total = add(x, out)
    if not pre:
        normed = norms(total, params, name, config)
    return made, total, normed, total if pre else normed


def feed_forward_part(x, params, at, name, config):
    if not config["d_ff"]:
        return {}, x

    def run(y):
        hidden, out = feed_forward(y, params, f"{at}.ffn", config)
        return {"ffn_hidden": hidden, "ffn_out": out}, out

    made, total, normed, y = part(x, run, params, f"{at}.{name}", config)
    return made | {"resid_post": total, name: normed}, y


def encode(config, params, *, ids=None, vectors=None, padding=None):
    """Each layer's numbers under the names of LayerTrace, and the stack's output."""
    x, layers = embedded(config, params, ids, vectors), []
    for n in range(config["n_layers"]):
        at = f"layers.{n}"

        def run(y, at=at):
            made = attention(
                y, y, params, f"{at}.attn", config, padding=padding, causal=False, table=params.get("embed.relative")
            )
            return made, made["attn_out"]

        made, total, normed, y = part(x, run, params, f"{at}.norm1", config)
        made |= {"resid_pre": x, "resid_mid": total, "norm1": normed}
        more, y = feed_forward_part(y, params, at, "norm2", config)
        layers.append(made | more | {"out": y})
        x = y
    return layers, norms(x, params, "final_norm", config) if config["norm_placement"] == "pre" else x


def decode(config, params, memory, *, ids=None, vectors=None, padding=None):
    """As ``encode``, for the decoder: a pair of dicts a layer, of its self-attention and of its cross-attention."""
    x, layers = embedded(config, params, ids, vectors), []
    for n in range(config["n_layers"]):
        at = f"decoder.layers.{n}"

        def own_run(y, at=at):
            made = attention(
                y, y, params, f"{at}.attn", config, causal=True, table=params.get("decoder.embed.relative")
            )
            return made, made["attn_out"]

        def cross_run(y, at=at):
            made = attention(y, memory, params, f"{at}.cross", config, padding=padding)
            return made, made["attn_out"]

        own, total, normed, y = part(x, own_run, params, f"{at}.norm1", config)
        own |= {"resid_pre": x, "resid_mid": total, "norm1": normed}
        cross, total, normed, after = part(y, cross_run, params, f"{at}.norm2", config)
        cross |= {"resid_pre": y, "resid_mid": total, "norm2": normed, "out": after}
        more, x = feed_forward_part(after, params, at, "norm3", config)
        layers.append((own | more | {"out": x}, cross))
    return layers, norms(x, params, "decoder.final_norm", config) if config["norm_placement"] == "pre" else x
