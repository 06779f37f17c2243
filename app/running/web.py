"""A web process."""

import os
import socket

from flask import Flask

from app import MAX_BODY, create_app
from app.config import Settings
from app.kernel import buffer, db, jobs, logs
from app.kernel.access import access_of
from app.kernel.heartbeat import Heart
from app.running import children
from app.running.children import Ties
from app.running.memory import share_one_arena
from app.running.plain import listen
from app.running.server import Server


def hashing(app: Flask) -> frozenset[str]:
    """The addresses where a POST checks or makes a password's hash, as their marks say."""
    marks = ((rule.rule, access_of(app.view_functions[rule.endpoint])) for rule in app.url_map.iter_rules())
    return frozenset(address for address, mark in marks if mark is not None and mark.hashes)


def largest_body(app: Flask) -> int:
    """What the server reads of a body: twice the limit of the panel itself, so that a body somewhat too large is
    refused in the brand's words; or what a route takes that takes more."""
    marks = (access_of(view) for view in app.view_functions.values())
    return max(2 * MAX_BODY, *(mark.largest or 0 for mark in marks if mark is not None))


def serve(settings: Settings, ties: Ties) -> None:
    """Answer requests until told to stop; then finish those in hand, within 25 seconds."""
    share_one_arena()
    logs.configure()
    inherited = ties.listener is not None
    listener = socket.socket(fileno=ties.listener) if inherited else listen(settings)
    app = create_app(settings)
    server = Server(app, listener, max_body=largest_body(app), slow=hashing(app))
    children.on_stop(server.drain_soon)
    ties.watch()
    heart = Heart("web")
    heart.start()
    ties.tell_ready()
    logs.get("web").info("listening", host=settings.host, port=settings.port, pid=os.getpid())
    server.run()
    buffer.close()
    jobs.close()
    heart.stop()
    db.dispose()
    logs.get("web").info("ended", pid=os.getpid())
