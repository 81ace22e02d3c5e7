"""MIDI files played part by part with a General MIDI sound font."""

import collections
import os
import subprocess

SOUND_FONT = "/usr/share/sounds/sf2/FluidR3_GM.sf2"
DRUM_CHANNEL = 9
NOTE_OFF, NOTE_ON, CONTROL, PROGRAM, META = 0x8, 0x9, 0xB, 0xC, 0xFF
TEMPO = b"\xff\x51"
PLACING = {7, 10, 11, 91, 93}  # controllers: volume, pan, expression, reverb, chorus: what a mix would set

# names as an engineer would write them, eight programs a family
FAMILIES = [
    "Piano", "Glock", "Organ", "Gtr", "Bass", "Strings", "String Section", "Brass",
    "Sax", "Flute", "Synth Lead", "Pad", "Synth FX", "Sitar", "Perc", "FX",
]
PROGRAMS = {
    4: "EPiano", 5: "EPiano", 6: "Harpsichord", 7: "Clav", 8: "Celesta", 11: "Vibes", 12: "Marimba", 13: "Xylo",
    21: "Accordion", 24: "Nylon Gtr", 25: "Acoustic Gtr", 26: "EGtr Jazz", 27: "EGtr Clean", 28: "EGtr Mute",
    29: "EGtr OD", 30: "EGtr Dist", 32: "Upright Bass", 38: "Synth Bass", 39: "Synth Bass", 40: "Violin", 41: "Viola",
    42: "Cello", 46: "Harp", 47: "Timpani", 50: "Synth Strings", 51: "Synth Strings", 52: "Choir", 53: "Oohs",
    56: "Trumpet", 57: "Trombone", 58: "Tuba", 60: "French Horn", 65: "Alto Sax", 66: "Tenor Sax", 67: "Bari Sax",
    68: "Oboe", 70: "Bassoon", 71: "Clarinet", 72: "Piccolo", 105: "Banjo", 110: "Fiddle", 114: "Steel Drums",
}
DRUMS = {"Kick": {35, 36}, "Snare": {37, 38, 40}, "Clap": {39}, "HiHat": {42, 44, 46},
         "Toms": {41, 43, 45, 47, 48, 50}, "Cymbals": {49, 51, 52, 53, 55, 57, 59}}

Event = collections.namedtuple("Event", "tick message data")


def number(data, at):
    """A variable-length quantity: its value, and where the next byte is."""
    value = 0
    while True:
        value = value << 7 | data[at] & 0x7F
        at += 1
        if data[at - 1] < 0x80:
            return value, at


def quantity(value):
    out = [value & 0x7F]
    while value := value >> 7:
        out.append(value & 0x7F | 0x80)
    return bytes(reversed(out))


def read_track(data):
    events, at, tick, status = [], 0, 0, 0
    while at < len(data):
        delta, at = number(data, at)
        tick += delta
        if data[at] >= 0x80:
            status = data[at]
            at += 1
        if status == META:
            size, start = number(data, at + 1)
            events.append(Event(tick, bytes([META, data[at]]), data[start:start + size]))
            at = start + size
        elif status in (0xF0, 0xF7):
            size, start = number(data, at)
            at = start + size
        else:
            size = 1 if status >> 4 in (0xC, 0xD) else 2
            events.append(Event(tick, bytes([status]) + data[at:at + size], b""))
            at += size
    return events


def read(path):
    """Ticks a quarter note, and the events of all tracks in order."""
    data = path.read_bytes()
    tracks, division = int.from_bytes(data[10:12], "big"), data[12:14]
    events, at = [], 14
    for _ in range(tracks):
        size = int.from_bytes(data[at + 4:at + 8], "big")
        events += read_track(data[at + 8:at + 8 + size])
        at += 8 + size
    return division, sorted(events, key=lambda e: e.tick)


def write(path, division, events):
    body, last = b"", 0
    for e in events:
        size = quantity(len(e.data)) if e.message[0] == META else b""
        body += quantity(e.tick - last) + e.message + size + e.data
        last = e.tick
    body += b"\x00\xff\x2f\x00"
    head = b"MThd" + bytes([0, 0, 0, 6, 0, 0, 0, 1]) + division
    path.write_bytes(head + b"MTrk" + len(body).to_bytes(4, "big") + body)


def kind(e):
    return e.message[0] >> 4


def is_note(e):
    return e.message[0] != META and kind(e) in (NOTE_OFF, NOTE_ON)


def drum_of(note):
    return next((name for name, notes in DRUMS.items() if note in notes), "Perc")


def parts(events):
    """What plays: (channel, name) of every part, by the notes each channel plays with each program."""
    program, notes = collections.Counter(), collections.defaultdict(collections.Counter)
    for e in events:
        if e.message[0] == META:
            continue
        channel = e.message[0] & 0xF
        if kind(e) == PROGRAM:
            program[channel] = e.message[1]
        elif kind(e) == NOTE_ON and e.message[2]:
            name = PROGRAMS.get(program[channel], FAMILIES[program[channel] // 8])
            notes[channel][drum_of(e.message[1]) if channel == DRUM_CHANNEL else name] += 1
    for channel, names in sorted(notes.items()):
        for name in sorted(names) if channel == DRUM_CHANNEL else [names.most_common(1)[0][0]]:
            yield channel, name


def belongs(e, channel, name, dry):
    if e.message[0] == META:
        return e.message == TEMPO
    if e.message[0] & 0xF != channel:
        return False
    if dry and kind(e) == CONTROL and e.message[1] in PLACING:
        return False
    return channel != DRUM_CHANNEL or not is_note(e) or drum_of(e.message[1]) == name


def render(source, folder, dry, limit_s):
    del limit_s
    division, events = read(source)
    for index, (channel, name) in enumerate(parts(events), 1):
        stem = folder / f"{index:02d} {name}"
        write(stem.with_suffix(".mid"), division, [e for e in events if belongs(e, channel, name, dry)])
        effects = "0" if dry else "1"
        subprocess.run(["fluidsynth", "-ni", "-q", "-g", "0.3", "-R", effects, "-C", effects, "-r", "48000", "-O", "s24",
                        "-T", "wav", "-F", stem.with_suffix(".wav"), SOUND_FONT, stem.with_suffix(".mid")],
                       check=True, stdout=subprocess.DEVNULL, env={**os.environ, "SDL_AUDIODRIVER": "dummy"})
