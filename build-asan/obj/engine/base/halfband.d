build-asan/obj/engine/base/halfband.o: engine/base/halfband.c \
 engine/base/halfband.h engine/base/maths.h
engine/base/halfband.h:
engine/base/maths.h:
