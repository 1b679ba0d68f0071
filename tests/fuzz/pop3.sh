#!/bin/sh
# Feeds fuzz-pop3 its seeds and 20,000 mutations of them: its own, or libFuzzer's in a build with --enable-fuzzing.
target=$top_builddir/tests/fuzz/fuzz-pop3
here=$top_srcdir/tests/fuzz
grep -q '^FUZZ_LDFLAGS = -' "$top_builddir/Makefile" || exec "$target" "$here/pop3" "$here/pop3.dict" 20000
found=$(mktemp -d) || exit 1
trap 'rm -rf "$found"' EXIT
echo 1..1
"$target" -runs=20000 -seed=1 -max_len=8192 -dict="$here/pop3.dict" -artifact_prefix="$found/" "$found" "$here/pop3" &&
	echo 'ok 1 - fuzz-pop3' || echo 'not ok 1 - fuzz-pop3'
