# floor 2: base
noinst_LIBRARIES += libmime.a
libmime_a_SOURCES = src/mime/envelope.c src/mime/envelope.h src/mime/part.c src/mime/part.h src/mime/render.c src/mime/render.h
libmime_a_CPPFLAGS = $(AM_CPPFLAGS) $(LIBXML_CFLAGS)
MIME_LIBS = libmime.a $(BASE_LIBS)
