build-asan/obj/engine/base/maths.o: engine/base/maths.c \
 engine/base/maths.h
engine/base/maths.h:
