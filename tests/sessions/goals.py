#!/usr/bin/env python3
"""Twenty random goals: asked, planned, and reached in the render, in dB.

    tests/sessions/goals.py build/topdown SESSION...

A wish is read as recipes do: 'at most' as the largest reduction of the song, 'about' as its 95th percentile. Exits 1 when one
is missed by more than 0.1 dB; what no threshold can reach is told by the program and not counted."""
import json
import pathlib
import random
import re
import subprocess
import sys
import tempfile

GOALS, SEED, NEAR_DB = 20, 7, 0.1
MODELS = ["clean", "glue", "punch", "opto", "fet", "tube"]


def buses(topdown, session, work):
    plan = work / "bare.yaml"
    (work / "bare-recipe.yaml").write_text("topdown: recipe/1\nname: bare\ntitle: T\n")
    subprocess.run([topdown, "plan", session, "--recipe", work / "bare-recipe.yaml", "-o", plan, "-q", "--force"], check=True,
                   stdout=subprocess.DEVNULL)
    return re.findall(r"^  - bus: (\S+)$", plan.read_text(), re.M)


def goal(rng):
    kind, amount = rng.choice(["at most", "about"]), rng.randint(10, 50) / 10
    model, attack = rng.choice(MODELS), rng.choice([3, 10, 30])
    return kind, amount, (f"compressor: {{ model: {model}, ratio: {rng.choice([2, 3, 4])}:1, "
                          f"{'' if model in ('opto', 'tube') else f'attack: {attack} ms, '}gain_reduction: {kind} {amount} dB }}")


def planned(plan):
    """place -> (most, p95) of the steps called 'goal'"""
    out, place = {}, None
    for line in plan.read_text().splitlines():
        bus = re.match(r"  - bus: (\S+)$", line)
        place = bus[1] if bus else "mix" if line == "mix:" else place
        reaches = re.search(r"reaches: \{.*most: ([-+.\d]+) dB, p95: ([-+.\d]+) dB", line)
        if reaches:
            out[place] = float(reaches[1]), float(reaches[2])
    return out


def run(topdown, session, rng, work, left):
    places = rng.sample(buses(topdown, session, work) + ["mix"], k=min(left, 4, 1 + len(buses(topdown, session, work))))
    wishes = {p: goal(rng) for p in places}
    recipe = "topdown: recipe/1\nname: goals\ntitle: T\n"
    if "mix" in wishes:
        recipe += f"mix: {{ chain: [ {{ {wishes['mix'][2]}, as: goal }} ] }}\n"
    recipe += "groups:\n" if set(wishes) - {"mix"} else ""
    recipe += "".join(f"  {p}: {{ chain: [ {{ {w[2]}, as: goal }} ] }}\n" for p, w in wishes.items() if p != "mix")
    (work / "goals.yaml").write_text(recipe)
    out = work / "out"
    subprocess.run([topdown, "mix", session, "--recipe", work / "goals.yaml", "-o", out, "-q", "--force"], check=True,
                   stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    mix = json.loads((out / "report.json").read_text())["mixes"][0]
    reached = {s["place"]: (s["max_db"], s["p95_db"]) for s in mix["steps"] if s["step"] == "goal"}
    plan, missed = planned(out / "plan-goals.yaml"), 0
    for p, (kind, amount, _) in wishes.items():
        if p not in plan or p not in reached:
            continue  # a bus that shares another's group
        which = kind == "about"
        told = any("as near as" in w and w.startswith(p + " ") for w in map(str, mix["warnings"]))
        off = abs(reached[p][which] - amount) > NEAR_DB and not told
        missed += off
        print(f"{pathlib.Path(session).name:<14} {p:<10} {kind:<8} {amount:4.1f}   planned {plan[p][which]:5.2f}   "
              f"reached {reached[p][which]:5.2f}{'   MISSED' if off else '   as near as it can' if told else ''}", flush=True)
    return len(wishes), missed


def main():
    topdown, sessions = sys.argv[1], sys.argv[2:]
    rng, done, missed, i = random.Random(SEED), 0, 0, 0
    with tempfile.TemporaryDirectory() as folder:
        while done < GOALS:
            n, off = run(topdown, sessions[i % len(sessions)], rng, pathlib.Path(folder), GOALS - done)
            done, missed, i = done + n, missed + off, i + 1
    print(f"{done} goals, {missed} missed by more than {NEAR_DB} dB")
    return missed > 0


if __name__ == "__main__":
    sys.exit(main())
