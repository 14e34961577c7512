// The screen's sentences in the reader's language. The English text is the key: t("Saved."), t("Marked {word}.", {word}).
// A page in English brings no catalog at all; a sentence that the catalog lacks is shown in English.

const element = document.getElementById("review-strings");
const catalog = element ? JSON.parse(element.textContent) : {};
const plurals = new Intl.PluralRules(document.documentElement.lang || "en");

const isRtl = document.documentElement.dir === "rtl";

// Between two invisible signs, a foreign word keeps its own direction and does not turn the sentence around it.
const isolated = (value) => (isRtl && typeof value === "string" ? `\u2068${value}\u2069` : value);
const fill = (text, values) => text.replace(/\{(\w+)\}/g, (whole, name) => (name in values ? isolated(values[name]) : whole));

export function t(text, values = {}) {
  return fill(catalog[text] ?? text, values);
}

/** One of two sentences by number: tn("{n} answer is not saved", "{n} answers are not saved", 3). Arabic has six forms. */
export function tn(one, many, n, values = {}) {
  const forms = catalog[one];
  const text = forms ? forms[plurals.select(n)] ?? forms.other : n === 1 ? one : many;
  return fill(text, { n, ...values });
}
