"""Headers of every answer: what a browser may load, and what it may keep.

They are set around the whole application, so that static files, errors and refused hosts carry them too.
"""

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from flask import Flask, Response, request
from werkzeug.middleware.proxy_fix import ProxyFix

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

# Tabler draws its ticks and arrows with data: images; scripts, styles and fonts come from here alone.
POLICY = "; ".join(
    (
        "default-src 'none'",
        "script-src 'self'",
        "style-src 'self'",
        "img-src 'self' data:",
        "font-src 'self'",
        "connect-src 'self'",
        "manifest-src 'self'",
        "worker-src 'self'",
        "form-action 'self'",
        "base-uri 'none'",
        "frame-ancestors 'none'",
    )
)

HEADERS: dict[str, str] = {
    "Content-Security-Policy": POLICY,
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=(), payment=(), usb=()",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
}
OVER_TLS = {"Strict-Transport-Security": "max-age=31536000; includeSubDomains"}


class Protected:
    """The WSGI application with `HEADERS` on everything it says."""

    def __init__(self, application: "WSGIApplication") -> None:
        self.application = application

    def __call__(self, environ: "WSGIEnvironment", start_response: "StartResponse") -> Iterable[bytes]:
        fixed = HEADERS | OVER_TLS if environ.get("wsgi.url_scheme") == "https" else HEADERS

        def start(status: str, headers: list[tuple[str, str]], exc_info: Any = None) -> Any:
            said = {name.lower() for name, _ in headers}
            missing = [(name, value) for name, value in fixed.items() if name.lower() not in said]
            return start_response(status, headers + missing, exc_info)

        return self.application(environ, start)


def keep_nothing(answer: Response) -> Response:
    """Pages stay out of every cache: what a person saw must not show after signing out."""
    if request.endpoint == "static":
        if request.args.get("v"):
            # send_file says no-cache, which would have the browser ask for each file on every page.
            answer.cache_control.no_cache = None
            answer.cache_control.public = True
            answer.cache_control.max_age = 31536000
            answer.cache_control.immutable = True
    elif not answer.cache_control.public:
        # Also beside the no-cache that send_file says of downloads.
        answer.cache_control.no_store = True
    return answer


def init(app: Flask) -> None:
    """Bind last among those that wrap the application: what wraps it later says nothing of its own.

    Only proxies that are ours are believed about who asks, and whether over TLS; the host comes as it was asked for.
    """
    app.after_request(keep_nothing)
    protected, proxies = Protected(app.wsgi_app), app.extensions["settings"].trusted_proxies
    app.wsgi_app = ProxyFix(protected, x_for=proxies, x_proto=proxies)  # type: ignore[method-assign]
