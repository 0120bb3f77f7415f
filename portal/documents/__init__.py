"""Facts in, PDF bytes out: the only package that knows WeasyPrint, and it imports it when it prints.

A document is a folder of templates/documents: `page.html` says the facts, `print.css` sets them on A4.
Facts are frozen and fully computed: a template formats, it never counts.
"""

from portal.documents.carrying import invoice_page
from portal.documents.pages import Facts, page, styles
from portal.domain.billing.documents import InvoiceFacts

__all__ = ["Facts", "print_html", "render"]


def render(template: str, facts: Facts) -> bytes:
    """The PDF of a document such as "invoice". The same facts give the same bytes."""
    html = invoice_page(facts) if isinstance(facts, InvoiceFacts) else page(template, facts)
    return print_html(html, *styles(template))


def print_html(html: str, *stylesheets: str) -> bytes:
    """Any HTML as PDF. It reaches the packaged fonts and nothing else: no file, no network."""
    from portal.documents import printer

    return printer.to_pdf(html, stylesheets)
