#!/bin/sh
# Feeds fuzz-ids its seeds and 20,000 mutations of them: its own, or libFuzzer's in a build with --enable-fuzzing.
target=$top_builddir/tests/fuzz/fuzz-ids
here=$top_srcdir/tests/fuzz
grep -q '^FUZZ_LDFLAGS = -' "$top_builddir/Makefile" || exec "$target" "$here/ids" "$here/ids.dict" 20000
found=$(mktemp -d) || exit 1
trap 'rm -rf "$found"' EXIT
echo 1..1
"$target" -runs=20000 -seed=1 -max_len=2048 -dict="$here/ids.dict" -artifact_prefix="$found/" "$found" "$here/ids" &&
	echo 'ok 1 - fuzz-ids' || echo 'not ok 1 - fuzz-ids'
