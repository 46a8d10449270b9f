"""`python -m api HOME SOCKET RATES`: one API process of `perennial serve`, on the descriptors it inherits.

Not through the command line, whose imports are a quarter of a second and ten megabytes a process.
"""

import os
import sys
from pathlib import Path

from api.process.processes import stop_with_parent
from api.process.serve import serve_api
from api.web.logs import start_logging
from api.web.settings import ApiSettings
from features.home import PRIVATE_UMASK, Home
from features.store.settings import StoreSettings

if __name__ == "__main__":
    os.umask(PRIVATE_UMASK)
    stop_with_parent()
    start_logging()
    serve_api(Home(Path(sys.argv[1])), ApiSettings(), StoreSettings(), *map(int, sys.argv[2:]))
