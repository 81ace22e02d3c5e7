#!/usr/bin/env python3
"""Masters of real sessions held against their targets by three meters: masters.py TOPDOWN WORK SESSION...

A SESSION is a folder of stems; half a minute of each is mixed by library recipes, each mix mastered to ten targets from
-23 to -7 LUFS in changing formats. Prints a table of what missed its target, or declares that it did: by topdown's own
meters (report.json), by libebur128 and by ffmpeg, on the files as they stand. Exits 1 when a file is above its true-peak
target on any meter, or off its loudness by more than 0.1 LU without having said so."""

import argparse
import ctypes
import json
import math
import pathlib
import re
import shutil
import subprocess
import sys

RECIPES = ("pop-rock", "electronic", "jazz", "hip-hop", "acoustic", "metal", "orchestral", "edm-loud")
TARGETS = (  # LUFS, dBTP, format
    (-23, -1, "wav, bits: 24"),
    (-20, -2, "wav, bits: 16, rate: 44.1 kHz"),
    (-18, -1, "flac, bits: 24"),
    (-16, -1, "mp3, bitrate: 192 kbit/s"),
    (-14, -1, "wav, bits: 24"),
    (-13, -2, "opus, bitrate: 128 kbit/s"),
    (-11, -1, "ogg, bitrate: 192 kbit/s"),
    (-10, -0.5, "wav, bits: 24, rate: 96 kHz"),
    (-9, -1, "wav, bits: 16"),
    (-7, -1, "flac, bits: 24"),
)
SOUND = {".wav", ".flac"}


def excerpt(stems, folder, seconds):
    """From a third into the song, where most of it plays."""
    folder.mkdir(parents=True)
    for stem in stems:
        length = float(subprocess.check_output(["soxi", "-V1", "-D", stem]))
        start = max(0.0, min(length / 3, length - seconds))
        cut = ["trim", f"{start:.3f}", f"{seconds}"]
        subprocess.run(["sox", "-V1", stem, "-b", "24", folder / (stem.stem + ".wav"), *cut], check=True)


def job(name, stems, recipe):
    masters = "".join(
        f"    - {{ format: {spec}, loudness: {lufs} LUFS, true_peak: {peak} dBTP }}\n" for lufs, peak, spec in TARGETS
    )
    return (
        f"topdown: job/1\nname: {name}\ntempo: 120 bpm\nstems: {{ folder: {stems.resolve()} }}\n"
        f"recipes: [ {recipe} ]\noutputs:\n  masters:\n{masters}"
    )


class Ebur128:
    """libebur128 itself, fed with what ffmpeg decodes to floats."""

    MODE = 0x1 | 0x4 | 0x10 | 0x20  # momentary, integrated, sample peak, true peak

    def __init__(self):
        self.lib = ctypes.CDLL("libebur128.so.1")
        self.lib.ebur128_init.restype = ctypes.c_void_p

    def measure(self, path, rate):
        sound = subprocess.check_output(["ffmpeg", "-nostdin", "-v", "error", "-i", path, "-f", "f32le", "-ac", "2", "-"])
        state = ctypes.c_void_p(self.lib.ebur128_init(2, ctypes.c_ulong(rate), self.MODE))
        self.lib.ebur128_add_frames_float(state, sound, ctypes.c_size_t(len(sound) // 8))
        loudness, peak, highest = ctypes.c_double(), ctypes.c_double(), 0.0
        self.lib.ebur128_loudness_global(state, ctypes.byref(loudness))
        for channel in range(2):
            self.lib.ebur128_true_peak(state, channel, ctypes.byref(peak))
            highest = max(highest, peak.value)
        self.lib.ebur128_destroy(ctypes.byref(state))
        return loudness.value, 20 * math.log10(highest or 1e-9)


def ffmpeg(path):
    """Loudness to the thousandth, and the true peak as it is printed."""
    ear = "ebur128=peak=true:metadata=1,ametadata=print:key=lavfi.r128.I:file=-"
    done = subprocess.run(
        ["ffmpeg", "-nostdin", "-hide_banner", "-nostats", "-i", path, "-af", ear, "-f", "null", "-"],
        check=True, capture_output=True, text=True,
    )  # fmt: skip
    loudness = re.findall(r"lavfi\.r128\.I=(\S+)", done.stdout)[-1]
    return float(loudness), float(re.findall(r"Peak:\s+(\S+) dBFS", done.stderr)[-1])


def judge(out, meter):
    """Yields a row a file: its name, target, what each meter says, and what the report says of a miss."""
    report = json.load(open(out / "report.json"))
    for o in report["mixes"][0]["outputs"]:
        path = out / o["name"]
        readings = [(o["loudness_lufs"], o["true_peak_dbtp"]), meter.measure(path, o["rate_hz"]), ffmpeg(path)]
        yield o, readings


def main():
    args = argparse.ArgumentParser()
    args.add_argument("topdown")
    args.add_argument("work", type=pathlib.Path)
    args.add_argument("session", nargs="+", type=pathlib.Path)
    args.add_argument("--mixes", type=int, default=20)
    args.add_argument("--seconds", type=int, default=30)
    a = args.parse_args()
    meter, masters, held, declared, wrong = Ebur128(), 0, 0, 0, 0
    worst = [[0.0, -math.inf] for _ in range(3)]
    print(f"{'mix':24} {'target':>13} format  own LUFS  dBTP   libebur128      ffmpeg       verdict")
    for i in range(a.mixes):
        session, recipe = a.session[i % len(a.session)], RECIPES[i % len(RECIPES)]
        name = f"{session.name}-{recipe}"
        stems, out, order = a.work / session.name, a.work / name, a.work / f"{name}.yaml"
        if not stems.exists():
            excerpt(sorted(p for p in session.rglob("*") if p.suffix in SOUND), stems, a.seconds)
        order.write_text(job(name, stems, recipe))
        subprocess.run([a.topdown, "mix", "--job", order, "-o", out, "--force", "--quiet"], check=True, stdout=subprocess.DEVNULL)
        for o, readings in judge(out, meter):
            lufs, dbtp = o["wanted"]["loudness_lufs"], o["wanted"]["true_peak_dbtp"]
            off = max(abs(r[0] - lufs) for r in readings)
            over = max(r[1] - dbtp for r in readings)
            masters += 1
            verdict = "held" if off <= 0.1 else "declared" if o["missed"] else "OFF"
            if over > 1e-9:
                verdict = "ABOVE"
            held += verdict == "held"
            declared += verdict == "declared"
            wrong += verdict.isupper()
            for w, r in zip(worst, readings):
                w[0] = max(w[0], abs(r[0] - lufs)) if verdict == "held" else w[0]
                w[1] = max(w[1], r[1] - dbtp)
            if verdict != "held":
                figures = "  ".join(f"{r[0]:7.2f} {r[1]:6.2f}" for r in readings)
                print(f"{name:24} {lufs:5g} {dbtp:5g} {o['format']:>5}  {figures}  {verdict}: {o['missed'] or ''}", flush=True)
        shutil.rmtree(out)
    print(f"\n{masters} masters: {held} held, {declared} declared what they missed, {wrong} wrong")
    for name, (off, over) in zip(("own", "libebur128", "ffmpeg"), worst):
        print(f"{name:10}  largest error of those that held {off:.3f} LU, nearest to the true-peak target {over:+.2f} dB")
    sys.exit(wrong > 0)


if __name__ == "__main__":
    main()
