# floor 1: base
noinst_LIBRARIES += libnet.a
libnet_a_SOURCES = src/net/conn.c src/net/conn.h
libnet_a_CPPFLAGS = $(AM_CPPFLAGS) $(OPENSSL_CFLAGS) $(ZLIB_CFLAGS) $(IDN2_CFLAGS)
NET_LIBS = libnet.a $(BASE_LIBS) $(OPENSSL_LIBS) $(ZLIB_LIBS) $(IDN2_LIBS)
