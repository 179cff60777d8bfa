"""Runs before every test: the servers, without which no test database can be made."""

from crm import embedded

embedded.start()
