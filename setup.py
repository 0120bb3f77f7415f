"""Only what pyproject.toml cannot say: in a wheel, the migrations lie inside the package."""

from setuptools import find_packages, setup

setup(
    packages=[
        *find_packages(include=["portal", "portal.*"]),
        "portal.migrations",
        "portal.migrations.versions",
    ],
    package_dir={"portal.migrations": "migrations"},
)
