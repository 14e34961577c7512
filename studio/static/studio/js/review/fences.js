// Where a text holds code: blocks between lines of ``` or ~~~. Numbers only, no page.

const FENCE = /^ {0,3}(`{3,}|~{3,})/;

/** [{start, end}] in UTF-16 units, each from the opening line to the end of the closing one, its line end included. */
export function fences(text) {
  if (!text.includes("```") && !text.includes("~~~")) return [];
  const found = [];
  let open = null;
  let at = 0;
  for (const line of text.split(/(?<=\n)/)) {
    const mark = FENCE.exec(line)?.[1];
    if (!open && mark) open = { start: at, mark };
    else if (open && mark && mark[0] === open.mark[0] && mark.length >= open.mark.length && !line.trim().slice(mark.length)) {
      found.push({ start: open.start, end: at + line.length });
      open = null;
    }
    at += line.length;
  }
  if (open) found.push({ start: open.start, end: text.length }); // a block the model never closed
  return found;
}
