# floor 4: store, msg, mime, conf, query, base; no curses
noinst_LIBRARIES += libmodel.a
libmodel_a_SOURCES = \
  src/model/document.c src/model/layout.c src/model/document.h src/model/document-private.h \
  src/model/folders.c src/model/folders.h \
  src/model/format.c src/model/format.h \
  src/model/fuzzy.c src/model/fuzzy.h \
  src/model/list.c src/model/list-expect.c src/model/list-load.c src/model/list-seek.c src/model/list.h src/model/list-private.h \
  src/model/mailcap.c src/model/mailcap.h \
  src/model/op-text.c src/model/op-text.h \
  src/model/rights.c src/model/rights.h \
  src/model/thread.c src/model/thread.h
MODEL_LIBS = libmodel.a libmsg.a libstore.a libmime.a libconf.a libquery.a $(BASE_LIBS) $(SQLITE_LIBS)
