#!/usr/bin/python3
"""card.py [-o OUT] [FOLDER=RECIPE ...]: score cards of whole sessions, the plain sum of the stems beside the mix.

Without pairs: the sessions make.py has put into build/sessions and the demo's stems, each with the recipe that fits it.
Prints what changed from sum to mix, how many sessions are ahead by each figure, and every promise that was not kept;
ends with 1 if there is one, or if a mix falls behind where it must not: closer to finished mixes and better balanced
than the sum where the proportions of the stems were lost; closer to them, and near the sum in all else, where the stems
were delivered at mix level."""

import json
import os
import subprocess
import sys
import tempfile

TOPDOWN = os.environ.get("TOPDOWN", "build/topdown")
FITTING = {
    "demo/stems": "pop-rock", "bigband": "jazz", "blues": "pop-rock", "breakbeat": "electronic",
    "breakcore": "edm-loud", "drums": "jazz", "folk": "acoustic", "funk": "pop-rock", "fusion": "jazz",
    "hiphop": "hip-hop", "reggaeton": "electronic", "rock": "metal", "techno": "electronic",
}  # fmt: skip
SHOWN = ["TB", "TS", "MK", "LV", "GB", "PLR", "LR", "ST", "MF", "IM"]
WINS = ["TB", "MK", "LV", "GB", "MF"]
NEAR = {"TB": 0, "MK": 3, "LV": 1, "GB": 1, "MF": 0.3}  # how much worse than a delivered balance a mix may be
AHEAD = {"TB": 0, "MK": 0, "LV": 0, "GB": 0}  # than one that was lost


def mixed(folder, recipe, out):
    command = [TOPDOWN, "mix", folder, "--recipe", recipe, "-o", out, "--force", "--quiet"]
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
    with open(os.path.join(out, "report.json")) as f:
        return json.load(f)["mixes"][0]


def worse(row):
    """By how much the mix is farther off than the sum; None: nothing to compare."""
    return None if row is None or row["sum"] is None else round(abs(row["value"]) - abs(row["sum"]), 2)


def cell(row):
    return "" if row is None or row["sum"] is None else f"{row['sum']:.2f} > {row['value']:.2f}"


def behind(rows, balance):
    limits = NEAR if balance == "delivered" else AHEAD
    return [i for i in limits if worse(rows.get(i)) is not None and worse(rows[i]) > limits[i]]


def main(args):
    out = tempfile.mkdtemp(prefix="topdown-card.")
    if args[:1] == ["-o"]:
        out, args = args[1], args[2:]
    pairs = [a.rsplit("=", 1) for a in args]
    if not pairs:
        named = [(n if "/" in n else os.path.join("build/sessions", n), r) for n, r in FITTING.items()]
        pairs = [(folder, r) for folder, r in named if os.path.isdir(folder)]
    print(f"{'session':<14}{'recipe':<12}{'balance':<10}" + "".join(f"{i:>17}" for i in SHOWN))
    wins, broken, lost = {i: [0, 0] for i in WINS}, [], []
    for folder, recipe in pairs:
        name = os.path.basename(os.path.normpath(folder))
        mix = mixed(folder, recipe, os.path.join(out, f"{name}-{recipe}"))
        rows = {r["id"]: r for r in mix["card"]}
        print(f"{name[:13]:<14}{recipe:<12}{mix['balance']:<10}" + "".join(f"{cell(rows.get(i)):>17}" for i in SHOWN))
        for i in WINS:
            if worse(rows.get(i)) is not None:
                wins[i][0] += worse(rows[i]) <= 0
                wins[i][1] += 1
        lost += [f"{name} {recipe}: {i} {cell(rows[i])}" for i in behind(rows, mix["balance"])]
        broken += [f"{name} {recipe}: {r['id']} {r['value']} ({r['where']})" for r in rows.values() if r["verdict"] == "fail"]
        held = rows.get("LT held")
        if held:
            print(f"{'':<14}{held['value']:.1f} LU below its target: the limiter's bound")
    print("\nahead of the sum:", ", ".join(f"{i} {n} of {of}" for i, (n, of) in wins.items()))
    print("behind:", "; ".join(lost) or "none")
    print("promises not kept:", "; ".join(broken) or "none")
    return 1 if lost or broken else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
