"""The books: what is due, what was billed, what is owed, and what was paid."""

from flask import Blueprint

bp = Blueprint("billing", __name__)
