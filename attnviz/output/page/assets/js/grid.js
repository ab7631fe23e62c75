// All heads at once: thumbnails, one metric, or one link in every head. A canvas, with a real button for each head.

const grid = byId("grid");
const [gridCanvas, gridMarks] = grid.querySelectorAll("canvas");
const gridButtons = byId("grid-buttons");
const GRID_LABEL = 22;
let gridKey = "";
let paintedKey = "";
// {key, n, m, parts}
let thumbnails = null;
// {key, values}: one link in every head
let everyLink = null;

/** Sizes: heads are columns and layers rows; heads that were chosen by name wrap. */
function gridLayout(set) {
  const byName = set.columns.length === 1 && set.rows.length > 1 && set.columns[0] === "";
  const width = grid.clientWidth;
  const columns = byName ? Math.min(set.heads.length, 8) : set.columns.length;
  const label = byName ? 0 : GRID_LABEL;
  const at = (index) => [index % columns, Math.floor(index / columns)];
  const rows = byName ? Math.ceil(set.heads.length / columns) : set.rows.length;
  const most = Math.max(44, Math.min(96, Math.floor(200 / rows)));
  const cell = Math.max(6, Math.min(most, Math.floor((width - label) / columns)));
  return { cell, columns, rows, label, top: byName ? 0 : 18, at, height: rows * cell + (byName ? 0 : 18) + 2 };
}

async function refreshGrid() {
  const of = state;
  const { mode } = of;
  const set = setOf(of);
  const layout = gridLayout(set);
  placeButtons(set, layout);
  const pictures = mode === "patterns" ? await keptThumbnails(set) : thumbnails;
  const links = mode === "link" || of.sort === "link" ? await foundEveryLink(set) : everyLink;
  if (of !== state) return;
  [thumbnails, everyLink] = [pictures, links];
  const key = [
    mode,
    thumbnails?.key,
    state.text,
    state.set,
    grid.clientWidth,
    devicePixelRatio,
    palette() === PALETTES.dark,
  ];
  if (mode === "metric") key.push(state.sort);
  if (mode === "link") key.push(everyLink.key);
  if (paintedKey !== key.join()) paintGrid(set, layout, mode);
  paintedKey = key.join();
  markGrid(set, layout);
}

/** The thumbnails of a set; of short texts they are the matrices themselves. */
async function keptThumbnails(set) {
  const key = [state.text, state.set, state.special, set.thumbs ? "" : state.words].join();
  if (thumbnails?.key === key) return thumbnails;
  if (set.thumbs) return { key, ...(await thumbnailsOf(set, state.special)) };
  const of = state;
  const matrices = await Promise.all(set.heads.map((_, index) => viewOf(of, index)));
  const { n, m } = matrices[0];
  return { key, n, m, parts: matrices.map(thumbnailBytes) };
}

/** The bytes of a matrix as thumbnails have them: by the root, of signed ones with 127 for zero. */
function thumbnailBytes(matrix) {
  const { n, m, set } = matrix;
  const bytes = new Uint8Array(n * m);
  for (let k = 0; k < n * m; k++) {
    const [i, j] = [Math.floor(k / m), k % m];
    const place = matrix.isMasked(i, j) ? 0 : matrix.place(i, j);
    const root = Math.sqrt(Math.abs(place));
    bytes[k] = set.signed ? 127 + Math.round(127 * Math.sign(place) * root) : Math.ceil(255 * root);
  }
  return bytes;
}

function paintGrid(set, layout, mode) {
  const colors = palette();
  const surface = sized(gridCanvas, grid.clientWidth, layout.height);
  const { cell, label, top, at } = layout;
  if (label) {
    const every = Math.ceil(16 / cell);
    set.columns.forEach((name, j) => {
      if (j % every === 0)
        surface.text(name, label + (j + 0.5) * cell, 8, { size: 10.5, color: colors.dim, align: "center" });
    });
    set.rows.forEach((name, i) => {
      if (i % every === 0)
        surface.text(name, label - 8, top + (i + 0.5) * cell, { size: 10.5, color: colors.dim, align: "right" });
    });
  }
  const texts = mode === "patterns" ? null : gridNumbers(set, mode);
  set.heads.forEach((_, index) => {
    const [column, row] = at(index);
    const [x, y] = [label + column * cell, top + row * cell];
    const gap = cell >= 14 ? 2 : 1;
    if (mode === "patterns") paintThumbnail(surface, index, x + gap / 2, y + gap / 2, cell - gap, set.signed, colors);
    else if (texts[index]) {
      const { place } = texts[index];
      const text = texts[index].text === "0" ? "" : texts[index].text;
      const color = colorAt(place, colors);
      surface.rect(x + gap / 2, y + gap / 2, cell - gap, cell - gap, color.css);
      if (textWidth(text, 9.5) <= cell - 3)
        surface.text(text, x + cell / 2, y + cell / 2, { size: 9.5, color: color.ink, align: "center" });
    }
    surface.frame(x + 0.5, y + 0.5, cell - 1, cell - 1, colors.line, 1);
  });
}

/** Frames of the current head, of those in colours, and of the one that is subtracted. */
function markGrid(set, layout) {
  const colors = palette();
  const { cell, label, top, at } = layout;
  const surface = sized(gridMarks, grid.clientWidth, layout.height);
  const mark = (index, color, thickness) => {
    const [column, row] = at(index);
    surface.frame(label + column * cell + 0.5, top + row * cell + 0.5, cell - 1, cell - 1, color, thickness);
  };
  state.others.forEach((index, k) => mark(index, colors.lines[(k + 1) % colors.lines.length], 2.5));
  if (state.minus !== null) mark(state.minus, colors.key, 2.5);
  mark(state.head, state.others.length ? colors.lines[0] : colors.query, 3);
}

function paintThumbnail(surface, index, x, y, size, signed, colors) {
  const { n, m, parts } = thumbnails;
  const context = surface.context;
  const canvas = document.createElement("canvas");
  [canvas.width, canvas.height] = [m, n];
  const own = canvas.getContext("2d");
  const image = own.createImageData(m, n);
  for (let k = 0; k < n * m; k++) {
    const byte = parts[index][k];
    const table = signed && byte < 127 ? colors.under : colors.above;
    const entry = signed ? Math.min(255, Math.abs(byte - 127) * 2) : byte;
    image.data.set(table[entry].rgb, 4 * k);
    image.data[4 * k + 3] = 255;
  }
  own.putImageData(image, 0, 0);
  context.imageSmoothingEnabled = false;
  context.drawImage(canvas, x, y, size, size);
}

/** The metric that colours the grid: that of the ranking, or the first. */
function gridMetric(set) {
  return set.metrics[state.sort] ? state.sort : head.metrics.find((metric) => set.metrics[metric.name])?.name;
}

/** What each head's cell says: a metric between the extremes of all heads, or the selected link. */
function gridNumbers(set, mode) {
  if (mode === "link") return set.heads.map((_, index) => everyLink?.values[index] ?? null);
  const texts = set.metrics[gridMetric(set)] ?? [];
  const numbers = texts.filter((text) => text !== null).map(Number);
  const [least, most] = [Math.min(...numbers), Math.max(...numbers)];
  return set.heads.map((_, index) => {
    const text = texts[index];
    return text === null || text === undefined
      ? null
      : { place: ((Number(text) - least) / (most - least || 1)) ** 2, text };
  });
}

/** The selected link in every head; of a word without a partner its strongest one. */
async function foundEveryLink(set) {
  const of = state;
  const key = [of.text, of.set, of.side, of.query, of.key, of.words, of.special, of.pair].join();
  if (everyLink?.key === key) return everyLink;
  const matrices = await Promise.all(set.heads.map((_, index) => numbersOf(of, index)));
  const values = matrices.map((numbers, index) => linkIn(of, numbers, index));
  return { key, values };
}

function linkIn(of, numbers, index) {
  const arrangement = arrangementOf(of);
  const { places, m } = arrangement;
  const code = (i, j) => numbers[places[i * m + j]];
  const matrix = withReader(of, { ...arrangement, index, code });
  const word = asked(of, matrix);
  if (!word) return null;
  const partner = word.partner >= 0 ? word.partner : strongest(matrix, word, 1)[0];
  if (partner === undefined) return null;
  const cell = word.at(partner);
  if (!matrix.isSeen(...cell)) return null;
  return {
    place: matrix.place(...cell),
    size: matrix.size(...cell),
    text: matrix.short(...cell),
    partner: markOf(word.others, partner),
  };
}

function placeButtons(set, layout) {
  const key = [state.text, state.set, layout.cell, layout.columns].join();
  if (key !== gridKey) {
    gridKey = key;
    grid.style.height = `${layout.height}px`;
    gridButtons.replaceChildren(
      ...set.heads.map((_, index) => {
        const button = document.createElement("button");
        const [column, row] = layout.at(index);
        button.type = "button";
        button.className = "head";
        button.dataset.head = index;
        button.title = titleOf(set, index);
        button.setAttribute("aria-label", titleOf(set, index));
        const { style } = button;
        style.left = `${layout.label + column * layout.cell}px`;
        style.top = `${layout.top + row * layout.cell}px`;
        style.width = style.height = `${layout.cell}px`;
        return button;
      }),
    );
  }
  for (const button of gridButtons.children) {
    const isCurrent = Number(button.dataset.head) === state.head;
    button.tabIndex = isCurrent ? 0 : -1;
    button.setAttribute("aria-pressed", String(isCurrent));
  }
}

/** `L2H8: previous 0.98 of 0.34`. */
function titleOf(set, index) {
  return [set.heads[index].name, set.texts?.[index]].filter(Boolean).join(": ");
}

/** Chooses a head; with Shift, Ctrl or the command key it is added to those that are compared in colours. */
function chooseHead(index, event) {
  if (event && (event.shiftKey || event.ctrlKey || event.metaKey) && index !== state.head) {
    const others = state.others.includes(index)
      ? state.others.filter((one) => one !== index)
      : [...state.others, index];
    change({ others, minus: null });
    return;
  }
  change({ head: index });
}

grid.addEventListener("click", (event) => {
  const button = event.target.closest("[data-head]");
  if (button) chooseHead(Number(button.dataset.head), event);
});

/** The head that is so many columns and rows away, as the grid has them; null at its edge. */
function neighbour(columns, rows) {
  const set = setOf(state);
  const { at } = gridLayout(set);
  const [column, row] = at(state.head);
  const found = set.heads.findIndex((_, index) => {
    const [c, r] = at(index);
    return c === column + columns && r === row + rows;
  });
  return found < 0 ? null : found;
}
