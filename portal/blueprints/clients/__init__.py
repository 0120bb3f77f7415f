"""The book of clients, their contacts and their contracts."""

from flask import Blueprint

bp = Blueprint("clients", __name__, url_prefix="/clients")
