build-asan/obj/engine/base/pool.o: engine/base/pool.c engine/base/pool.h \
 engine/base/error.h engine/base/maths.h
engine/base/pool.h:
engine/base/error.h:
engine/base/maths.h:
