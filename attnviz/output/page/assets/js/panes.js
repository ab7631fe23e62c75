// The two drawings: a still picture that is kept, and above it what the pointer and the selection change.

const byId = (id) => document.getElementById(id);

/** A pane that scrolls a drawing under axes that stay. */
class Pane {
  /**
   * @param {string} id of the element that scrolls.
   * @param {object} drawing with layout(width, height), still(surface, pane), marks(surface, pane, hover), at(pane, x, y).
   */
  constructor(id, drawing) {
    this.element = byId(id);
    this.drawing = drawing;
    [this.stillCanvas, this.marksCanvas] = this.element.querySelectorAll("canvas");
    this.spacer = this.element.querySelector(".spacer");
    this.hover = null;
    this.element.addEventListener("scroll", () => this.paint(), { passive: true });
    this.element.addEventListener("pointermove", (event) => this.point(event));
    this.element.addEventListener("pointerleave", () => this.point(null));
    this.element.addEventListener("click", (event) => drawing.click(this.place(event), event));
  }

  get isSeen() {
    return this.element.offsetParent !== null;
  }

  get pane() {
    const { scrollLeft, scrollTop, clientWidth, clientHeight } = this.element;
    return { x: scrollLeft, y: scrollTop, width: clientWidth, height: clientHeight };
  }

  place(event) {
    const box = this.element.getBoundingClientRect();
    return this.drawing.at(this.layout, this.pane, event.clientX - box.left, event.clientY - box.top);
  }

  point(event) {
    if (!this.layout) return;
    const hover = event && this.place(event);
    if (JSON.stringify(hover) === JSON.stringify(this.hover)) return;
    this.hover = hover;
    this.drawing.hover?.(hover);
    this.paintMarks();
  }

  /** Lays out anew and paints. */
  refresh() {
    if (!this.isSeen || !view) return;
    const { clientWidth, clientHeight } = this.element;
    this.layout = this.drawing.layout(clientWidth, clientHeight);
    this.element.parentElement.style.setProperty("--content", `${Math.ceil(this.layout.natural) + 2}px`);
    this.spacer.style.width = `${this.layout.width > clientWidth + 1 ? this.layout.width : 1}px`;
    this.spacer.style.height = `${this.layout.height > clientHeight + 1 ? this.layout.height : 1}px`;
    this.paint();
  }

  paint() {
    if (!this.layout || !this.isSeen) return;
    const { pane } = this;
    this.drawing.still(sized(this.stillCanvas, pane.width, pane.height), this.layout, pane);
    this.paintMarks();
  }

  paintMarks() {
    if (!this.layout || !this.isSeen) return;
    const { pane } = this;
    this.drawing.marks(sized(this.marksCanvas, pane.width, pane.height), this.layout, pane, this.hover);
  }

  /** Scrolls so that a rectangle of the drawing is in sight. */
  show(x, y, width, height, left, top) {
    const { pane } = this;
    this.element.scrollTo({
      left: scrolledTo(x, width, pane.x, pane.width, left),
      top: scrolledTo(y, height, pane.y, pane.height, top),
    });
  }
}

/** Where to scroll so that a stretch is in sight beyond an axis; to the middle of what was far away. */
function scrolledTo(at, size, from, room, axis) {
  const [before, after] = [axis + from - at, at + size - from - room];
  if (before <= 0 && after <= 0) return from;
  if (Math.max(before, after) > 4 * size) return at - axis - (room - axis - size) / 2;
  return before > 0 ? at - axis : at + size - room + 4;
}

/** Selects the row and the column at a place of the matrix. */
function selectCell({ i, j }) {
  const matrix = shown();
  const query = i === null ? null : matrix.rows.numbers[i];
  const key = j === null ? null : matrix.columns.numbers[j];
  if (query === null && key === null) return;
  if (query === null) change({ side: "to", key, query: null });
  else if (key === null) change({ side: "from", query, key: null });
  else if (query === state.query && key === state.key) change({ query: null, key: null });
  else change({ query, key });
}

/** Selects a word, or where a word is selected its partner; the same again deselects. */
function selectWord(side, number) {
  const [own, other] = state.side === "from" ? ["query", "key"] : ["key", "query"];
  if (side !== state.side && state[own] !== null) {
    change({ [other]: state[other] === number ? null : number });
    return;
  }
  const [mine, theirs] = side === "from" ? ["query", "key"] : ["key", "query"];
  const isAgain = side === state.side && state[mine] === number;
  change({ side, [mine]: isAgain && state[theirs] === null ? null : number, [theirs]: null });
}

const matrixPane = new Pane("matrix", {
  layout: (width, height) => matrixLayout(shown(), width, height, state.zoom),
  still: (surface, layout, pane) => drawMatrix(surface, shown(), layout, pane, palette()),
  marks: (surface, layout, pane, hover) => drawMatrixMarks(surface, shown(), layout, pane, palette(), hover),
  at: (layout, pane, x, y) => matrixAt(layout, shown(), pane, x, y),
  click: selectCell,
  hover: (place) => sayHover(place && place.i !== null && place.j !== null ? place : null),
});

const linksPane = new Pane("links", {
  layout: (width, height) => linksLayout(shown(), width, height),
  still(surface, layout, pane) {
    const matrix = shown();
    const links = currentLinks();
    const drawn = state.others.length ? 0 : drawAllLinks(surface, matrix, layout, pane, palette(), links);
    byId("link-count").textContent = countOfLinks(links.length, drawn);
  },
  marks(surface, layout, pane, hover) {
    const matrix = shown();
    const word = wordUnder(hover, matrix) ?? asked(state, matrix);
    byId("links").classList.toggle("asked", word !== null);
    if (state.others.length) drawHeads(surface, headsInColors(), layout, pane, palette(), word);
    drawWords(surface, matrix, layout, pane, palette(), word);
  },
  at: (layout, pane, x, y) => wordAt(layout, shown(), pane, x, y),
  click(place) {
    const matrix = shown();
    if (place) selectWord(place.side, (place.side === "from" ? matrix.rows : matrix.columns).numbers[place.index]);
  },
  hover: (place) => sayHover(place ? wordUnder(place, shown()) : null),
});

/** The word under the pointer as one that is asked about. */
function wordUnder(hover, matrix) {
  if (!hover) return null;
  const side = hover.side === "from" ? matrix.rows : matrix.columns;
  const number = side.numbers[hover.index];
  const of = { ...state, side: hover.side, query: null, key: null };
  of[hover.side === "from" ? "query" : "key"] = number;
  return asked(of, matrix);
}

let linksKept = null;

/** The links that pass the threshold; found once for a matrix and a threshold. */
function currentLinks() {
  const key = [state.by, state.least, state.share, state.pair].join();
  const matrix = shown();
  if (linksKept?.matrix !== matrix || linksKept.key !== key) linksKept = { matrix, key, links: linksOf(state, matrix) };
  return linksKept.links;
}

function countOfLinks(n, drawn) {
  const unit = n === 1 ? "link" : "links";
  const least = state.by === "weight" ? `≥ ${leastWords(shown().set)}` : `for ${state.share}%`;
  return `${n} ${unit} ${least}${drawn < n && drawn ? `, ${drawn} drawn` : ""}`;
}
