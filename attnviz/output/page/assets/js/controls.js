// The controls: each shows a field of the state, and changes it.

function fillSelect(id, options) {
  const select = byId(id);
  const key = JSON.stringify(options);
  if (select.dataset.options === key) return select;
  select.dataset.options = key;
  select.replaceChildren(
    ...options.map(([value, text, title]) => {
      const option = new Option(text, value);
      if (title) option.title = title;
      return option;
    }),
  );
  return select;
}

function choose(id, options, value) {
  const select = fillSelect(id, options);
  select.value = String(value);
  return select;
}

function press(name, value) {
  for (const button of document.querySelectorAll(`[data-${name}]`)) {
    if (button.closest("#toolbar, header")) button.setAttribute("aria-pressed", String(button.dataset[name] === value));
  }
}

function refreshControls() {
  const text = textOf(state);
  const set = setOf(state);
  press("view", state.view);
  press("side", state.side);
  choose(
    "set",
    text.sets.map((one, i) => [i, one.name]),
    state.set,
  );
  hide("set-field", text.sets.length < 2);
  byId("words").checked = state.words;
  hide("words-field", !(set.words && [set.queries, set.keys].some((side) => text.sides[side].words)));
  byId("hide-special").checked = !state.special;
  hide("special-field", ![set.queries, set.keys].some((side) => text.sides[side].tokens.special.some(Boolean)));
  choose(
    "pair",
    [
      ["all", "whole text"],
      ["first", "within the first"],
      ["second", "within the second"],
      ["across", "from one to the other"],
    ],
    state.pair,
  );
  hide("pair-field", !text.sides.some((side) => side.tokens.segments.some(Boolean)));
  refreshThreshold();
  // Where lines are drawn, or links are rows of the table.
  const isList = state.view === "table" && !isSmall(shown()) && !asked(state, shown());
  hide("least-field", byId("links-pane").hidden && !isList);
  const names = set.heads.map((one, index) => [index, one.name]);
  choose("minus", [["", "no head"], ...names.filter(([index]) => index !== state.head)], state.minus ?? "");
  hide("minus-field", set.heads.length < 2 || set.signed);
  choose(
    "mode",
    [
      ["patterns", "patterns"],
      ["metric", "metric"],
      ["link", "one link"],
    ].filter(([mode]) => mode !== "metric" || hasMetrics(set)),
    state.mode,
  );
  choose("sort", orders(set).map(sortOption), state.sort);
  choose(
    "text",
    head.texts.map((one, i) => [i, titleOfText(one, i)]),
    state.text,
  );
  hide("text-field", head.texts.length < 2);
  hide("command", !text.command);
  nameTheme();
  for (const [id, words] of [
    ["page-title", titleOfText(text, state.text)],
    ["page-model", modelWords(text, set)],
  ]) {
    byId(id).textContent = words;
    byId(id).title = words;
  }
  document.documentElement.dataset.theme = state.theme;
}

const THEME_NAMES = { auto: "as the system", light: "light", dark: "dark" };

function nameTheme() {
  byId("theme").title = `Colours: ${THEME_NAMES[state.theme]}`;
  byId("theme").setAttribute("aria-label", `Colours: ${THEME_NAMES[state.theme]}`);
}

function hide(id, isHidden) {
  byId(id).hidden = isHidden;
}

function sortOption(name) {
  const metric = head.metrics.find((one) => one.name === name);
  const texts = { telling: "most telling", place: "layer", link: "one link" };
  return [name, texts[name] ?? name, metric?.help];
}

function refreshThreshold() {
  const isWeight = state.by === "weight";
  choose(
    "by",
    [
      ["weight", "weight ≥"],
      ["share", "share"],
    ].filter(([by]) => by === "weight" || setOf(state).values !== "scores"),
    state.by,
  );
  const slider = byId("least");
  slider.min = isWeight ? "0" : "1";
  slider.max = isWeight ? "1000" : "100";
  // By the root: most of the slider is for small weights.
  slider.value = isWeight ? String(Math.round(Math.sqrt(state.least / 1000) * 1000)) : String(state.share);
  const words = isWeight ? `at least ${leastWords(shown().set)}` : `the fewest that reach ${state.share}%`;
  slider.setAttribute("aria-valuetext", words);
  byId("least-value").textContent = isWeight ? leastWords(shown().set) : `${state.share}%`;
}

/** `2%`, `0.5%`; of numbers that are not shares `0.124`. */
function leastWords(set) {
  return hasParts(set) ? `${state.least / 10}${set.signed ? " points" : "%"}` : fixed(leastWeight(state, set), 3);
}

function titleOfText(text, index) {
  const words = [text.text, text.pair, text.target].filter((one) => one !== null).join(" → ");
  const both = text.other && text.other !== text.text ? `A: ${text.text}\nB: ${text.other}` : words;
  const title = both || text.where || text.sides[0].tokens.labels.slice(0, 40).join(" ");
  return head.texts.length > 1 ? `${index + 1}. ${title}` : title;
}

function modelWords(text, set) {
  const n = text.sides[set.queries].tokens.labels.length;
  return [text.model, `${n} ${n === 1 ? "token" : "tokens"}`, text.digest, text.where].filter(Boolean).join(" · ");
}

/** `layer 2, head 8`. */
function titleOfHead(one) {
  const [, layer, number] = one.name.match(/^L(\d+)H(\d+)$/) ?? [];
  return one.title ?? (layer ? `layer ${layer}, head ${number}` : one.name);
}

/** The head's name, its pattern and its metrics. */
function refreshHeadLine() {
  const set = setOf(state);
  const one = set.heads[state.head];
  const title = state.minus === null ? titleOfHead(one) : `${one.name} minus ${set.heads[state.minus].name}`;
  byId("head-title").textContent = title.charAt(0).toUpperCase() + title.slice(1);
  const label = set.texts?.[state.head] ?? "";
  byId("head-label").textContent = label;
  byId("head-label").title = labelHelp(label);
  hide("head-label", !label || state.minus !== null);
  const names = head.metrics.map((metric) => metric.name).filter((name) => set.metrics[name]?.[state.head] != null);
  const words = (name) => `${name} ${set.metrics[name][state.head]}`;
  const line = byId("head-metrics");
  line.textContent =
    state.minus === null
      ? HEAD_METRICS.filter((name) => names.includes(name))
          .map(words)
          .join(" · ")
      : "";
  const help = head.metrics.filter((metric) => names.includes(metric.name));
  line.title = help.map((metric) => `${words(metric.name)}: ${metric.help}`).join("\n");
  refreshChips(set);
}

const HEAD_METRICS = ["entropy", "distance", "diagonal", "special", "confidence", "jsd"];

/** What the numbers of a label say, such as those of `subject -> verb 0.60 · mixed: next 0.23 of 0.58`. */
function labelHelp(text) {
  const label = text.split(" · ").at(-1);
  const [numbers, name, of] = label.match(/(\w+) \d\.\d+(?: of (\d\.\d+))?/) ?? [];
  const metric = head.metrics.find((one) => one.name === (name === "broad" ? "entropy_ratio" : name));
  if (!metric) return "";
  const part = of ? ` Of the ${of} of the attention that does not rest on special or first tokens.` : "";
  return `${label.startsWith("mixed") ? "The best pattern: " : ""}${numbers}: ${metric.help}${part}`;
}

/** The further heads, each with its colour and a way to drop it. */
function refreshChips(set) {
  const { lines } = palette();
  const all = state.others.length ? [state.head, ...state.others] : [];
  byId("chips").replaceChildren(
    ...all.map((index, k) => {
      const chip = document.createElement("button");
      chip.type = "button";
      chip.className = "chip";
      chip.dataset.drop = index;
      chip.textContent = `${set.heads[index].name}${k ? " ×" : ""}`;
      chip.setAttribute(
        "aria-label",
        k ? `Drop ${set.heads[index].name}` : `${set.heads[index].name}, the current head`,
      );
      chip.style.borderColor = lines[k % lines.length];
      chip.disabled = k === 0;
      return chip;
    }),
  );
}

/** A text as it opens: its telling head, and the link that says most. */
function opening(text) {
  const { set, head: index, side, query, key } = head.texts[text].start;
  return { text, set, head: index, side, query, key };
}

let usualHead = "";

/** Other values of the same head, also after those of all heads in one. */
function chooseSet(index) {
  const { heads } = setOf(state);
  if (heads.length > 1) usualHead = heads[state.head].name;
  const at = (name) => textOf(state).sets[index].heads.findIndex((one) => one.name === name);
  const moved = (other) => (other === null ? null : at(heads[other].name));
  const same = at(usualHead);
  change({ set: index, others: state.others.map(moved), minus: moved(state.minus), ...(same >= 0 && { head: same }) });
}

const reactions = {
  set: (value) => chooseSet(Number(value)),
  text: (value) => change({ ...opening(Number(value)), others: [], minus: null }),
  pair: (value) => change({ pair: value }),
  by: (value) => change({ by: value }),
  minus: (value) => change({ minus: value === "" ? null : Number(value), others: [] }),
  mode: (value) => change({ mode: value }),
  sort: (value) => change({ sort: value }),
};

function listen() {
  for (const [id, react] of Object.entries(reactions))
    byId(id).addEventListener("change", (event) => react(event.target.value));
  byId("theme").addEventListener("click", () => change({ theme: following(THEMES, state.theme) }));
  byId("words").addEventListener("change", (event) => change({ words: event.target.checked }));
  byId("hide-special").addEventListener("change", (event) => change({ special: !event.target.checked }));
  byId("least").addEventListener("input", (event) => {
    const value = Number(event.target.value);
    change(state.by === "weight" ? { least: Math.round((value / 1000) ** 2 * 1000) } : { share: value });
  });
  document.addEventListener("click", (event) => {
    const button = event.target.closest("#toolbar [data-view], #toolbar [data-side], [data-drop], [data-zoom]");
    if (!button) return;
    if (button.dataset.view) change({ view: button.dataset.view });
    if (button.dataset.side) turnSide(button.dataset.side);
    if (button.dataset.zoom) change({ zoom: state.zoom + Number(button.dataset.zoom) });
    if (button.dataset.drop) change({ others: state.others.filter((index) => index !== Number(button.dataset.drop)) });
  });
}

/** The other side: the selected word stays, and is now looked at, or looks. */
function turnSide(side) {
  if (side === state.side) return;
  const own = state.side === "from" ? state.query : state.key;
  const set = setOf(state);
  if (set.queries !== set.keys) change({ side });
  else change({ side, query: side === "from" ? own : null, key: side === "to" ? own : null });
}
