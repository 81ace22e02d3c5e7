build-asan/obj/engine/audio/write_ogg.o: engine/audio/write_ogg.c \
 engine/audio/tags.h engine/audio/audio.h engine/base/base.h \
 engine/base/error.h engine/base/fft.h engine/base/lanes.h \
 engine/base/halfband.h engine/base/file.h engine/base/memory.h \
 engine/base/hash.h engine/base/maths.h engine/base/pool.h \
 engine/base/random.h engine/base/text.h engine/base/units.h \
 engine/audio/writer.h /usr/include/opus/opusenc.h \
 /usr/include/opus/opus.h /usr/include/opus/opus_types.h \
 /usr/include/opus/opus_defines.h
engine/audio/tags.h:
engine/audio/audio.h:
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
engine/audio/writer.h:
/usr/include/opus/opusenc.h:
/usr/include/opus/opus.h:
/usr/include/opus/opus_types.h:
/usr/include/opus/opus_defines.h:
