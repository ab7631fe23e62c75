// What is selected, as one sentence; the scale of the colours.

const status = byId("status");

/** A run of text, in the colour of a query or a key where it is one. */
function part(text, kind = "") {
  const made = document.createElement("span");
  made.textContent = text;
  if (kind) made.className = kind;
  return made;
}

function refreshStatus() {
  const matrix = shown();
  const parts = statusParts(matrix, asked(state, matrix));
  const text = parts.map((one) => one.textContent).join("");
  if (status.textContent !== text) status.replaceChildren(...parts);
  byId("hover").textContent = "";
}

/** The sentence of what is selected. */
function statusParts(matrix, word) {
  if (!word) return [part("Choose a word: click it, or press an arrow key.")];
  const own = nameOf(word.own, word.index);
  const [ownKind, otherKind] = word.isFrom ? ["query", "key"] : ["key", "query"];
  const order = strongest(matrix, word);
  if (word.partner >= 0) {
    const [i, j] = word.at(word.partner);
    return [
      part(nameOf(matrix.rows, i), "query"),
      part(" looks at "),
      part(nameOf(matrix.columns, j), "key"),
      part(linkWords(matrix, i, j, word, order)),
    ];
  }
  const verb = matrix.set.signed ? ": " : word.isFrom ? " looks at " : " is looked at by ";
  const names = order
    .slice(0, 3)
    .filter((k) => matrix.place(...word.at(k)) !== 0)
    .map((k) => `${nameOf(word.others, k)} ${matrix.spoken(...word.at(k))}`);
  const rest = matrix.rest && word.isFrom && !matrix.numbers.isMasked(matrix.rest[word.index]);
  const special = rest
    ? `; ${restName(matrix) === "rest" ? "the rest" : "special tokens"} ${spoken(matrix.set, matrix.rest[word.index], matrix.numbers)}`
    : "";
  if (!names.length) return [part(own, ownKind), part(`${verb}no other word${special}`)];
  return [part(own, ownKind), part(verb), part(names.join(", "), otherKind), part(special)];
}

function linkWords(matrix, i, j, word, order) {
  if (matrix.isMasked(i, j)) return ": masked";
  if (matrix.a)
    return `: ${matrix.a.head.name} ${matrix.a.spoken(i, j)}, ${matrix.b.head.name} ${matrix.b.spoken(i, j)}, difference ${matrix.spoken(i, j)}`;
  const own = strengthOf(matrix, word, word.partner);
  const last = order.filter((k) => strengthOf(matrix, word, k) >= own).length;
  const rank = order.findIndex((k) => strengthOf(matrix, word, k) === own) + 1;
  const first = matrix.set.signed ? "the largest change" : "its strongest";
  // Of numbers that are stored alike nobody knows the order.
  const place = last > rank ? `number ${rank} to ${last}` : rank === 1 ? first : `number ${rank}`;
  const unit = word.isFrom ? "keys" : "queries";
  return `: ${matrix.spoken(i, j)} (${matrix.exact(i, j)}), ${place} of ${order.length} ${unit}`;
}

/** The words of one cell: `it -> tired 62%`. */
function sentenceOfLink(matrix, i, j) {
  return `${nameOf(matrix.rows, i)} -> ${nameOf(matrix.columns, j)} ${matrix.spoken(i, j)}`;
}

/** What is under the pointer, beside the sentence; not read aloud. */
function sayHover(place) {
  const line = byId("hover");
  if (!place || !view) {
    line.textContent = "";
    return;
  }
  const matrix = shown();
  if (place.own)
    line.textContent = statusParts(matrix, place)
      .map((one) => one.textContent)
      .join("");
  else line.textContent = sentenceOfLink(matrix, place.i, place.j);
}

/** One line for exports and tables: whose matrix it is, and how to read it. */
function captionOf(matrix) {
  const { set, text } = matrix;
  const name = matrix.a ? `${matrix.a.head.name} minus ${matrix.b.head.name}` : matrix.head.name;
  return `${name} of ${text.model}: ${set.caption}${matrix.a ? ", differences of the rounded numbers" : ""}`;
}

/** The scale of the colours, with its numbers. */
function refreshLegend() {
  if (!view) return;
  const matrix = shown();
  const surface = sized(byId("legend"), 168, 30);
  drawLegend(surface, matrix.set, 16, 2, 134, palette());
}

function drawLegend(surface, set, x, y, width, colors) {
  const [low, high] = set.scale;
  const n = 67;
  for (let k = 0; k < n; k++) {
    const t = k / (n - 1);
    const place = set.signed ? Math.sign(2 * t - 1) * (2 * t - 1) ** 2 : t * t;
    surface.rect(x + (k * width) / n, y, width / n + 0.5, 11, colorAt(place, colors).css);
  }
  surface.frame(x, y, width, 11, colors.line, 1);
  const text = (number) => (hasParts(set) ? `${Math.round(number * 100)}` : fixed(number, Math.abs(high) < 10 ? 2 : 0));
  const ticks = set.signed ? [-1, -0.2, 0, 0.2, 1] : [0, 0.05, 0.2, 0.5, 1];
  for (const tick of ticks) {
    const t = set.signed ? (1 + Math.sign(tick) * Math.sqrt(Math.abs(tick))) / 2 : Math.sqrt(tick);
    const number = set.signed ? tick * high : low + tick * (high - low);
    surface.text(text(number) + (tick === 1 && set.percent ? "%" : ""), x + t * width, y + 19, {
      size: 10,
      color: colors.dim,
      align: "center",
    });
  }
}
