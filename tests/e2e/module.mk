# programs and screens as a person meets them; those that take longest come first
# What is about order and time, and runs code that others run too: contrib/check leaves these out with the address sanitizer.
PLAIN_TESTS = $(plain_e2e_tests) tests/check-includes
plain_e2e_tests = \
  tests/e2e/test-actions.py \
  tests/e2e/test-imap-push.py \
  tests/e2e/test-imap-cli.py \
  tests/e2e/test-imap-resync.py \
  tests/e2e/test-check.py
e2e_tests = \
  tests/e2e/test-imap-hostile.py \
  tests/e2e/test-crash.py \
  tests/e2e/test-faults.py \
  tests/e2e/test-screen-imap.py \
  tests/e2e/test-imap-actions.py \
  tests/e2e/test-files.py \
  tests/e2e/test-hostile-mail.py \
  tests/e2e/test-cli.py \
  tests/e2e/test-imap-dialogues.py \
  tests/e2e/test-imap-extensions.py \
  tests/e2e/test-imap-lost.py \
  tests/e2e/test-maildir.py \
  tests/e2e/test-pop3.py \
  tests/e2e/test-pop3-leave.py \
  tests/e2e/test-pop3-lives.py \
  tests/e2e/test-pop3-local.py \
  tests/e2e/test-pop3-moves.py \
  tests/e2e/test-rules.py \
  tests/e2e/test-screen-actions.py \
  tests/e2e/test-screen-demo.py \
  tests/e2e/test-screen-keys.py \
  tests/e2e/test-screen-pop3.py
dist_check_SCRIPTS += $(plain_e2e_tests) $(e2e_tests)
TESTS += $(PLAIN_TESTS) $(e2e_tests)
EXTRA_DIST += tests/lib/courier.py tests/lib/dovecot.py tests/lib/drive.py tests/lib/pop.py tests/lib/post.py tests/lib/proxy.py tests/lib/screen.py tests/lib/script.py tests/lib/scripted.py tests/lib/stranger.py tests/lib/talk.py tests/lib/tap.py tests/lib/world.py \
  tests/lsan.supp tests/tsan.supp tests/threads contrib/check contrib/common contrib/try
EXTRA_DIST += tests/bench/run tests/bench/boxes.py tests/bench/clients.py tests/bench/journey.py tests/bench/link.py \
  tests/bench/local.py tests/bench/maildrop.py tests/bench/terminal.py tests/bench/turns.py
