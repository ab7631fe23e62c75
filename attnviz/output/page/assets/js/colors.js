// Two themes, and the colours of numbers: the paper is zero, and a root keeps small numbers apart.

const PALETTES = {
  light: {
    paper: "#ffffff",
    panel: "#fafaf8",
    ink: "#14171f",
    dim: "#5b6270",
    line: "#e6e8ee",
    query: "#b93c0b",
    key: "#1f5fd0",
    stops: ["#ffffff", "#e3ecfb", "#b3ccf3", "#6f9de6", "#2f65c4", "#123a86", "#081f54"],
    below: ["#ffffff", "#fbe9dd", "#f4c4a3", "#e6905a", "#c65a1c", "#8a3407", "#561c00"],
    lines: ["#1f5fd0", "#0a7d5a", "#8a3fb8", "#a06a00", "#c2255c", "#0b7285", "#5c5f66", "#7a4a1d"],
  },
  dark: {
    paper: "#12161f",
    panel: "#171c27",
    ink: "#eceff5",
    dim: "#9aa3b2",
    line: "#2c3342",
    query: "#ff9d63",
    key: "#7fb0ff",
    stops: ["#12161f", "#16273f", "#1b3f70", "#2c66b3", "#4f94e8", "#93c3ff", "#e2efff"],
    below: ["#12161f", "#33200f", "#5e3410", "#9a5518", "#d9853a", "#ffb878", "#ffe8d0"],
    lines: ["#7fb0ff", "#4fd1a5", "#cf9bff", "#f2c14e", "#ff8fb1", "#5fd3e6", "#b9bec9", "#d9a273"],
  },
};

const rgbOf = (hex) => [1, 3, 5].map((i) => parseInt(hex.slice(i, i + 2), 16));
const luminance = (rgb) => {
  const [r, g, b] = rgb.map((x) => (x / 255 <= 0.04045 ? x / 255 / 12.92 : ((x / 255 + 0.055) / 1.055) ** 2.4));
  return 0.2126 * r + 0.7152 * g + 0.0722 * b;
};

function ramp(stops) {
  const colors = stops.map(rgbOf);
  return Array.from({ length: 256 }, (_, i) => {
    const place = (i / 255) * (colors.length - 1);
    const low = Math.min(colors.length - 2, Math.floor(place));
    const rgb = colors[low].map((x, k) => Math.round(x + (colors[low + 1][k] - x) * (place - low)));
    return { rgb, css: `rgb(${rgb.join(",")})`, ink: luminance(rgb) > 0.179 ? "#000000" : "#ffffff" };
  });
}

for (const palette of Object.values(PALETTES)) {
  palette.above = ramp(palette.stops);
  palette.under = ramp(palette.below);
}

const darkSystem = matchMedia("(prefers-color-scheme: dark)");

/** The palette of the screen. */
function palette() {
  const dark = state.theme === "dark" || (state.theme === "auto" && darkSystem.matches);
  return dark ? PALETTES.dark : PALETTES.light;
}

/** The place of a number on a scale from 0 to 1; below zero of a signed one from -1. */
function placeOf(number, [low, high], signed) {
  if (signed) return Math.max(-1, Math.min(1, number / (high || 1)));
  return high > low ? Math.max(0, Math.min(1, (number - low) / (high - low))) : 0;
}

/** The entry of a number's colour: its CSS text, its parts, and the ink that can be read on it. */
function colorAt(place, colors) {
  const table = place < 0 ? colors.under : colors.above;
  return table[Math.min(255, Math.ceil(255 * Math.sqrt(Math.abs(place))))];
}
