#!/bin/sh
# Feeds fuzz-query its seeds and 20,000 mutations of them: its own, or libFuzzer's in a build with --enable-fuzzing.
target=$top_builddir/tests/fuzz/fuzz-query
here=$top_srcdir/tests/fuzz
grep -q '^FUZZ_LDFLAGS = -' "$top_builddir/Makefile" || exec "$target" "$here/query" "$here/query.dict" 20000
found=$(mktemp -d) || exit 1
trap 'rm -rf "$found"' EXIT
echo 1..1
"$target" -runs=20000 -seed=1 -max_len=4096 -dict="$here/query.dict" -artifact_prefix="$found/" "$found" "$here/query" &&
	echo 'ok 1 - fuzz-query' || echo 'not ok 1 - fuzz-query'
