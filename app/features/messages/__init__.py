"""Mails: written as rows with what caused them, drawn and sent by the worker, kept readable for staff."""

ADDRESSES = {"admin": ("/admin/messages", "/admin/settings/mail")}
