"""The teacher and the student as modules of PyTorch, the student's start, and its files.

Names are those of Hugging Face's BERT and ELECTRA, so that ``state_dict`` is the content of ``model.safetensors``.
"""

import json
from dataclasses import asdict, dataclass
from pathlib import Path

import torch
from safetensors.torch import load_file, save_file
from tokenizers import Tokenizer
from torch import Tensor, nn
from torch.nn import functional


@dataclass(frozen=True)
class Sizes:
    """The sizes of an encoder; ``embedding_size`` is None where tokens have the model's own width."""

    vocab_size: int
    hidden_size: int = 384
    num_hidden_layers: int = 3
    num_attention_heads: int = 12
    intermediate_size: int = 384
    embedding_size: int | None = 120
    max_position_embeddings: int = 512
    type_vocab_size: int = 2


class Embeddings(nn.Module):
    """Token + position + segment, normed (Devlin et al. 2019)."""

    def __init__(self, sizes: Sizes):
        super().__init__()
        width = sizes.embedding_size or sizes.hidden_size
        self.word_embeddings = nn.Embedding(sizes.vocab_size, width)
        self.position_embeddings = nn.Embedding(sizes.max_position_embeddings, width)
        self.token_type_embeddings = nn.Embedding(sizes.type_vocab_size, width)
        self.LayerNorm = nn.LayerNorm(width, eps=1e-12)

    def forward(self, ids: Tensor, segments: Tensor, positions: Tensor) -> Tensor:
        """The sum of the three rows, normed."""
        words = self.word_embeddings(ids) + self.token_type_embeddings(segments)
        return self.LayerNorm(words + self.position_embeddings(positions))


class Layer(nn.Module):
    """One post-norm block; the tree of modules is BERT's."""

    def __init__(self, sizes: Sizes):
        super().__init__()
        d, d_ff = sizes.hidden_size, sizes.intermediate_size
        self.n_heads = sizes.num_attention_heads
        own = nn.ModuleDict({name: nn.Linear(d, d) for name in ("query", "key", "value")})
        out = nn.ModuleDict({"dense": nn.Linear(d, d), "LayerNorm": nn.LayerNorm(d, eps=1e-12)})
        self.attention = nn.ModuleDict({"self": own, "output": out})
        self.intermediate = nn.ModuleDict({"dense": nn.Linear(d, d_ff)})
        self.output = nn.ModuleDict({"dense": nn.Linear(d_ff, d), "LayerNorm": nn.LayerNorm(d, eps=1e-12)})

    def forward(self, x: Tensor) -> tuple[Tensor, Tensor]:
        """The log of the attention weights (samples, heads, queries, keys), and the block's output."""
        log_weights, x = self.attend(x)
        return log_weights, self.output["LayerNorm"](x + self.output["dense"](self.hidden(x)))

    def attend(self, x: Tensor) -> tuple[Tensor, Tensor]:
        """The log of the attention weights, and what the feed-forward gets."""
        own, out = self.attention["self"], self.attention["output"]
        q, k, v = (own[name](x).unflatten(-1, (self.n_heads, -1)).transpose(1, 2) for name in ("query", "key", "value"))
        log_weights = functional.log_softmax(q @ k.transpose(-1, -2) / q.shape[-1] ** 0.5, dim=-1)
        heads = (log_weights.exp() @ v).transpose(1, 2).flatten(2)
        return log_weights, out["LayerNorm"](x + out["dense"](heads))

    def hidden(self, x: Tensor) -> Tensor:
        """What the feed-forward's neurons say."""
        return functional.gelu(self.intermediate["dense"](x))


class Encoder(nn.Module):
    """BERT, or ELECTRA where embeddings are narrower and projected."""

    def __init__(self, sizes: Sizes):
        super().__init__()
        self.sizes = sizes
        self.embeddings = Embeddings(sizes)
        if sizes.embedding_size:
            self.embeddings_project = nn.Linear(sizes.embedding_size, sizes.hidden_size)
        self.encoder = nn.ModuleDict({"layer": nn.ModuleList(Layer(sizes) for _ in range(sizes.num_hidden_layers))})

    def embed(self, ids: Tensor, segments: Tensor, positions: Tensor) -> Tensor:
        """What the first block gets."""
        x = self.embeddings(ids, segments, positions)
        return self.embeddings_project(x) if self.sizes.embedding_size else x

    def forward(self, ids: Tensor, segments: Tensor) -> tuple[list[Tensor], list[Tensor]]:
        """Each layer's log attention, and the hidden states from the embeddings' on."""
        hidden = [self.embed(ids, segments, torch.arange(ids.shape[1], device=ids.device))]
        weights = []
        for layer in self.encoder["layer"]:
            log_weights, x = layer(hidden[-1])
            weights.append(log_weights)
            hidden.append(x)
        return weights, hidden


def load_teacher(folder: Path, n_layers: int) -> Encoder:
    """The first layers of a BERT in a model folder."""
    config = json.loads((folder / "config.json").read_text())
    tensors = load_file(folder / "model.safetensors")
    names = {name: config[name] for name in Sizes.__dataclass_fields__ if name in config}
    sizes = Sizes(**names | {"num_hidden_layers": n_layers, "embedding_size": None})
    teacher = Encoder(sizes)
    teacher.load_state_dict({name: tensors[name] for name in teacher.state_dict()})
    return teacher.eval().requires_grad_(requires_grad=False)


@torch.no_grad()
def start_from(student: Encoder, teacher: Encoder, rows: Tensor, counts: Tensor, batches: list) -> None:
    """Gives the student what fits of its teacher: attention and norms as they are, the rest by least squares.

    Args:
        student: what is written to.
        teacher: what is read.
        rows: of each of the student's tokens the teacher's.
        counts: how often each occurs.
        batches: ids and segments of real text, on which neurons are compared.
    """
    ours, theirs = student.state_dict(), teacher.state_dict()
    for name, tensor in ours.items():
        if name in theirs and theirs[name].shape == tensor.shape:
            tensor.copy_(theirs[name])
    states = [teacher(rows[ids], segments)[1] for ids, segments in batches]
    for i, (mine, layer) in enumerate(zip(student.encoder["layer"], teacher.encoder["layer"], strict=True)):
        x = torch.cat([layer.attend(hidden[i])[1].flatten(0, 1) for hidden in states])
        _shrink_feed_forward(mine, layer, x)
    table = theirs["embeddings.word_embeddings.weight"][rows]
    weight = (counts + 1.0).sqrt()[:, None]
    middle = (table * weight).sum(0) / weight.sum()
    basis = torch.linalg.svd((table - middle) * weight, full_matrices=False).Vh[: student.sizes.embedding_size]
    scale = 10.0  # the norm behind it makes any size the same; the projection starts with its inverse
    ours["embeddings.word_embeddings.weight"].copy_((table - middle) @ basis.T * scale)
    for name in ("position_embeddings", "token_type_embeddings"):
        ours[f"embeddings.{name}.weight"].copy_(theirs[f"embeddings.{name}.weight"] @ basis.T * scale)
    ours["embeddings_project.weight"].copy_(basis.T * 0.5)
    ours["embeddings_project.bias"].copy_(theirs["embeddings.LayerNorm.bias"])


def _shrink_feed_forward(mine: Layer, layer: Layer, x: Tensor) -> None:
    """Keeps the neurons that say most on real input, and refits what is made of them."""
    neurons = layer.hidden(x)
    wanted = layer.output["dense"](neurons)
    said = neurons.std(0) * layer.output["dense"].weight.norm(dim=0)
    kept = said.topk(mine.intermediate["dense"].out_features).indices
    mine.intermediate["dense"].weight.copy_(layer.intermediate["dense"].weight[kept])
    mine.intermediate["dense"].bias.copy_(layer.intermediate["dense"].bias[kept])
    known = torch.cat([neurons[:, kept], torch.ones(len(x), 1)], dim=1)
    gram = known.T @ known + 1e-5 * len(x) * torch.eye(known.shape[1])
    solved = torch.linalg.solve(gram, known.T @ wanted)
    mine.output["dense"].weight.copy_(solved[:-1].T)
    mine.output["dense"].bias.copy_(solved[-1])


def fit_embeddings(student: Encoder, teacher: Encoder, rows: Tensor, counts: Tensor, steps: int, seed: int) -> float:
    """Regression of the student's projected embeddings on the teacher's, over tokens and all positions.

    Returns:
        the mean squared error at the end, as a share of the teacher's variance.
    """
    made = torch.Generator().manual_seed(seed)
    chance = (counts + 1.0).sqrt()
    chosen = [*student.embeddings.parameters(), *student.embeddings_project.parameters()]
    optimiser = torch.optim.Adam(chosen, lr=3e-3)
    schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimiser, steps)
    error = 1.0
    for _ in range(steps):
        ids = torch.multinomial(chance, 2048, replacement=True, generator=made)
        positions = (512 * torch.rand(2048, generator=made) ** 2.5).long()
        segments = (torch.rand(2048, generator=made) < 0.1).long()
        with torch.no_grad():
            wanted = teacher.embed(rows[ids], segments, positions)
        loss = (student.embed(ids, segments, positions) - wanted).square().mean() / wanted.var()
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
        schedule.step()
        error = 0.99 * error + 0.01 * float(loss.detach())
    return error


def export(student: Encoder, tokenizer: Tokenizer, folder: Path) -> int:
    """Writes a model folder as ``save_pretrained`` does, in float16.

    Returns:
        the size of the weights in bytes.
    """
    folder.mkdir(parents=True, exist_ok=True)
    tensors = {name: tensor.detach().cpu().half().contiguous() for name, tensor in student.state_dict().items()}
    save_file(tensors, folder / "model.safetensors", metadata={"format": "pt"})
    config = {
        "architectures": ["ElectraModel"],
        "model_type": "electra",
        **asdict(student.sizes),
        "hidden_act": "gelu",
        "layer_norm_eps": 1e-12,
        "hidden_dropout_prob": 0.0,
        "attention_probs_dropout_prob": 0.0,
        "pad_token_id": 0,
        "dtype": "float16",
    }
    settings = {
        "tokenizer_class": "BertTokenizer",
        "do_lower_case": True,
        "model_max_length": student.sizes.max_position_embeddings,
        **{f"{role}_token": f"[{role.upper()}]" for role in ("pad", "unk", "cls", "sep", "mask")},
    }
    for name, values in (("config.json", config), ("tokenizer_config.json", settings)):
        (folder / name).write_text(json.dumps(values, indent=2) + "\n", encoding="utf-8")
    (folder / "tokenizer.json").write_text(tokenizer.to_str(), encoding="utf-8")
    return (folder / "model.safetensors").stat().st_size
