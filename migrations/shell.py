"""Flask-Migrate's commands for developers: `flask --app migrations.shell db revision --autogenerate -m "..."`.

Apart from the panel's own application: a serving process has no use for
Alembic, and starts a third of a second earlier without it.
"""

from flask_migrate import Migrate
from flask_sqlalchemy import SQLAlchemy

from app import ROOT, config, create_app
from app.kernel.db import Base

application = create_app(config.load())
Migrate(application, SQLAlchemy(metadata=Base.metadata, disable_autonaming=True), directory=str(ROOT / "migrations"))
