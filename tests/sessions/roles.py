#!/usr/bin/python3
"""roles.py PROGRAM SESSION...: stems without their names, against what their names say: who is guessed as what, and why."""
import collections
import json
import os
import subprocess
import sys
import tempfile


def stems(program, files):
    said = subprocess.run([program, "check", "--json", *files], capture_output=True, text=True)
    return {f["file"]: f for f in json.loads(said.stdout)["files"]}


def bus(role):
    return "cymbals" if role in CYMBALS else role if role in APART else role.split(".")[0]


CYMBALS = {"drums.hihat", "drums.cymbals", "drums.crash", "drums.ride"}
APART = {"drums.kick", "drums.snare", "drums.clap", "drums.tom"}

program, *sessions = sys.argv[1:]
table = collections.defaultdict(collections.Counter)
for session in sessions:
    paths = sorted(os.path.join(session, f) for f in os.listdir(session) if f.endswith((".wav", ".flac")))
    named = stems(program, paths)
    with tempfile.TemporaryDirectory() as folder:
        blank = {}
        for i, path in enumerate(paths):
            name = "%02d%s" % (i + 1, os.path.splitext(path)[1])
            os.symlink(os.path.abspath(path), os.path.join(folder, name))
            blank[name] = os.path.basename(path)
        heard = stems(program, [os.path.join(folder, name) for name in blank])
    for name, path in blank.items():
        if path not in named or name not in heard:
            continue
        truth, guess = bus(named[path]["role"]), heard[name]["role"] if heard[name]["role_guess"] else "-"
        table[truth][guess] += 1
        print("%-12s %-28s %-10s %-14s %s" % (os.path.basename(session), path, truth, guess, heard[name]["role_why"]))

guesses = sorted({g for row in table.values() for g in row})
print("\n%-12s" % "is \\ guessed", *("%14s" % g for g in guesses))
for truth in sorted(table):
    print("%-12s" % truth, *("%14s" % (table[truth][g] or "") for g in guesses))
