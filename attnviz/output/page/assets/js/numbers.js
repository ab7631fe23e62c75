// Codes as numbers and as text. Every text equals what Python's format gives of the number that was rounded once.

/** How the codes of a set are read. */
function reader(set) {
  const { codes } = set;
  const isPercent = set.percent;
  if (codes.float) {
    return {
      isMasked: Number.isNaN,
      value: (code) => code,
      place: (code) => code,
      short: (code) => fixed(code, 2),
      exact: (code) => fixed(code, head.precision),
    };
  }
  const masked = codes.bytes === 1 ? 255 : 65535;
  const { steps, zero } = codes;
  const hundredths = (q) => Math.floor((q + (steps === 2000 ? 10 : 1)) / (steps === 2000 ? 20 : 2));
  const thousandths = (q) => Math.floor((q + 1) / 2);
  const sign = (number) => (set.signed && number > 0 ? "+" : "");
  const precise = head.precision === 3 && steps === 2000;
  const whole = (q) => (precise ? thousandths(q) / 1000 : hundredths(q) / 100);
  return {
    isMasked: (code) => code === masked,
    value: (code) => (code === masked ? NaN : whole(code - zero)),
    // What colours are made of: small numbers differ though their text does not.
    place: (code) => (code === zero ? 0 : (code - zero + 0.5) / steps),
    short: (code) => {
      const number = hundredths(code - zero);
      return isPercent || set.signed ? `${sign(number)}${number}` : fixed(number / 100, 2);
    },
    exact: (code) => sign(whole(code - zero)) + whole(code - zero).toFixed(precise ? 3 : 2),
  };
}

/** A number with so many decimals; of two that are equally near the even one, as in Python. */
function fixed(number, decimals) {
  if (!Number.isFinite(number)) return "";
  const scaled = Math.abs(number) * 10 ** decimals;
  const whole = Math.floor(scaled);
  if (scaled < 2 ** 50 && scaled - whole === 0.5) {
    const even = whole % 2 ? whole + 1 : whole;
    return (number < 0 ? "-" : "") + (even / 10 ** decimals).toFixed(decimals);
  }
  return number.toFixed(decimals);
}

/** `62%`, `+53 points`, `1.24`: a number inside a sentence. */
function spoken(set, code, numbers) {
  if (numbers.isMasked(code)) return "masked";
  const text = numbers.short(code);
  if (set.signed) return `${text} points`;
  return set.percent ? `${text}%` : text;
}
