// The text as words that can be clicked, coloured by what the selected word looks at, or by what looks at it.

const sentence = byId("sentence");
let sentenceKey = "";

/** Builds the words of a matrix; they stay while only numbers change. */
function refreshSentence() {
  const matrix = shown();
  const isCross = matrix.set.queries !== matrix.set.keys;
  // Not of the state, whose numbers may not be there yet.
  const { set, of } = matrix;
  const key = [of.text, set.queries, set.keys, of.words && set.words, of.special].join();
  if (key !== sentenceKey) {
    sentenceKey = key;
    const lines = isCross
      ? [
          ["from", matrix.rows],
          ["to", matrix.columns],
        ]
      : [[null, matrix.rows]];
    sentence.replaceChildren(...lines.map(([side, list]) => lineOfWords(side, list, matrix)));
  }
  colorSentence();
}

function lineOfWords(side, list, matrix) {
  const line = document.createElement("div");
  line.className = "line";
  line.dir = "auto";
  if (side) {
    const name = document.createElement("span");
    name.className = "side";
    name.textContent = matrix.text.sides[side === "from" ? matrix.set.queries : matrix.set.keys].name;
    line.append(name);
  }
  list.labels.forEach((label, index) => {
    const word = document.createElement("button");
    word.type = "button";
    word.className = list.spaces[index] || list.special[index] ? "word spaced" : "word";
    if (list.special[index]) word.classList.add("special");
    word.textContent = label;
    word.dataset.number = list.numbers[index];
    if (side) word.dataset.side = side;
    if (index && list.segments[index] !== list.segments[index - 1]) word.classList.add("segment");
    line.append(word);
  });
  return line;
}

/** Colours the words, and writes their numbers under them. */
function colorSentence() {
  const matrix = shown();
  const word = asked(state, matrix);
  const colors = palette();
  for (const line of sentence.children) {
    const words = line.querySelectorAll(".word");
    words.forEach((element, index) => colorWord(element, index, matrix, word, colors));
    const inTab = line.querySelector("[aria-pressed=true]") ?? words[0];
    words.forEach((element) => (element.tabIndex = element === inTab ? 0 : -1));
  }
}

function colorWord(element, index, matrix, word, colors) {
  const { side } = element.dataset;
  const isOwnLine = word && (!side || side === state.side);
  const isOtherLine = word && (!side || side !== state.side);
  const isMarked = Boolean(isOwnLine && word.index === index);
  const isPartner = Boolean(isOtherLine && word.partner === index);
  const cell = isOtherLine ? word.at(index) : null;
  const isNumber = cell && matrix.isSeen(...cell);
  const color = isNumber ? colorAt(matrix.place(...cell), colors) : null;
  const number = isNumber ? matrix.short(...cell) : "";
  element.classList.toggle("query", isMarked && word.isFrom);
  element.classList.toggle("key", isMarked && !word.isFrom);
  element.classList.toggle("partner", isPartner);
  element.setAttribute("aria-pressed", String(isMarked));
  const background = color && color !== colors.above[0] ? color.css : "";
  if (element.style.background !== background) {
    element.style.background = background;
    element.style.color = background ? color.ink : "";
  }
  // Not where it would run into the next word's.
  const shownNumber = number === "0" || number.length > element.textContent.length + 2 ? "" : number;
  if ((element.dataset.weight ?? "") !== shownNumber) {
    if (shownNumber) element.dataset.weight = shownNumber;
    else delete element.dataset.weight;
  }
}

sentence.addEventListener("click", (event) => {
  const word = event.target.closest(".word");
  if (word) selectWord(word.dataset.side ?? state.side, Number(word.dataset.number));
});

sentence.addEventListener("pointerover", (event) => {
  const word = event.target.closest(".word");
  const matrix = view && shown();
  if (!matrix) return;
  const side = word?.dataset.side ?? state.side;
  const list = side === "from" ? matrix.rows : matrix.columns;
  sayHover(word ? wordUnder({ side, index: list.numbers.indexOf(Number(word.dataset.number)) }, matrix) : null);
});
sentence.addEventListener("pointerleave", () => sayHover(null));
