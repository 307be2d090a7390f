"""Create a model, killed before a given statement reaches the database.

Arguments: the database URL, the system text, the number of the statement.
"""

import itertools
import os
import signal
import sys
from typing import Any

from sqlalchemy import Engine, event

from app import create_app
from app.config import from_env


def main(url: str, system: str, last: int) -> None:
    app = create_app(from_env({"DATABASE_URL": url}))
    counter = itertools.count()

    @event.listens_for(Engine, "before_cursor_execute")
    def die(connection: Any, cursor: Any, statement: str, *_: Any) -> None:
        if next(counter) == last:
            os.kill(os.getpid(), signal.SIGKILL)

    body = {"model": "mario", "from": "gpt-oss-120b", "system": system}
    response = app.test_client().post("/api/create", json=body)
    print(response.text.splitlines()[-1])


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2], int(sys.argv[3]))
