#!/usr/bin/env python3
"""Makes multitrack sessions nobody prepared for, from music in Debian packages: make.py FOLDER [NAME ...]

Each session becomes FOLDER/NAME/*.wav, all stems equally long. Without names all are made; without a folder they are
listed. README.md says what each is, where it comes from and under which licence."""

import pathlib
import shutil
import subprocess
import sys
import tempfile

import hydrogen
import lmms
import midi

OPENMSX = "/usr/share/games/openttd/baseset/openmsx/"
LMMS = "/usr/share/lmms/projects/"
HYDROGEN = "/usr/share/hydrogen/data/demo_songs/"

# name: maker, source, style, longest duration in seconds
SESSIONS = {
    "bigband": (midi, OPENMSX + "keep_on_rolling.mid", "printed", 150),
    "funk": (midi, OPENMSX + "modern_motion.mid", "printed", 150),
    "blues": (midi, OPENMSX + "city_blues_redfarn.mid", "raw", 150),
    "rock": (midi, OPENMSX + "flying_scotsman.mid", "raw", 150),
    "folk": (midi, OPENMSX + "linns_basket.mid", "normalised", 120),
    "fusion": (midi, OPENMSX + "tttheme2.mid", "normalised", 150),
    "reggaeton": (lmms, LMMS + "demos/CapDan/CapDan-ReggaetonTry.mmpz", "printed", 150),
    "breakbeat": (lmms, LMMS + "demos/CapDan/CapDan-TwilightArea-OriginalByAlf42red.mmpz", "printed", 150),
    "breakcore": (lmms, LMMS + "shorties/DirtyLove.mmpz", "normalised", 150),
    "hiphop": (lmms, LMMS + "demos/StrictProduction-DearJonDoe.mmp", "printed", 120),
    "techno": (lmms, LMMS + "demos/EsoXLB-CPU.mmpz", "printed", 120),
    "drums": (hydrogen, HYDROGEN + "GM_kit_Jazzy.h2song", "printed", 60),
}

# what a style does to a stem once it is rendered: sox effects
STYLES = {
    "printed": [],  # level, pan and effects as in the song
    "normalised": ["gain", "-n", "-1"],  # each stem as loud as it gets: no balance left
    "raw": ["remix", "1,2", "gain", "-n", "-6"],  # mono and dry, as recorded
}


def length_s(path):
    return float(subprocess.check_output(["soxi", "-V1", "-D", path]))


def is_silent(path):
    stat = subprocess.run(["sox", "-V1", path, "-n", "stat"], check=True, capture_output=True, text=True).stderr
    peaks = [float(line.split()[-1]) for line in stat.splitlines() if line.startswith(("Maximum amp", "Minimum amp"))]
    return max(map(abs, peaks)) < 1e-4


def finish(stems, folder, style, limit_s):
    """Brings stems to one length and the session's style; leaves silent ones out."""
    seconds = min(limit_s, max(length_s(s) for s in stems))
    for stem in stems:
        even = stem.with_suffix(".even.wav")
        subprocess.run(["sox", "-V1", stem, even, "pad", "0", f"{seconds:.3f}", "trim", "0", f"{seconds:.3f}"], check=True)
        if not is_silent(even):  # what enters after the limit
            subprocess.run(["sox", "-V1", even, "-b", "24", folder / stem.name, *STYLES[style]], check=True)


def make(name, folder):
    maker, source, style, limit_s = SESSIONS[name]
    folder.mkdir(parents=True)
    with tempfile.TemporaryDirectory() as work:
        maker.render(pathlib.Path(source), pathlib.Path(work), dry=style == "raw", limit_s=limit_s)
        finish(sorted(pathlib.Path(work).glob("*.wav")), folder, style, limit_s)


def main(arguments):
    if not arguments:
        print("\n".join(SESSIONS))
        return
    for name in arguments[1:] or SESSIONS:
        folder = pathlib.Path(arguments[0]) / name
        if folder.exists():
            print(f"{name}: there already")
            continue
        try:
            make(name, folder)
        except BaseException:
            shutil.rmtree(folder, ignore_errors=True)
            raise
        print(f"{name}: {len(list(folder.iterdir()))} stems")


if __name__ == "__main__":
    main(sys.argv[1:])
