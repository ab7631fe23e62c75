// The page's data: the JSON head, and matrices that are inflated when somebody looks at them.

const head = JSON.parse(document.getElementById("head").textContent);
const packed = document.getElementById("data").textContent.trim();
const chunkStarts = [0];
for (const length of head.chunks) chunkStarts.push(chunkStarts.at(-1) + length);

/** The bytes of one chunk. */
async function inflated(chunk) {
  const text = packed.slice(chunkStarts[chunk], chunkStarts[chunk + 1]);
  const bytes = Uint8Array.fromBase64
    ? Uint8Array.fromBase64(text)
    : Uint8Array.from(atob(text), (c) => c.charCodeAt(0));
  const stream = new Blob([bytes]).stream().pipeThrough(new DecompressionStream("deflate-raw"));
  return new Uint8Array(await new Response(stream).arrayBuffer());
}

/** Whole-number codes, or floats, of byte planes: all low bytes, then the higher ones. */
function joinedPlanes(bytes, codes) {
  const n = bytes.length / codes.bytes;
  if (codes.bytes === 1) return bytes;
  if (codes.bytes === 2) {
    const numbers = new Uint16Array(n);
    for (let i = 0; i < n; i++) numbers[i] = bytes[i] | (bytes[n + i] << 8);
    return numbers;
  }
  const raw = new Uint8Array(4 * n);
  for (let plane = 0; plane < 4; plane++) {
    for (let i = 0; i < n; i++) raw[4 * i + plane] = bytes[plane * n + i];
  }
  const view = new DataView(raw.buffer);
  const numbers = new Float32Array(n);
  for (let i = 0; i < n; i++) numbers[i] = view.getFloat32(4 * i, true);
  return numbers;
}

// Numbers that stay inflated.
const MOST_HELD = 64 << 20;
const held = new Map();
let nHeld = 0;

/** The numbers of a head's chunk; a promise, kept for the next time. */
function numbersOf(of, index) {
  const [text, set] = [textOf(of), setOf(of)];
  const chunk = set.heads[index].chunk;
  if (!held.has(chunk)) {
    const promise = inflated(chunk).then((bytes) => restored(text, set, joinedPlanes(bytes, set.codes)));
    held.set(chunk, promise);
    promise.then((numbers) => {
      nHeld += numbers.length;
      for (const [old, waiting] of held) {
        if (nHeld <= MOST_HELD || old === chunk) break;
        held.delete(old);
        waiting.then((gone) => (nHeld -= gone.length));
      }
    });
  }
  return held.get(chunk);
}

/** The first token of each word, and how many it has; where words are tokens, one each. */
const piecesOf = (side) => side.pieces ?? side.tokens.labels.map((_, i) => [i, 1]);

/** The numbers of words and of rests, which are stored as what their tokens' codes do not say already. */
function restored(text, set, numbers) {
  if (set.codes.float || !(set.words || set.rest)) return numbers;
  const [rows, columns] = [text.sides[set.queries], text.sides[set.keys]];
  const nQueries = rows.tokens.labels.length;
  const most = set.codes.bytes === 1 ? 0xff : 0xffff;
  const special = columns.tokens.special.flatMap((is, j) => (is ? [j] : []));
  const range = ([first, count]) => Array.from({ length: count }, (_, k) => first + k);
  const sum = (queries, keys) => {
    let total = 0;
    for (const i of queries) for (const j of keys) total += numbers[j * nQueries + i];
    return Math.floor(total / queries.length);
  };
  const add = (place, prediction) => (numbers[place] = (numbers[place] + prediction) & most);
  const [queries, keys] = [rows, columns].map((side) => piecesOf(side).map(range));
  let place = nQueries * columns.tokens.labels.length;
  if (set.words) {
    for (const tokens of queries.filter((one) => one.length > 1))
      for (const key of keys) add(place++, sum(tokens, key));
    for (const key of keys.filter((one) => one.length > 1)) {
      for (const tokens of queries) if (tokens.length === 1) add(place++, sum(tokens, key));
    }
  }
  if (set.rest) {
    rows.tokens.labels.forEach((_, i) => add(place++, sum([i], special)));
    if (set.words) for (const tokens of queries) add(place++, sum(tokens, special));
  }
  return numbers;
}

/** Words of several tokens: the index of each, and where its row or column is among the patches. */
function severalPieces(pieces) {
  const places = new Map();
  pieces.forEach(([, count], word) => {
    if (count > 1) places.set(word, places.size);
  });
  return places;
}

/** Which tokens or words of a side are shown, and how their numbers are found in a chunk. */
function shownSide(side, options, hasWords) {
  const merges = options.words && hasWords && side.words !== null;
  const list = merges ? side.words : side.tokens;
  const indexes = [];
  list.labels.forEach((_, i) => {
    if (options.special || !list.special[i]) indexes.push(i);
  });
  const kept = indexes.length ? indexes : list.labels.map((_, i) => i);
  const pick = (values) => kept.map((i) => values[i]);
  const labels = pick(list.labels);
  const counts = new Map();
  for (const label of labels) counts.set(label, (counts.get(label) ?? 0) + 1);
  return {
    merges,
    indexes: kept,
    labels,
    numbers: pick(list.numbers),
    special: pick(list.special),
    segments: pick(list.segments),
    spaces: pick(list.spaces),
    repeated: labels.map((label) => counts.get(label) > 1),
    // The first token of each.
    tokens: merges ? kept.map((i) => side.pieces[i][0]) : kept,
    whole: list.labels.length,
  };
}

const arrangements = new Map();

/** Which numbers of a chunk are shown, row by row: the same for every head of a set. */
function arrangementOf(of) {
  const key = [of.text, of.set, of.words, of.special].join();
  if (!arrangements.has(key)) {
    if (arrangements.size > 8) arrangements.clear();
    const text = textOf(of);
    arrangements.set(key, arranged(text, setOf(of), of));
  }
  return arrangements.get(key);
}

function arranged(text, set, options) {
  const sides = [text.sides[set.queries], text.sides[set.keys]];
  const [rows, columns] = sides.map((side) => shownSide(side, options, set.words));
  const nQueries = sides[0].tokens.labels.length;
  const nKeys = sides[1].tokens.labels.length;
  const [n, m] = [rows.indexes.length, columns.indexes.length];
  const patches = set.words ? wordPatches(sides, nQueries * nKeys) : null;
  const merges = set.words && options.words;
  const places = new Int32Array(n * m);
  for (let i = 0; i < n; i++) {
    for (let j = 0; j < m; j++) {
      const patch = merges ? patches.at(rows.indexes[i], columns.indexes[j]) : -1;
      places[i * m + j] = patch < 0 ? columns.tokens[j] * nQueries + rows.tokens[i] : patch;
    }
  }
  let restPlaces = null;
  if (set.rest && !options.special && m < columns.whole) {
    const start = (patches ? patches.end : nQueries * nKeys) + (merges ? nQueries : 0);
    restPlaces = rows.indexes.map((i) => start + i);
  }
  return { text, set, rows, columns, n, m, places, restPlaces };
}

/** One matrix as it is shown: its codes row by row, and what each row gave to hidden special tokens. */
function arrangedMatrix(of, numbers) {
  const arrangement = arrangementOf(of);
  const { places, restPlaces } = arrangement;
  const codes = new numbers.constructor(places.length);
  for (let k = 0; k < places.length; k++) codes[k] = numbers[places[k]];
  return { ...arrangement, codes, rest: restPlaces && restPlaces.map((place) => numbers[place]) };
}

/** Where the numbers of words of several pieces are; `at` gives -1 for those of two single tokens. */
function wordPatches(sides, start) {
  const pieces = sides.map(piecesOf);
  const [severalQueries, severalKeys] = pieces.map(severalPieces);
  const nKeyWords = pieces[1].length;
  const columnsStart = start + severalQueries.size * nKeyWords;
  const singles = new Map();
  pieces[0].forEach(([, count], word) => {
    if (count === 1) singles.set(word, singles.size);
  });
  return {
    end: columnsStart + severalKeys.size * singles.size,
    at(query, key) {
      const row = severalQueries.get(query);
      if (row !== undefined) return start + row * nKeyWords + key;
      const column = severalKeys.get(key);
      return column === undefined ? -1 : columnsStart + column * singles.size + singles.get(query);
    },
  };
}

/** The thumbnails of a set: for each head its bytes, with special tokens or without. */
async function thumbnailsOf(set, special) {
  const bytes = await inflated(set.thumbs.chunk);
  const [all, hidden] = [set.thumbs.all, set.thumbs.hidden].map(([n, m]) => n * m);
  const [n, m] = special ? set.thumbs.all : set.thumbs.hidden;
  const parts = set.heads.map((_, i) => {
    const start = i * (all + hidden) + (special ? 0 : all);
    return bytes.subarray(start, start + n * m);
  });
  return { n, m, parts };
}
