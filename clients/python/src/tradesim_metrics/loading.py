"""A lock for imports that wait until they are needed.

A child process that is forked while another thread imports a module waits for the end of that
import for ever, because the thread is not there. So a fork waits until the import is over.
"""

from __future__ import annotations

import os
from threading import RLock

#: Held by whoever imports something late.
loading = RLock()

if hasattr(os, "register_at_fork"):
    os.register_at_fork(
        before=loading.acquire, after_in_parent=loading.release, after_in_child=loading.release
    )
