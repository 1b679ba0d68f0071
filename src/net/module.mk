# floor 1: base
noinst_LIBRARIES += libnet.a
libnet_a_SOURCES = \
  src/net/conn.c src/net/conn.h src/net/conn-private.h \
  src/net/connect.c src/net/connect.h \
  src/net/deflate.c src/net/deflate.h \
  src/net/opening.c \
  src/net/queue.c src/net/queue.h \
  src/net/resolve.c src/net/resolve.h \
  src/net/stream.c \
  src/net/tls.c src/net/tls.h \
  src/net/verify.c src/net/verify.h
libnet_a_CPPFLAGS = $(AM_CPPFLAGS) $(OPENSSL_CFLAGS) $(ZLIB_CFLAGS) $(IDN2_CFLAGS)
NET_LIBS = libnet.a $(BASE_LIBS) $(OPENSSL_LIBS) $(ZLIB_LIBS) $(IDN2_LIBS)
