# floor 2: base
noinst_LIBRARIES += libmime.a
libmime_a_SOURCES = \
  src/mime/address.c \
  src/mime/charset.c \
  src/mime/charset-shift.c \
  src/mime/date.c \
  src/mime/decode.c \
  src/mime/envelope.c src/mime/envelope.h \
  src/mime/fields.c \
  src/mime/ids.c \
  src/mime/params.c \
  src/mime/part.c src/mime/part.h src/mime/part-private.h \
  src/mime/part-parse.c \
  src/mime/part-shown.c \
  src/mime/part-text.c \
  src/mime/render.c src/mime/render.h \
  src/mime/html-charset.c \
  src/mime/html-entities.c \
  src/mime/html-stack.c \
  src/mime/html-style.c src/mime/html-style.h \
  src/mime/html-token.c src/mime/html-token.h \
  src/mime/lines.c src/mime/lines.h \
  src/mime/mbox.c src/mime/mbox.h src/mime/mbox-private.h \
  src/mime/mbox-file.c \
  src/mime/mbox-lock.c \
  src/mime/mbox-state.c \
  src/mime/mbox-write.c \
  src/mime/links.c src/mime/links.h \
  src/mime/para.c \
  src/mime/postmark.c src/mime/postmark.h \
  src/mime/preview.c \
  src/mime/punycode.c src/mime/punycode.h \
  src/mime/render-body.c \
  src/mime/render-html.c src/mime/render-html.h \
  src/mime/render-plain.c src/mime/render-private.h \
  src/mime/render-table.c src/mime/render-table.h \
  src/mime/table-survey.c \
  src/mime/scan.c src/mime/scan.h \
  src/mime/words.c
MIME_LIBS = libmime.a $(BASE_LIBS)
