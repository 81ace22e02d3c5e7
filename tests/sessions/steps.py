#!/usr/bin/env python3
"""What steps of the library's recipes do to real tracks: each step as it stands there, alone, on and off.

    tests/sessions/steps.py build/topdown SESSION...

Half a minute of every track whose name fits. Session stems are cleaner than microphones, so gates hear the rest of their kit
18 dB below, and expanders hiss at -60 dBFS. Gates, expanders: share of time more than 3 dB down, what the loudest moments
(12 dB) lose, and by how much the quietest fifth falls. Transient: gain where the level rises by 6 dB within 20 ms, and
elsewhere. Declick: samples changed. Chorus: side against middle before and after, loudness, what the mono sum loses."""
import array
import math
import operator
import pathlib
import re
import subprocess
import sys
import tempfile

RATE, SECONDS, HOP = 48000, 30, 480
LIBRARY = pathlib.Path("recipes/library")
CASES = [  # recipe, step, which of them there, where it stands, role, tracks, what is added
    ("pop-rock", "gate", 0, "tracks", "drums.tom", r"tom", "kit"),
    ("metal", "gate", 0, "tracks", "drums.tom", r"tom", "kit"),
    ("metal", "gate", 1, "tracks", "drums.kick.in", r"kick|bassdrum|BD", "kit"),
    ("metal", "expander", 0, "mix", "guitars.electric", r"gtr|guitar", "hiss"),
    ("pop-rock", "expander", 0, "mix", "vocals.backing", r"bgvox|brass|sax", "hiss"),
    ("pop-rock", "declick", 0, "tracks", "vocals.lead", r"vox|sax|violin|trumpet", None),
    ("acoustic", "declick", 0, "tracks", "vocals.lead", r"vox|sax|violin|trumpet", None),
    ("electronic", "transient", 0, "mix", "drums", r"snare|kick|break|tom|bassdrum|clap", None),
    ("hip-hop", "transient", 0, "mix", "drums", r"snare|kick|break|tom|bassdrum|clap", None),
    ("electronic", "chorus", 0, "tracks", "synths.pad", r"pad|string|organ", None),
    ("pop-rock", "chorus", 0, "mix", "vocals.backing", r"bgvox|pad|brass", None),
]
KIT = r"kick|snare|hihat|cymbal|crash|ride|bassdrum|BD"


def step_of(recipe, name, nth):
    found = re.findall(rf"\b{name}: \{{.*?\}}", (LIBRARY / f"{recipe}.yaml").read_text())
    return found[nth]


def excerpt(stem, out, effects=()):
    length = float(subprocess.check_output(["soxi", "-V1", "-D", stem]))
    start = max(0.0, min(length / 3, length - SECONDS))
    subprocess.run(["sox", "-V1", stem, "-b", "32", "-r", str(RATE), "-c", "2", out, "trim", f"{start:.3f}", str(SECONDS), *effects],
                   check=True)


def track(stem, added, work):
    out = work / "track.wav"
    excerpt(stem, work / "clean.wav")
    parts = [work / "clean.wav"]
    if added == "hiss":
        parts.append(work / "hiss.wav")
        subprocess.run(["sox", "-n", "-V1", "-r", str(RATE), "-c", "2", "-b", "32", parts[-1], "synth", str(SECONDS), "pinknoise",
                        "gain", "-n", "-48"], check=True)
    for other in stem.parent.iterdir() if added == "kit" else ():
        if other != stem and re.search(KIT, other.name, re.I):
            parts.append(work / f"bleed{len(parts)}.wav")
            excerpt(other, parts[-1], ["gain", "-18"])
    if len(parts) == 1:
        return parts[0]
    subprocess.run(["sox", "-V1", "-m", *(a for p in parts for a in ("-v", "1", p)), "-b", "32", out], check=True)
    return out


def render(topdown, sound, role, step, where, work):
    chain = f"mix: {{ chain: [ {step} ] }}\n" if where == "mix" else f"tracks:\n  - fix: it\n    for: all\n    chain: [ {step} ]\n"
    for name, body in ("off", ""), ("on", chain):
        (work / f"{name}.yaml").write_text(f"topdown: recipe/1\nname: {name}\ntitle: T\n{body}")
    (work / "job.yaml").write_text(
        f"topdown: job/1\ntitle: Steps\ntempo: 120 bpm\nstems: {{ files: [ {{ file: {sound}, role: {role} }} ] }}\nbalance: even\n"
        "recipes: [ ./off.yaml, ./on.yaml ]\noutputs: { premaster: { format: wav, bits: 32 } }\n")
    subprocess.run([topdown, "mix", "--job", work / "job.yaml", "-o", work / "out", "-q", "--force", "--no-cache"], check=True,
                   stdout=subprocess.DEVNULL)
    sides = []
    for name in "Off", "On":
        file = next((work / "out").glob(f"*_{name}01_Premaster*.wav"))
        raw = subprocess.check_output(["sox", "-V1", file, "-t", "f32", "-"])
        both = array.array("f", raw)
        sides.append((both[0::2], both[1::2]))
    return sides


def power(x):
    return sum(map(operator.mul, x, x))


def db(p):
    return 10 * math.log10(max(p, 1e-20))


def levels(sound):
    left, right = sound
    return [db((power(left[i:i + HOP]) + power(right[i:i + HOP])) / (2 * HOP)) for i in range(0, len(left) - HOP, HOP)]


def mean(x):
    return sum(x) / len(x) if x else float("nan")


def downward(off, on):
    pairs = sorted((a, b - a) for a, b in zip(levels(off), levels(on)) if a > -120)
    top, closed = pairs[-1][0], sum(g < -3 for _, g in pairs) / len(pairs)
    return (f"closed {100 * closed:3.0f} %   strokes {mean([g for a, g in pairs if a > top - 12]):+5.1f} dB   "
            f"quietest fifth {mean([g for _, g in pairs[:len(pairs) // 5]]):+5.1f} dB")


def transient(off, on):
    before, after = levels(off), levels(on)
    rises, rest = [], []
    for i in range(2, len(before)):
        if before[i] > -60:
            (rises if before[i] - before[i - 2] > 6 else rest).append(after[i] - before[i])
    return f"onsets {mean(rises):+4.1f} dB   elsewhere {mean(rest):+4.1f} dB   ({len(rises)} onsets)"


def declick(off, on):
    n = sum(a != b for side in (0, 1) for a, b in zip(off[side], on[side]))
    return f"changed {n} of {2 * len(off[0])} samples"


def chorus(off, on):
    def middle_side(sound):
        return power([a + b for a, b in zip(*sound)]), power([a - b for a, b in zip(*sound)])
    (m0, s0), (m1, s1) = middle_side(off), middle_side(on)
    return f"side {db(s0 / m0):+6.1f} -> {db(s1 / m1):+5.1f} dB   level {db((m1 + s1) / (m0 + s0)):+4.1f} dB   mono {db(m1 / m0):+4.1f} dB"


MEASURE = {"gate": downward, "expander": downward, "declick": declick, "transient": transient, "chorus": chorus}


def main():
    topdown, sessions = sys.argv[1], [pathlib.Path(s) for s in sys.argv[2:]]
    for recipe, name, nth, where, role, pattern, added in CASES:
        step = step_of(recipe, name, nth)
        print(f"{recipe}: {step}", flush=True)
        for session in sessions:
            for stem in sorted(session.iterdir()):
                if stem.suffix not in (".wav", ".flac") or not re.search(pattern, stem.name, re.I):
                    continue
                with tempfile.TemporaryDirectory() as folder:
                    work = pathlib.Path(folder)
                    sound = track(stem.resolve(), added, work)
                    if "-inf" in subprocess.run(["sox", sound, "-n", "stats"], capture_output=True, text=True).stderr.splitlines()[3]:
                        continue
                    off, on = render(topdown, sound, role, step, where, work)
                    peak = db(max(max(map(abs, side)) for side in off) ** 2)
                    print(f"    {session.name[:12]:<12} {stem.stem[:26]:<26} {MEASURE[name](off, on)}   peak {peak:+.0f}", flush=True)


if __name__ == "__main__":
    main()
