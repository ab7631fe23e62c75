"""The native checkpoint: what was written is read back bit by bit, and anything else is one clear line."""

import hashlib
import json
import os
import re
import shutil
import zipfile

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from safetensors.numpy import load_file, save_file

import attnviz
from attnviz.checkpoints.formats.native import describe, read_native, write_native
from attnviz.encoder.config.block import EncoderConfig
from attnviz.encoder.parameters.params import ArrayParams
from attnviz.encoder.parameters.seeded import SeededParams
from attnviz.encoder.parameters.shapes import tensor_shapes
from attnviz.errors import CheckpointError, ConfigError, OutputError, UsageError

SMALL = {"n_layers": 1, "n_heads": 1, "d_model": 2, "d_ff": 3, "n_vocab": 5, "bias": False}
FORMATS = ("safetensors", "npz")
WEIGHTS = ("wq", "wk", "wv", "wo")


def bits(array):
    return array.dtype, array.shape, array.tobytes()


def as_bfloat16(array):
    return (np.ascontiguousarray(array, np.float32).view(np.uint32) >> 16).astype(np.uint16)


def save_safetensors(path, tensors, config=SMALL, **metadata):
    """Any tensors with any header; arrays of uint16 are stored as bfloat16, as NumPy has no such type."""
    if config is not None:
        metadata["attnviz.config"] = config if isinstance(config, str) else json.dumps(config)
    header, data = {"__metadata__": metadata} if metadata else {}, b""
    names = {"float64": "F64", "float32": "F32", "float16": "F16", "uint16": "BF16", "int64": "I64", "bool": "BOOL"}
    for name, array in tensors.items():
        block = np.ascontiguousarray(array).tobytes()
        header[name] = {
            "dtype": names[str(array.dtype)],
            "shape": array.shape,
            "data_offsets": [len(data), len(data) + len(block)],
        }
        data += block
    text = json.dumps(header).encode()
    path.write_bytes(len(text).to_bytes(8, "little") + text + data)
    return path


def small_tensors(**replaced):
    params = SeededParams(EncoderConfig(**SMALL))
    return {name: np.array(params[name]) for name in params} | replaced


CONFIGS = [
    {},
    {"n_layers": 3, "n_heads": 2, "n_kv_heads": 1, "d_model": 10, "d_head": 7, "score": "additive"},
    {"position": "learned", "norm": "rms", "norm_placement": "pre", "gated": True, "n_ctx": 11, "n_vocab": 13},
    {"position": "relative", "bias": False, "d_ff": 0, "mask": "window", "window": 2, "n_vocab": 3},
    {"n_experts": 3, "expert_layers": "1", "d_expert": 5, "d_shared": 7, "shared_gate": True, "router_bias": True},
    {"norm_placement": "sandwich", "qk_norm": True, "qk_norm_width": "each", "score_cap": 3.0, "clip_qkv": 2.0},
    {
        "q_latent": 7,
        "kv_latent": 5,
        "d_v": 3,
        "position": "rotary",
        "rotary_dims": 4,
        "latent_bias": True,
        "sink": True,
    },
    {"norm_placement": "output", "norm_gain": False, "position": "rotary", "rotary_layers": "1"},
]


@pytest.mark.parametrize("ending", FORMATS)
@pytest.mark.parametrize("fields", CONFIGS, ids=str)
@pytest.mark.parametrize("decoder", [False, True])
def test_what_was_written_is_read_back_bit_by_bit(tmp_path, fields, decoder, ending):
    config = EncoderConfig(**fields)
    params, path = SeededParams(config, decoder=decoder), tmp_path / f"toy.{ending}"
    write_native(path, config, params, decoder=decoder)
    native = read_native(path)
    assert native.config == config
    assert native.has_decoder is decoder
    assert native.tokenizer is None
    assert list(native.params) == list(params)
    assert len(native.params) == len(params)
    for name in params:
        assert bits(native.params[name]) == bits(params[name]), name
        assert not native.params[name].flags.writeable


@pytest.mark.parametrize("ending", FORMATS)
def test_a_file_of_seeded_weights_gives_the_attention_of_the_seed(tmp_path, ending):
    config = EncoderConfig(position="rotary")
    write_native(tmp_path / f"toy.{ending}", config, SeededParams(config, 3, decoder=True), decoder=True)
    of_file = attnviz.run("one two three", target="four five", model=attnviz.load(tmp_path / f"toy.{ending}"))
    of_seed = attnviz.run("one two three", target="four five", seed=3, position="rotary")
    for kind in ("encoder", "decoder", "cross"):
        assert bits(of_file.views[kind].matrices) == bits(of_seed.views[kind].matrices)


@settings(max_examples=40)
@given(data=st.data())
def test_rows_are_the_rows_of_the_whole_table(tmp_path_factory, data):
    dtype = data.draw(st.sampled_from(["f2", "f4", "f8", "bf16"]))
    table = np.random.default_rng(0).standard_normal((5, 2)).astype("f8" if dtype == "bf16" else dtype)
    stored = as_bfloat16(table) if dtype == "bf16" else table
    path = save_safetensors(
        tmp_path_factory.mktemp("rows") / "a.safetensors", small_tensors(**{"embed.tokens": stored})
    )
    ids = np.array(data.draw(st.lists(st.integers(0, 4), min_size=1)))
    params = read_native(path).params
    rows = params.rows("embed.tokens", ids)
    assert bits(rows) == bits(params["embed.tokens"][ids])
    assert bits(params.rows("embed.tokens", ids)) == bits(rows)


@pytest.mark.parametrize("decoder", [False, True])
def test_both_formats_turn_into_each_other_with_config_and_tokenizer(tmp_path, decoder):
    config = EncoderConfig(n_vocab=7, mask="causal", score_scale=0.25)
    first, second, third = (tmp_path / name for name in ("a.safetensors", "b.npz", "c.safetensors"))
    write_native(first, config, SeededParams(config, decoder=True), decoder=decoder, tokenizer_json='{"a": "é日\\n"}')
    for source, target in ((first, second), (second, third)):
        read = read_native(source)
        write_native(
            target,
            read.config,
            read.params,
            decoder=read.has_decoder,
            tokenizer_json=read.file.metadata["attnviz.tokenizer"],
        )
    assert read_native(second).file.metadata["attnviz.tokenizer"] == '{"a": "é日\\n"}'
    assert read_native(second).config == config
    assert third.read_bytes() == first.read_bytes()


@pytest.mark.parametrize("ending", FORMATS)
def test_the_same_tensors_give_the_same_bytes(tmp_path, ending, monkeypatch):
    config = EncoderConfig(**SMALL)
    write_native(tmp_path / f"a.{ending}", config, SeededParams(config))
    monkeypatch.setattr("attnviz.checkpoints.formats.writers._BLOCK_BYTES", 1)  # a row at a time
    monkeypatch.setattr("time.time", lambda: 1e9)
    write_native(tmp_path / f"b.{ending}", config, SeededParams(config))
    assert (tmp_path / f"a.{ending}").read_bytes() == (tmp_path / f"b.{ending}").read_bytes()


def test_other_programs_can_read_what_was_written(tmp_path):
    config = EncoderConfig(**SMALL)
    write_native(tmp_path / "a.safetensors", config, SeededParams(config))
    write_native(tmp_path / "a.npz", config, SeededParams(config))
    of_library = load_file(tmp_path / "a.safetensors")
    with np.load(tmp_path / "a.npz", allow_pickle=False) as of_numpy:
        assert json.loads(str(of_numpy["config"])) == config.as_dict(seed=0)
        assert set(of_numpy.files) == {"config", *of_library}
        for name, array in of_library.items():
            assert bits(array) == bits(of_numpy[name]) == bits(SeededParams(config)[name])


def test_files_that_other_programs_wrote_can_be_read(tmp_path):
    tensors = small_tensors()
    save_file(tensors, tmp_path / "a.safetensors", metadata={"attnviz.config": json.dumps(SMALL)})
    np.savez_compressed(tmp_path / "a.npz", config=np.array(json.dumps(SMALL)), **tensors)
    np.savez(
        tmp_path / "b.npz",
        config=np.array([json.dumps(SMALL)]),
        **{k: np.asfortranarray(v) for k, v in tensors.items()},
    )
    for name in ("a.safetensors", "a.npz", "b.npz"):
        params = read_native(tmp_path / name).params
        assert all(bits(params[k]) == bits(v) for k, v in tensors.items())


def test_the_content_says_the_format_not_the_name(tmp_path):
    config = EncoderConfig(**SMALL)
    write_native(tmp_path / "a.npz", config, SeededParams(config))
    os.rename(tmp_path / "a.npz", tmp_path / "a.safetensors")
    assert describe(tmp_path / "a.safetensors").format == "npz"


@pytest.mark.parametrize("dtype", ["f2", "f4", "f8", ">f4", ">f8"])
def test_every_float_type_of_an_npz_keeps_its_numbers(tmp_path, dtype):
    tensors = {name: array.astype(dtype) for name, array in small_tensors().items()}
    np.savez(tmp_path / "a.npz", config=json.dumps(SMALL), **tensors)
    params = read_native(tmp_path / "a.npz").params
    for name, array in tensors.items():
        assert params[name].dtype == (np.float64 if "f8" in dtype else np.float32)
        np.testing.assert_array_equal(params[name], array.astype(np.float64))
    np.testing.assert_array_equal(params.rows("embed.tokens", np.array([4, 1])), params["embed.tokens"][[4, 1]])


def test_bfloat16_is_the_upper_half_of_a_float32(tmp_path):
    exact = np.array([[1.0, -2.5], [3.140625, 0.0], [2.0**-126, 3.0e38], [-0.0, 1e-40], [65280.0, 0.00390625]])
    stored = as_bfloat16(exact)
    params = read_native(save_safetensors(tmp_path / "a", small_tensors(**{"embed.tokens": stored}))).params
    assert params["embed.tokens"].dtype == np.float32
    assert params["embed.tokens"][:2].tolist() == [[1.0, -2.5], [3.140625, 0.0]]
    assert params["embed.tokens"][4].tolist() == [65280.0, 0.00390625]
    assert as_bfloat16(params["embed.tokens"]).tolist() == stored.tolist()


def test_one_float64_makes_all_parameters_float64(tmp_path):
    tensors = small_tensors()
    tensors["layers.0.attn.wq"] = tensors["layers.0.attn.wq"].astype(np.float64) / 3
    params = read_native(save_safetensors(tmp_path / "a", tensors)).params
    assert {params[name].dtype for name in params} == {np.dtype(np.float64)}
    assert params.rows("embed.tokens", np.array([0])).dtype == np.float64
    np.testing.assert_array_equal(params["layers.0.attn.wq"], tensors["layers.0.attn.wq"])
    write_native(tmp_path / "b.npz", EncoderConfig(**SMALL), params)
    assert bits(read_native(tmp_path / "b.npz").params["layers.0.attn.wq"]) == bits(tensors["layers.0.attn.wq"])


def test_a_tensor_that_nobody_asks_for_is_not_read(tmp_path):
    wrong = np.full((2, 3), np.nan, np.float32)
    params = read_native(save_safetensors(tmp_path / "a", small_tensors(**{"layers.0.ffn.w1": wrong}))).params
    assert isinstance(params["layers.0.attn.wq"].base, np.memmap)  # a view of the file, not a copy
    with pytest.raises(CheckpointError):
        params["layers.0.ffn.w1"]


def test_rows_of_a_huge_table_are_read_without_the_others(tmp_path):
    tensors, n_vocab = small_tensors(), 2**28
    del tensors["embed.tokens"]
    path = save_safetensors(tmp_path / "a", tensors, {**SMALL, "n_vocab": n_vocab})
    length = int.from_bytes(path.read_bytes()[:8], "little")
    header, data = json.loads(path.read_bytes()[8 : 8 + length]), path.read_bytes()[8 + length :]
    end = len(data) + n_vocab * 2 * 4
    header["embed.tokens"] = {"dtype": "F32", "shape": [n_vocab, 2], "data_offsets": [len(data), end]}
    text = json.dumps(header).encode()
    path.write_bytes(len(text).to_bytes(8, "little") + text + data)
    os.truncate(path, 8 + len(text) + end)  # 2 GB of zeros that take no room on the disk
    assert read_native(path).params.rows("embed.tokens", np.array([0, n_vocab - 1])).tolist() == [[0, 0], [0, 0]]


def test_overrides_replace_the_headers_fields(tmp_path):
    config = {**SMALL, "mask": "window", "window": 1}
    path = save_safetensors(tmp_path / "a", small_tensors(), config)
    assert read_native(path, {"mask": "causal"}).config.attention.window == 1
    assert read_native(path, {"mask": "none"}).config.attention.window is None
    with pytest.raises(ConfigError) as caught:
        read_native(path, {"mask": "none", "window": 3})
    assert str(caught.value) == "window, mask: window is 3, and the mask is none; expected mask window or causal"


def test_overrides_that_do_not_fit_the_tensors_are_told_as_such(tmp_path):
    path = save_safetensors(tmp_path / "a", small_tensors())
    with pytest.raises(CheckpointError) as caught:
        read_native(path, {"d_ff": 0, "mask": "causal"})
    assert str(caught.value) == (
        f"{path}: 3 unexpected (layers.0.norm2.gain, layers.0.ffn.w1, layers.0.ffn.w2); "
        "expected the tensors of its configuration"
    )
    assert caught.value.hint == "besides the file these fields are given: d_ff=0, mask=causal"


def test_all_that_is_wrong_with_the_tensors_is_one_message(tmp_path):
    tensors = small_tensors()
    del tensors["layers.0.attn.wk"], tensors["embed.tokens"]
    tensors["layers.0.attn.wq"] = np.zeros((2, 3), np.float32)
    tensors["layers.0.ffn.w1"] = np.zeros((2, 3), np.int64)
    tensors["layers.0.ffn.w2"] = np.zeros((3, 2), bool)
    tensors["encoder.weight\x1b[31m"] = np.zeros(1, np.float32)
    path = save_safetensors(tmp_path / "a", tensors)
    with pytest.raises(CheckpointError) as caught:
        read_native(path)
    assert str(caught.value) == (
        f"{path}: 2 missing (embed.tokens, layers.0.attn.wk), 1 unexpected (encoder.weight\\x1b[31m), "
        "1 misshapen (layers.0.attn.wq is (2, 3), not (2, 2)), "
        "2 of a wrong type (layers.0.ffn.w1 is I64, not a float, layers.0.ffn.w2 is BOOL, not a float); "
        "expected the tensors of its configuration"
    )
    assert caught.value.hint is None


def test_a_list_of_hundreds_is_cut_with_its_count(tmp_path):
    config = {**SMALL, "n_layers": 100}
    extra = {f"x{i}": np.zeros(1, np.float32) for i in range(120)}
    path = save_safetensors(tmp_path / "a", small_tensors(**extra), config)
    n_missing = len(tensor_shapes(EncoderConfig(**config))) - len(small_tensors())
    with pytest.raises(CheckpointError) as caught:
        read_native(path)
    message = str(caught.value)
    assert f"{n_missing} missing (layers.1.attn.wq, " in message
    assert f" and {n_missing - 3} more), 120 unexpected (x0, x1, " in message
    assert message.endswith("x2 and 117 more); expected the tensors of its configuration")
    assert len(message) < 400


def test_a_billion_layers_are_refused_before_they_are_listed(tmp_path):
    path = save_safetensors(tmp_path / "a", small_tensors(), {**SMALL, "n_layers": 2**14 - 1})
    with pytest.raises(CheckpointError) as caught:
        read_native(path)
    assert str(caught.value) == (
        f"{path}: n_layers is 16383, and it has 9 tensors; expected the tensors of its configuration"
    )


JSON_WORDS = re.compile(r"not JSON \(.*line 1 column [0-9]+.*\)")  # the library's own words
NATIVE = "expected attnviz's native format"
FIELDS = "expected fields of the block"


@pytest.mark.parametrize(
    ("config", "message"),
    [
        (None, f"its header has no attnviz.config; {NATIVE}"),
        ("{", f"its attnviz.config is not JSON (...); {FIELDS}"),
        ("[" * 9999, f"its attnviz.config is not JSON (...); {FIELDS}"),
        ('{"norm_eps": NaN}', f"its attnviz.config is not JSON (...); {FIELDS}"),
        ("[1]", f"its attnviz.config is not a JSON object; {FIELDS}"),
        ({"n_head": 2}, f"header: unknown field 'n_head' (did you mean 'n_heads'?); {FIELDS}"),
        ({"n_heads": 3}, "d_model, n_heads: 64 is not divisible by 3; expected a multiple, or d_head given"),
        ({"n_heads": "3"}, "n_heads: '3' is not a whole number; expected a whole number"),
        (
            {"mask": "casual"},
            "mask: 'casual' is not known (did you mean 'causal'?); expected one of none, causal, window",
        ),
    ],
)
def test_a_wrong_header_is_one_line(tmp_path, config, message):
    path = save_safetensors(tmp_path / "a", small_tensors(), config)
    with pytest.raises(CheckpointError) as caught:
        read_native(path)
    assert caught.value.exit_code == 3
    assert JSON_WORDS.sub("not JSON (...)", str(caught.value)) == f"{path}: {message}"


def test_a_number_in_the_header_beyond_all_bounds_is_one_line(tmp_path):
    path = save_safetensors(tmp_path / "a", small_tensors(), '{"n_ctx": 1' + "0" * 400 + "}")
    with pytest.raises(CheckpointError) as caught:
        read_native(path)
    assert "\n" not in str(caught.value)


def test_the_hint_of_a_foreign_file_says_how_to_get_a_native_one(tmp_path):
    save_file(small_tensors(), tmp_path / "a.safetensors")
    with pytest.raises(CheckpointError) as caught:
        read_native(tmp_path / "a.safetensors")
    assert caught.value.hint == "attnviz weights init writes that format"


@pytest.mark.parametrize("ending", FORMATS)
@pytest.mark.parametrize(("value", "said"), [(np.nan, "nan"), (np.inf, "inf"), (-np.inf, "-inf")])
def test_a_number_that_is_not_finite_is_named_with_its_place(tmp_path, value, said, ending):
    tensors = small_tensors()
    tensors["embed.tokens"][3, 1] = value
    tensors["layers.0.norm1.gain"][1] = value
    path = tmp_path / f"a.{ending}"
    if ending == "npz":
        np.savez(path, config=json.dumps(SMALL), **tensors)
    else:
        save_safetensors(path, tensors)
    params = read_native(path).params
    assert params.rows("embed.tokens", np.array([4, 0])).shape == (2, 2)
    for ask, name in [
        (lambda: params.rows("embed.tokens", np.array([4, 0, 3])), "embed.tokens[3, 1]"),
        (lambda: params["embed.tokens"], "embed.tokens[3, 1]"),
        (lambda: params["layers.0.norm1.gain"], "layers.0.norm1.gain[1]"),
    ]:
        with pytest.raises(CheckpointError) as caught:
            ask()
        assert str(caught.value) == f"{path}: {name} is {said}; expected finite numbers"


@pytest.mark.parametrize("ending", FORMATS)
def test_a_file_that_is_there_is_kept_unless_it_may_be_replaced(tmp_path, ending):
    config, path = EncoderConfig(**SMALL), tmp_path / f"a.{ending}"
    path.write_bytes(b"old")
    with pytest.raises(OutputError) as caught:
        write_native(path, config, SeededParams(config))
    assert str(caught.value) == f"{path}: exists already; expected a new file, or --force"
    assert path.read_bytes() == b"old"
    write_native(path, config, SeededParams(config), overwrite=True)
    assert read_native(path).config == config


def test_a_file_may_be_written_over_itself(tmp_path):
    config, path = EncoderConfig(**SMALL), tmp_path / "a.safetensors"
    write_native(path, config, SeededParams(config))
    before = path.read_bytes()
    write_native(path, config, read_native(path).params, overwrite=True)
    assert path.read_bytes() == before


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("a.pt", "the name ends in .pt; expected .safetensors or .npz"),
        ("a", "the name has no ending; expected .safetensors or .npz"),
        ("a.np\n", "the name ends in .np\\n; expected .safetensors or .npz"),
    ],
)
def test_another_ending_is_wrong_usage(tmp_path, name, message):
    config = EncoderConfig(**SMALL)
    with pytest.raises(UsageError) as caught:
        write_native(tmp_path / name, config, SeededParams(config))
    assert str(caught.value) == f"{tmp_path / name}: {message}".replace("\n", "\\n")
    assert list(tmp_path.iterdir()) == []


def test_a_small_disk_says_how_small_it_is(tmp_path, monkeypatch):
    monkeypatch.setattr(shutil, "disk_usage", lambda _: shutil._ntuple_diskusage(9, 9, 10**6))
    with pytest.raises(OutputError, match=r"a.npz: it needs [1-9] MB, and 1 MB are free; expected room on the disk$"):
        write_native(tmp_path / "a.npz", EncoderConfig(n_layers=1), SeededParams(EncoderConfig(n_layers=1)))


def test_what_cannot_fit_the_disk_is_not_begun(tmp_path):
    config = EncoderConfig(n_vocab=2**31 - 1, d_model=2**20, d_ff=0)
    with pytest.raises(OutputError) as caught:
        write_native(tmp_path / "a.npz", config, SeededParams(config))
    message = str(caught.value)
    assert message.startswith(f"{tmp_path / 'a.npz'}: it needs 9e+06 GB, and ")
    assert message.endswith(" GB are free; expected room on the disk")
    assert list(tmp_path.iterdir()) == []


def test_nothing_is_left_of_a_file_whose_numbers_are_wrong(tmp_path):
    config = EncoderConfig(**SMALL)
    save_safetensors(tmp_path / "a", small_tensors(**{"layers.0.ffn.w2": np.full((3, 2), np.nan)}))
    with pytest.raises(CheckpointError):
        write_native(tmp_path / "b.npz", config, read_native(tmp_path / "a").params)
    assert [path.name for path in tmp_path.iterdir()] == ["a"]


@pytest.mark.parametrize("ending", FORMATS)
def test_a_description_tells_everything_of_numbers_that_cannot_be_used(tmp_path, ending):
    config, path = EncoderConfig(**SMALL), tmp_path / f"a.{ending}"
    nan = ArrayParams({name: np.full(shape, np.nan, np.float32) for name, shape in tensor_shapes(config).items()})
    write_native(path, config, nan, tokenizer_json="{}")
    described = describe(path).as_dict()
    assert json.loads(json.dumps(described)) == {
        "path": str(path),
        "format": ending,
        "bytes": path.stat().st_size,
        "sha256": hashlib.sha256(path.read_bytes()).hexdigest(),
        "config": config.as_dict(),
        "tensors": [
            {"name": "embed.tokens", "shape": [5, 2], "dtype": "F32", "bytes": 40},
            *({"name": f"layers.0.attn.{w}", "shape": [2, 2], "dtype": "F32", "bytes": 16} for w in WEIGHTS),
            {"name": "layers.0.norm1.gain", "shape": [2], "dtype": "F32", "bytes": 8},
            {"name": "layers.0.norm2.gain", "shape": [2], "dtype": "F32", "bytes": 8},
            {"name": "layers.0.ffn.w1", "shape": [2, 3], "dtype": "F32", "bytes": 24},
            {"name": "layers.0.ffn.w2", "shape": [3, 2], "dtype": "F32", "bytes": 24},
        ],
        "n_parameters": 10 + 16 + 4 + 12,
        "tokenizer": True,
        "decoder": False,
    }  # fmt: skip


def test_an_npz_is_stored_without_a_date_of_its_own(tmp_path):
    config = EncoderConfig(**SMALL)
    write_native(tmp_path / "a.npz", config, SeededParams(config))
    with zipfile.ZipFile(tmp_path / "a.npz") as archive:
        assert {entry.date_time for entry in archive.infolist()} == {(1980, 1, 1, 0, 0, 0)}
        assert archive.testzip() is None


@pytest.mark.parametrize("ending", FORMATS)
def test_a_header_has_the_seed_only_of_weights_that_were_made_from_it(tmp_path, ending):
    config = EncoderConfig(**SMALL)
    seeded = SeededParams(config, 5)
    trained = ArrayParams({name: seeded[name] * np.float32(1.5) for name in seeded})
    for name, params, said in (("seeded", seeded, {"seed": 5}), ("trained", trained, {})):
        path = tmp_path / f"{name}.{ending}"
        write_native(path, config, params)
        header = json.loads(read_native(path).file.metadata["attnviz.config"])
        assert header == config.as_dict() | said
        assert describe(path).config == header
        assert attnviz.run("a", weights=path).model.config == header


def test_a_seed_in_an_older_header_of_trained_weights_is_read_and_not_repeated(tmp_path):
    trained = {name: array * np.float32(1.5) for name, array in small_tensors().items()}
    path = save_safetensors(tmp_path / "a.safetensors", trained, EncoderConfig(**SMALL).as_dict(seed=0))
    assert "seed" not in describe(path).config
    write_native(tmp_path / "b.npz", read_native(path).config, read_native(path).params)
    assert "seed" not in json.loads(read_native(tmp_path / "b.npz").file.metadata["attnviz.config"])
