# floor 5: backend, store, msg, mime, conf, net, query, base
noinst_LIBRARIES += libcore.a
libcore_a_SOURCES = \
  src/core/account.c src/core/account.h src/core/account-private.h \
  src/core/address.c src/core/address.h \
  src/core/announce.c \
  src/core/arrivals.c \
  src/core/change.c \
  src/core/courier.c \
  src/core/download.c \
  src/core/draft.c \
  src/core/file.c \
  src/core/folders.c \
  src/core/import.c \
  src/core/journal.c \
  src/core/keep.c \
  src/core/lane.c \
  src/core/leave.c \
  src/core/later.c \
  src/core/link.c \
  src/core/listing.c \
  src/core/merge.c \
  src/core/reading.c \
  src/core/recall.c \
  src/core/replay.c \
  src/core/requests.c \
  src/core/rules.c \
  src/core/rulings.c src/core/rulings.h \
  src/core/secret.c \
  src/core/sync.c \
  src/core/transfer.c \
  src/core/turn.c \
  src/core/undo.c \
  src/core/verdict.c \
  src/core/visit.c \
  src/core/work.c
CORE_LIBS = libcore.a libbackend.a libmsg.a libstore.a libproto.a libnet.a libmime.a libconf.a libquery.a $(BASE_LIBS) \
  $(SQLITE_LIBS) $(OPENSSL_LIBS) $(ZLIB_LIBS) $(IDN2_LIBS)
