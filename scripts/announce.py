"""Wait until the product answers, then print its address and, in a trial, the demo accounts."""

import os
import sys
import time
import urllib.error
import urllib.request


def main() -> None:
    """Exits with 1 when nothing answers within two minutes."""
    address = f"http://{os.environ['HOST']}:{os.environ['PORT']}"
    log = f"{os.environ['CRM_VAR']}/log"
    if not _ready(f"{address}/readyz", seconds=120):
        sys.exit(f"{address} does not answer. Look into {log}.")
    print(f"\nReady: {address}   (logs in {log}, Ctrl-C stops everything)\n", flush=True)


def _ready(url: str, seconds: float) -> bool:
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        try:
            with urllib.request.urlopen(url, timeout=5) as answer:  # noqa: S310  (our own address)
                return bool(answer.status == 200)
        except (urllib.error.URLError, TimeoutError):
            time.sleep(0.2)
    return False


if __name__ == "__main__":
    main()
