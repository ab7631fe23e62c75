// The heads in an order: what says most, a metric, or one link.

const ranking = byId("ranking");
const MOST_ROWS = 144;

function rankedHeads(set) {
  if (state.sort === "link") {
    const size = (index) => everyLink?.values[index]?.size ?? -1;
    return set.heads.map((_, index) => index).sort((a, b) => size(b) - size(a) || a - b);
  }
  if (state.sort === "telling") return set.telling;
  return set.order[state.sort] ?? set.heads.map((_, index) => index);
}

function refreshRanking() {
  const set = setOf(state);
  const order = rankedHeads(set);
  const texts = order.map((index) => rankText(set, index));
  const numbers = texts.map((text) => Math.abs(Number(text.match(/\d+(\.\d+)?/)?.[0] ?? 0)));
  const most = Math.max(...numbers, 1e-9);
  const rows = order.slice(0, MOST_ROWS);
  while (ranking.children.length > rows.length) ranking.lastChild.remove();
  while (ranking.children.length < rows.length) ranking.append(rankRow());
  rows.forEach((index, k) => fillRow(ranking.children[k], set, index, texts[k], numbers[k] / most));
  byId("ranking-more").textContent = rankingHints(set, order.length - rows.length)
    .filter(Boolean)
    .join(" ");
}

/** What the list and the grid do not say themselves. */
function rankingHints(set, nMore) {
  const isBlank = [state.mode, state.sort].includes("link") && !asked(state, shown());
  return [
    state.mode === "metric" && !isMetric(set) && `Colours: ${gridMetric(set)}.`,
    nMore > 0 && `${nMore} more in the grid.`,
    isBlank && "Choose a word to see it in every head.",
    set.heads.length > 1 && !set.signed && "Shift+click: several heads in colours.",
  ];
}

function rankRow() {
  const row = document.createElement("button");
  row.type = "button";
  row.className = "rank";
  row.append(
    ...["name", "label", "value"].map((name) => Object.assign(document.createElement("span"), { className: name })),
  );
  return row;
}

function fillRow(row, set, index, text, share) {
  const [name, label, value] = row.children;
  const words = rankLabel(set, index);
  row.dataset.head = index;
  if (name.textContent !== set.heads[index].name) name.textContent = set.heads[index].name;
  if (label.textContent !== words) label.textContent = words;
  if (value.textContent !== text) value.textContent = text;
  row.classList.toggle("vague", /^(mixed|broad)/.test(words));
  row.style.setProperty("--share", `${Math.round(share * 100)}%`);
  const isCurrent = index === state.head;
  row.tabIndex = isCurrent ? 0 : -1;
  row.setAttribute("aria-pressed", String(isCurrent));
}

function rankLabel(set, index) {
  if (state.sort === "link") return everyLink?.values[index]?.partner ?? "";
  return (isMetric(set) ? set.labels : set.texts)?.[index] ?? "";
}

function rankText(set, index) {
  if (state.sort === "link") {
    const link = everyLink?.values[index];
    return link ? link.text : "";
  }
  if (isMetric(set)) return set.metrics[state.sort][index] ?? "";
  // Differences have no patterns; the number says how far apart their rows are.
  return (set.signed && set.metrics.jsd?.[index]) || "";
}

const isMetric = (set) => Boolean(set.metrics[state.sort]);

ranking.addEventListener("click", (event) => {
  const row = event.target.closest("[data-head]");
  if (row) chooseHead(Number(row.dataset.head), event);
});

/** The next head of the ranking, or with -1 the one before. */
function rankedNeighbour(step) {
  const order = rankedHeads(setOf(state));
  return order[Math.min(order.length - 1, Math.max(0, order.indexOf(state.head) + step))];
}
