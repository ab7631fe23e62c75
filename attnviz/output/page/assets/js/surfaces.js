// One set of strokes, two surfaces: a canvas for the screen and PNG, and elements for SVG. So exports cannot drift.

const FONT = "system-ui, -apple-system, 'Segoe UI', 'Noto Sans', sans-serif";
const fontOf = (size, bold) => `${bold ? "600 " : ""}${size}px ${FONT}`;

const measuring = document.createElement("canvas").getContext("2d");
const widths = new Map();

/** The width of a text in pixels. */
function textWidth(text, size, bold = false) {
  const key = `${size}${bold}${text}`;
  if (!widths.has(key)) {
    measuring.font = fontOf(size, bold);
    widths.set(key, measuring.measureText(text).width);
  }
  return widths.get(key);
}

const segmenter = Intl.Segmenter ? new Intl.Segmenter(undefined, { granularity: "grapheme" }) : null;

/** What must not be cut apart, of the first characters of a text. */
function graphemesOf(text) {
  const start = text.slice(0, 200);
  return segmenter ? Array.from(segmenter.segment(start), (one) => one.segment) : [...start];
}

/** The text, cut between characters to a width. */
function fitted(text, width, size, bold = false) {
  if (textWidth(text, size, bold) <= width) return text;
  const pieces = graphemesOf(text);
  let kept = pieces.length;
  while (kept > 1 && textWidth(`${pieces.slice(0, kept).join("")}…`, size, bold) > width) kept--;
  return `${pieces.slice(0, kept).join("")}…`;
}

class CanvasSurface {
  constructor(context) {
    this.context = context;
  }

  rect(x, y, width, height, color) {
    this.context.fillStyle = color;
    this.context.fillRect(x, y, width, height);
  }

  bar(x, y, width, height, color, alpha) {
    this.context.globalAlpha = alpha;
    this.rect(x, y, width, height, color);
    this.context.globalAlpha = 1;
  }

  frame(x, y, width, height, color, thickness = 1) {
    this.context.strokeStyle = color;
    this.context.lineWidth = thickness;
    this.context.strokeRect(x, y, width, height);
  }

  link(x0, y0, x1, y1, color, thickness, alpha) {
    const { context } = this;
    const middle = (x0 + x1) / 2;
    context.globalAlpha = alpha;
    context.strokeStyle = color;
    context.lineWidth = thickness;
    context.beginPath();
    context.moveTo(x0, y0);
    context.bezierCurveTo(middle, y0, middle, y1, x1, y1);
    context.stroke();
    context.globalAlpha = 1;
  }

  text(text, x, y, { size = 12, color, align = "left", bold = false, turn = 0 }) {
    const { context } = this;
    context.font = fontOf(size, bold);
    context.fillStyle = color;
    context.textAlign = align;
    context.textBaseline = "middle";
    if (!turn) {
      context.fillText(text, x, y);
      return;
    }
    context.save();
    context.translate(x, y);
    context.rotate((turn * Math.PI) / 180);
    context.fillText(text, 0, 0);
    context.restore();
  }

  image(canvas, x, y, width, height) {
    this.context.imageSmoothingEnabled = false;
    this.context.drawImage(canvas, x, y, width, height);
  }

  /** Strokes that are seen inside a rectangle only. */
  inside(x, y, width, height, draw) {
    const { context } = this;
    context.save();
    context.beginPath();
    context.rect(x, y, width, height);
    context.clip();
    draw();
    context.restore();
  }

  titled(_, draw) {
    draw();
  }
}

const SVG = document.querySelector("#printed svg").namespaceURI;

class SvgSurface {
  constructor(width, height, title) {
    this.root = document.createElementNS(SVG, "svg");
    this.parent = this.root;
    this.clips = 0;
    this.set(this.root, { width, height, viewBox: `0 0 ${width} ${height}`, "font-family": FONT, role: "img" });
    this.add("title", {}).textContent = title;
  }

  set(element, attributes) {
    for (const [name, value] of Object.entries(attributes)) {
      element.setAttribute(name, typeof value === "number" ? String(Math.round(value * 100) / 100) : value);
    }
    return element;
  }

  add(name, attributes) {
    return this.parent.appendChild(this.set(document.createElementNS(SVG, name), attributes));
  }

  rect(x, y, width, height, fill) {
    this.add("rect", { x, y, width, height, fill });
  }

  bar(x, y, width, height, fill, alpha) {
    this.add("rect", { x, y, width, height, fill, "fill-opacity": alpha });
  }

  frame(x, y, width, height, stroke, thickness = 1) {
    this.add("rect", { x, y, width, height, fill: "none", stroke, "stroke-width": thickness });
  }

  link(x0, y0, x1, y1, stroke, thickness, alpha) {
    const [a, b, c, d, middle] = [x0, y0, x1, y1, (x0 + x1) / 2].map((x) => Math.round(x * 100) / 100);
    const d0 = `M${a} ${b}C${middle} ${b} ${middle} ${d} ${c} ${d}`;
    this.add("path", { d: d0, fill: "none", stroke, "stroke-width": thickness, "stroke-opacity": alpha });
  }

  text(text, x, y, { size = 12, color, align = "left", bold = false, turn = 0 }) {
    const anchor = { left: "start", center: "middle", right: "end" }[align];
    const element = this.add("text", { x, y, fill: color, "font-size": size, "text-anchor": anchor, dy: "0.35em" });
    if (bold) element.setAttribute("font-weight", "600");
    if (turn)
      element.setAttribute("transform", `rotate(${turn} ${Math.round(x * 100) / 100} ${Math.round(y * 100) / 100})`);
    element.textContent = text;
  }

  image(canvas, x, y, width, height) {
    this.add("image", {
      x,
      y,
      width,
      height,
      href: canvas.toDataURL(),
      "image-rendering": "pixelated",
      preserveAspectRatio: "none",
    });
  }

  inside(x, y, width, height, draw) {
    const outer = this.parent;
    const id = `clip${this.clips++}`;
    const clip = this.add("clipPath", { id });
    this.parent = clip;
    this.rect(x, y, width, height, "#000");
    this.parent = outer;
    this.parent = this.add("g", { "clip-path": `url(#${id})` });
    draw();
    this.parent = outer;
  }

  /** Strokes with a title that a browser shows on hovering. */
  titled(title, draw) {
    const outer = this.parent;
    this.parent = this.add("g", {});
    this.add("title", {}).textContent = title();
    draw();
    this.parent = outer;
  }

  get source() {
    return new XMLSerializer().serializeToString(this.root);
  }
}

/** A canvas in the pixels of the device; its strokes are in those of the page. */
function sized(canvas, width, height) {
  const ratio = devicePixelRatio || 1;
  const [w, h] = [Math.max(1, Math.round(width * ratio)), Math.max(1, Math.round(height * ratio))];
  if (canvas.width !== w || canvas.height !== h) {
    canvas.width = w;
    canvas.height = h;
    canvas.style.width = `${width}px`;
    canvas.style.height = `${height}px`;
  }
  const context = canvas.getContext("2d");
  context.setTransform(ratio, 0, 0, ratio, 0, 0);
  context.clearRect(0, 0, width, height);
  return new CanvasSurface(context);
}
