"""Whoever hashes a password does so in the lane that is kept for it."""

import inspect
import re

from app.kernel.access import access_of
from app.running.web import hashing


def test_every_route_that_hashes_a_password_says_so(panel_app):
    views = {
        rule.rule: panel_app.view_functions[rule.endpoint]
        for rule in panel_app.url_map.iter_rules()
        if "POST" in rule.methods
    }
    does = re.compile(r"(hash_password|password_matches|sign_in|check_password|email_pages\.ask)\(")
    hash_here = {address for address, view in views.items() if does.search(inspect.getsource(view))}

    assert hash_here == {address for address, view in views.items() if access_of(view).hashes}
    assert {"/sign-in", "/admin/sign-in", "/set-password"} <= hashing(panel_app)
    assert not any("<" in address for address in hashing(panel_app)), "the lane knows whole addresses alone"
