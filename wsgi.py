"""The WSGI application, for servers other than `mpanel run`."""

from app import config, create_app

application = create_app(config.load())
