// The keyboard: arrows choose words and links, letters everything else; `?` lists them.

const KEYS = [
  ["↑ ↓", "the word before, the word after"],
  ["← →", "the link to the word before, after; in the heads: another head"],
  ["Home End", "the first word, the last"],
  ["[ ]", "the head before, the next in the ranking"],
  ["Esc", "choose no word"],
  ["F T", "what the word looks at; what looks at it"],
  ["1 2 3 4", "both, links, matrix, table"],
  ["W", "whole words, or their pieces"],
  ["S", "hide special tokens, or show them"],
  ["M", "heads as patterns, a metric, or one link in every head"],
  ["C", "keep this head in a colour beside the next one (or Shift and click)"],
  ["V", "the next of the values: weights, norms, ..."],
  ["+ - 0", "a larger matrix, a smaller one, as it was"],
  [", .", "more links, fewer"],
  ["N P", "the next text, the text before"],
  ["D", "light, dark, or as the system"],
  ["G", "go to the heads"],
  ["?", "this help"],
];

/** Moves the selected word by so many words. */
function moveWord(step) {
  const matrix = shown();
  const side = state.side === "from" ? matrix.rows : matrix.columns;
  const word = asked(state, matrix);
  const at = word ? word.index + step : step > 0 ? 0 : side.labels.length - 1;
  const index = Math.max(0, Math.min(side.labels.length - 1, at));
  change({ [state.side === "from" ? "query" : "key"]: side.numbers[index] });
}

/** Moves the link of the selected word by so many partners. */
function movePartner(step) {
  const matrix = shown();
  const word = asked(state, matrix);
  if (!word) return moveWord(step);
  const first = strongest(matrix, word, 1)[0] ?? 0;
  const at = word.partner < 0 ? first : word.partner + step;
  const index = Math.max(0, Math.min(word.n - 1, at));
  return change({ [word.isFrom ? "key" : "query"]: word.others.numbers[index] });
}

function edgeWord(isLast) {
  const matrix = shown();
  const side = state.side === "from" ? matrix.rows : matrix.columns;
  change({
    [state.side === "from" ? "query" : "key"]: side.numbers.at(isLast ? -1 : 0),
    [state.side === "from" ? "key" : "query"]: null,
  });
}

const isOffered = (id) => !byId(id).hidden;
const following = (names, now) => names[(names.indexOf(now) + 1) % names.length];

function stepThreshold(direction) {
  if (state.by === "share") return change({ share: state.share - 5 * direction });
  const root = Math.sqrt(state.least / 1000) + 0.03 * direction;
  return change({ least: Math.round(Math.max(0, root) ** 2 * 1000) });
}

function addHead() {
  const next = rankedNeighbour(1);
  change({
    others: [...state.others.filter((index) => index !== state.head), state.head],
    head: next,
    minus: null,
  });
}

const actions = {
  ArrowUp: () => moveWord(-1),
  ArrowDown: () => moveWord(1),
  ArrowLeft: () => movePartner(-1),
  ArrowRight: () => movePartner(1),
  Home: () => edgeWord(false),
  End: () => edgeWord(true),
  "[": () => change({ head: rankedNeighbour(-1) }),
  "]": () => change({ head: rankedNeighbour(1) }),
  Escape: () => change({ query: null, key: null }),
  f: () => turnSide("from"),
  t: () => turnSide("to"),
  1: () => change({ view: "both" }),
  2: () => change({ view: "links" }),
  3: () => change({ view: "matrix" }),
  4: () => change({ view: "table" }),
  w: () => isOffered("words-field") && change({ words: !state.words }),
  s: () => isOffered("special-field") && change({ special: !state.special }),
  m: () => change({ mode: following(hasMetrics(setOf(state)) ? MODES : ["patterns", "link"], state.mode) }),
  c: addHead,
  v: () => chooseSet((state.set + 1) % textOf(state).sets.length),
  "+": () => change({ zoom: state.zoom + 1 }),
  "-": () => change({ zoom: state.zoom - 1 }),
  0: () => change({ zoom: 0 }),
  ",": () => stepThreshold(-1),
  ".": () => stepThreshold(1),
  n: () => isOffered("text-field") && reactions.text((state.text + 1) % head.texts.length),
  p: () => isOffered("text-field") && reactions.text((state.text + head.texts.length - 1) % head.texts.length),
  d: () => change({ theme: following(THEMES, state.theme) }),
  g: () => gridButtons.querySelector("[aria-pressed=true]").focus(),
  "?": openHelp,
};

/** Shows the help from its top. The attribute autofocus would be an error in a notebook's frame. */
function openHelp() {
  byId("help").showModal();
  byId("help-title").focus();
}

/** What arrows do among the heads. */
const headActions = {
  ArrowUp: () => neighbour(0, -1),
  ArrowDown: () => neighbour(0, 1),
  ArrowLeft: () => neighbour(-1, 0),
  ArrowRight: () => neighbour(1, 0),
};

async function onKey(event) {
  if (event.ctrlKey || event.metaKey || event.altKey || document.querySelector("dialog[open]")) return;
  const { target } = event;
  const isArrow = event.key.startsWith("Arrow") || event.key === "Home" || event.key === "End";
  if (target.matches("select, textarea") || (target.matches("input[type=range]") && isArrow)) return;
  const place = target.closest("#grid, #ranking, #sentence");
  if (place && place.id !== "sentence" && isArrow) {
    event.preventDefault();
    const step = event.key === "ArrowUp" ? -1 : 1;
    const next =
      place.id === "grid" ? headActions[event.key]?.() : event.key.match(/Up|Down/) ? rankedNeighbour(step) : null;
    if (next === null || next === undefined) return;
    await change({ head: next });
    place.querySelector("[aria-pressed=true]")?.focus();
    return;
  }
  // In the sentence words stand side by side.
  const inSentence = place?.id === "sentence" && { ArrowLeft: "ArrowUp", ArrowRight: "ArrowDown" }[event.key];
  const action = actions[inSentence || (event.key.length === 1 ? event.key.toLowerCase() : event.key)];
  if (!action) return;
  event.preventDefault();
  await action();
  if (inSentence) sentence.querySelector("[aria-pressed=true]")?.focus();
}

function listenKeys() {
  document.addEventListener("keydown", onKey);
  byId("help-button").addEventListener("click", openHelp);
  const fill = (id, caption, rows) => {
    const lines = rows.map(([name, words]) => rowOf(element("th", name, { scope: "row" }), element("td", words)));
    byId(id).replaceChildren(element("caption", caption), section("tbody", lines));
  };
  fill("help-keys", "Keys", KEYS);
  fill("help-metrics", "Numbers of a head", head.metrics.map(Object.values));
}
