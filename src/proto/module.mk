# floor 2: base
noinst_LIBRARIES += libproto.a
libproto_a_SOURCES = \
  src/proto/imap/parse.c src/proto/imap/parse.h src/proto/imap/parse-private.h src/proto/imap/tokens.c src/proto/imap/response.c \
  src/proto/imap/decode.c src/proto/imap/extensions.c src/proto/imap/fetch.c src/proto/imap/utf7.c src/proto/imap/write.c src/proto/imap/write.h \
  src/proto/pop3/lines.c src/proto/pop3/lines.h src/proto/pop3/parse.c src/proto/pop3/parse.h \
  src/proto/sasl/sasl.c src/proto/sasl/sasl.h src/proto/sasl/scram.c src/proto/sasl/scram.h
libproto_a_CPPFLAGS = $(AM_CPPFLAGS) $(GSASL_CFLAGS)
PROTO_LIBS = libproto.a $(BASE_LIBS)
