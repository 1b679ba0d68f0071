# floor 0: includes nothing of ours
noinst_LIBRARIES += libbase.a
libbase_a_SOURCES = \
  src/base/error.c src/base/error.h \
  src/base/files.c src/base/files.h \
  src/base/i18n.h \
  src/base/idset.c src/base/idset.h \
  src/base/keyword.c src/base/keyword.h \
  src/base/lazy.c src/base/lazy.h \
  src/base/log.c src/base/log.h \
  src/base/loop.c src/base/loop.h \
  src/base/text.c src/base/text.h src/base/text-private.h src/base/text-safe.c \
  src/base/uidset.c src/base/uidset.h
BASE_LIBS = libbase.a $(GLIB_LIBS) $(UNISTRING_LIBS) $(LTLIBINTL)
