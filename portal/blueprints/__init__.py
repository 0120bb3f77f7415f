"""The pages, one package for each noun."""

from importlib import import_module

from flask import Flask

BLUEPRINTS = ("auth", "users", "notices", "clients", "ops", "imports", "billing")


def register(app: Flask) -> None:
    """Each package has a `routes` module with its blueprint `bp`."""
    for name in BLUEPRINTS:
        app.register_blueprint(import_module(f"portal.blueprints.{name}.routes").bp)
