#!/usr/bin/env python3
"""How often each measured track fix fires, over all tracks of the sessions.

    tests/sessions/fires.py build/topdown SESSION...

'alone': its own condition holds; 'in context': the mix has too much there, too, and this track makes it; 'made': what is left of
those when a session may have three at most. Beside them the shares measured when the rules were found, on other sessions."""
import pathlib
import re
import subprocess
import sys
import tempfile

PITCHED = "[ guitars, keys, synths, strings, brass, woodwinds, vocals, choir ]"
FIXES = {  # roles, condition, chain, shares found before: alone, in context
    "rumble": (PITCHED, "rumble > -40 dB", "eq: [ low_cut: { at: 25 to 80 Hz } ]", "52 %", "2 %"),
    "mud": ("all", "excess(200 to 500 Hz) > 4 dB", "eq: [ bell: { range: 200 to 500 Hz, gain: -4 to 0 dB } ]", "37 %", "2 %"),
    "harsh": ("all", "excess(2.5 to 5 kHz) > 4 dB", "eq: [ bell: { range: 2.5 to 5 kHz, gain: -4 to 0 dB } ]", "27 %", "1 %"),
    "resonance": ("all", "resonance(100 Hz to 8 kHz) > 9 dB", "eq: [ bell: { at: measured, q: measured, gain: -5 to 0 dB } ]",
                  "50 %", "4 %"),
    "sharp-s": ("vocals", "sibilance > 3 dB", "deesser: { range: measured, gain_reduction: 2 to 5 dB }", "22 %", "8 %"),
}


def tracks(plan, roles):
    """How many stems that take part a fix is for."""
    stems = re.findall(r"^  - name: .*\n(?:    .*\n)*", plan.split("\nbuses:")[0], re.M)
    wanted = re.findall(r"[a-z]+", roles)
    n = 0
    for s in stems:
        role, bus = re.search(r"^    role: (\S+)", s, re.M), re.search(r"^    bus: ", s, re.M)
        n += bool(bus and role and ("all" in wanted or role[1].split(".")[0] in wanted))
    return n


def main():
    topdown, sessions = sys.argv[1], sys.argv[2:]
    count = {f: [0, 0, 0, 0] for f in FIXES}  # tracks, alone, in context, made
    with tempfile.TemporaryDirectory() as folder:
        recipe, plan = pathlib.Path(folder) / "fixes.yaml", pathlib.Path(folder) / "plan.yaml"
        recipe.write_text("topdown: recipe/1\nname: fixes\ntitle: T\ntracks:\n" + "".join(
            f"  - fix: {f}\n    for: {roles}\n    when: {when}\n    chain: [ {chain} ]\n"
            for f, (roles, when, chain, *_) in FIXES.items()))
        for session in sessions:
            subprocess.run([topdown, "plan", session, "--recipe", recipe, "-o", plan, "-q", "--force"], check=True,
                           stdout=subprocess.DEVNULL)
            text = plan.read_text()
            for f, (roles, *_) in FIXES.items():
                made = len(re.findall(rf"^        as: {f}$", text, re.M))
                too_many = len(re.findall(rf'text: "?fix {f} on ', text))
                refused = len(re.findall(rf'text: "?fix {f}: .* has it \(', text))
                for i, n in enumerate((tracks(text, roles), made + too_many + refused, made + too_many, made)):
                    count[f][i] += n
    print(f"{'fix':<10} {'tracks':>6} {'alone':>12} {'before':>7} {'in context':>12} {'before':>7} {'made':>5}")
    for f, (n, alone, context, made) in count.items():
        of = lambda k: f"{k} ({100 * k / max(n, 1):.0f} %)"
        print(f"{f:<10} {n:>6} {of(alone):>12} {FIXES[f][3]:>7} {of(context):>12} {FIXES[f][4]:>7} {made:>5}")


if __name__ == "__main__":
    main()
