# programs and screens as a person meets them
dist_check_SCRIPTS += tests/e2e/test-cli.py
TESTS += tests/e2e/test-cli.py
EXTRA_DIST += tests/lib/tap.py
