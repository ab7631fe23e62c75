// What can be carried away: PNG and SVG of what is seen, the terminal's command, the address.

const EXPORT = { width: 900, links: 380 };

/** What is seen, drawn for paper: light, with a caption, and as wide as the matrix needs. */
function drawExport(makeSurface) {
  const matrix = shown();
  const colors = PALETTES.light;
  const shows = { links: ["both", "links"].includes(state.view) && matrix.n <= 80, matrix: state.view !== "links" };
  const ground = matrixLayout(matrix, EXPORT.width, EXPORT.width, 0);
  // Numbers in the cells of short texts; of long ones cells that are still drawn one by one, up to 170 tokens.
  const cell = Math.max(ground.cell, matrix.m <= 40 ? 26 : Math.min(12, Math.floor(1040 / matrix.m)));
  const layout = shows.matrix ? { ...ground, cell, ...exportSize(matrix, ground, cell) } : { width: 0, height: 0 };
  const links = shows.links ? linksLayout(matrix, EXPORT.links, layout.height) : { width: 0, height: 0 };
  const lines = captionLines(matrix, Math.max(500, layout.width + links.width));
  const width = Math.ceil(Math.max(500, links.width + layout.width) + 24);
  const top = 16 + lines.length * 18;
  const height = Math.ceil(top + Math.max(links.height, layout.height) + 52);
  const surface = makeSurface(width, height, captionOf(matrix));
  surface.rect(0, 0, width, height, colors.paper);
  lines.forEach((line, k) =>
    surface.text(line.text, 12, 18 + k * 18, { size: k ? 12 : 14, bold: !k, color: k ? colors.dim : colors.ink }),
  );
  const word = asked(state, matrix);
  if (shows.links) {
    moved(surface, 6, top, () => {
      const pane = { x: 0, y: 0, width: links.width, height: links.height };
      if (state.others.length) drawHeads(surface, headsInColors(), links, pane, colors, word);
      else drawAllLinks(surface, matrix, links, pane, colors, currentLinks());
      drawWords(surface, matrix, links, pane, colors, word);
    });
  }
  if (shows.matrix) {
    moved(surface, links.width + 12, top, () => {
      const pane = { x: 0, y: 0, width: layout.width, height: layout.height };
      drawMatrix(surface, matrix, layout, pane, colors);
      drawMatrixMarks(surface, matrix, layout, pane, colors, null);
    });
  }
  drawLegend(surface, matrix.set, 14, height - 38, 134, colors);
  if (shows.links && state.others.length) {
    [state.head, ...state.others].forEach((index, k) => {
      const color = colors.lines[k % colors.lines.length];
      surface.text(headName(index), 180 + 56 * k, height - 31, { size: 13, color, bold: true });
    });
  }
  return surface;
}

function exportSize(matrix, ground, cell) {
  const body = { width: cell * matrix.m + (matrix.rest ? ground.gap + cell : 0), height: cell * matrix.n };
  return { body, width: ground.left + body.width + 60, height: ground.top + body.height + 8 };
}

/** The text, whose matrix it is, and what is selected, in lines that fit. */
function captionLines(matrix, width) {
  const said = statusParts(matrix, asked(state, matrix))
    .map((one) => one.textContent)
    .join("");
  const texts = [titleOfText(matrix.text, state.text), captionOf(matrix), ...(asked(state, matrix) ? [said] : [])];
  return texts.map((text, k) => ({ text: fitted(text, width, k ? 12 : 14, !k) }));
}

function moved(surface, x, y, draw) {
  if (surface.context) {
    surface.context.save();
    surface.context.translate(x, y);
    draw();
    surface.context.restore();
    return;
  }
  const outer = surface.parent;
  surface.parent = surface.add("g", { transform: `translate(${x} ${y})` });
  draw();
  surface.parent = outer;
}

function drawnSvg() {
  return drawExport((width, height, title) => new SvgSurface(width, height, title));
}

const exportedSvg = () => drawnSvg().source;

/** What is printed: the drawing on one page. */
function preparePrint() {
  byId("printed").replaceChildren(drawnSvg().root);
}

function exportedPng() {
  const canvas = document.createElement("canvas");
  drawExport((width, height) => {
    const ratio = Math.min(2, 8000 / Math.max(width, height));
    [canvas.width, canvas.height] = [Math.round(width * ratio), Math.round(height * ratio)];
    const context = canvas.getContext("2d");
    context.scale(ratio, ratio);
    return new CanvasSurface(context);
  });
  return new Promise((resolve) => canvas.toBlob(resolve, "image/png"));
}

function fileName(suffix) {
  const set = setOf(state);
  const names = [set.heads[state.head].name, state.minus === null ? "" : `less-${set.heads[state.minus].name}`];
  return `attnviz-${names
    .filter(Boolean)
    .join("-")
    .replace(/[^\w.-]+/g, "-")}.${suffix}`;
}

function save(blob, name) {
  const link = document.createElement("a");
  link.href = URL.createObjectURL(blob);
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 10_000);
  say(`Saved ${name}`);
}

/** The command that prints the same in the terminal. */
function terminalCommand() {
  const text = textOf(state);
  if (!text.command) return "";
  const set = setOf(state);
  if (text.command.startsWith("attnviz diff")) return text.command;
  const words = [text.command];
  if (set.kind !== text.sets[0].kind || set.kind === "cross") words.push(`--kind ${set.kind}`);
  if (set.values !== "weights" && set.values !== "changes") words.push(`--values ${set.values}`);
  if (set.reduce !== "none") words.push(`--reduce ${set.reduce}`);
  const name = set.heads[state.head].name;
  const [, layer] = name.match(/^L(\d+)(?!\d*H)/) ?? [];
  if (/^L\d+H\d+$/.test(name)) words.push(`-H ${name}`);
  else if (layer) words.push(`-L ${layer}`);
  if (!state.words) words.push("--no-words");
  if (state.special && !text.command.includes("--renormalize")) words.push("--show-special");
  const own = state.side === "from" ? state.query : state.key;
  const other = state.side === "from" ? state.key : state.query;
  if (own !== null && other === null && state.view !== "matrix") words.push(`--${state.side} ${own}`);
  return words.join(" ");
}

async function copy(text, name) {
  try {
    await navigator.clipboard.writeText(text);
    say(`Copied the ${name}`);
  } catch {
    showText(`The ${name}`, text);
  }
}

/** A text that the reader copies by hand, where the browser gives no clipboard. */
function showText(title, text) {
  byId("copy-title").textContent = title;
  byId("copy-text").value = text;
  byId("copy").showModal();
  byId("copy-text").select();
}

let sayTimer = 0;
function say(text) {
  const toast = byId("toast");
  toast.textContent = text;
  clearTimeout(sayTimer);
  sayTimer = setTimeout(() => (toast.textContent = ""), 2500);
}

const carrying = {
  png: async () => save(await exportedPng(), fileName("png")),
  svg: () => save(new Blob([exportedSvg()], { type: "image/svg+xml" }), fileName("svg")),
  print: () => window.print(),
  command: () => copy(terminalCommand(), "command"),
  link: () => {
    const place = location.href.split("#")[0];
    copy(`${place}#${written()}`, "link");
  },
};

function listenCarry() {
  const isInside = location.protocol === "about:";
  hide("link", isInside);
  hide("print", isInside);
  for (const [id, act] of Object.entries(carrying)) byId(id).addEventListener("click", act);
  for (const dialog of document.querySelectorAll("dialog")) {
    dialog.querySelector(".close").addEventListener("click", () => dialog.close());
  }
}
