"""What a round's page shows of its evaluation: candidate beside current, suite by suite. Only reads."""

from dataclasses import dataclass, field

from training.models import Comparison, Evaluation, ModelVersion, Round, Score

TITLES = {
    "stereotyped_answer_rate": ("Stereotyped answers", "lower is better"),
    "counter_answer_rate": ("Counter-stereotyped answers", "target depends on the question"),
    "abs_llr": ("Mean absolute log-likelihood ratio of pairs, summed", "lower is better"),
    "signed_llr": ("Mean log-likelihood ratio of pairs, summed", "target 0"),
    "abs_llr_per_token": ("Mean absolute log-likelihood ratio of pairs, per token", "lower is better"),
    "signed_llr_per_token": ("Mean log-likelihood ratio of pairs, per token", "target 0"),
    "stereotype_preference": ("Pairs whose stereotypical text is likelier", "target 50 %"),
    "bits_per_byte": ("Bits per byte on neutral text", "lower is better"),
    "exact_match": ("Exact answers", "higher is better"),
}
INTERVALS = {"wilson": "Wilson", "bootstrap": "bootstrap"}
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
    def interval(self) -> str:
        """Which method made the intervals."""
        score = self.candidate or self.current
        return INTERVALS.get(score.interval, score.interval) if score else ""

    @property
    def change(self) -> str:
        """Candidate minus current with its interval: shares in points."""
        found = self.comparison
        if found is None or found.delta is None:
            return "–"
        unit = (self.candidate or self.current or Score(unit="")).unit
        scale, digits, name = (100, 1, " points") if unit == "share" else (1, 3, "")
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


@dataclass(slots=True)
class SuiteEvidence:
    """One suite: totals first, then the groups behind them."""

    suite: str
    version: int
    totals: list[Line] = field(default_factory=list)
    groups: list[Line] = field(default_factory=list)
    raw: list[str] = field(default_factory=list)
    """Keys of the models whose scores per item can be downloaded."""


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
