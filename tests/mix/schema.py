"""report.json by its schema, and the schema by report.json: every member that is written has to be described.

Usage: schema.py SCHEMA REPORT...   (python3-jsonschema)"""

import json
import sys

import jsonschema


def close(schema):
    """The schema without its openness to members it does not know."""
    if isinstance(schema, dict):
        if "properties" in schema:
            schema["additionalProperties"] = False
        for value in schema.values():
            close(value)
    elif isinstance(schema, list):
        for value in schema:
            close(value)


with open(sys.argv[1]) as f:
    schema = json.load(f)
jsonschema.Draft202012Validator.check_schema(schema)
close(schema)
wrong = 0
for path in sys.argv[2:]:
    with open(path) as f:
        for e in jsonschema.Draft202012Validator(schema).iter_errors(json.load(f)):
            print(f"{path}: {e.json_path}: {e.message[:200]}")
            wrong += 1
sys.exit(wrong > 0)
