// The matrix: cells with their numbers where there is room, axes that stay when it is scrolled.

// Pixels of a cell from which its number is written.
const CELL_TEXT = 21;
// Pixels from which cells are drawn one by one.
const CELL_LINES = 6;
const MOST_CELL = 60;
const TURN = -48;

/** Sizes of a matrix in a pane: cells, labels, and how large all of it is. */
function matrixLayout(matrix, width, height, zoom = 0) {
  const longest = (side, most) =>
    Math.min(most, Math.max(...side.labels.slice(0, 600).map((_, i) => textWidth(markOf(side, i), 12, true)), 20));
  const left = longest(matrix.rows, Math.min(150, width * 0.3)) + 14;
  const top = longest(matrix.columns, 110) * Math.sin((-TURN * Math.PI) / 180) + 26;
  const gap = matrix.rest ? 10 : 0;
  // Where the last label leans.
  const right = matrix.rest ? 46 : 34;
  const room = Math.min(
    (width - left - right - gap) / (matrix.m + (matrix.rest ? 1 : 0)),
    (height - top - 8) / matrix.n,
  );
  let cell = Math.min(MOST_CELL, Math.max(1, room)) * 1.5 ** zoom;
  if (cell >= CELL_LINES) cell = Math.floor(cell);
  const body = { width: cell * matrix.m + (matrix.rest ? gap + cell : 0), height: cell * matrix.n };
  const natural = top + body.height + 8;
  return { left, top, gap, cell, body, width: left + body.width + right, height: natural, natural };
}

/** Draws a matrix as if it were scrolled by (x, y) inside a pane of a size. */
function drawMatrix(surface, matrix, layout, pane, colors) {
  const { left, top, cell } = layout;
  const { x, y, width, height } = pane;
  const step = Math.max(1, Math.ceil(14 / cell));
  surface.inside(left, top, Math.min(layout.body.width, width - left), height - top, () => {
    if (cell >= CELL_LINES) drawCells(surface, matrix, layout, pane, colors);
    else surface.image(matrixImage(matrix, colors), left - x, top - y, cell * matrix.m, cell * matrix.n);
    if (matrix.rest) drawRest(surface, matrix, layout, pane, colors);
  });
  const mark = selected(state, matrix);
  surface.inside(0, top - 7, left, height - top + 7, () => {
    for (let i = 0; i < matrix.n; i++) {
      const middle = top + (i + 0.5) * cell - y;
      if (i % step || middle < top - 10 || middle > height + 10) continue;
      const color = matrix.rows.special[i] ? colors.dim : colors.ink;
      if (i !== mark.i && (step === 1 || Math.abs(i - mark.i) * cell > 12 || mark.i < 0))
        label(surface, matrix.rows, i, left - 8, middle, color);
    }
    if (mark.i >= 0) label(surface, matrix.rows, mark.i, left - 8, top + (mark.i + 0.5) * cell - y, colors.query, true);
  });
  const columns = (j, color, bold) => {
    const middle = left + (j + 0.5) * cell - x;
    if (middle < left - 1 || middle > width + 40) return;
    const text = fitted(markOf(matrix.columns, j), 110, 12, bold);
    surface.text(text, middle - 2, top - 8, { size: 12, color, bold, turn: TURN });
  };
  surface.inside(0, 0, width, top, () => {
    for (let j = 0; j < matrix.m; j++) {
      if (j % step || j === mark.j || (step > 1 && mark.j >= 0 && Math.abs(j - mark.j) * cell < 13)) continue;
      columns(j, matrix.columns.special[j] ? colors.dim : colors.ink, false);
    }
    if (mark.j >= 0) columns(mark.j, colors.key, true);
    if (matrix.rest) {
      const middle = left + layout.body.width - cell / 2 - x;
      surface.text(restName(matrix), middle - 2, top - 8, { size: 12, color: colors.dim, turn: TURN });
    }
  });
  if (x === 0 && y === 0) surface.text("query ↓  key →", 8, 11, { size: 10.5, color: colors.dim });
}

/** The name of what rows gave to tokens that are hidden, or of a difference that are not compared. */
function restName(matrix) {
  return matrix.set.signed || typeof matrix.text.other === "string" ? "rest" : "special";
}

function label(surface, side, i, x, y, color, bold = false) {
  surface.text(fitted(markOf(side, i), Math.min(150, x - 4), 12, bold), x, y, {
    size: 12,
    color,
    align: "right",
    bold,
  });
}

const textSize = (cell) => (cell >= 44 ? 14 : cell >= 30 ? 12 : cell >= 25 ? 11 : 9.5);

function drawCells(surface, matrix, layout, { x, y, width, height }, colors) {
  const { left, top, cell } = layout;
  const [i0, i1] = [Math.max(0, Math.floor(y / cell)), Math.min(matrix.n, Math.ceil((y + height - top) / cell))];
  const [j0, j1] = [Math.max(0, Math.floor(x / cell)), Math.min(matrix.m, Math.ceil((x + width - left) / cell))];
  if (cell >= 12) {
    const [across, down] = [(j1 - j0) * cell, (i1 - i0) * cell];
    surface.rect(left + j0 * cell - x - 1, top + i0 * cell - y - 1, across + 1, down + 1, colors.line);
  }
  const size = textSize(cell);
  for (let i = i0; i < i1; i++) {
    for (let j = j0; j < j1; j++) {
      const [cx, cy] = [left + j * cell - x, top + i * cell - y];
      surface.titled(
        () => sentenceOfLink(matrix, i, j),
        () => {
          const color = drawCell(surface, matrix, i, j, cx, cy, cell, colors);
          const text = color && cell >= CELL_TEXT ? matrix.short(i, j) : "";
          if (text && text !== "0" && textWidth(text, size) <= cell - 1) {
            surface.text(text, cx + cell / 2, cy + cell / 2 + 0.5, { size, color: color.ink, align: "center" });
          }
        },
      );
    }
  }
}

/** One cell, and the entry of its colour; a masked one is crossed out. */
function drawCell(surface, matrix, i, j, x, y, cell, colors) {
  const gap = cell >= 12 ? 1 : 0;
  if (!matrix.isSeen(i, j)) {
    surface.rect(x, y, cell - gap, cell - gap, colors.panel);
    if (matrix.isMasked(i, j))
      surface.text("·", x + cell / 2, y + cell / 2, { size: 10, color: colors.dim, align: "center" });
    return null;
  }
  const color = colorAt(matrix.place(i, j), colors);
  surface.rect(x, y, cell - gap, cell - gap, color.css);
  return color;
}

function drawRest(surface, matrix, layout, { x, y }, colors) {
  const { left, top, cell, body } = layout;
  const start = left + body.width - cell - x;
  for (let i = 0; i < matrix.n; i++) {
    const code = matrix.rest[i];
    const place = placeOf(matrix.numbers.place(code), matrix.set.scale, matrix.set.signed);
    if (matrix.numbers.isMasked(code)) continue;
    const color = colorAt(place, colors);
    surface.rect(start, top + i * cell - y, cell, cell - (cell >= 12 ? 1 : 0), color.css);
    const text = matrix.numbers.short(code);
    if (cell >= CELL_TEXT && text !== "0") {
      surface.text(text, start + cell / 2, top + (i + 0.5) * cell - y, {
        size: textSize(cell),
        color: color.ink,
        align: "center",
      });
    }
  }
}

let images = new WeakMap();

/** The matrix with one pixel a cell, for cells that are too small to be drawn one by one. */
function matrixImage(matrix, colors) {
  const kept = images.get(matrix);
  if (kept?.colors === colors) return kept.canvas;
  const canvas = document.createElement("canvas");
  [canvas.width, canvas.height] = [matrix.m, matrix.n];
  const context = canvas.getContext("2d");
  const image = context.createImageData(matrix.m, matrix.n);
  const hidden = rgbOf(colors.panel);
  for (let i = 0, k = 0; i < matrix.n; i++) {
    for (let j = 0; j < matrix.m; j++, k += 4) {
      const rgb = matrix.isSeen(i, j) ? colorAt(matrix.place(i, j), colors).rgb : hidden;
      image.data.set(rgb, k);
      image.data[k + 3] = 255;
    }
  }
  context.putImageData(image, 0, 0);
  images.set(matrix, { colors, canvas });
  return canvas;
}

/** Frames around the selected row, column and cell, and those under the pointer. */
function drawMatrixMarks(surface, matrix, layout, { x, y, width, height }, colors, hover) {
  const { left, top, cell, body } = layout;
  const { i, j } = selected(state, matrix);
  surface.inside(left - 1, top - 1, width - left + 2, height - top + 2, () => {
    const row = (at, color, thickness) =>
      surface.frame(left - x, top + at * cell - y, body.width, Math.max(cell, 2), color, thickness);
    const column = (at, color, thickness) =>
      surface.frame(left + at * cell - x, top - y, Math.max(cell, 2), body.height, color, thickness);
    if (hover) {
      if (hover.i !== null) row(hover.i, colors.dim, 1);
      if (hover.j !== null) column(hover.j, colors.dim, 1);
    }
    if (i >= 0) row(i, colors.query, 1.5);
    if (j >= 0) column(j, colors.key, 1.5);
    if (i >= 0 && j >= 0) surface.frame(left + j * cell - x, top + i * cell - y, cell, cell, colors.ink, 2);
  });
}

/** The row and column at a point of the pane; null where it is on neither. */
function matrixAt(layout, matrix, pane, px, py) {
  const j = Math.floor((px - layout.left + pane.x) / layout.cell);
  const i = Math.floor((py - layout.top + pane.y) / layout.cell);
  const row = py >= layout.top && i >= 0 && i < matrix.n ? i : null;
  const column = px >= layout.left && j >= 0 && j < matrix.m ? j : null;
  return { i: row, j: column };
}
