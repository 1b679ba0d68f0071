# floor 3: mime, query, base
noinst_LIBRARIES += libstore.a
libstore_a_SOURCES = \
  src/store/add.c \
  src/store/appends.c \
  src/store/arrivals.c src/store/arrivals.h \
  src/store/bodies.c \
  src/store/bulk.c src/store/bulk.h \
  src/store/check.c src/store/check-bodies.c src/store/check-structures.c src/store/check-private.h \
  src/store/copies.c \
  src/store/effects.c \
  src/store/empty.c \
  src/store/folders.c \
  src/store/header.c \
  src/store/identity.c \
  src/store/intake.c \
  src/store/journal.c \
  src/store/keep.c \
  src/store/keywords.c \
  src/store/limbo.c \
  src/store/lists.c \
  src/store/masks.c \
  src/store/maildrop.c src/store/maildrop.h \
  src/store/match.c src/store/match-stored.c src/store/match.h \
  src/store/messages.c \
  src/store/moved.c \
  src/store/ops.c \
  src/store/order.c \
  src/store/pending.c \
  src/store/place.c \
  src/store/preview.c \
  src/store/probes.c \
  src/store/rebuild.c \
  src/store/refs.c \
  src/store/replace.c \
  src/store/repair.c \
  src/store/salvage-rows.c \
  src/store/salvage.c \
  src/store/schema.c \
  src/store/serve.c \
  src/store/sql.c \
  src/store/stand.c \
  src/store/step.c \
  src/store/store.c src/store/store.h src/store/store-private.h \
  src/store/tables.c \
  src/store/threads.c \
  src/store/tree-done.c \
  src/store/tree.c \
  src/store/undo-folders.c src/store/undo-replace.c src/store/undo-private.h \
  src/store/uids.c \
  src/store/undo.c \
  src/store/wanted.c src/store/wanted.h
libstore_a_CPPFLAGS = $(AM_CPPFLAGS) $(SQLITE_CFLAGS)
STORE_LIBS = libstore.a libquery.a $(MIME_LIBS) $(SQLITE_LIBS)
