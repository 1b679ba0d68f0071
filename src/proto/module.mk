# floor 2: base
noinst_LIBRARIES += libproto.a
libproto_a_SOURCES = src/proto/imap/parse.c src/proto/imap/parse.h src/proto/imap/write.c src/proto/imap/write.h src/proto/sasl/sasl.c src/proto/sasl/sasl.h
libproto_a_CPPFLAGS = $(AM_CPPFLAGS) $(GSASL_CFLAGS)
PROTO_LIBS = libproto.a $(BASE_LIBS)
