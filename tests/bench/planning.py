#!/usr/bin/env python3
"""What a further recipe costs to plan, beside its render: both in one job, and as two commands of their own.

    tests/bench/planning.py build/topdown STEMS=RECIPE...

Stems were surveyed before, no group is kept. Of five turns the least of each counts, in ms of wall time. In a job the stems are
decoded once for all recipes; a command of its own starts the program and decodes anew, for the plan and for the render."""
import os
import pathlib
import subprocess
import sys
import tempfile
import time

TURNS = 5


def run(command, cache):
    """Seconds until each line of progress, and until the end."""
    for group in pathlib.Path(cache).rglob("*.group"):
        group.unlink()
    began, lines = time.monotonic(), []
    with subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True,
                          env=dict(os.environ, XDG_CACHE_HOME=cache)) as program:
        said = []
        for line in program.stderr:
            said.append(line)
            lines.append((time.monotonic() - began, line.strip()))
    if program.returncode:
        sys.exit("".join(said))
    return lines + [(time.monotonic() - began, "end")]


def in_a_job(topdown, stems, recipe, work):
    other = "pop-rock" if recipe != "pop-rock" else "jazz"
    lines = run([topdown, "mix", stems, "-r", other, "-r", recipe, "-o", work / "job", "--force"], work)
    at = {line: k for k, (_, line) in enumerate(lines)}
    plan, render = at[f"planning {recipe}"], at[f"rendering {recipe}"]
    return lines[plan + 1][0] - lines[plan][0], lines[-1][0] - lines[render][0]


def alone(topdown, stems, recipe, work):
    plan = work / "plan.yaml"
    planned = run([topdown, "plan", stems, "-r", recipe, "-o", plan, "--force", "-q"], work)
    rendered = run([topdown, "mix", "--plan", plan, "-o", work / "mix", "--force", "-q"], work)
    return planned[-1][0], rendered[-1][0]


def least(measure, *args):
    turns = [measure(*args) for _ in range(TURNS)]
    plan, render = min(p for p, _ in turns), min(r for _, r in turns)
    return f"{1000 * plan:8.0f} {1000 * render:8.0f} {plan / render:6.2f}"


def main():
    topdown, pairs = sys.argv[1], [pair.rsplit("=", 1) for pair in sys.argv[2:]]
    print(f"{'':38} {'in a job':>24} {'alone':>24}\n{'stems':24} {'recipe':13} " + 2 * f"{'plan':>8} {'render':>8} {'':>6} ")
    for stems, recipe in pairs:
        with tempfile.TemporaryDirectory() as folder:
            work = pathlib.Path(folder)
            in_a_job(topdown, stems, recipe, work)
            print(f"{pathlib.Path(stems).name:24} {recipe:13} {least(in_a_job, topdown, stems, recipe, work)} "
                  f"{least(alone, topdown, stems, recipe, work)}", flush=True)


main()
