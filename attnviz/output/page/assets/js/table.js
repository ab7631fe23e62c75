// A real table: the whole matrix where it is small, else the strongest links as rows.

const table = byId("table");
const MOST_CELLS = 1600;
const MOST_ROWS_OF_LINKS = 250;
let tableKey = null;

function refreshTable() {
  if (byId("table-pane").hidden) return;
  const matrix = shown();
  const word = asked(state, matrix);
  const isWhole = isSmall(matrix);
  const key = isWhole ? [] : [state.side, state.query, state.key, state.by, state.least, state.share];
  if (tableKey?.matrix !== matrix || tableKey.key !== key.join()) {
    tableKey = { matrix, key: key.join() };
    table.replaceChildren(...(isWhole ? matrixTable(matrix) : linksTable(matrix, word)));
  }
  if (isWhole) markTable(matrix);
}

const isSmall = (matrix) => matrix.n * matrix.m <= MOST_CELLS;
const tableCaption = (matrix) => captionOf(matrix).replace(", in percent", "");

function element(name, text, attributes = {}) {
  const made = document.createElement(name);
  made.textContent = text;
  for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
  return made;
}

function rowOf(...cells) {
  const row = document.createElement("tr");
  row.append(...cells);
  return row;
}

function section(name, rows) {
  const made = document.createElement(name);
  made.append(...rows);
  return made;
}

function matrixTable(matrix) {
  const { rows, columns, rest } = matrix;
  const heads = columns.labels.map((_, j) => element("th", markOf(columns, j), { scope: "col" }));
  if (rest) heads.push(element("th", restName(matrix), { scope: "col" }));
  const lines = rows.labels.map((_, i) => {
    const cells = columns.labels.map((_, j) => element("td", cellText(matrix, i, j), { "data-i": i, "data-j": j }));
    if (rest) cells.push(element("td", matrix.numbers.exact(rest[i])));
    return rowOf(element("th", markOf(rows, i), { scope: "row" }), ...cells);
  });
  const corner = element("td", "query \\ key");
  return [
    element("caption", tableCaption(matrix)),
    section("thead", [rowOf(corner, ...heads)]),
    section("tbody", lines),
  ];
}

function cellText(matrix, i, j) {
  if (matrix.isMasked(i, j)) return "masked";
  return matrix.fits(i, j) ? matrix.exact(i, j) : "";
}

function linksTable(matrix, word) {
  const links = word
    ? strongest(matrix, word)
        .map((k) => word.at(k))
        .map(([i, j]) => ({ i, j }))
    : [...currentLinks()].reverse();
  const lines = links
    .slice(0, MOST_ROWS_OF_LINKS)
    .map(({ i, j }) =>
      rowOf(
        element("td", nameOf(matrix.rows, i)),
        element("td", nameOf(matrix.columns, j)),
        element("td", matrix.exact(i, j), { "data-i": i, "data-j": j }),
      ),
    );
  const count = links.length > lines.length ? `the ${lines.length} strongest of ${links.length} links; ` : "";
  const titles = ["query", "key", matrix.set.name].map((title) => element("th", title, { scope: "col" }));
  return [
    element("caption", count + tableCaption(matrix)),
    section("thead", [rowOf(...titles)]),
    section("tbody", lines),
  ];
}

function markTable(matrix) {
  const { i, j } = selected(state, matrix);
  for (const cell of table.querySelectorAll("td[data-i]")) {
    const isRow = Number(cell.dataset.i) === i;
    const isColumn = Number(cell.dataset.j) === j;
    cell.classList.toggle("query", isRow);
    cell.classList.toggle("key", isColumn);
  }
}

table.addEventListener("click", (event) => {
  const cell = event.target.closest("[data-i]");
  if (cell) selectCell({ i: Number(cell.dataset.i), j: Number(cell.dataset.j) });
});
