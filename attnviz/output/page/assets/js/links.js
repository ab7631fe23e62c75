// Two columns of words joined by lines: queries at the left, keys at the right.

const LINE_HEIGHT = 42;
const LEAST_LINE = 20;
const MOST_LINKS = 3000;
const LINKS_TOP = 28;

/** Sizes of the columns in a pane. */
function linksLayout(matrix, width, height) {
  const n = Math.max(matrix.n, matrix.m);
  const line = Math.max(
    LEAST_LINE,
    Math.min(innerWidth < 760 ? 30 : LINE_HEIGHT, Math.floor((height - LINKS_TOP - 8) / n)),
  );
  const natural = LINKS_TOP + n * line + 8;
  const column = Math.min(
    width * 0.36,
    Math.max(
      70,
      ...[matrix.rows, matrix.columns].map(
        (side) => Math.max(...side.labels.map((_, i) => textWidth(markOf(side, i), 13))) + 48,
      ),
    ),
  );
  return {
    line,
    column,
    left: column,
    right: width - column,
    width,
    height: Math.max(height, natural),
    natural,
    top: LINKS_TOP,
  };
}

const lineAt = (layout, index, y) => layout.top + (index + 0.5) * layout.line - y;

/** The faint lines of all links that pass the threshold; says how many there are. */
function drawAllLinks(surface, matrix, layout, { y, height }, colors, links) {
  const drawn = links.slice(-MOST_LINKS);
  surface.inside(0, layout.top - 4, layout.width, height - layout.top + 4, () => {
    for (const link of drawn) drawLink(surface, matrix, layout, link, y, height, colors, 0.4);
  });
  return drawn.length;
}

function drawLink(surface, matrix, layout, { i, j, place, color, shift = 0 }, y, height, colors, strength) {
  const [y0, y1] = [lineAt(layout, i, y) + shift, lineAt(layout, j, y) + shift];
  if (Math.max(y0, y1) < 0 || Math.min(y0, y1) > height) return;
  const ink = color ?? (matrix.place(i, j) < 0 ? colors.query : colors.key);
  surface.link(
    layout.left + 4,
    y0,
    layout.right - 4,
    y1,
    ink,
    0.7 + 3 * place,
    strength * (0.12 + 0.88 * Math.sqrt(place)),
  );
}

/** The words of both columns, and the links of the word that is asked about, with their numbers. */
function drawWords(surface, matrix, layout, { y, height }, colors, word) {
  const { width } = layout;
  const partners = new Map();
  // With several heads the bars of drawHeads take the place of numbers.
  if (word && !state.others.length) {
    for (const k of strongest(matrix, word).reverse()) {
      const [i, j] = word.at(k);
      partners.set(k, { i, j });
      const place = Math.abs(matrix.place(i, j));
      const strength = word.partner < 0 || k === word.partner ? 1 : 0.45;
      if (place > 0) drawLink(surface, matrix, layout, { i, j, place }, y, height, colors, strength);
    }
  }
  surface.inside(0, layout.top - 4, width, height - layout.top + 4, () => {
    drawColumn(surface, matrix, layout, { y, height }, colors, word, partners, true);
    drawColumn(surface, matrix, layout, { y, height }, colors, word, partners, false);
  });
  surface.text("query", 8, 12, { size: 10.5, color: colors.dim });
  surface.text("key", width - 8, 12, { size: 10.5, color: colors.dim, align: "right" });
}

function drawColumn(surface, matrix, layout, { y, height }, colors, word, partners, isLeft) {
  const { line, column, left, right } = layout;
  const side = isLeft ? matrix.rows : matrix.columns;
  const isOwn = word !== null && word.isFrom === isLeft;
  const x = isLeft ? 0 : right;
  for (let k = 0; k < side.labels.length; k++) {
    const middle = lineAt(layout, k, y);
    if (middle < -line || middle > height + line) continue;
    const place = word && !isOwn && partners.has(k) ? partners.get(k) : null;
    const isMarked = isOwn && word.index === k;
    const color = place ? colorAt(matrix.place(place.i, place.j), colors) : null;
    if (color) surface.rect(x, middle - line / 2 + 0.5, column, line - 1, color.css);
    const accent = isLeft ? colors.query : colors.key;
    const isPartner = word && !isOwn && word.partner === k;
    if (isPartner) surface.frame(x + 1, middle - line / 2 + 1, column - 2, line - 2, accent, 2);
    const ink = isMarked ? accent : color ? color.ink : side.special[k] ? colors.dim : colors.ink;
    const text = fitted(markOf(side, k), column - (color ? 36 : 14), 13, isMarked);
    const number = color ? matrix.short(place.i, place.j) : "";
    if (isLeft) {
      surface.text(text, left - 6, middle, { size: 13, color: ink, align: "right", bold: isMarked });
      if (number && number !== "0") surface.text(number, 6, middle, { size: 11, color: ink });
    } else {
      surface.text(text, right + 6, middle, { size: 13, color: ink, bold: isMarked || isPartner });
      if (number && number !== "0")
        surface.text(number, layout.width - 6, middle, { size: 11, color: ink, align: "right" });
    }
  }
}

/** The links of several heads for the word that is asked about, or all of them, each head in a colour. */
function drawHeads(surface, heads, layout, pane, colors, word) {
  surface.inside(0, layout.top - 4, layout.width, pane.height - layout.top + 4, () => {
    heads.forEach((matrix, number) => {
      const color = colors.lines[number % colors.lines.length];
      const links = word
        ? strongest(matrix, word).map((k) => linkTo(matrix, word, k))
        : linksOf(state, matrix).slice(-MOST_LINKS / heads.length);
      for (const link of links) {
        const shift = (number - (heads.length - 1) / 2) * Math.min(4, layout.line / heads.length);
        drawLink(surface, matrix, layout, { ...link, color, shift }, pane.y, pane.height, colors, word ? 1 : 0.4);
        if (word) drawShare(surface, matrix, layout, word, link, color, number, heads.length, pane.y);
      }
    });
  });
}

function linkTo(matrix, word, k) {
  const [i, j] = word.at(k);
  return { i, j, k, place: Math.abs(matrix.place(i, j)) };
}

/** A bar behind a partner's label, one for each head, as long as its weight. */
function drawShare(surface, matrix, layout, word, { k, place }, color, number, n, y) {
  const height = (layout.line - 4) / n;
  const top = lineAt(layout, k, y) - layout.line / 2 + 2 + number * height;
  const length = place * (layout.column - 8);
  if (length < 0.5) return;
  surface.bar(
    word.isFrom ? layout.right + 4 : layout.left - 4 - length,
    top,
    length,
    Math.max(1, height - 1),
    color,
    0.45,
  );
}

/** The word at a point: its side and index; null where there is none. */
function wordAt(layout, matrix, pane, px, py) {
  const k = Math.floor((py - layout.top + pane.y) / layout.line);
  const side = px <= layout.left ? "from" : px >= layout.right ? "to" : null;
  const n = side === "from" ? matrix.n : matrix.m;
  return side && py >= layout.top && k >= 0 && k < n ? { side, index: k } : null;
}
