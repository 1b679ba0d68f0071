#!/bin/sh
# Feeds fuzz-mbox its seeds and 20,000 mutations of them: its own, or libFuzzer's in a build with --enable-fuzzing.
target=$top_builddir/tests/fuzz/fuzz-mbox
here=$top_srcdir/tests/fuzz
grep -q '^FUZZ_LDFLAGS = -' "$top_builddir/Makefile" || exec "$target" "$here/mbox" "$here/mbox.dict" 20000
found=$(mktemp -d) || exit 1
trap 'rm -rf "$found"' EXIT
echo 1..1
"$target" -runs=20000 -seed=1 -max_len=4096 -dict="$here/mbox.dict" -artifact_prefix="$found/" "$found" "$here/mbox" &&
	echo 'ok 1 - fuzz-mbox' || echo 'not ok 1 - fuzz-mbox'
