"""What an admin uploads."""

from flask_wtf import FlaskForm
from flask_wtf.file import FileField, FileRequired
from wtforms import BooleanField


class UploadForm(FlaskForm):
    archive = FileField(
        "Zip with the CSV files",
        [FileRequired("Choose a zip file.")],
        description="One or more of the files listed here; anything else in the zip is left aside.",
        render_kw={"accept": ".zip,application/zip"},
    )
    is_dry_run = BooleanField(
        "Dry run", description="Check everything and say what would happen, but change nothing."
    )
