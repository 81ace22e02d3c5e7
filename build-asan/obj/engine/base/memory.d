build-asan/obj/engine/base/memory.o: engine/base/memory.c \
 engine/base/memory.h
engine/base/memory.h:
