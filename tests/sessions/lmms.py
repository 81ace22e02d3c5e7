"""LMMS projects exported track by track. Names are those the export writes."""

import os
import subprocess

ATTEMPTS = 5  # LMMS 1.2.2 crashes now and then when it has finished the last track


def render(source, folder, dry, limit_s):
    del dry, limit_s
    command = ["lmms", "--allowroot", "rendertracks", source, "-o", folder, "-f", "wav", "-a", "-s", "44100", "-x", "1"]
    for _ in range(ATTEMPTS):
        if not subprocess.run(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
                              env={**os.environ, "QT_QPA_PLATFORM": "offscreen", "HOME": str(folder)}).returncode:
            return
    raise RuntimeError(f"lmms failed {ATTEMPTS} times on {source}")
