build-asan/obj/engine/base/hash.o: engine/base/hash.c engine/base/hash.h \
 engine/base/error.h
engine/base/hash.h:
engine/base/error.h:
