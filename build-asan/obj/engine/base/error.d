build-asan/obj/engine/base/error.o: engine/base/error.c \
 engine/base/error.h
engine/base/error.h:
