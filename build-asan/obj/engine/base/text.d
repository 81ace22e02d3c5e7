build-asan/obj/engine/base/text.o: engine/base/text.c engine/base/text.h \
 engine/base/memory.h
engine/base/text.h:
engine/base/memory.h:
