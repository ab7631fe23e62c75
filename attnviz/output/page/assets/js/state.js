// What is chosen, and the same as the part of the address after `#`.

const VIEWS = ["both", "links", "matrix", "table"];
const MODES = ["patterns", "metric", "link"];
const PAIRS = ["all", "first", "second", "across"];
const THEMES = ["auto", "light", "dark"];
const MOST_OTHERS = 7;

const start = {
  text: head.start.text,
  set: head.start.set,
  head: head.start.head,
  // Further heads, whose links have colours of their own.
  others: [],
  // The head that is subtracted.
  minus: null,
  view: "both",
  side: head.start.side,
  query: head.start.query,
  key: head.start.key,
  words: head.start.words,
  special: head.start.special,
  mode: "patterns",
  sort: "",
  by: "weight",
  // Thousandths.
  least: 20,
  // Percent.
  share: 90,
  pair: "all",
  theme: "auto",
  zoom: 0,
};
let state = { ...start };

/** How heads are shown first: as patterns, but where a cell of the grid is too small for one. */
function firstMode() {
  const set = setOf(start);
  const cell = (innerWidth < 760 ? innerWidth - 46 : 290) / set.columns.length;
  return cell < 14 && hasMetrics(set) ? "metric" : "patterns";
}

const number = {
  write: (value) => (value === null ? "" : String(value)),
  read: (text) => (text === "" ? null : /^-?\d{1,7}$/.test(text) ? Number(text) : undefined),
};

const FIELDS = {
  text: number,
  set: number,
  head: { write: headName, read: headNamed },
  others: {
    write: (indexes) => indexes.map(headName).join("."),
    read: (text, next) => text.split(".").map((name) => headNamed(name, next)),
  },
  minus: { write: headName, read: headNamed },
  view: oneOf(VIEWS),
  side: oneOf(["from", "to"]),
  query: number,
  key: number,
  words: truth(),
  special: truth(),
  mode: oneOf(MODES),
  sort: { write: String, read: (text, next) => (orders(setOf(next)).includes(text) ? text : undefined) },
  by: oneOf(["weight", "share"]),
  least: number,
  share: number,
  pair: oneOf(PAIRS),
  theme: oneOf(THEMES),
  zoom: number,
};

function oneOf(names) {
  return { write: String, read: (text) => (names.includes(text) ? text : undefined) };
}

function truth() {
  return {
    write: (value) => (value ? "1" : "0"),
    read: (text) => (text === "1" ? true : text === "0" ? false : undefined),
  };
}

function textOf(of) {
  return head.texts[of.text];
}

function setOf(of) {
  return textOf(of).sets[of.set];
}

const hasMetrics = (set) => Object.keys(set.metrics).length > 0;

function headName(index) {
  return index === null ? "" : setOf(state).heads[index].name;
}

function headNamed(name, next) {
  if (name === "") return null;
  const index = setOf(next).heads.findIndex((one) => one.name === name);
  return index < 0 ? undefined : index;
}

/** The orders of the ranking that a set has: what says most, one link, the heads' places, metrics. */
function orders(set) {
  const metrics = head.metrics.map((metric) => metric.name).filter((name) => set.order[name]);
  return [...(set.telling ? ["telling"] : []), "place", "link", ...metrics];
}

/** The state as `key=value&...`, only what is not as the page opens. */
function written() {
  return Object.entries(FIELDS)
    .map(([name, field]) => [
      name,
      field.write(state[name]),
      JSON.stringify(state[name]) === JSON.stringify(start[name]),
    ])
    .filter(([, , isDefault]) => !isDefault)
    .map(([name, value]) => `${name}=${encodeURIComponent(value)}`)
    .join("&");
}

/** The state that an address says; what it says wrongly is left as the page opens. */
function readFrom(hash) {
  const given = new URLSearchParams(hash.replace(/^#/, ""));
  const next = { ...start };
  for (const [name, field] of Object.entries(FIELDS)) {
    if (!given.has(name)) continue;
    const value = field.read(given.get(name), next);
    if (value !== undefined) next[name] = value;
    if (name === "text") next.text = head.texts[next.text] ? next.text : start.text;
    if (name === "set") next.set = textOf(next).sets[next.set] ? next.set : 0;
  }
  return valid(next);
}

/** The state with what does not fit its text and set put right. */
function valid(next) {
  const set = setOf(next);
  const text = textOf(next);
  const fits = (index) => Number.isInteger(index) && index >= 0 && index < set.heads.length;
  if (!fits(next.head)) next.head = set.telling ? set.telling[0] : 0;
  if (set.signed || !fits(next.minus) || next.minus === next.head) next.minus = null;
  const others = next.others.filter((index) => fits(index) && index !== next.head);
  next.others = next.minus === null ? [...new Set(others)].slice(-MOST_OTHERS) : [];
  if (next.mode === "metric" && !hasMetrics(set)) next.mode = "patterns";
  // Scores are no parts of a whole.
  if (set.values === "scores") next.by = "weight";
  if (!orders(set).includes(next.sort)) next.sort = orders(set)[0];
  for (const [name, side] of [
    ["query", text.sides[set.queries]],
    ["key", text.sides[set.keys]],
  ]) {
    if (next[name] !== null && !side.tokens.numbers.includes(next[name])) next[name] = null;
  }
  next.least = Math.min(1000, Math.max(0, next.least ?? 20));
  next.share = Math.min(100, Math.max(1, next.share ?? 90));
  next.zoom = Math.min(6, Math.max(0, next.zoom ?? 0));
  return next;
}

let pending = Promise.resolve();

/** Changes the state, and shows it; the address follows. */
function change(changes) {
  state = valid({ ...state, ...changes });
  remember();
  pending = refresh();
  return pending;
}

let waiting = 0;

/** Writes the address a little later: browsers refuse many changes at once. */
function remember() {
  clearTimeout(waiting);
  waiting = setTimeout(() => {
    try {
      history.replaceState(null, "", `#${written()}`);
    } catch {
      // A page inside another one has no address of its own.
    }
  }, 200);
}
