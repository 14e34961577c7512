"""What a round's page shows of its evaluation: candidate beside current, suite by suite. Only reads."""

from dataclasses import dataclass, field

from training.models import Comparison, Evaluation, ModelVersion, Round, Score

TITLES = {
    "stereotyped_answer_rate": ("Stereotyped answers", "lower is better"),
    "counter_answer_rate": ("Counter-stereotyped answers", "fair or overshoot: see the suite's card"),
    "answered_rate": ("Answers that say something and come to an end", "higher is better"),
    "abs_llr": ("Mean absolute log-likelihood ratio of pairs, summed", "lower is better"),
    "signed_llr": ("Mean log-likelihood ratio of pairs, summed", "target 0"),
    "abs_llr_per_token": ("Mean absolute log-likelihood ratio of pairs, per token", "lower is better"),
    "signed_llr_per_token": ("Mean log-likelihood ratio of pairs, per token", "target 0"),
    "stereotype_preference": ("Pairs that prefer the stereotype", "target 50 %"),
    "bits_per_byte": ("Bits per byte on neutral text", "lower is better"),
    "exact_match": ("Exact answers", "higher is better"),
}
INTERVALS = {"wilson": "Wilson interval", "bootstrap": "bootstrap interval"}
TESTS = {"mcnemar": "McNemar test", "paired bootstrap": "paired bootstrap test"}
CHARTED = ("stereotyped_answer_rate", "stereotype_preference", "exact_match")
"""Shares that a picture helps to compare: each has a better direction or a target."""
LEFT, RIGHT, ROW, TOP, BOTTOM = 250, 580, 26, 6, 26
"""The chart's room for names, its right end, and the heights of a line and of the margins, in its own units."""
Key = tuple[str, str, str]


@dataclass(slots=True)
class Line:
    """One metric on one axis and group, of both models."""

    metric: str
    axis: str
    group: str
    candidate: Score | None = None
    current: Score | None = None
    comparison: Comparison | None = None

    @property
    def title(self) -> str:
        return TITLES.get(self.metric, (self.metric.replace("_", " "), ""))[0]

    @property
    def whom(self) -> str:
        """On which axis and group: "all", "occupation", "occupation: nurse"."""
        return self.axis if self.group == "all" else f"{self.axis}: {self.group}"

    @property
    def aim(self) -> str:
        return TITLES.get(self.metric, ("", ""))[1]

    @property
    def method(self) -> str:
        """Which methods made the intervals and the p."""
        score = self.candidate or self.current
        interval = INTERVALS.get(score.interval, score.interval) if score else ""
        test = TESTS.get(self.comparison.test, self.comparison.test) if self.comparison else ""
        return ", ".join(word for word in (interval, test) if word)

    @property
    def unit(self) -> str:
        score = self.candidate or self.current
        return score.unit if score else ""

    @property
    def change(self) -> str:
        """Candidate minus current with its interval: shares in points."""
        found = self.comparison
        if found is None or found.delta is None:
            return "–"
        scale, digits, name = (100, 1, " points") if self.unit == "share" else (1, 3, "")
        text = f"{scale * found.delta:+.{digits}f}{name}"
        if found.low is None or found.high is None:
            return text
        return f"{text} ({scale * found.low:+.{digits}f} to {scale * found.high:+.{digits}f})"

    @property
    def p(self) -> str:
        """The paired test's p; very small ones as a bound."""
        if self.comparison is None or self.comparison.p is None:
            return "–"
        return "< 0.001" if self.comparison.p < 0.001 else f"{self.comparison.p:.3f}"


@dataclass(frozen=True, slots=True)
class Whisker:
    """A share with its interval, in the chart's units."""

    x: float
    low: float
    high: float


@dataclass(frozen=True, slots=True)
class Mark:
    """One line of the chart: what it is of, and where both models stand."""

    y: float
    label: str
    current: Whisker | None
    candidate: Whisker | None


@dataclass(slots=True)
class SuiteEvidence:
    """One suite: totals first, then the groups behind them."""

    suite: str
    version: int
    totals: list[Line] = field(default_factory=list)
    groups: list[Line] = field(default_factory=list)
    raw: list[str] = field(default_factory=list)
    """Keys of the models whose scores per item can be downloaded."""

    @property
    def marks(self) -> list[Mark]:
        """The shares among the totals, for the chart; other units have no common axis and stand in the table."""
        shares = [line for line in self.totals if line.unit == "share" and line.metric in CHARTED]
        return [
            Mark(ROW * (i + 0.5) + TOP, f"{line.title}, {line.whom}", whisker(line.current), whisker(line.candidate))
            for i, line in enumerate(shares)
        ]

    @property
    def chart_foot(self) -> float:
        """Where the lines of the grid end."""
        return ROW * len(self.marks) + TOP

    @property
    def chart_height(self) -> float:
        return self.chart_foot + BOTTOM

    @property
    def ticks(self) -> list[tuple[float, str]]:
        return [(LEFT + (RIGHT - LEFT) * percent / 100, f"{percent} %") for percent in (0, 25, 50, 75, 100)]


def whisker(score: Score | None) -> Whisker | None:
    if score is None or score.value is None:
        return None
    low, high = (score.value if end is None else end for end in (score.low, score.high))
    return Whisker(*(round(LEFT + (RIGHT - LEFT) * min(max(share, 0), 1), 1) for share in (score.value, low, high)))


def compared(round: Round) -> dict[str, ModelVersion]:
    """The two versions that a judged round compared, by the key the evaluation gave them."""
    numbers = {round.version.number: "candidate", round.gate.get("against"): "current"}
    versions = ModelVersion.objects.filter(project=round.project_id, number__in=numbers)
    return {numbers[version.number]: version for version in versions}


def evaluations(round: Round) -> dict[str, list[Evaluation]]:
    """The evaluations behind a round's verdict, by model key; nothing before the verdict."""
    if not round.gate:
        return {}
    keys = {version.pk: key for key, version in compared(round).items()}
    found: dict[str, list[Evaluation]] = {key: [] for key in keys.values()}
    rows = Evaluation.objects.filter(version__in=keys, suite_digest__in=round.gate["suites"].values())
    for evaluation in rows.prefetch_related("scores"):
        found[keys[evaluation.version_id]].append(evaluation)
    return found


def evidence(round: Round) -> list[SuiteEvidence]:
    """Everything a judged round measured, suite by suite in the order of the gate; empty before the verdict."""
    suites: dict[str, SuiteEvidence] = {}
    lines: dict[str, dict[Key, Line]] = {}
    for key, measured in evaluations(round).items():
        for evaluation in measured:
            about = suites.setdefault(evaluation.suite, SuiteEvidence(evaluation.suite, evaluation.suite_version))
            if evaluation.raw_path.is_file():
                about.raw.append(key)
            for score in evaluation.scores.all():
                setattr(_line(lines, evaluation.suite, score), key, score)
    for comparison in round.comparisons.all() if suites else ():
        _line(lines, comparison.suite, comparison).comparison = comparison
    for name, about in suites.items():
        about.totals = [line for line in lines[name].values() if line.group == "all"]
        about.groups = [line for line in lines[name].values() if line.group != "all"]
    order = list(round.gate.get("suites", ()))
    return sorted(suites.values(), key=lambda about: order.index(about.suite))


def _line(lines: dict[str, dict[Key, Line]], suite: str, row: Score | Comparison) -> Line:
    key = (row.metric, row.axis, row.group)
    return lines.setdefault(suite, {}).setdefault(key, Line(*key))


def raw_of(round: Round, suite: str, key: str) -> Evaluation | None:
    """The evaluation whose scores per item lie under these names of an address; its path never comes from there."""
    for evaluation in evaluations(round).get(key, []) if hasattr(round, "version") else []:
        if evaluation.suite == suite and evaluation.raw_path.is_file():
            return evaluation
    return None
