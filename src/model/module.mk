# floor 4: store, msg, mime, conf, base; no curses
noinst_LIBRARIES += libmodel.a
libmodel_a_SOURCES =
MODEL_LIBS = libmodel.a libmsg.a libstore.a libmime.a libconf.a $(BASE_LIBS) $(SQLITE_LIBS)
