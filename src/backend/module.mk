# floor 4: store, msg, mime, proto, conf, net, base
noinst_LIBRARIES += libbackend.a
libbackend_a_SOURCES = \
  src/backend/backend.h \
  src/backend/imap/box.c \
  src/backend/imap/fetch.c \
  src/backend/imap/fill.c \
  src/backend/imap/flags.c \
  src/backend/imap/folders.c \
  src/backend/imap/imap-private.h \
  src/backend/imap/login.c \
  src/backend/imap/open.c \
  src/backend/imap/quirks.c \
  src/backend/imap/receive.c \
  src/backend/imap/session.c \
  src/backend/imap/structure.c \
  src/backend/imap/verify.c \
  src/backend/imap/watch.c
BACKEND_LIBS = libbackend.a
