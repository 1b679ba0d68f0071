# floor 4: store, msg, mime, proto, conf, net, query, base
noinst_LIBRARIES += libbackend.a
libbackend_a_SOURCES = \
  src/backend/backend.h \
  src/backend/imap/act.c \
  src/backend/imap/act.h \
  src/backend/imap/admin.c \
  src/backend/imap/append.c \
  src/backend/imap/binary.c \
  src/backend/imap/bodies.c \
  src/backend/imap/box.c \
  src/backend/imap/check.c \
  src/backend/imap/empty.c \
  src/backend/imap/expunge.c \
  src/backend/imap/fetch.c \
  src/backend/imap/fill.c \
  src/backend/imap/flags.c \
  src/backend/imap/folder-ops.c \
  src/backend/imap/folders.c \
  src/backend/imap/half-move.c \
  src/backend/imap/imap-private.h \
  src/backend/imap/items.c \
  src/backend/imap/lane.c \
  src/backend/imap/link.c \
  src/backend/imap/listing.c \
  src/backend/imap/locate.c \
  src/backend/imap/login.c \
  src/backend/imap/look.c \
  src/backend/imap/move.c \
  src/backend/imap/names.c \
  src/backend/imap/naming.c \
  src/backend/imap/notify.c \
  src/backend/imap/open.c \
  src/backend/imap/quirks.c \
  src/backend/imap/receive.c \
  src/backend/imap/replace.c \
  src/backend/imap/replay.c \
  src/backend/imap/session.c \
  src/backend/imap/structure.c \
  src/backend/imap/survey.c \
  src/backend/imap/together.c \
  src/backend/imap/verify.c \
  src/backend/imap/want.c src/backend/imap/want.h \
  src/backend/imap/watch.c \
  src/backend/imap/withheld.c \
  src/backend/maildir/arrive.c \
  src/backend/maildir/deed.c src/backend/maildir/deed.h \
  src/backend/maildir/disk.c src/backend/maildir/disk.h \
  src/backend/maildir/flag.c \
  src/backend/maildir/doubles.c \
  src/backend/maildir/inotify.c \
  src/backend/maildir/kept.c \
  src/backend/maildir/keywords.c \
  src/backend/maildir/letters.c src/backend/maildir/letters.h \
  src/backend/maildir/maildir.c src/backend/maildir/private.h \
  src/backend/maildir/message.c \
  src/backend/maildir/missing.c src/backend/maildir/missing.h \
  src/backend/maildir/name.c src/backend/maildir/name.h \
  src/backend/maildir/news.c \
  src/backend/maildir/novelty.c \
  src/backend/maildir/purge.c \
  src/backend/maildir/remove.c \
  src/backend/maildir/replace.c \
  src/backend/maildir/scan.c \
  src/backend/maildir/search.c src/backend/maildir/search.h \
  src/backend/maildir/subscriptions.c src/backend/maildir/subscriptions.h \
  src/backend/maildir/tree-list.c \
  src/backend/maildir/tree-ops.c \
  src/backend/maildir/tree.c src/backend/maildir/tree.h \
  src/backend/maildir/wire.c src/backend/maildir/wire.h \
  src/backend/login.c src/backend/login.h \
  src/backend/paths.c src/backend/paths.h \
  src/backend/pop3/announced.c \
  src/backend/pop3/capa.c \
  src/backend/pop3/depart.c \
  src/backend/pop3/desk.c \
  src/backend/pop3/fill.c \
  src/backend/pop3/folders.c \
  src/backend/pop3/known.c \
  src/backend/pop3/leave.c \
  src/backend/pop3/link.c \
  src/backend/pop3/list.c \
  src/backend/pop3/local.c \
  src/backend/pop3/login.c \
  src/backend/pop3/pause.c \
  src/backend/pop3/pop3.c src/backend/pop3/pop3-private.h \
  src/backend/pop3/put.c \
  src/backend/pop3/session.c \
  src/backend/pop3/take.c src/backend/pop3/take.h \
  src/backend/pop3/visit.h \
  src/backend/roles.c src/backend/roles.h \
  src/backend/task.c src/backend/task.h
BACKEND_LIBS = libbackend.a
