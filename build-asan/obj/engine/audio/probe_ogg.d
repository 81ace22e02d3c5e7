build-asan/obj/engine/audio/probe_ogg.o: engine/audio/probe_ogg.c \
 engine/audio/ogg.h engine/audio/input.h engine/base/base.h \
 engine/base/error.h engine/base/fft.h engine/base/lanes.h \
 engine/base/halfband.h engine/base/file.h engine/base/memory.h \
 engine/base/hash.h engine/base/maths.h engine/base/pool.h \
 engine/base/random.h engine/base/text.h engine/base/units.h \
 engine/audio/probe.h engine/audio/audio.h
engine/audio/ogg.h:
engine/audio/input.h:
engine/base/base.h:
engine/base/error.h:
engine/base/fft.h:
engine/base/lanes.h:
engine/base/halfband.h:
engine/base/file.h:
engine/base/memory.h:
engine/base/hash.h:
engine/base/maths.h:
engine/base/pool.h:
engine/base/random.h:
engine/base/text.h:
engine/base/units.h:
engine/audio/probe.h:
engine/audio/audio.h:
