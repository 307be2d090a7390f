"""Open the store at a given time, so together with other processes, and put a model.

Arguments: the database URL, the time in seconds since 1970, the model's name.
"""

import sys
import time

from app.domain.presets import Preset
from app.store.store import Store
from app.wire import names


def main(url: str, moment: float, name: str) -> None:
    store = Store(url)
    while time.time() < moment:
        pass
    store.start()
    store.put(names.parse(name), Preset("gpt-oss-120b", system=name), 0)


if __name__ == "__main__":
    main(sys.argv[1], float(sys.argv[2]), sys.argv[3])
