# floor 0, on base
noinst_LIBRARIES += libquery.a
libquery_a_SOURCES = \
  src/query/forms.c \
  src/query/parse.c \
  src/query/query.h src/query/query-private.h \
  src/query/tree.c \
  src/query/values.c
QUERY_LIBS = libquery.a $(BASE_LIBS)
