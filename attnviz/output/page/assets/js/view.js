// What is seen: one matrix as the controls ask for it, its links, the strongest keys of a word.

// Of the head, set when its numbers are there.
let view = null;
// The same of further heads, and of the one that is subtracted.
let fellows = [];

/** The matrix of one head with the words and special tokens that are asked for, and its filters. */
async function viewOf(of, index) {
  const numbers = await numbersOf(of, index);
  return withReader(of, { ...arrangedMatrix(of, numbers), index, head: setOf(of).heads[index] });
}

/** A matrix with what its codes mean: its `code(i, j)`, or by default those of `codes`. */
function withReader(of, matrix) {
  const numbers = reader(matrix.set);
  const { codes, m, rows, columns, set } = matrix;
  const code = matrix.code ?? ((i, j) => codes[i * m + j]);
  const segmentsDiffer = new Set([...rows.segments, ...columns.segments]).size > 1;
  const fits = (i, j) => {
    if (of.pair === "all" || !segmentsDiffer) return true;
    const [a, b] = [rows.segments[i], columns.segments[j]];
    return of.pair === "across" ? a !== b : a === b && a === (of.pair === "first" ? 0 : 1);
  };
  const value = (i, j) => numbers.value(code(i, j));
  return {
    ...matrix,
    of,
    numbers,
    fits,
    value,
    isMasked: (i, j) => numbers.isMasked(code(i, j)),
    isSeen: (i, j) => fits(i, j) && !numbers.isMasked(code(i, j)),
    place: (i, j) => placeOf(numbers.place(code(i, j)), set.scale, set.signed),
    short: (i, j) => numbers.short(code(i, j)),
    exact: (i, j) => numbers.exact(code(i, j)),
    spoken: (i, j) => spoken(set, code(i, j), numbers),
    // What is compared: of differences also those below zero.
    size: (i, j) => (set.signed ? Math.abs(value(i, j)) : value(i, j)),
  };
}

/** A less B: the difference of the numbers that are shown of two heads. */
function lessHead(a, b) {
  const signed = a.set.percent;
  const codes = new Float32Array(a.n * a.m);
  for (let k = 0; k < codes.length; k++) {
    const [x, y] = [a.numbers.value(a.codes[k]), b.numbers.value(b.codes[k])];
    codes[k] = Math.round((x - y) * 1000) / 1000;
  }
  const high = a.set.scale[1] - a.set.scale[0];
  const set = {
    ...a.set,
    signed: true,
    points: signed,
    percent: false,
    scale: [-high, high],
    codes: { bytes: 4, float: true },
    rest: false,
  };
  const sign = (number) => (number > 0 ? "+" : "");
  const made = withReader(a.of, { ...a, set, codes, code: undefined, rest: null });
  const short = (i, j) => {
    const percent = Math.round(made.value(i, j) * 100);
    return signed ? sign(percent) + percent : fixed(made.value(i, j), 2);
  };
  return {
    ...made,
    short,
    exact: (i, j) => sign(made.value(i, j)) + fixed(made.value(i, j), head.precision),
    spoken: (i, j) => short(i, j) + (signed ? " points" : ""),
    a,
    b,
  };
}

let shownKept = null;

/** What is shown: the head, or the head less another. */
function shown() {
  if (shownKept) return shownKept;
  const other = state.minus === null ? null : fellows.find((one) => one.index === state.minus);
  shownKept = other ? lessHead(view, other) : view;
  return shownKept;
}

/** The head and those that are shown beside it in colours. */
function headsInColors() {
  return [shown(), ...state.others.map((index) => fellows.find((one) => one.index === index)).filter(Boolean)];
}

/** The index of a token's number in a side; of a token inside a word that of the word. -1 where it is hidden. */
function indexOf(number, side, whole) {
  if (number === null) return -1;
  const exactly = side.numbers.indexOf(number);
  if (exactly >= 0 || !side.merges) return exactly;
  const token = whole.tokens.numbers.indexOf(number);
  const word = whole.pieces.findIndex(([first, count]) => token >= first && token < first + count);
  return side.indexes.indexOf(word);
}

/** The row and the column that are selected in a matrix, -1 where none is. */
function selected(of, matrix) {
  const { set, text, rows, columns } = matrix;
  return {
    i: indexOf(of.query, rows, text.sides[set.queries]),
    j: indexOf(of.key, columns, text.sides[set.keys]),
  };
}

/** The word that is asked about: its index in its own side, and the line of the others; null where none is. */
function asked(of, matrix) {
  const { i, j } = selected(of, matrix);
  const isFrom = of.side === "from";
  const index = isFrom ? i : j;
  if (index < 0) return null;
  return {
    isFrom,
    index,
    partner: isFrom ? j : i,
    n: isFrom ? matrix.m : matrix.n,
    others: isFrom ? matrix.columns : matrix.rows,
    own: isFrom ? matrix.rows : matrix.columns,
    at: isFrom ? (k) => [index, k] : (k) => [k, index],
  };
}

/** A word's partners, the strongest first; of those that are stored alike the first. */
function strongest(matrix, word, most = Infinity) {
  const found = [];
  for (let k = 0; k < word.n; k++) {
    const [i, j] = word.at(k);
    if (matrix.isSeen(i, j)) found.push(k);
  }
  found.sort((a, b) => strengthOf(matrix, word, b) - strengthOf(matrix, word, a) || a - b);
  return found.slice(0, most);
}

/** What partners are ordered by: it tells apart numbers of which the digits are equal. */
const strengthOf = (matrix, word, k) => Math.abs(matrix.place(...word.at(k)));

/** Whether numbers are shares of 1, or differences of such. */
const hasParts = (set) => set.percent || set.points || set.values === "changes";

/** The least weight of a link: the threshold is in thousandths of 1, or of a scale of another size. */
function leastWeight(of, set) {
  const [low, high] = hasParts(set) ? [0, 1] : set.signed ? [0, set.scale[1]] : set.scale;
  return low + (of.least / 1000) * (high - low);
}

/** The links that pass the threshold, the weakest first: by weight, or the fewest of each row that reach a share. */
function linksOf(of, matrix) {
  const links = [];
  for (let i = 0; i < matrix.n; i++) {
    const row = [];
    for (let j = 0; j < matrix.m; j++) {
      if (!matrix.isSeen(i, j)) continue;
      const place = Math.abs(matrix.place(i, j));
      if (place > 0) row.push({ i, j, size: matrix.size(i, j), place });
    }
    if (of.by === "weight") {
      const least = leastWeight(of, matrix.set);
      for (const link of row) if (link.size >= least - 1e-9) links.push(link);
      continue;
    }
    row.sort((a, b) => b.size - a.size || a.j - b.j);
    const whole = row.reduce((sum, link) => sum + link.size, 0);
    let sum = 0;
    for (const link of row) {
      if (sum >= (whole * of.share) / 100 - 1e-9) break;
      sum += link.size;
      links.push(link);
    }
  }
  return links.sort((a, b) => a.size - b.size);
}

/** `the`, or where several have its label `the (7)`. */
function nameOf(side, index) {
  const label = side.labels[index];
  const name = label.length > 40 ? `${graphemesOf(label).slice(0, 39).join("")}…` : label;
  return side.repeated[index] ? `${name} (${side.numbers[index]})` : name;
}

const SUBSCRIPTS = "₀₁₂₃₄₅₆₇₈₉";
/** `the₇`: the label, with its position in small digits where several have it. */
function markOf(side, index) {
  if (!side.repeated[index]) return side.labels[index];
  return side.labels[index] + [...String(side.numbers[index])].map((digit) => SUBSCRIPTS[digit] ?? digit).join("");
}
