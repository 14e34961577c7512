"""Where a span begins and ends: Python counts code points, JavaScript counts UTF-16 units, both must mean one place."""

from hypothesis import given, settings
from hypothesis import strategies as st

from annotation.science.diff import stretches

# Letters, signs beyond the first plane, joined emoji, marks that combine, both directions, line ends.
WRITTEN = st.text(
    alphabet=st.sampled_from("aß\n \r\t\u200d\u0301\ufe0f\u2028שم字😀👩🏽\U0001f1e9\U00020000\U0010ffff"), max_size=30
)
TEXTS = st.lists(st.one_of(WRITTEN, st.text(max_size=40)), min_size=80, max_size=160)

BOTH_WAYS = """(m, texts) => texts.map((text) => {
  const points = [...text];
  const starts = [];
  let at = 0;
  for (const point of points) { starts.push(at); at += point.length; }
  starts.push(text.length);
  return {
    counted: starts.map((index) => m.toCodePoints(text, index)),
    placed: starts.map((_, count) => m.toUtf16(text, count)),
    starts,
    cut: starts.map((index) => text.slice(0, index)),
    inside: [...Array(text.length + 1).keys()].map((index) => m.toCodePoints(text, index)),
  };
})"""


@settings(max_examples=6)
@given(TEXTS)
def test_a_place_in_javascript_is_the_same_place_in_python_and_back(javascript, texts):
    for text, found in zip(texts, javascript("codepoints.js", BOTH_WAYS, texts), strict=True):
        places = list(range(len(text) + 1))
        assert found["counted"] == places
        assert found["placed"] == found["starts"]
        assert found["cut"] == [text[:place] for place in places]
        assert found["inside"] == sorted(found["inside"])  # an index inside a pair never runs ahead


SELECT = """(m, cases) => cases.map(({ text, from, to }) => ({
  start: m.toCodePoints(text, from), end: m.toCodePoints(text, to), selected: text.slice(from, to),
}))"""
# half of a sign cannot be selected, so both ends stand where one begins
ENDS = st.lists(st.tuples(WRITTEN, st.floats(0, 1), st.floats(0, 1)), min_size=80, max_size=160)


@settings(max_examples=6)
@given(ENDS)
def test_what_was_selected_on_the_screen_is_what_the_span_holds(javascript, cases):
    asked = []
    for text, one, other in cases:
        first, last = sorted(round(share * len(text)) for share in (one, other))
        asked.append({"text": text, "from": units(text[:first]), "to": units(text[:last])})
    for case, found in zip(asked, javascript("codepoints.js", SELECT, asked), strict=True):
        text, start, end = case["text"], found["start"], found["end"]
        assert text[start:end] == found["selected"]
        assert 0 <= start <= end <= len(text)
        pieces = stretches(text, [(start, end)])
        assert "".join(piece.text for piece in pieces) == text
        assert "".join(piece.text for piece in pieces if piece.marks) == found["selected"]


def units(text: str) -> int:
    return len(text.encode("utf-16-le")) // 2
