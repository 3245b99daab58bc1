"""The outcome of an examination for a monitor: JSON whose form is a promise."""

from __future__ import annotations

from typing import Any

from tap_exact_online.catalog import BY_NAME
from tap_exact_online.doctor.examination import Examination
from tap_exact_online.doctor.findings import Finding

VERSION = 1
"""Rises when a name goes or changes its meaning; new names may come at any time."""


def document(result: Examination) -> dict[str, Any]:
    """Return everything as JSON values."""
    return {
        "version": VERSION,
        "at": result.at.isoformat(timespec="seconds"),
        "exit_code": result.exit_code,
        "server": result.server or None,
        "calls": result.ledger.asked,
        "checks": [
            {"check": check.name, "status": check.status.value, "summary": check.summary}
            for check in result.checks
        ],
        "divisions": [_division(result, place) for place in range(len(result.divisions))],
        "rights": [_stream(result, stream) for stream in result.ledger.streams],
        "last_run": None
        if result.reads is None
        else [
            {
                "stream": read.stream,
                "divisions_read": len(read.read),
                "divisions_never_read": list(read.never),
                "newest_change": None if read.newest is None else read.newest.isoformat(),
            }
            for read in result.reads
        ],
        "findings": [of_finding(finding) for finding in result.findings],
    }


def _division(result: Examination, place: int) -> dict[str, Any]:
    division = result.divisions[place]
    left, age = result.left[division.code], result.log_ages.get(division.code)
    return {
        **division.document(),
        "calls_left_today": left.day_left,
        "calls_a_day": left.day_limit,
        "calls_left_this_minute": left.minute_left,
        "calls_a_minute": left.minute_limit,
        "deleted_log_read_days_ago": None if age is None else round(age.total_seconds() / 86_400, 2),
    }


def _stream(result: Examination, stream: str) -> dict[str, Any]:
    endpoint = BY_NAME[stream].endpoint
    return {
        "stream": stream,
        "endpoint": endpoint.path,
        "scope": endpoint.scope,
        "results": {
            str(division): found.value
            for division, found in zip(result.ledger.divisions, result.ledger.of(stream), strict=True)
        },
    }


def of_finding(finding: Finding) -> dict[str, Any]:
    """Return a finding as JSON values."""
    cure = finding.cure
    return {
        "finding": finding.kind,
        "level": finding.level.value,
        "text": finding.text,
        "streams": list(finding.streams),
        "divisions": list(finding.divisions),
        "exit_code": finding.exit_code,
        "cure": {"en": cure.english, "nl": cure.dutch},
        "link": cure.link,
    }
