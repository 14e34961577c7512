// Offsets: JavaScript counts UTF-16 units, the studio counts Unicode code points. Here they meet.

const isHigh = (unit) => unit >= 0xd800 && unit <= 0xdbff;
const isLow = (unit) => unit >= 0xdc00 && unit <= 0xdfff;

/** How many code points stand before the UTF-16 offset `index`; an offset inside a pair counts as before it. */
export function toCodePoints(text, index) {
  let pairs = 0;
  for (let i = 1; i <= index && i < text.length; i += 1) {
    if (isLow(text.charCodeAt(i)) && isHigh(text.charCodeAt(i - 1))) pairs += 1;
  }
  return index - pairs;
}

/** The UTF-16 offset at which code point number `count` begins. */
export function toUtf16(text, count) {
  let index = 0;
  for (let seen = 0; seen < count && index < text.length; seen += 1) {
    const pair = isHigh(text.charCodeAt(index)) && index + 1 < text.length && isLow(text.charCodeAt(index + 1));
    index += pair ? 2 : 1;
  }
  return index;
}
