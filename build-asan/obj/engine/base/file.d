build-asan/obj/engine/base/file.o: engine/base/file.c engine/base/file.h \
 engine/base/error.h engine/base/memory.h
engine/base/file.h:
engine/base/error.h:
engine/base/memory.h:
