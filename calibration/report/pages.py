"""The report as one HTML file that needs no network."""

from pathlib import Path

from django.contrib.staticfiles import finders
from django.template.loader import render_to_string

from calibration.models import Audit
from calibration.report.read import read_report

STYLES = ("look.css", "console.css", "audit.css")


def report_page(audit: Audit) -> str:
    """The audit as one HTML file that needs no network."""
    styles = [Path(finders.find(name) or name).read_text(encoding="utf-8") for name in STYLES]
    report = read_report(audit.result or {}, study=audit.study, every=True)
    context = {"audit": audit, "study": audit.study, "report": report, "styles": styles}
    return render_to_string("calibration/report.html", context)


def write_report(audit: Audit, path: Path) -> None:
    """Write the page whole, or nothing. Raises OSError."""
    partial = path.with_name(f".{path.name}.part")
    try:
        partial.write_text(report_page(audit), encoding="utf-8")
        partial.replace(path)
    finally:
        partial.unlink(missing_ok=True)
