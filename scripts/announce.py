"""Wait until the product answers, then print its address and, in a trial, the demo accounts."""

import os
import sys
import time
import urllib.error
import urllib.request
from pathlib import Path

DEMO_ACCOUNTS = "demo-accounts.txt"  # what the `demo` command printed


def main() -> None:
    """Exits with 1 when nothing answers within two minutes."""
    host = {"0.0.0.0": "127.0.0.1", "::": "[::1]"}.get(os.environ["HOST"], os.environ["HOST"])  # noqa: S104
    address = f"http://{host}:{os.environ['PORT']}"
    var = Path(os.environ["CRM_VAR"])
    if not _ready(f"{address}/readyz", seconds=120):
        sys.exit(f"{address} does not answer. Look into {var / 'log'}.")
    accounts = var / DEMO_ACCOUNTS
    print(f"\n{accounts.read_text()}" if accounts.exists() else "")
    print(f"Ready: {address}   (logs in {var / 'log'}, Ctrl-C stops everything)\n", flush=True)


def _ready(url: str, seconds: float) -> bool:
    name = os.environ.get("ALLOWED_HOSTS", "").split(",")[0] or "localhost"
    request = urllib.request.Request(url, headers={"Host": name})  # noqa: S310  (our own address)
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        try:
            with urllib.request.urlopen(request, timeout=5) as answer:  # noqa: S310
                return bool(answer.status == 200)
        except (urllib.error.URLError, TimeoutError):
            time.sleep(0.2)
    return False


if __name__ == "__main__":
    main()
