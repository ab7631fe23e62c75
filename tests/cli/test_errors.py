"""The whole text of each error message, and its exit code: one line, perhaps a hint, never a traceback.

``...`` stands for words of the libraries underneath, which differ from version to version.
"""

import re
import shlex

import pytest

from attnviz.checkpoints.huggingface.registry import built_in_types
from attnviz.errors import LONGEST_PATH, InputError
from tests.cli.broken import write_broken_files

FAMILIES = f"one of the {len(built_in_types())} that `attnviz models` lists"

ERRORS = [
    ('show ""', 3, "text: empty or blank; expected at least one token"),
    ('show "  "', 3, "text: empty or blank; expected at least one token"),
    ("show", 3, "standard input: it is empty; expected at least one text"),
    ("show a --file ok.txt", 2, "text, file: 2 inputs are given; expected one"),
    (
        'show "a b c" --n-ctx 2 --seed 0',
        3,
        "text: 3 tokens, and n_ctx is 2; expected at most 2",
        "hint: --truncate cuts the text to 2 tokens; --n-ctx 3 allows more",
    ),
    (
        'show a --target "b c d" --n-ctx 2',
        3,
        "target: 3 tokens, and n_ctx is 2; expected at most 2",
        "hint: --truncate cuts the text to 2 tokens; --n-ctx 3 allows more",
    ),
    ('show a --pair " "', 3, "pair: empty or blank; expected at least one token"),
    ('show a --target " "', 3, "target: empty or blank; expected at least one token"),
    ("show a --seed 0 -L 2", 2, "layer: there is no layer 2; expected 0-1 (or from the end, -1)"),
    (
        "show a --target b --seed 0 --set decoder_heads=8 -H 7 --json",
        2,
        "head: there is no head 7; expected 0-3 (or from the end, -1)",
        "hint: that is of encoder attention; choose one with --kind",
    ),
    ("show a --target b --seed 0 -H 7", 2, "head: there is no head 7; expected 0-3 (or from the end, -1)"),
    ("show a --seed 0 -H 9", 2, "head: there is no head 9; expected 0-3 (or from the end, -1)"),
    (
        "show a -H x",
        2,
        "head: 'x' cannot be read; expected all, or numbers such as 0,2-3,-1, or names such as L2H8,L1H7",
    ),
    ("show a -L 1-0", 2, "layer: '1-0' runs backwards; expected the smaller number first"),
    (
        "show a --d-model 65 --seed 0",
        2,
        "d_model, n_heads: 65 is not divisible by 4; expected a multiple, or d_head given",
    ),
    ("show a --n-kv-heads 3 --seed 0", 2, "n_heads, n_kv_heads: 4 is not divisible by 3; expected a multiple"),
    (
        "show a --position rotary --d-head 7 --seed 0",
        2,
        "position, d_head: rotary turns pairs, and d_head is 7; expected it even",
    ),
    ("show a --window 3", 2, "window, mask: window is 3, and the mask is none; expected mask window or causal"),
    ("show a --mask window", 2, "mask, window: the mask is window, and window is not given; expected both"),
    ("show a --n-layers 0", 2, "n_layers: 0 is too small; expected 1 or more"),
    (
        "show a --n-layers x",
        2,
        "usage: invalid value for '--n-layers': ...",
        "hint: run `attnviz show --help`",
    ),
    ("show a --n-vocab 3000000000", 2, "n_vocab: it is too large; expected less than 2^31"),
    ("show a --score-scale nan", 2, "score_scale: nan is not finite; expected a finite number"),
    ("show a --mask windw", 2, "usage: invalid value for '--mask': ...", "hint: run `attnviz show --help`"),
    (
        "show a --show-special --renormalize",
        2,
        "renormalize: nothing is left out of the rows; expected hide-special or columns too",
    ),
    ("show a --words --values scores", 2, "words, values: sums of scores mean nothing; expected weights"),
    ("show --attention scores.json --words", 2, "words, values: sums of scores mean nothing; expected weights"),
    (
        "show --attention scores.json --hide-special --renormalize",
        2,
        "renormalize, values: rows of scores do not sum to 1; expected weights",
    ),
    (
        "show a --layrs 2",
        2,
        "usage: no such option: --layrs (did you mean --layer?)",
        "hint: run `attnviz show --help`",
    ),
    ("shw a", 2, "usage: no such command 'shw' (did you mean show?)", "hint: run `attnviz show -h`"),
    ("weights inf x", 2, "usage: no such command 'inf' (did you mean info?)", "hint: run `attnviz weights info -h`"),
    (
        "plot",
        2,
        "usage: no such command 'plot'",
        "hint: run `attnviz -h`; for a text of one word: attnviz show plot",
    ),
    (
        "help shw",
        2,
        "help: 'shw' is not a command or a topic (did you mean show?)",
        "hint: run `attnviz help` for a list",
    ),
    ("help show me", 2, "help: 'attnviz show' has no command 'me'; expected it without that word"),
    ("show a --sort self", 2, "usage: no such option: --sort (attnviz heads has it)", "hint: run `attnviz heads -h`"),
    (
        "show a --quary a",
        2,
        "usage: no such option: --quary (did you mean --query of attnviz explain?)",
        "hint: run `attnviz explain --help`",
    ),
    (
        "The cat sat",
        2,
        "usage: no such command 'The'",
        'hint: run `attnviz -h`; put quotes around a text: attnviz "The cat sat"',
    ),
    ("show a --form b", 2, "usage: no such option: --form (did you mean --from?)", "hint: run `attnviz show --help`"),
    (
        "show a --qqqqqq",
        2,
        "usage: no such option: --qqqqqq",
        "hint: run `attnviz show --help`; put -- before a text that begins with -",
    ),
    ("show a b", 2, "usage: ...", "hint: run `attnviz show --help`; put quotes around a text of several words"),
    ("show -5", 2, "usage: ...", "hint: run `attnviz show --help`; put -- before a text that begins with -"),
    ("show a -L 0 -L 1", 2, "layer: given 2 times; expected once"),
    ("heads a --where self>0 --where next>0", 2, "where: given 2 times; expected once"),
    ("show --file latin.txt --file long.txt", 2, "file: given 2 times; expected once"),
    ("show a --top 0", 2, "usage: invalid value for '--top': ...", "hint: run `attnviz show --help`"),
    ('show a --tokens "x y"', 2, "tokens: labels are for --vectors and --attention; expected one of them"),
    ("show a --kind cross", 2, "kind: cross attention needs a target text; expected --target TEXT"),
    ('show "a b" --seed 0 --pad-to 1', 2, "pad-to: 1 is less than the text's 2 tokens; expected 2 or more"),
    ('show "a b" --seed 0 --pad-to 600', 2, "pad-to: 600 is more than n_ctx, which is 512; expected at most 512"),
    (
        "show a --tokenizer wrod",
        2,
        "tokenizer: 'wrod' is not known (did you mean 'word'?); expected word, whitespace, char or a tokenizer JSON file",
    ),
    (
        "show a --source-lang en",
        2,
        "source-lang: tiny has no language tokens; expected a translator of several languages, such as NLLB",
    ),
    (
        "show a --target b --target-lang en",
        2,
        "target-lang: a model of random weights has no language tokens; expected a translator of several languages, "
        "such as NLLB",
    ),
    ("show a --tokenizer nope.json", 3, "nope.json: no such file; expected a tokenizer JSON file"),
    ("show a --tokenizer folder", 3, "folder: it is a folder; expected a tokenizer JSON file"),
    ("show a --tokenizer ok.txt", 3, "ok.txt: it is not a tokenizer (...); expected JSON of the tokenizers library"),
    (
        "show a --config unknown.toml",
        3,
        "unknown.toml: unknown field 'n_head' (did you mean 'n_heads'?); expected fields of the block",
    ),
    ("show a --config broken.toml", 3, "broken.toml: it is not TOML (...); expected lines such as n_heads = 4"),
    (
        "show a --config table.toml",
        3,
        "table.toml: block is a table; expected fields at the top level, or a table such as [rotary]",
    ),
    (
        "show a --config five.toml --seed 0",
        2,
        "d_model, n_heads: 64 is not divisible by 5; expected a multiple, or d_head given",
    ),
    ("show a --config wrong.toml", 3, "wrong.toml: n_heads: 'four' is not a whole number; expected a whole number"),
    ("show a --config nope.toml", 3, "nope.toml: no such file; expected a TOML file"),
    ("show a --config folder", 3, "folder: it is a folder; expected a TOML file"),
    ("show --file nope.txt", 3, "nope.txt: no such file; expected a text file"),
    ("show --file folder", 3, "folder: no file is there; expected text files"),
    ("show --file latin.txt", 3, "latin.txt, line 2: byte 2 of the line (0xe9) is not UTF-8; expected UTF-8 text"),
    ("show --file empty.txt", 3, "empty.txt: it is empty; expected a text file"),
    (
        "show --file long.txt --n-ctx 3 --seed 0",
        3,
        "long.txt, line 3: text: 4 tokens, and n_ctx is 3; expected at most 3",
        "hint: --truncate cuts the text to 3 tokens; --n-ctx 4 allows more",
    ),
    ("show a --weights nope.npz", 3, "nope.npz: no such file; expected a .safetensors or .npz file"),
    ("show a --weights folder", 3, "folder: it is a folder; expected a .safetensors or .npz file"),
    ("show a --weights empty.txt", 3, "empty.txt: it is empty; expected a .safetensors or .npz file"),
    (
        "show a --weights noise.bin",
        3,
        "noise.bin: unknown format; expected a .safetensors or .npz file",
    ),
    (
        "show a --weights pickle.pkl",
        3,
        "pickle.pkl: it is a pickle, which could run any program and is never read; expected a .safetensors or .npz file",
    ),
    ("show a --weights ok.txt", 3, "ok.txt: unknown format; expected a .safetensors or .npz file"),
    (
        "show a --weights huge.safetensors",
        3,
        "huge.safetensors: it is damaged (...); expected a .safetensors or .npz file",
    ),
    (
        "show a --weights short.safetensors",
        3,
        "short.safetensors: it is damaged (...); expected a .safetensors or .npz file",
    ),
    ("show a --weights short.npz", 3, "short.npz: it is damaged (...); expected a .safetensors or .npz file"),
    (
        "show a --weights toy.npz --seed 3",
        2,
        "seed, weights: 2 origins of weights are given; expected one of them",
    ),
    (
        "show a --weights toy.npz --n-layers 2",
        3,
        "toy.npz: 5 missing (layers.1.attn.wq, layers.1.attn.wk, layers.1.attn.wv and 2 more); expected the tensors of its configuration",
        "hint: besides the file these fields are given: n_layers=2",
    ),
    (
        "show a --weights toy.npz --target b",
        3,
        "toy.npz: these weights have no decoder; expected one for a target text",
        "hint: `attnviz models` lists the encoder-decoders that load, and --seed 0 makes random weights",
    ),
    (
        "show a --weights foreign.safetensors",
        3,
        "foreign.safetensors: its header has no attnviz.config; expected attnviz's native format",
        "hint: attnviz weights init writes that format",
    ),
    (
        "show a --weights header.safetensors",
        3,
        "header.safetensors: header: unknown field 'd_fn' (did you mean 'd_ff'?); expected fields of the block",
    ),
    ("show a --weights nan.safetensors", 3, "nan.safetensors: layers.0.attn.wq[1, 0] is nan; expected finite numbers"),
    (
        "weights init -o new.npz --tokenizer char",
        2,
        "tokenizer: a file cannot hold 'char'; expected a tokenizer JSON file",
    ),
    ("weights init -o toy.npz", 1, "toy.npz: exists already; expected a new file, or --force"),
    ("weights init -o toy.bin", 2, "toy.bin: the name ends in .bin; expected .safetensors or .npz"),
    ("weights init -o nofolder/toy.npz", 1, "nofolder/toy.npz: its folder does not exist; expected an existing folder"),
    ("weights info nope.npz", 3, "nope.npz: no such file; expected a .safetensors or .npz file"),
    ("weights convert toy.npz -o toy.npz", 1, "toy.npz: exists already; expected a new file, or --force"),
    ("show a -L ''", 2, "layer: '' cannot be read; expected all, or numbers such as 0,2-3,-1"),
    (
        "show a --position relative --relative-max-distance 16 --target b",
        2,
        "relative_max_distance, relative_buckets: 16 with 32 buckets; expected more than 16",
    ),
    (
        "show --attention square.json --seed 3 --n-heads 2",
        2,
        "n_heads, seed: there is no model to run on --attention; expected none of them",
    ),
    ("show --attention mean.json --reduce max", 2, "reduce: the file holds a mean-heads, not max; expected none"),
    (
        "show --attention scores.json --values weights",
        2,
        "values: the file holds scores, not weights; expected scores",
    ),
    ("show --attention nope.npy", 3, "nope.npy: no such file; expected attention as .npy, .npz, .safetensors or JSON"),
    ("show --attention folder", 3, "folder: it is a folder; expected attention as .npy, .npz, .safetensors or JSON"),
    (
        "show --attention noise.bin",
        3,
        "noise.bin: it is not an .npy, .npz, .safetensors or JSON file; expected attention as .npy, .npz, .safetensors or JSON",
    ),
    (
        "show --attention pickle.pkl",
        3,
        "pickle.pkl: it is a pickle, which could run any program and is never read; expected attention as .npy, .npz, .safetensors or JSON",
        "hint: in Python: a = torch.load('pickle.pkl', map_location='cpu'); numpy.savez('attention.npz', *[layer.detach().float().numpy() for layer in a])",
    ),
    ("show --attention empty.txt", 3, "empty.txt: it is empty; expected attention as .npy, .npz, .safetensors or JSON"),
    (
        "show --attention sum.json",
        3,
        "sum.json: L0H0, row 0 sums to 0.7; expected 1",
    ),
    (
        "show --attention ragged.json",
        3,
        "ragged.json: attention[1] has 1 number, and [0] has 2; expected lists of equal length",
    ),
    (
        "show --attention nan.json",
        3,
        "nan.json: cross attention, L0H0, row 0, column 1 is nan; expected a number from 0 to 1",
    ),
    (
        "show --attention object.json",
        3,
        "object.json: it has no 'attention', only a; expected lists, or an object with attention, attentions, encoder_attentions, decoder_attentions, cross_attentions, or layer_0, layer_1, ...",
    ),
    (
        "show --attention five.npy",
        3,
        "five.npy: attention has the shape (2, 2, 2, 1, 1), and which axis counts texts is not clear; expected --axes",
        "hint: for example --axes layer,batch,head,query,key",
    ),
    (
        "show --attention five.npy --axes layer,-,head,query,key",
        3,
        "five.npy: attention has the shape (2, 2, 2, 1, 1), and --axes layer,-,head,query,key drops axis 1; expected length 1 of that axis",
        "hint: where axis 1 counts texts: --axes layer,batch,head,query,key",
    ),
    (
        "show --attention square.json --axes layer,head,query",
        2,
        "axes: layer,head,query has no key; expected some of batch,layer,head,query,key, and - for an axis to drop",
    ),
    (
        "show --attention square.json --axes heads,query,key",
        2,
        "axes: 'heads' is not an axis; expected some of batch,layer,head,query,key, and - for an axis to drop",
    ),
    (
        "show --attention square.json --axes layer,head,query,key",
        3,
        "square.json: attention has the shape (2, 2); expected one name per axis, not --axes layer,head,query,key",
    ),
    (
        'show --attention square.json --kind cross --query-tokens "a b c"',
        3,
        "square.json: --query-tokens has 3 labels, and the matrices have 2 queries; expected 2",
    ),
    (
        'show --attention square.json --tokens "a b" --key-tokens "a b"',
        2,
        "tokens: labels of queries or keys are given too; expected --tokens alone, or the other two",
    ),
    (
        'show "the cat" --axes head,query,key',
        2,
        "axes: there is no attention to read; expected --attention FILE too",
    ),
    (
        "show --attention nan.npy",
        3,
        "nan.npy: L0H0, row 0, column 1 is nan; expected a number from 0 to 1",
    ),
    (
        "show --attention short.npy",
        3,
        "short.npy: it has 638 bytes of data for the shape (9, 9) of float64; expected attention as .npy, .npz, .safetensors or JSON",
    ),
    (
        "show --attention huge.npy",
        3,
        "huge.npy: it has 48 bytes of data for the shape (1152921504606846976,) of float64; expected attention as .npy, .npz, .safetensors or JSON",
    ),
    (
        'show --attention square.json --tokens "a b c"',
        3,
        "square.json: there are 3 labels, and the matrices have 2 tokens; expected one label per token",
        'hint: labels are separated by spaces: --tokens "the cat sat"',
    ),
    ("show --attention square.json -L 1", 2, "layer: there is no layer 1; expected 0 (or from the end, -1)"),
    ("show --attention square.json --pair b", 2, "pair, attention: both are given; expected one of them"),
    (
        "show --attention named.json --values scores --kind cross",
        2,
        "kind: there is no cross attention here; expected encoder",
    ),
    ('html ""', 3, "text: empty or blank; expected at least one token"),
    (
        "html a -o page.png",
        2,
        "out: page.png is not the name of a page; expected page.html, or page.png/ for a folder",
    ),
    ("html a -o page", 2, "out: page is not the name of a page; expected page.html, or page/ for a folder"),
    ('html a -o ""', 2, "out: the name is empty; expected FILE.html, DIR/, or - for standard output"),
    ("html a -o no/page.html", 1, "no/page.html: its folder does not exist; expected an existing folder"),
    ("html a -o ok.txt/page.html", 1, "ok.txt/page.html: its folder is a file; expected an existing folder"),
    ("html a -o ok.txt/", 1, "ok.txt: is a file, or is inside one; expected a folder"),
    ("html a -o - --open", 2, "open, out: standard output cannot be opened; expected FILE.html"),
    ("html a --from b --to c", 2, "from, to: a page opens with one word; expected one of them"),
    (
        "html a --values weights,norm",
        2,
        "values: 'norm' is not known; expected some of weights, scores, norms, zeroing",
    ),
    (
        "html a --reduce none,min",
        2,
        "reduce: 'min' is not known; expected some of none, mean-heads, mean, max, rollout, flow",
    ),
    (
        "html a --values norms --reduce rollout",
        2,
        "reduce, values: rollout is of weights, not of norms; expected weights",
    ),
    ("html a b --values norms", 2, "values, other: a comparison is of the weights of each head; expected one of them"),
    (
        "html a --vs-seed 0 --reduce mean",
        2,
        "reduce, vs-seed: a comparison is of the weights of each head; expected one of them",
    ),
    ("html -f ok.txt --vs-seed 0", 2, "file, vs-seed: a comparison is of two texts; expected one of them"),
    (
        "html a b --from zebra",
        2,
        "from: no word is 'zebra'; expected a word of the text (word:2 is its second occurrence), or the number 1",
    ),
    (
        "show a --html",
        2,
        "usage: no such option: --html (attnviz html is a command)",
        "hint: run `attnviz html -h`",
    ),
    (
        "html a --grid",
        2,
        "usage: no such option: --grid (attnviz show has it)",
        "hint: run `attnviz show -h`",
    ),
    ("show a --image --json", 2, "image, json: it is a picture for people; expected --image or --json"),
    ("show a --image --grid", 2, "grid, image: a picture is of one matrix; expected --grid or --image"),
    ("show a --image --from a", 2, "from, image: a picture is of one matrix; expected --from or --image"),
    ("show a --image --to a", 2, "to, image: a picture is of one matrix; expected --to or --image"),
    (
        "show a --image --style blocks",
        2,
        "image, style: style is about tables of text; expected --image or --style",
    ),
    ("show a --image --top 2", 2, "image, top: top is about tables of text; expected --image or --top"),
    (
        "show a --image --precision 1",
        2,
        "image, precision: precision is about tables of text; expected --image or --precision",
    ),
    (
        "show a --image --received",
        2,
        "image, received: received is about tables of text; expected --image or --received",
    ),
    (
        "show a --image --blocks",
        2,
        "blocks, image: the blocks of all heads are lines of text; expected --layer or --head too",
    ),
    ('heatmap a -o ""', 2, "out: the name is empty; expected FIGURE.pdf, .svg or .png, or a folder"),
    ("heatmap a -o ok.txt/", 1, "ok.txt: is a file, or is inside one; expected a folder"),
    (
        "heatmap a -o fig.jpg",
        2,
        "out: fig.jpg: pictures are not written as .jpg; expected .png, .svg or .pdf, or fig.jpg/ for a folder",
    ),
    (
        "heatmap a -o out/fig.txt",
        2,
        "out: out/fig.txt: pictures are not written as .txt; expected .png, .svg or .pdf, or out/fig.txt/ for a folder",
    ),
    (
        "heatmap a -o out.v2",
        2,
        "out: out.v2: pictures are not written as .v2; expected .png, .svg or .pdf, or out.v2/ for a folder",
    ),
    (
        "heatmap a -o fig.pdf --format svg",
        2,
        "out, format: fig.pdf is not of format svg; expected --format pdf, or a folder",
    ),
    (
        "heatmap a -o fig.pdf --format pdf,png",
        2,
        "out, format: fig.pdf is not of format pdf,png; expected --format pdf, or a folder",
    ),
    ("heatmap a -o - --format pdf,png", 2, "out, format: standard output takes one figure; expected one format"),
    (
        "heatmap a -o - --caption",
        2,
        "caption, out: a caption is a file beside the figure; expected FIGURE.pdf, .svg or .png",
    ),
    ("heatmap a -o none/fig.pdf", 1, "none/fig.pdf: its folder does not exist; expected an existing folder"),
    ("heatmap a -o ok.txt/fig.pdf", 1, "ok.txt/fig.pdf: its folder is a file; expected an existing folder"),
    (
        "heatmap a -o fig.pdf --overview-only",
        2,
        "overview-only, out: a figure is one picture; expected a folder, or no --overview-only",
    ),
    (
        "heatmap --file long.txt -o fig.pdf --seed 0",
        2,
        "out: there are several texts, and a figure is of one; expected a folder, or one text",
    ),
    ("heatmap a -o fig.pdf --title b --no-title", 2, "title, no-title: both are given; expected one of them"),
    (
        "heatmap a -o fig.pdf --from a --to a --style lines",
        2,
        "from, to: a picture is about one word; expected one of them",
    ),
    (
        "heatmap a -o fig.pdf --from a",
        2,
        "from, style: a matrix shows every word; expected --style lines, arcs or text, or --rows",
    ),
    (
        "heatmap a -o fig.pdf --to a --style matrix",
        2,
        "to, style: a matrix shows every word; expected --style lines, arcs or text, or --columns",
    ),
    (
        "heatmap a -o fig.pdf --style lines --from zebra",
        2,
        "from: no word is 'zebra'; expected a word of the text (word:2 is its second occurrence), or the number 1",
    ),
    (
        "heatmap a -o fig.pdf --style arcs --numbers",
        2,
        "numbers, style: arcs have no cells; expected --style matrix or text",
    ),
    (
        "heatmap a --heads-by-similarity --style lines",
        2,
        "style, heads-by-similarity: both are given; expected one of them",
    ),
    (
        "heatmap a -o fig.pdf --size 3.3",
        2,
        "size: '3.3' is not a size; expected a width, or WIDTHxHEIGHT, in in, cm, mm, pt or px, such as 3.3in or "
        "6.9inx3in",
    ),
    (
        "heatmap a -o fig.pdf --size 0.1in",
        2,
        "size: 0.1in is out of range; expected sides of 0.25in to 200in",
    ),
    (
        "heatmap a -o fig.pdf --size 0.4in",
        2,
        "size: 0.4in leaves no room for cells beside the labels; expected at least ..., or a smaller --font-size",
    ),
    ("heatmap a -o fig.pdf --range 3", 2, "range: cannot read '3'; expected LOW:HIGH, such as 0:0.2, or :0.2"),
    (
        "heatmap a -o fig.pdf --range 1:0",
        2,
        "range: 1:0 is empty; expected LOW:HIGH with LOW below HIGH, such as 0:0.2",
    ),
    (
        "heatmap a -o fig.pdf --cmap jet",
        2,
        "cmap: 'jet' is not known; expected paper, or a sequential map of Matplotlib such as viridis, Greys or YlGnBu",
    ),
    ("heatmap a -o fig.pdf --font-size 1", 2, "font-size: 1 is out of range; expected 3 to 72 points"),
    (
        "heatmap a -o fig.pdf --style bars",
        2,
        "usage: invalid value for '--style': ...",
        "hint: run `attnviz heatmap --help`",
    ),
    (
        "heatmap a -o fig.pdf --norm cube",
        2,
        "usage: invalid value for '--norm': ...",
        "hint: run `attnviz heatmap --help`",
    ),
    (
        "diff a b -o fig.jpg",
        2,
        "out: fig.jpg: pictures are not written as .jpg; expected .png, .svg or .pdf, or fig.jpg/ for a folder",
    ),
    ("diff a b -o -", 2, "out: standard output has the text; expected FIGURE.pdf, .svg or .png, or a folder"),
    ("diff a b --size 3in", 2, "size: it is about pictures; expected -o too"),
    (
        "diff a b -o out --size 3",
        2,
        "size: '3' is not a size; expected a width, or WIDTHxHEIGHT, in in, cm, mm, pt or px, such as 3.3in or 6.9inx3in",
    ),
    ("heads a --no-title", 2, "no-title: it is about pictures; expected -o too"),
    ("heads a --cluster -o none/fig.png", 1, "none/fig.png: its folder does not exist; expected an existing folder"),
    ("heatmap a -o out --format gif", 2, "format: 'gif' is not known; expected some of png, svg, pdf"),
    (
        "heatmap a -o out --dpi 1",
        2,
        "usage: invalid value for '--dpi': ...",
        "hint: run `attnviz heatmap --help`",
    ),
    (
        "explain a --seed 0 --query zebra",
        2,
        "query: no word is 'zebra'; expected a word of the text (word:2 is its second occurrence), or the number 0",
    ),
    (
        "explain a --seed 0 --query=--5",
        2,
        "query: no word is '--5'; expected a word of the text (word:2 is its second occurrence), or the number 0",
    ),
    (
        "explain a --seed 0 --query 3",
        2,
        "query: no word is '3'; expected a word of the text (word:2 is its second occurrence), or the number 0",
    ),
    ("explain a -L 0-1", 2, "layer: '0-1' selects 2; expected one"),
    (
        "explain --attention square.json",
        2,
        "attention: matrices alone cannot be explained; expected a text or --vectors",
    ),
    ("explain a --kind cross", 2, "kind: cross attention needs a target text; expected --target TEXT"),
    ("show --vectors nope.csv", 3, "nope.csv: no such file; expected vectors as .npy, .npz, .csv or .json"),
    (
        "show --vectors ok.txt",
        3,
        "ok.txt, line 1, column 1 is 'a'; expected a number",
        "hint: a line of names is left out if it begins with #",
    ),
    ("show --vectors ragged.csv", 3, "ragged.csv, line 2: it has 1 numbers; expected 2, as the first row"),
    ("show --vectors three.csv", 2, "d_model, n_heads: 3 is not divisible by 4; expected a multiple, or d_head given"),
    (
        "show --vectors three.csv --d-model 4",
        3,
        "vectors: the shape is (1, 3); expected (tokens, d_model) with d_model 4",
    ),
    ("show --vectors nan.csv", 3, "nan.csv, line 1, column 3 is nan; expected a finite number"),
    ("show --vectors empty.txt", 3, "empty.txt: it is empty; expected vectors as .npy, .npz, .csv or .json"),
    ("show --vectors three.csv --target b", 2, "target, vectors: both are given; expected one of them"),
    (
        'show "the cats sat" --model lacks -L 1',
        3,
        "lacks/config.json: 1 missing (encoder.layer.0.attention.self.query.weight); expected the tensors of this BERT configuration",
    ),
    (
        'show "the cats sat" --model narrow -L 1',
        3,
        "narrow/config.json: 35 misshapen (embeddings.word_embeddings.weight is (11, 6), not (11, 9), embeddings.position_embeddings.weight is (13, 6), not (13, 9), embeddings.token_type_embeddings.weight is (2, 6), not (2, 9) and 32 more); expected the tensors of this BERT configuration",
    ),
    (
        'show "the cats sat" --model odd -L 1',
        3,
        "odd/config.json: d_model (hidden_size), n_heads (num_attention_heads): 6 is not divisible by 4; expected a multiple, or d_head given",
    ),
    (
        'show "the cats sat" --model relative -L 1',
        3,
        'relative/config.json: position_embedding_type is "relative_key", which attnviz does not compute; expected absolute',
    ),
    (
        'show "the cats sat" --model mish -L 1',
        3,
        'mish/config.json: hidden_act is "mish", which attnviz does not compute; expected gelu, gelu_python, gelu_new, gelu_fast, gelu_pytorch_tanh, gelu_python_tanh, quick_gelu, relu, relu2, silu, swish',
    ),
    ('show "the cats sat" --model worded -L 1', 3, 'worded/config.json: num_hidden_layers is "two"; expected a number'),
    (
        'show "the cats sat" --model wav2vec2 -L 1',
        3,
        f"wav2vec2/config.json: model_type 'wav2vec2' is not known; expected {FAMILIES}",
        "hint: --as TYPE reads it as a known family, and --attention FILE shows what another program computed",
    ),
    (
        'show "the cats sat" --model typeless -L 1',
        3,
        f"typeless/config.json: it has no model_type; expected {FAMILIES}",
        "hint: --as TYPE reads it as a known family, and --attention FILE shows what another program computed",
    ),
    (
        'show "the cats sat" --model nan -L 1',
        3,
        "nan: layers.0.attn.wq[0, 0] (of encoder.layer.0.attention.self.query.weight) is nan; expected finite numbers",
    ),
    (
        'show "the cats sat" --model weightless -L 1',
        3,
        "weightless: it has no weights; expected model.safetensors or pytorch_model.bin, or shards and their index",
    ),
    (
        'show "the cats sat" --model pickled -L 1',
        3,
        "pickled/pytorch_model.bin: it is a pickle, which could run any program and is never read; expected a .safetensors or .npz file",
    ),
    (
        'show "the cats sat" --model flax -L 1',
        3,
        "flax: it has flax_model.msgpack, which is not read; expected model.safetensors or pytorch_model.bin, or shards and their index",
    ),
    (
        'show "the cats sat" --model sharded -L 1',
        3,
        "sharded/model-00002-of-00003.safetensors: it is damaged (...); expected a .safetensors or .npz file",
    ),
    (
        'show "the cats sat" --model outside -L 1',
        3,
        "outside/model.safetensors.index.json: it names '../bert/model.safetensors', which is not a safetensors file in its folder; expected the index of a sharded model",
    ),
    (
        'show "the cats sat" --model gone -L 1',
        3,
        "gone/model.safetensors.index.json: model-2.safetensors is not there; expected all its shards",
    ),
    (
        'show "the cats sat" --model unlisted -L 1',
        3,
        "unlisted/model.safetensors.index.json: encoder.layer.0.attention.self.query.weight is not in model-00001-of-00003.safetensors; expected the index of a sharded model",
    ),
    (
        'show "the cats sat" --model damaged -L 1',
        3,
        "damaged/model.safetensors.index.json: it has no weight_map; expected the index of a sharded model",
    ),
    (
        'show "the cats sat" --model mute -L 1',
        3,
        "mute: it has no tokenizer; expected tokenizer.json or vocab.txt",
        "hint: add the tokenizer.json of the model that it was trained from, or give one: --tokenizer FILE",
    ),
    (
        'show "the cats sat" --model piece -L 1',
        3,
        "piece: it has no tokenizer (its spiece.model is not read); expected tokenizer.json or vocab.txt",
        "hint: python -c \"from transformers import AutoTokenizer; AutoTokenizer.from_pretrained('piece').save_pretrained('piece-tokenizer')\" && attnviz show \"The cat sat\" --model piece --tokenizer piece-tokenizer/tokenizer.json",
    ),
    (
        'show "the words sat" --model wordy -L 1 -q',
        3,
        "wordy, tokenizer: 'words' has id 12, and n_vocab is 11; expected ids below 11",
    ),
    (
        'show "the cats sat" --model unclosed -L 1',
        3,
        "unclosed/vocab.txt: it has no [CLS]; expected that special token",
    ),
    (
        'show "the cats sat" --model jumbled -L 1',
        3,
        "jumbled/tokenizer.json: it is not a tokenizer (...); expected JSON of the tokenizers library",
    ),
    (
        'show "the cats sat" --model unset -L 1',
        3,
        "unset/tokenizer_config.json: it is not a JSON object; expected settings of a tokenizer",
    ),
    (
        'show "the cats sat" --model garbled -L 1',
        3,
        "garbled/config.json: it is not JSON (...); expected the settings of a model",
    ),
    (
        'show "the cats sat" --model models -L 1',
        3,
        "models: it has no config.json; expected a model folder",
        "hint: models/one: such a folder",
    ),
    (
        'show "the cats sat" --model ./nowhere -L 1',
        3,
        "./nowhere: no such folder; expected a model folder, or a model's id",
    ),
    ('show "the cats sat" --model none.gguf', 3, "none.gguf: no such file; expected a GGUF file"),
    (
        'show "the cats" --model ollama:a --revision main',
        2,
        "revision: ollama:a is one of Ollama's models, which has none; expected a model's id",
    ),
    (
        'show "the cats sat" --model ok.txt -L 1',
        3,
        "ok.txt: it is a file; expected a model folder",
        "hint: a native file: --weights PATH",
    ),
    ('show "the cats sat" --model folder -L 1', 3, "folder: it has no config.json; expected a model folder"),
    ('show "the cats" --model bert --seed 1', 2, "seed, model: 2 origins of weights are given; expected one of them"),
    (
        'show "the cats" --model bert --weights toy.npz',
        2,
        "weights, model: 2 origins of weights are given; expected one of them",
    ),
    ("show a --revision main", 2, "revision: it is of a model on the hub, and no model is given; expected both"),
    (
        'show "the cats" --model bert --revision main',
        2,
        "revision: bert is a folder, which has none; expected a model's id",
    ),
    (
        'show "cat cat cat cat cat cat cat cat cat cat cat cat cat" --model bert',
        3,
        "text: 15 tokens, and n_ctx is 13; expected at most 13",
        "hint: --truncate cuts the text to 13 tokens",
    ),
    (
        'show "the cats" --model bert --n-heads 2',
        3,
        "bert: its weights have n_heads=3, not n_heads=2; expected the model's own",
        "hint: for random weights of that size give --seed 0 instead of a model",
    ),
    (
        "show a --n-heads 5 --mask causal --set d_model=20",
        3,
        "tiny: its weights have n_heads=12, d_model=384, not n_heads=5, d_model=20; expected the model's own",
        "hint: for random weights of that size give --seed 0 instead of a model",
    ),
    (
        "show a --score additive",
        3,
        "tiny: its weights have score=scaled_dot, not score=additive; expected the model's own",
        "hint: for random weights of that size give --seed 0 instead of a model",
    ),
    (
        'show "the cats" --model bert --target cat',
        3,
        "bert: these weights have no decoder; expected one for a target text",
        "hint: `attnviz models` lists the encoder-decoders that load, and --seed 0 makes random weights",
    ),
    ("models nowhere/", 3, "nowhere/: no such folder; expected a model folder, or a model's id"),
    ("show a --variant fp16", 2, "variant: it is of a model's weights, and no model is given; expected both"),
    ("show a --as bert", 2, "as: it is the family of a model, and no model is given; expected both"),
    ("models --as bert", 2, "as: it is the family of a model, and no model is given; expected both"),
    (
        "show a --model bert --as berd",
        2,
        "as: 'berd' is not known (did you mean 'bert'?); expected one of those that `attnviz models` lists",
    ),
    (
        "show a --model mamba",
        3,
        "mamba/config.json: model_type 'mamba' is a state-space model, which has no attention matrix; expected a "
        "transformer",
    ),
    ("models --variant x", 2, "variant: it is of a model's weights, and no model is given; expected both"),
    (
        "show a --model bert --variant ../x",
        2,
        "variant: '../x' cannot be in a file's name; expected one such as fp16",
    ),
    (
        "show a --model bert --variant fp16",
        3,
        "bert: it has no weights of the variant fp16; expected one that is there",
        "hint: its weights are of no variant; without --variant it loads",
    ),
    ("models --revision x", 2, "revision: it is of a model on the hub, and no model is given; expected both"),
    (
        "models weightless",
        3,
        "weightless: it has no weights; expected model.safetensors or pytorch_model.bin, or shards and their index",
    ),
    (
        "weights convert mute -o x.npz",
        3,
        "mute: it has no tokenizer; expected tokenizer.json or vocab.txt",
        "hint: add the tokenizer.json of the model that it was trained from, or give one: --tokenizer FILE",
    ),
    ("show a --attention square.json --model bert", 2, "text, attention: 2 inputs are given; expected one"),
    ("show a --window-layers 0", 2, "window_layers, window: 0 is given, and no window; expected both"),
    (
        "show a --mask causal --window 1 --window-layers 5 --seed 0",
        2,
        "window_layers: layer: there is no layer 5; expected 0-1 (or from the end, -1)",
    ),
    (
        "show a --mask causal --window 1 --window-layers x --seed 0",
        2,
        "window_layers: layer: 'x' cannot be read; expected all, or numbers such as 0,2-3,-1",
    ),
    (
        "show a --pad-id 1 --seed 0",
        2,
        "pad_id, position: pad_id is 1, and position is sinusoidal; expected position learned",
    ),
    ("show a --d-embed 3 --seed 0", 2, "d_embed, d_model: 3 is not 64; expected the same, or project after or before"),
    (
        "show a --parallel --seed 0",
        2,
        "parallel, norm_placement: both parts read the same input, and it is post; expected another",
    ),
    (
        "show a --no-first-norm --seed 0",
        2,
        "first_norm, norm_placement: only a norm before a part can be left out, and it is post; expected pre or sandwich",
    ),
    (
        "show a --position rotary --rotary-dims 7 --seed 0",
        2,
        "rotary_dims, d_head: rotary turns pairs, and 7 of 16 are given; expected an even number, at most d_head",
    ),
    (
        "show a --rotary-scaling llama3 --rotary-high 1 --seed 0",
        2,
        "rotary_high, rotary_low: 1 and 1; expected the first to be larger",
    ),
]


@pytest.fixture(scope="module")
def files(tmp_path_factory):
    folder = tmp_path_factory.mktemp("broken")
    write_broken_files(folder)
    return folder


@pytest.mark.parametrize(("line", "code", "message", "hint"), [(*row, None)[:4] for row in ERRORS])
def test_a_mistake_gets_its_line_and_its_code(cli, files, monkeypatch, line, code, message, hint):
    monkeypatch.chdir(files)
    before = sorted(path.name for path in files.iterdir())
    ran = cli(*shlex.split(line))
    expected = f"attnviz: error: {message}\n" + ("" if hint is None else f"{hint}\n")
    pattern = ".*".join(re.escape(part) for part in expected.split("..."))
    assert re.fullmatch(pattern, ran.err), ran.err
    assert ran.code == code
    assert sorted(path.name for path in files.iterdir()) == before


def test_a_bad_line_comes_after_the_good_ones_before_it(cli, files, monkeypatch):
    monkeypatch.chdir(files)
    ran = cli("show", "--file", "long.txt", "--n-ctx", "3", "--json", "--seed", "0")
    assert len(ran.out.splitlines()) == 1
    assert ran.code == 3


def test_a_long_path_loses_its_middle_and_what_is_said_of_it_stays():
    path = "/".join(f"folder{number}" for number in range(40))
    message = str(InputError(f"{path}/weights.npz: no such file; expected a checkpoint"))
    assert message.startswith("folder0/folder1/")
    assert message.endswith("folder39/weights.npz: no such file; expected a checkpoint")
    assert len(message.partition(": ")[0]) < LONGEST_PATH


def test_a_command_in_a_hint_keeps_paths_of_usual_length():
    folder = "/home/somebody/" + "models/" * 16
    command = f"python -c \"load('{folder}').save('{folder}copy')\" && attnviz show --model {folder}copy"
    assert InputError("a: b; expected c", hint=command).hint == command
