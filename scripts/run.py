"""`make run`: prepare, then become the supervisor of web, job worker and clock (deploy/supervisord.conf)."""

import os
import socket
import sys
from pathlib import Path

from crm import embedded
from scripts import prepare

DEFAULTS = {"HOST": "127.0.0.1", "PORT": "8000", "WEB_WORKERS": "2", "WEB_THREADS": "4", "JOB_WORKERS": "2"}


def main() -> None:
    """Does not return: the supervisor takes this process over. Exits with a sentence when it cannot start."""
    variables = os.environ | {name: os.environ.get(name) or default for name, default in DEFAULTS.items()}
    _refuse_taken_port(variables["HOST"], int(variables["PORT"]))
    var = embedded.var_dir()
    (var / "log").mkdir(parents=True, exist_ok=True)
    # The private servers that we start now are ours to stop at the end; those that ran before are not.
    ours = embedded.start()
    try:
        prepare.main(["demo"])
    except BaseException:
        embedded.stop([server for server in embedded.private_servers(var) if server.name in ours])
        raise
    variables |= {"CRM_VAR": str(var), "PYTHON": sys.executable, "OUR_SERVERS": " ".join(ours)}
    configuration = Path(__file__).resolve().parent.parent / "deploy/supervisord.conf"
    os.execve(sys.executable, [sys.executable, "-m", "supervisor.supervisord", "-c", str(configuration)], variables)  # noqa: S606


def _refuse_taken_port(host: str, port: int) -> None:
    try:
        socket.create_server((host, port)).close()
    except OSError as error:
        sys.exit(f"Cannot listen on {host}:{port}: {error.strerror}. Another port: PORT={port + 1} make run")


if __name__ == "__main__":
    main()
