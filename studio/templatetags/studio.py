"""Filters for times, numbers and scores; HTML is made by `since`, `moment` and `short_day` alone."""

from datetime import date, datetime
from typing import Any

from django import template
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.timesince import timesince

register = template.Library()


@register.filter
def ago(moment: datetime | None) -> str:
    """ "3 minutes ago"; "now" below a minute; "never" for nothing."""
    if moment is None:
        return "never"
    if (timezone.now() - moment).total_seconds() < 60:
        return "just now"
    return f"{timesince(moment, depth=1)} ago"


@register.filter
def since(at: datetime | None) -> SafeString | str:
    """How long ago, "3 minutes ago", in a <time> whose title is the moment itself; "never" for nothing."""
    if at is None:
        return "never"
    local = timezone.localtime(at)
    iso, title = local.isoformat(timespec="seconds"), date_format(local, "DATETIME_FORMAT")
    return format_html('<time datetime="{}" title="{}">{}</time>', iso, title, ago(at))


@register.filter
def moment(at: datetime | None) -> SafeString | str:
    """A date with its time, "28 Nov 2026, 10:28", in a <time> that programs read; "–" for nothing."""
    if at is None:
        return "–"
    local = timezone.localtime(at)
    return format_html(
        '<time datetime="{}">{}</time>', local.isoformat(timespec="seconds"), date_format(local, "DATETIME_FORMAT")
    )


@register.filter
def short_day(day: date) -> SafeString:
    """A day of the last weeks, "28 Nov", where a table is narrow; the year is in the <time> and its title."""
    return format_html(
        '<time datetime="{}" title="{}">{}</time>',
        day.isoformat(),
        date_format(day, "DATE_FORMAT"),
        date_format(day, "MONTH_DAY_FORMAT"),
    )


@register.filter
def percent(share: float | None) -> str:
    """A share of 1 as "57.3 %"; "–" where it is not defined."""
    return "–" if share is None else f"{100 * share:.1f} %"


@register.filter
def number(value: float | None) -> str:
    """Three significant digits, whole numbers whole; "–" where it is not defined."""
    if value is None:
        return "–"
    if isinstance(value, int) or abs(value) >= 1000:
        return f"{value:,.0f}"
    return f"{value:.3g}"


@register.filter
def decimal(value: float | None) -> str:
    """Two digits after the point, as coefficients are printed; "–" where it is not defined."""
    return "–" if value is None else f"{round(value, 2) + 0.0:.2f}".replace("-", "−")


@register.filter
def interval(score: Any) -> str:
    """A score's value with its interval, in the score's unit: "12.0 % (8.2–17.3)" or "2.36 (2.31–2.41)"."""
    return f"{point(score)} ({spread(score)})" if spread(score) else point(score)


@register.filter
def point(score: Any) -> str:
    """A score's value alone: "12.0 %", "2.361"."""
    if score.value is None:
        return "–"
    return f"{100 * score.value:.1f} %" if score.unit == "share" else f"{score.value:.3f}"


@register.filter
def spread(score: Any) -> str:
    """The two ends of its interval, without the unit: "8.2 to 17.3"; "" where there is none."""
    if score.value is None or score.low is None or score.high is None:
        return ""
    scale, digits = (100, 1) if score.unit == "share" else (1, 3)
    return f"{scale * score.low:.{digits}f} to {scale * score.high:.{digits}f}"
