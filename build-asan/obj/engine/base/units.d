build-asan/obj/engine/base/units.o: engine/base/units.c \
 engine/base/units.h engine/base/maths.h
engine/base/units.h:
engine/base/maths.h:
