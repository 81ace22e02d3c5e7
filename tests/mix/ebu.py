#!/usr/bin/env python3
"""The program as a meter, by the test signals of EBU Tech 3341 (loudness, true peak) and Tech 3342 (loudness range):
ebu.py TOPDOWN TABLE. Signals are drawn here, `topdown measure` reads them, and a table sets what it says beside what the
documents ask for. Exits 1 when a value is outside its tolerance, and prints it.

Left out: cases 7 and 8 and their like are programmes, not signals; case 6 has five channels, which is refused."""

import json
import math
import pathlib
import struct
import subprocess
import sys
import tempfile
import wave

RATE = 48000


def frames(left, right=None):
    full = (1 << 23) - 1
    pairs = zip(left, left if right is None else right)
    return b"".join(struct.pack("<i", round(x * full))[:3] for pair in pairs for x in pair)


MS_OF_TONE = [math.sin(2 * math.pi * i / 48) for i in range(48)]  # a millisecond of 1 kHz


def tone(*parts):
    """1 kHz in both channels, parts of (dBFS, seconds); None dBFS is silence. Parts are whole milliseconds."""
    out = b""
    for level, seconds in parts:
        gain = 0 if level is None else 10 ** (level / 20)
        out += frames([gain * x for x in MS_OF_TONE]) * round(1000 * seconds)
    return out


def crest(divisor, degrees, amplitude):
    """A second of fs/divisor, faded: an abrupt start is a peak of its own."""
    return frames(
        [
            min(1, min(i, RATE - 1 - i) / 480) * amplitude * math.sin(2 * math.pi * i / divisor + math.radians(degrees))
            for i in range(RATE)
        ]
    )


def swell(offset):
    """fs/6 swelling to full scale between samples, as if decimated from four times the rate with this offset."""
    n = RATE // 2
    turn = [2 * math.pi * (i + offset / 4 - n / 2) for i in range(n)]
    return frames([(0.5 + 0.5 * math.cos(t / n)) * math.cos(t / 6) for t in turn])


def full_scale(left, right):
    second = [math.sin(2 * math.pi * 997 * i / RATE) for i in range(RATE)]
    return frames([left * x for x in second], [right * x for x in second]) * 5


I, M, S, LRA, TP = "loudness_lufs", "max_momentary_lufs", "max_short_term_lufs", "loudness_range_lu", "true_peak_dbtp"
LOUD, PEAK = (-0.1, 0.1), (-0.4, 0.2)


def cases():
    """(name, signal, {member: expected}, tolerance)"""
    yield "3341-1   -23 dBFS", tone((-23, 20)), {I: -23, M: -23, S: -23}, LOUD
    yield "3341-2   -33 dBFS", tone((-33, 20)), {I: -33, M: -33, S: -33}, LOUD
    yield "3341-3   relative gate", tone((-36, 10), (-23, 60), (-36, 10)), {I: -23}, LOUD
    yield "3341-4   both gates", tone((-72, 10), (-36, 10), (-23, 60), (-36, 10), (-72, 10)), {I: -23}, LOUD
    yield "3341-5   overlap", tone((-26, 20), (-20, 20.1), (-26, 20)), {I: -23}, LOUD
    yield "3341-9   short-term holds", tone(*((-20, 1.34), (-30, 1.66)) * 5), {S: -23}, LOUD
    for i in range(20):
        yield f"3341-10  short-term, {150 * i:4} ms", tone((None, 0.15 * i), (-23, 3), (None, 1)), {S: -23}, LOUD
    for i in range(20):
        yield f"3341-11  short-term, {i - 38} dBFS", tone((None, 0.15 * i), (i - 38, 3), (None, 1)), {S: i - 38}, LOUD
    yield "3341-12  momentary holds", tone(*((-20, 0.18), (-30, 0.22)) * 25), {M: -23}, LOUD
    for i in range(20):
        yield f"3341-13  momentary, {20 * i:3} ms", tone((None, 0.02 * i), (-23, 0.4), (None, 1)), {M: -23}, LOUD
    for i in range(20):
        yield f"3341-14  momentary, {i - 38} dBFS", tone((None, 0.02 * i), (i - 38, 0.4), (None, 1)), {M: i - 38}, LOUD
    yield "3341-15  fs/4", crest(4, 0, 0.5), {TP: -6}, PEAK
    yield "3341-16  fs/4, 45 degrees", crest(4, 45, 0.5), {TP: -6}, PEAK
    yield "3341-17  fs/6, 60 degrees", crest(6, 60, 0.5), {TP: -6}, PEAK
    yield "3341-18  fs/8, 67.5 degrees", crest(8, 67.5, 0.5), {TP: -6}, PEAK
    yield "3341-19  fs/4, 3 dB over", crest(4, 45, 1.41), {TP: 3}, PEAK
    for i in range(4):
        yield f"3341-{20 + i}  between samples, {i}/4", swell(i), {TP: 0}, PEAK
    yield "3342-1   -20, -30", tone((-20, 20), (-30, 20)), {LRA: 10}, LOUD
    yield "3342-2   -20, -15", tone((-20, 20), (-15, 20)), {LRA: 5}, LOUD
    yield "3342-3   -40, -20", tone((-40, 20), (-20, 20)), {LRA: 20}, LOUD
    yield "3342-4   five steps", tone(*((x, 20) for x in (-50, -35, -20, -35, -50))), {LRA: 15}, LOUD
    yield "BS.1770  997 Hz, one side", full_scale(1, 0), {I: -3.01}, (-0.01, 0.01)
    yield "BS.1770  997 Hz, both sides", full_scale(1, 1), {I: 0}, (-0.01, 0.01)
    yield "BS.1770  above the gate", tone((-69.9, 20)), {I: -69.9}, LOUD
    yield "BS.1770  below the gate", tone((-70.2, 20)), {I: None}, LOUD


def measure(topdown, path, sound):
    with wave.open(str(path), "wb") as f:
        f.setparams((2, 3, RATE, 0, "NONE", ""))
        f.writeframes(sound)
    said = subprocess.run([topdown, "measure", "--json", path], check=True, capture_output=True, text=True)
    return json.loads(said.stdout)["files"][0]


def main():
    topdown, path = sys.argv[1], pathlib.Path(tempfile.mkdtemp()) / "signal.wav"
    table, wrong = [f"{'case':32} {'value':22} {'says':>8} {'expected':>8}"], 0
    for name, sound, expected, (low, high) in cases():
        said = measure(topdown, path, sound)
        for member, want in expected.items():
            got = said[member]
            good = got is want or (None not in (got, want) and low - 1e-9 <= got - want <= high + 1e-9)
            says, asked = ("-inf" if x is None else f"{x:.2f}" for x in (got, want))
            table.append(f"{name:32} {member:22} {says:>8} {asked:>8}")
            if not good:
                wrong += 1
                print("FAILED", table[-1])
    path.unlink()
    path.parent.rmdir()
    pathlib.Path(sys.argv[2]).write_text("\n".join(table) + "\n")
    print(f"ebu: {len(table) - 1 - wrong} passed, {wrong} failed")
    sys.exit(wrong > 0)


if __name__ == "__main__":
    main()
