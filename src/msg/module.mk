# floor 3: base
noinst_LIBRARIES += libmsg.a
libmsg_a_SOURCES = src/msg/bus.c src/msg/bus.h
MSG_LIBS = libmsg.a $(BASE_LIBS)
