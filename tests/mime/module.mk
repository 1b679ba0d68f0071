# tests of src/mime, and a benchmark (make tests/bench/bench-envelope; not part of the checks)
MIME_TESTS = tests/mime/test-address tests/mime/test-date tests/mime/test-decode tests/mime/test-envelope \
  tests/mime/test-lines tests/mime/test-mbox tests/mime/test-params tests/mime/test-part tests/mime/test-words
check_PROGRAMS += $(MIME_TESTS) tests/fuzz/fuzz-headers tests/fuzz/fuzz-mbox tests/fuzz/fuzz-part tests/bench/bench-envelope
TESTS += $(MIME_TESTS) tests/fuzz/headers.sh tests/fuzz/mbox.sh tests/fuzz/part.sh
tests_mime_test_address_LDADD = $(MIME_LIBS)
tests_mime_test_date_LDADD = $(MIME_LIBS)
tests_mime_test_decode_LDADD = $(MIME_LIBS)
tests_mime_test_envelope_LDADD = $(MIME_LIBS)
tests_mime_test_lines_LDADD = $(MIME_LIBS)
tests_mime_test_mbox_LDADD = $(MIME_LIBS)
tests_mime_test_params_LDADD = $(MIME_LIBS)
tests_mime_test_part_LDADD = $(MIME_LIBS)
tests_mime_test_words_LDADD = $(MIME_LIBS)
tests_bench_bench_envelope_LDADD = $(MIME_LIBS)

tests_fuzz_fuzz_headers_SOURCES = tests/fuzz/fuzz-headers.c
tests_fuzz_fuzz_mbox_SOURCES = tests/fuzz/fuzz-mbox.c
tests_fuzz_fuzz_part_SOURCES = tests/fuzz/fuzz-part.c
if !FUZZING
tests_fuzz_fuzz_headers_SOURCES += tests/fuzz/replay.c
tests_fuzz_fuzz_mbox_SOURCES += tests/fuzz/replay.c
tests_fuzz_fuzz_part_SOURCES += tests/fuzz/replay.c
endif
tests_fuzz_fuzz_headers_LDFLAGS = $(AM_LDFLAGS) $(FUZZ_LDFLAGS)
tests_fuzz_fuzz_mbox_LDFLAGS = $(AM_LDFLAGS) $(FUZZ_LDFLAGS)
tests_fuzz_fuzz_part_LDFLAGS = $(AM_LDFLAGS) $(FUZZ_LDFLAGS)
tests_fuzz_fuzz_headers_LDADD = $(MIME_LIBS)
tests_fuzz_fuzz_mbox_LDADD = $(MIME_LIBS)
tests_fuzz_fuzz_part_LDADD = $(MIME_LIBS)
dist_check_SCRIPTS += tests/fuzz/headers.sh tests/fuzz/mbox.sh tests/fuzz/part.sh
EXTRA_DIST += tests/fuzz/headers.dict tests/fuzz/headers/addresses tests/fuzz/headers/block tests/fuzz/headers/date \
  tests/fuzz/headers/japanese tests/fuzz/headers/params \
  tests/fuzz/mbox.dict tests/fuzz/mbox/cl2 tests/fuzz/mbox/crlf tests/fuzz/mbox/message tests/fuzz/mbox/rd \
  tests/fuzz/part.dict tests/fuzz/part/mixed tests/fuzz/part/related tests/fuzz/part/report tests/fuzz/part/stored

RENDER_TESTS = tests/mime/test-links tests/mime/test-render
check_PROGRAMS += $(RENDER_TESTS) tests/fuzz/fuzz-html tests/fuzz/fuzz-plain
TESTS += $(RENDER_TESTS) tests/fuzz/html.sh tests/fuzz/plain.sh
dist_check_SCRIPTS += tests/fuzz/html.sh tests/fuzz/plain.sh
tests_mime_test_links_LDADD = $(MIME_LIBS)
tests_mime_test_render_SOURCES = tests/mime/test-render.c tests/mime/rendered-check.h
tests_mime_test_render_LDADD = $(MIME_LIBS)
tests_fuzz_fuzz_html_SOURCES = tests/fuzz/fuzz-html.c
tests_fuzz_fuzz_plain_SOURCES = tests/fuzz/fuzz-plain.c
if !FUZZING
tests_fuzz_fuzz_html_SOURCES += tests/fuzz/replay.c
tests_fuzz_fuzz_plain_SOURCES += tests/fuzz/replay.c
endif
tests_fuzz_fuzz_html_LDFLAGS = $(AM_LDFLAGS) $(FUZZ_LDFLAGS)
tests_fuzz_fuzz_html_LDADD = $(MIME_LIBS)
tests_fuzz_fuzz_plain_LDFLAGS = $(AM_LDFLAGS) $(FUZZ_LDFLAGS)
tests_fuzz_fuzz_plain_LDADD = $(MIME_LIBS)
EXTRA_DIST += tests/mime/render/broken.html tests/mime/render/broken.html.24 \
  tests/mime/render/broken.html.76 tests/mime/render/cjk.html tests/mime/render/cjk.html.24 \
  tests/mime/render/cjk.html.76 tests/mime/render/data-table.html tests/mime/render/data-table.html.24 \
  tests/mime/render/data-table.html.76 tests/mime/render/delsp.delsp tests/mime/render/delsp.delsp.40 \
  tests/mime/render/flowed.flowed tests/mime/render/flowed.flowed.24 tests/mime/render/flowed.flowed.76 \
  tests/mime/render/layout.html tests/mime/render/layout.html.24 tests/mime/render/layout.html.76 \
  tests/mime/render/links.html tests/mime/render/links.html.24 tests/mime/render/links.html.76 \
  tests/mime/render/lists.html tests/mime/render/lists.html.24 tests/mime/render/lists.html.76 \
  tests/mime/render/outlook.html tests/mime/render/outlook.html.24 tests/mime/render/outlook.html.76 \
  tests/mime/render/plain.txt tests/mime/render/plain.txt.24 tests/mime/render/plain.txt.76 \
  tests/mime/render/pre.html tests/mime/render/pre.html.24 tests/mime/render/pre.html.76 \
  tests/mime/render/quotes.html tests/mime/render/quotes.html.24 tests/mime/render/quotes.html.76 \
  tests/fuzz/html.dict tests/fuzz/html/flow tests/fuzz/html/layout tests/fuzz/html/table \
  tests/fuzz/plain.dict tests/fuzz/plain/delsp tests/fuzz/plain/flowed tests/fuzz/plain/quotes
