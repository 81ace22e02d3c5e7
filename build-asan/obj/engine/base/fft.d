build-asan/obj/engine/base/fft.o: engine/base/fft.c engine/base/fft.h \
 engine/base/error.h engine/base/lanes.h engine/base/maths.h \
 engine/base/memory.h
engine/base/fft.h:
engine/base/error.h:
engine/base/lanes.h:
engine/base/maths.h:
engine/base/memory.h:
