build-asan/obj/engine/base/random.o: engine/base/random.c \
 engine/base/random.h
engine/base/random.h:
