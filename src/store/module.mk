# floor 3: mime, base
noinst_LIBRARIES += libstore.a
libstore_a_SOURCES = src/store/store.c src/store/store.h
libstore_a_CPPFLAGS = $(AM_CPPFLAGS) $(SQLITE_CFLAGS)
STORE_LIBS = libstore.a $(MIME_LIBS) $(SQLITE_LIBS)
