// From the state to the page: what changed is shown anew, and nothing else.

// Tokens from which the text is the better index.
const LONG = 80;

let turns = 0;
let viewKey = null;

/** Shows the state; numbers that are not there yet are waited for. */
async function refresh() {
  const turn = ++turns;
  const of = state;
  const needed = [of.head, ...of.others, ...(of.minus === null ? [] : [of.minus])];
  if (viewKey !== matrixKey(of)) {
    const views = await Promise.all(needed.map((index) => viewOf(of, index)));
    if (turn !== turns) return;
    [view, ...fellows] = views;
    viewKey = matrixKey(of);
    shownKept = null;
  }
  refreshAll();
  await refreshGrid();
  if (turn !== turns) return;
  refreshRanking();
  document.body.dataset.ready = "1";
}

/** What the matrices depend on. */
function matrixKey(of) {
  return [of.text, of.set, of.head, of.others, of.minus, of.words, of.special, of.pair].join("|");
}

function refreshAll() {
  const matrix = shown();
  const isLong = Math.max(matrix.n, matrix.m) > LONG;
  document.body.dataset.view = state.view;
  document.body.classList.toggle("long", isLong);
  hide("links-pane", !(state.view === "links" || (state.view === "both" && !isLong)));
  hide("matrix-pane", !["both", "matrix"].includes(state.view));
  hide("table-pane", state.view !== "table");
  refreshControls();
  refreshHeadLine();
  refreshSentence();
  linksPane.refresh();
  matrixPane.refresh();
  refreshTable();
  refreshStatus();
  refreshLegend();
  followSelection(matrix);
}

/** Scrolls to what is selected. */
function followSelection(matrix) {
  const { i, j } = selected(state, matrix);
  const { layout } = matrixPane;
  if (layout && matrixPane.isSeen && (i >= 0 || j >= 0)) {
    const x = j >= 0 ? layout.left + j * layout.cell : layout.left + matrixPane.pane.x;
    const y = i >= 0 ? layout.top + i * layout.cell : layout.top + matrixPane.pane.y;
    matrixPane.show(x, y, layout.cell, layout.cell, layout.left, layout.top);
  }
  const word = asked(state, matrix);
  if (word && linksPane.layout && linksPane.isSeen) {
    const { line, top } = linksPane.layout;
    linksPane.show(0, top + word.index * line, 0, line, 0, top);
  }
  const mark = sentence.querySelector("[aria-pressed=true]");
  if (mark && document.body.classList.contains("long")) nearest(sentence, mark);
}

function nearest(box, element) {
  const [outer, inner] = [box.getBoundingClientRect(), element.getBoundingClientRect()];
  box.scrollTop = scrolledTo(inner.top - outer.top + box.scrollTop, inner.height, box.scrollTop, outer.height, 8);
}

async function begin() {
  if (typeof DecompressionStream === "undefined" || !supportsRawDeflate()) {
    byId("old").hidden = false;
    return;
  }
  Object.assign(start, valid({ ...start, mode: firstMode() }));
  state = readFrom(location.hash);
  listen();
  listenCarry();
  listenKeys();
  await refresh();
  addEventListener("hashchange", () => {
    if (location.hash.slice(1) === written()) return;
    state = readFrom(location.hash);
    pending = refresh();
  });
  new ResizeObserver(() => view && repaint()).observe(byId("main"));
  // The panes get smaller too where the sentence or the line of what is selected needs more room.
  const panes = new ResizeObserver(() => view && [linksPane, matrixPane].forEach((pane) => pane.refresh()));
  for (const pane of [linksPane, matrixPane]) panes.observe(pane.element);
  darkSystem.addEventListener("change", repaint);
  addEventListener("beforeprint", preparePrint);
  addEventListener("afterprint", () => byId("printed").replaceChildren());
}

/** Paints all in the sizes and colours of now. */
function repaint() {
  images = new WeakMap();
  refreshAll();
  refreshGrid();
}

function supportsRawDeflate() {
  try {
    return Boolean(new DecompressionStream("deflate-raw"));
  } catch {
    return false;
  }
}

window.attnviz = { state: () => ({ ...state }), ready: () => pending, svg: exportedSvg, command: terminalCommand };
begin();
