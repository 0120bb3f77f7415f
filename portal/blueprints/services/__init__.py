"""Client services: the list, the page of one, its moves, and moves for many at once."""

from flask import Blueprint

bp = Blueprint("services", __name__, url_prefix="/services")
