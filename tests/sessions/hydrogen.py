"""Hydrogen songs exported drum by drum: each run mutes all instruments but those of one stem. The export takes as long
as the music, so all stems are exported at once."""

import os
import subprocess
import xml.etree.ElementTree as xml

STEMS = {"Kick": "Kick", "Snare": "Snare", "Stick": "Sidestick", "Clap": "Claps", "Hat": "HiHat", "Tom": "Toms",
         "Ride": "Ride", "Bell": "Ride", "Crash": "Crash", "Splash": "Crash", "Cowbell": "Cowbell", "Shaker": "Shaker",
         "Conga": "Conga"}


def stem_of(instrument):
    return next((stem for word, stem in STEMS.items() if word in instrument), "Perc")


def repeat(song, limit_s):
    """Plays the song again until it lasts."""
    sequence = song.find("patternSequence")
    groups, beats = list(sequence), len(list(sequence)) * 4
    once_s = beats * 60 / float(song.findtext("bpm"))
    for _ in range(int(limit_s / once_s)):
        sequence.extend(groups)


def used(song):
    return {note.findtext("instrument") for note in song.iter("note")}


def render(source, folder, dry, limit_s):
    del dry
    song = xml.parse(source).getroot()
    repeat(song, limit_s)
    instruments = list(song.find("instrumentList"))
    playing = used(song)
    stems = {stem_of(i.findtext("name")) for i in instruments if i.findtext("id") in playing}
    runs = []
    for stem in sorted(stems):
        for i in instruments:
            i.find("isMuted").text = "false" if stem_of(i.findtext("name")) == stem else "true"
        file = folder / f"{stem}.h2song"
        xml.ElementTree(song).write(file)
        runs.append(subprocess.Popen(["h2cli", "-s", file, "-d", "auto", "-r", "48000", "-b", "24", "-o",
                                      folder / f"{stem}.wav"],
                                     stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
                                     env={**os.environ, "QT_QPA_PLATFORM": "offscreen"}))
    if any(run.wait() for run in runs):
        raise RuntimeError(f"h2cli failed on {source}")
