"""Prints an email as PDF, without a browser and without any request."""

import logging

LOG = logging.getLogger("schoolbell.alerts")
NOT_INSTALLED = "The PDF is missing: pip install 'schoolbell[pdf]' on the server adds it."
FAILED = "The PDF is missing: the page could not be printed."
PAPER = "@page { size: letter; margin: 15mm } body { background: none !important }"


def printed(html: str) -> tuple[bytes, str]:
    """Return a page as PDF, and an empty text; without a PDF, nothing and the reason."""
    try:
        from weasyprint import CSS, HTML
    except (ImportError, OSError):  # the library, or the system's Pango
        return b"", NOT_INSTALLED
    try:
        made = HTML(string=html, url_fetcher=_no_request)
        return bytes(made.write_pdf(stylesheets=[CSS(string=PAPER)], pdf_tags=True)), ""
    except Exception:
        LOG.exception("an email could not be printed")
        return b"", FAILED


def _no_request(url: str, *_args: object, **_options: object) -> object:
    """Refuse to read anything: an email contains all that it needs."""
    message = f"an email reads nothing: {url}"
    raise ValueError(message)
