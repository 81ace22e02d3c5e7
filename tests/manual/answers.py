#!/usr/bin/env python3
"""The job file of docs/api.md, handed in to a service: the page shows what it answers, but for ids and times.

    answers.py PAGE URL KEY
"""
import json
import re
import sys
import urllib.error
import urllib.request

page, url, key = open(sys.argv[1]).read(), sys.argv[2], sys.argv[3]
job = re.search(r"```yaml\n(topdown: job/1\n.*?)```", page, re.S).group(1)


def hand_in(body, name):
    headers = {"Authorization": "Bearer " + key, "Idempotency-Key": name, "Content-Type": "application/yaml"}
    try:
        with urllib.request.urlopen(urllib.request.Request(url + "/v1/jobs", body.encode(), headers)) as answer:
            return json.load(answer)
    except urllib.error.HTTPError as refusal:
        return json.load(refusal)


def shown(begin):
    """The first answer of the page that begins so, as far as it is not cut."""
    text = page[page.index("    " + begin):]
    text = text[:text.index("\n\n")].replace(", ...", "")
    return json.loads(text)


def same(shown, given, path=""):
    """What differs; members that the page cut are passed over, ids and times have their form only."""
    if isinstance(shown, dict):
        for name, value in shown.items():
            yield from same(value, given.get(name, "nothing"), path + "/" + name)
    elif isinstance(shown, list):
        for i, value in enumerate(shown):
            yield from same(value, given[i] if i < len(given) else "nothing", f"{path}/{i}")
    elif isinstance(shown, str) and re.fullmatch(r"(job|req)_[0-9a-z]{26}|\d{4}-\d\d-\d\dT[0-9:]{8}Z", shown):
        if not isinstance(given, str) or len(given) != len(shown):
            yield f"{path}: {shown} is shown, {given} given"
    elif shown != given:
        yield f"{path}: {shown} is shown, {given} given"


whole, created = shown('{"id":"job_'), hand_in(job, "order-2041")
wrong = list(same(whole, created)) + [f"/{name}: is not shown" for name in created.keys() - whole.keys()]
wrong += list(same(shown('{"type":"/problems/job-invalid"'), hand_in(job.replace("pop-rock", "pop-rok"), "wrong")))
for line in wrong:
    print("FAILED", sys.argv[1] + line)
sys.exit(bool(wrong))
