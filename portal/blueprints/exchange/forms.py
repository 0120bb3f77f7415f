"""What is entered about rates."""

from flask_wtf import FlaskForm
from flask_wtf.file import FileField, FileRequired
from wtforms import StringField

from portal.web.forms import Needed


class RateForm(FlaskForm):
    currency = StringField(
        "Currency", [Needed()], description="Its code, such as EUR.", render_kw={"maxlength": 3}
    )
    on_date = StringField("From", [Needed()], render_kw={"type": "date"})
    rate = StringField(
        "Rate", [Needed()], description="What one unit of it is worth.", render_kw={"inputmode": "decimal"}
    )


class RatesFile(FlaskForm):
    file = FileField(
        "CSV file",
        [FileRequired("Choose a CSV file.")],
        description="With the columns currency, on_date and rate; all of it is taken, or nothing.",
        render_kw={"accept": ".csv,text/csv"},
    )
