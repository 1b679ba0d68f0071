#include "conf/conf-private.h"

#include <errno.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/files.h"
#include "query/query.h"

static char *folder, *file;

static void
put(const char *text, mode_t mode)
{
	g_assert_true(g_file_set_contents(file, text, -1, NULL));
	g_assert_cmpint(chmod(file, mode), ==, 0);
}

/* Loads text from a private file, which must be fine. */
static struct conf *
load(const char *text, const char *const *overrides)
{
	g_autoptr(GPtrArray) problems = g_ptr_array_new_with_free_func(g_free);
	struct conf *conf;

	put(text, 0600);
	conf = conf_load(file, overrides, problems);
	for (guint i = 0; i < problems->len; i++)
		g_test_message("%s", (char *)problems->pdata[i]);
	g_assert_cmpuint(problems->len, ==, 0);
	g_assert_nonnull(conf);
	return conf;
}

/* Loads text, which must not be fine, and compares the problems; "F" in expected stands for the file. */
static void
assert_refused(const char *text, const char *const *overrides, const char *expected)
{
	g_autoptr(GPtrArray) problems = g_ptr_array_new_with_free_func(g_free);
	g_autoptr(GString) found = g_string_new(NULL);

	g_assert_null(conf_load_text("F", text, strlen(text), overrides, problems));
	for (guint i = 0; i < problems->len; i++)
		g_string_append_printf(found, "%s\n", (char *)problems->pdata[i]);
	g_assert_cmpstr(found->str, ==, expected);
}

static const char five_lines[] = "[account work]\naddress = ann@example.org\nhost = imap.example.org\n"
                                 "password-command = pass show mail/work      # or password = x\n";

static void
test_defaults(void)
{
	struct conf *conf = load(five_lines, NULL);
	const struct conf_account *a = conf_account(conf, "work");

	g_assert_true(conf->exists);
	g_assert_cmpstr(conf->file, ==, file);
	g_assert_cmpint(a->type, ==, ACCOUNT_IMAP);
	g_assert_cmpint(a->security, ==, SECURITY_TLS);
	g_assert_cmpint(a->port, ==, 993);
	g_assert_cmpstr(a->user, ==, "ann@example.org");
	g_assert_cmpstr(a->password_command, ==, "pass show mail/work");
	g_assert_cmpstr(a->auth[0], ==, "auto");
	g_assert_null(a->auth[1]);
	g_assert_null(a->disable_capability[0]);
	g_assert_null(a->certificate_pin[0]);
	g_assert_cmpint(a->keep.what, ==, KEEP_TEXT);
	g_assert_cmpint(a->keep.age, ==, 30 * 86400);
	g_assert_cmpint(a->timeout, ==, 30);
	g_assert_cmpint(a->poll, ==, 300);
	g_assert_cmpstr(a->leave_on_server, ==, "forever");
	g_assert_cmpint(a->smtp_port, ==, 465);
	g_assert_cmpstr(a->smtp_security, ==, "tls");
	g_assert_cmpstr(a->save_sent, ==, "auto");
	g_assert_null(a->sent);
	g_assert_null(a->client_key);
	g_assert_false(a->allow_cleartext);
	g_assert_cmpstr(conf->ui.preset, ==, "mutt");
	g_assert_true(conf->ui.mouse);
	g_assert_true(conf->list.threads);
	g_assert_cmpint(conf->pager.width, ==, 76);
	g_assert_nonnull(conf->pager.save_folder);
	g_assert_null(conf_account(conf, "home"));
	conf_free(conf);
}

static void
test_ports(void)
{
	static const struct {
		const char *lines;
		gint64 port, smtp_port;
		const char *smtp_security;
	} rows[] = {
	        {"", 993, 465, "tls"},
	        {"security = starttls\n", 143, 465, "tls"},
	        {"security = none\n", 143, 465, "tls"},
	        {"type = pop3\n", 995, 465, "tls"},
	        {"type = pop3\nsecurity = starttls\n", 110, 465, "tls"},
	        {"port = 1993\nsecurity = starttls\nsmtp-port = 587\n", 1993, 587, "starttls"},
	        {"smtp-security = starttls\n", 993, 587, "starttls"},
	        {"smtp-security = none\n", 993, 587, "none"},
	        {"smtp-security = tls\nsmtp-port = 2465\n", 993, 2465, "tls"},
	};

	for (gsize i = 0; i < G_N_ELEMENTS(rows); i++) {
		g_autofree char *text =
		        g_strconcat("[account a]\nhost = localhost\nuser = ann\n", rows[i].lines, NULL);
		struct conf *conf = load(text, NULL);
		const struct conf_account *a = conf_account(conf, "a");

		g_assert_cmpint(a->port, ==, rows[i].port);
		g_assert_cmpint(a->smtp_port, ==, rows[i].smtp_port);
		g_assert_cmpstr(a->smtp_security, ==, rows[i].smtp_security);
		conf_free(conf);
	}
}

static void
test_other_sections(void)
{
	struct conf *conf = load(
	        "[identity me]\naddress = a@b.c\nsignature = ~/.signature\n[query new]\nquery = is:unread\n"
	        "[ui]\nmouse = no\nrail-width = 30\n[ui]\nbell = yes\n[list]\nthreads = no\n"
	        "[pager]\nmark-seen-after = 2s\nsave-folder = /tmp\n[compose]\nhold = 20s\n"
	        "[crypto]\nencrypt = when-possible\n[theme]\ntitle = bold white on blue\n"
	        "[keys]\nj, n = next\n[keys list]\n= = first\n",
	        NULL);
	const struct conf_key *key = conf->keys->pdata[2];
	const struct conf_colour *colour = conf->colours->pdata[0];

	g_assert_false(conf->ui.mouse);
	g_assert_true(conf->ui.bell);
	g_assert_cmpint(conf->ui.rail_width, ==, 30);
	g_assert_false(conf->list.threads);
	g_assert_cmpint(conf->pager.mark_seen_after, ==, 2);
	g_assert_cmpstr(conf->pager.save_folder, ==, "/tmp");
	g_assert_cmpuint(conf->keys->len, ==, 3);
	g_assert_cmpstr(key->view, ==, "list");
	g_assert_cmpstr(key->key, ==, "=");
	g_assert_cmpstr(key->action, ==, "first");
	g_assert_cmpint(key->line, ==, 25);
	g_assert_cmpstr(colour->role, ==, "title");
	g_assert_cmpstr(colour->value, ==, "bold white on blue");
	conf_free(conf);
}

static void
test_folders(void)
{
	struct conf *conf =
	        load("[account work]\ntype = maildir\npath = /x\nkeep = headers\n[account home]\ntype = "
	             "maildir\npath = /y\n"
	             "[folder work/Lists/*]\nkeep = text 7d\nhide = yes\n[folder */Lists/a?c]\nkeep = full\n"
	             "[folder work/Lists/seen]\nhide = no\n",
	             NULL);
	const struct conf_account *work = conf_account(conf, "work"), *home = conf_account(conf, "home");

	g_assert_cmpint(conf_keep_for(conf, work, "INBOX").what, ==, KEEP_HEADERS);
	g_assert_cmpint(conf_keep_for(conf, work, "Lists/x/y").what, ==, KEEP_TEXT);
	g_assert_cmpint(conf_keep_for(conf, work, "Lists/x/y").age, ==, 7 * 86400);
	g_assert_cmpint(conf_keep_for(conf, work, "Lists/aßc").what, ==, KEEP_FULL);
	g_assert_cmpint(conf_keep_for(conf, home, "Lists/abc").what, ==, KEEP_FULL);
	g_assert_cmpint(conf_keep_for(conf, home, "Lists/abbc").what, ==, KEEP_TEXT);
	g_assert_cmpint(conf_keep_for(conf, home, "Lists/abbc").age, ==, 30 * 86400);
	g_assert_true(conf_hidden(conf, work, "Lists/x"));
	g_assert_false(conf_hidden(conf, work, "Lists/seen"));
	g_assert_false(conf_hidden(conf, work, "Lists"));
	g_assert_false(conf_hidden(conf, home, "Lists/x"));
	conf_free(conf);
}

static void
test_match(void)
{
	g_autofree char *a = g_strnfill(20000, 'a'), *stars = g_strdup("*a*a*a*a*a*a*a*a*a*a*a*a*b");

	g_assert_true(conf_match("", ""));
	g_assert_true(conf_match("*", ""));
	g_assert_true(conf_match("a*b*c", "a--b--b--c"));
	g_assert_false(conf_match("a*b*c", "a--b--b--"));
	g_assert_true(conf_match("?", "議"));
	g_assert_false(conf_match("?", ""));
	g_assert_false(conf_match("a", "ab"));
	g_assert_true(conf_match("**", "x"));
	g_assert_false(conf_match(stars, a));
}

static void
test_loopback(void)
{
	static const char *const near[] = {"localhost", "LOCALHOST", "localhost.", "127.0.0.1",
	                                   "127.1.2.3", "::1",       "[::1]",      "127.255.255.255"};
	static const char *const far[] = {"",
	                                  "127.evil.example",
	                                  "127.0.0.1.example.org",
	                                  "127.0.0.256",
	                                  "127.1",
	                                  "127.0.0.1.1",
	                                  "127.0.0.",
	                                  "127..0.1",
	                                  "1270.0.0.1",
	                                  "128.0.0.1",
	                                  "::2",
	                                  "localhost.example.org",
	                                  "127.0.0.1 ",
	                                  "127.00000.0.1"};

	for (gsize i = 0; i < G_N_ELEMENTS(near); i++)
		g_assert_true(conf_is_loopback(near[i]));
	for (gsize i = 0; i < G_N_ELEMENTS(far); i++)
		g_assert_false(conf_is_loopback(far[i]));
}

static void
test_overrides(void)
{
	static const char *const overrides[] = {
	        "account work.keep=text 0d",        "account work.port=1143", "ui.mouse=no",
	        "folder work/Lists/*.keep=headers", "account work.port=1144", NULL};
	struct conf *conf = load(five_lines, overrides);
	const struct conf_account *a = conf_account(conf, "work");

	g_assert_cmpint(a->keep.what, ==, KEEP_TEXT);
	g_assert_cmpint(a->keep.age, ==, 0);
	g_assert_cmpint(a->port, ==, 1144);
	g_assert_false(conf->ui.mouse);
	g_assert_cmpint(conf_keep_for(conf, a, "Lists/x").what, ==, KEEP_HEADERS);
	conf_free(conf);
}

static void
test_overrides_refused(void)
{
	static const char *const overrides[] = {"account wrok.keep=full",
	                                        "account work.kep=full",
	                                        "account work.keep=fulll",
	                                        "account.keep=full",
	                                        "uii.mouse=no",
	                                        "account work.password=\"hunter2",
	                                        "folder home/x.hide=yes",
	                                        NULL};

	assert_refused(five_lines, overrides,
	               "-o account wrok.keep: there is no account \"wrok\" in F; did you mean \"work\"?\n"
	               "-o account work.kep: [account] knows no key \"kep\"; did you mean \"keep\"?\n"
	               "-o account work.keep: keep cannot be \"fulll\"; it takes: headers, text [AGE] or "
	               "full [AGE]; did "
	               "you mean \"full\"?\n"
	               "-o account.keep: [account] needs a name: [account NAME]\n"
	               "-o uii.mouse: there is no section [uii]; did you mean \"ui\"?\n"
	               "-o account work.password: the double quote is not closed\n"
	               "-o folder home/x.hide: there is no account \"home\" in F\n");
}

static void
test_all_problems_at_once(void)
{
	assert_refused(
	        "[acount work]\nhost = x\n[account work]\nhots = imap.example.org\nsecurity = tsl\nport = "
	        "99999\n"
	        "keep = text 30\nauth = plian\nport = 1\nuser = ann\n[account work]\nhost = x\n[ui]\nmouse = "
	        "maybe\n"
	        "[ui x]\nmouse = yes\n[account]\nhost = x\n[account .x/y]\nhost = x\n[folder wrk/x]\nhide = "
	        "yes\n"
	        "[folder x]\nhide = yes\n[theme]\ntitle = bold grean\n[keys]\nj = net\n[pager]\nwidth =\n",
	        NULL,
	        "F:1: there is no section [acount]; did you mean \"account\"?\n"
	        "F:3: account work has no host; write for example \"host = imap.example.org\"\n"
	        "F:4: [account] knows no key \"hots\"; did you mean \"host\"?\n"
	        "F:5: security cannot be \"tsl\"; it takes: tls, starttls or none; did you mean \"tls\"?\n"
	        "F:6: port cannot be \"99999\"; it takes: whole number from 0 to 65535\n"
	        "F:7: keep cannot be \"text 30\"; it takes: headers, text [AGE] or full [AGE]\n"
	        "F:8: auth cannot be \"plian\"; it takes: list of auto, external, oauthbearer, xoauth2, "
	        "scram-sha-256-plus, scram-sha-256, gssapi, scram-sha-1-plus, scram-sha-1, plain or login; "
	        "did you "
	        "mean \"plain\"?\n"
	        "F:9: port is set already, on line 6; remove one\n"
	        "F:11: [account work] is there already, on line 3; join the two\n"
	        "F:14: mouse cannot be \"maybe\"; it takes: yes or no\n"
	        "F:15: [ui] takes no name; write [ui] alone\n"
	        "F:17: [account] needs a name: [account NAME]\n"
	        "F:19: \".x/y\" cannot be the name of an account; use letters, digits and . _ - @ + (not . "
	        "or - in "
	        "front)\n"
	        "F:21: there is no account \"wrk\"; did you mean \"work\"?\n"
	        "F:23: \"x\" is no folder; write [folder ACCOUNT/FOLDER]\n"
	        "F:26: title cannot be \"bold grean\"; it takes: attributes, colour, on colour; did you mean "
	        "\"green\"?\n"
	        "F:28: unknown action “net”; did you mean “next”?\n"
	        "F:30: width has no value; it takes: whole number from 0 to 500\n");
}

static void
test_cleartext(void)
{
	static const char clear[] = "[account a]\nuser = u\nhost = mail.example.org\nsecurity = none\n";
	static const char *const allow[] = {"account a.allow-cleartext=yes", NULL};
	static const char *const local[] = {"account a.host=127.0.0.1", NULL};

	assert_refused(clear, NULL,
	               "F:4: security = none sends the password in clear text to mail.example.org; use tls "
	               "or starttls, "
	               "or, if you must, allow-cleartext = yes\n");
	assert_refused("[account a]\nuser = u\nhost = localhost\nsecurity = none\nsmtp-security = "
	               "none\nsmtp-host = s.example\n",
	               NULL,
	               "F:5: smtp-security = none sends the password in clear text to s.example; use tls or "
	               "starttls, "
	               "or, if you must, allow-cleartext = yes\n");
	conf_free(load(clear, allow));
	conf_free(load(clear, local));
}

static void
test_what_is_missing(void)
{
	assert_refused("[account a]\n", NULL,
	               "F:1: account a has no host; write for example \"host = imap.example.org\"\n"
	               "F:1: account a has no address; write for example \"address = ann@example.org\"\n");
	assert_refused("[account a]\ntype = maildir\n", NULL,
	               "F:1: account a has no path; write for example \"path = ~/Mail\"\n");
	assert_refused("[account a]\nhost = h\nuser = u\nclient-key = /k\n", NULL,
	               "F:1: account a has no client-certificate; write for example \"client-certificate = "
	               "~/mail.pem\"\n");
	conf_free(load("[account a]\nhost = h\nauth = external\nclient-certificate = /c\n", NULL));
}

static void
test_password_that_others_may_read(void)
{
	static const char secret[] = "[account a]\nhost = h\nuser = u\npassword = hunter2\n";
	static const char *const on_command_line[] = {"account a.password=hunter2", NULL};
	static const mode_t readable[] = {0644, 0640, 0604};
	struct conf *conf;

	for (gsize i = 0; i < G_N_ELEMENTS(readable); i++) {
		g_autoptr(GPtrArray) problems = g_ptr_array_new_with_free_func(g_free);
		g_autofree char *where = g_strconcat(file, ":4: ", NULL);

		put(secret, readable[i]);
		g_assert_null(conf_load(file, NULL, problems));
		g_assert_cmpuint(problems->len, ==, 1);
		g_assert_true(g_str_has_prefix(problems->pdata[0], where));
		g_assert_nonnull(strstr(problems->pdata[0], "chmod 600"));
		g_assert_null(strstr(problems->pdata[0], "hunter2"));
	}
	conf = load(secret, NULL);
	g_assert_cmpstr(conf_account(conf, "a")->password, ==, "hunter2");
	conf_free(conf);
	put(five_lines, 0644);
	conf = conf_load(file, NULL, NULL);
	g_assert_nonnull(conf);
	conf_free(conf);
	conf = load("[account a]\nhost = h\nuser = u\n", on_command_line);
	g_assert_cmpstr(conf_account(conf, "a")->password, ==, "hunter2");
	conf_free(conf);
}

/* A secret is never repeated in a message, whatever is wrong with its line. */
static void
test_secrets_are_not_repeated(void)
{
	static const char *const lines[] = {"password = \"hunter2", "password = \"hunter2\" x",
	                                    "password = a\npassword = hunter2", "pasword = hunter2",
	                                    "oauth-client-secret = \"hunter2"};

	for (gsize i = 0; i < G_N_ELEMENTS(lines); i++) {
		g_autofree char *text = g_strdup_printf("[account a]\nhost = h\nuser = u\n%s\n", lines[i]);
		g_autoptr(GPtrArray) problems = g_ptr_array_new_with_free_func(g_free);

		g_assert_null(conf_load_text("F", text, strlen(text), NULL, problems));
		g_assert_cmpuint(problems->len, ==, 1);
		g_assert_null(strstr(problems->pdata[0], "hunter2"));
	}
}

static const char three_accounts[] = "[account work]\nhost = h\nuser = u\n"
                                     "[account pop]\ntype = pop3\nhost = h\nuser = u\n"
                                     "[account local]\ntype = maildir\npath = /m\n";

static void
test_rules(void)
{
	g_autofree char *text = g_strconcat(
	        three_accounts,
	        "[rule kernel]\nmatch = list:kernel or subject:\"[PATCH\"\nfolder = Lists/kernel\n"
	        "[rule boss]\nmatch = from:boss # who\nflags = +flagged, -seen\nkeyword = Boss, $Label1\n"
	        "account = pop\n"
	        "[rule spam]\nmatch = header:X-Spam-Flag:YES\nfolder = Junk\nstop = no\n"
	        "[rule mine]\nmatch = from:me\nstop = yes\naccount = work\n",
	        NULL);
	static const char *const overrides[] = {"rule boss.stop=yes", NULL};
	struct conf *conf = load(text, overrides);
	const struct conf_rule *const *rules = (const struct conf_rule *const *)conf->rules->pdata;
	const struct conf_account *work = conf_account(conf, "work"), *pop = conf_account(conf, "pop"),
	                          *local = conf_account(conf, "local");
	g_autofree char *does = conf_rule_does(rules[1]);

	g_assert_cmpuint(conf->rules->len, ==, 4);
	g_assert_cmpstr(rules[0]->name, ==, "kernel");
	g_assert_cmpstr(rules[0]->folder, ==, "Lists/kernel");
	g_assert_true(rules[0]->stop);
	g_assert_false(query_reads(rules[0]->query));
	g_assert_cmpuint(rules[1]->add, ==, QUERY_FLAGGED);
	g_assert_cmpuint(rules[1]->remove, ==, QUERY_SEEN);
	g_assert_cmpstr(rules[1]->keyword[1], ==, "$Label1");
	g_assert_true(rules[1]->stop);
	g_assert_cmpstr(does, ==, "flags +flagged -seen; keyword Boss $Label1; stop");
	g_assert_false(rules[2]->stop);
	g_assert_true(query_reads(rules[2]->query));
	g_assert_true(conf_rule_is_for(rules[0], pop) && conf_rule_is_for(rules[0], local));
	g_assert_false(conf_rule_is_for(rules[0], work));
	g_assert_false(conf_rule_is_for(rules[1], local));
	g_assert_true(conf_rule_is_for(rules[3], work));
	g_assert_true(conf_rules_arrival(conf, pop) && conf_rules_read(conf, local));
	g_assert_false(conf_rules_arrival(conf, work));
	g_assert_cmpuint(conf->notes->len, ==, 1);
	g_assert_nonnull(
	        strstr(conf->notes->pdata[0], "rule mine is applied in work when that is asked for"));
	conf_free(conf);
}

static void
test_rules_refused(void)
{
	g_autofree char *text = g_strconcat(
	        three_accounts,
	        "[rule]\n"
	        "[rule a]\nfolder = X\n"
	        "[rule b]\nmatch = form:x\nfolder = X\n"
	        "[rule c]\nmatch = from:x\n"
	        "[rule d]\nmatch = from:x\naccount = lokal, zzzzzzzz\nfoldr = X\nflags = flagged\n"
	        "[rule e]\nmatch = thread:1\nkeyword = a(b\n"
	        "[rule f]\nmatch = from:x\nflags = +seen -seen\nfolder = /X\n"
	        "[rule a]\nmatch = from:x\n",
	        NULL);

	assert_refused(
	        text, NULL,
	        "F:11: [rule] needs a name: [rule NAME]\n"
	        "F:12: rule a has no match; write for example \"match = list:kernel\"\n"
	        "F:15: match: “form:” is not known; did you mean “from:”? What is a word goes into quotes\n"
	        "F:17: rule c does nothing; give it a folder, flags, a keyword or \"stop = yes\"\n"
	        "F:21: there is no account \"lokal\"; did you mean \"local\"?\n"
	        "F:21: there is no account \"zzzzzzzz\" in F\n"
	        "F:22: [rule] knows no key \"foldr\"; did you mean \"folder\"?\n"
	        "F:23: flags cannot be \"flagged\"; it takes: list of +FLAG and -FLAG: seen, answered, "
	        "flagged, deleted, draft, forwarded\n"
	        "F:25: match: “thread:” cannot be asked for here\n"
	        "F:26: keyword cannot be \"a(b\"; it takes: list of keywords, without blanks\n"
	        "F:29: flags sets a flag and takes it off; remove one\n"
	        "F:30: \"/X\" is no name of a folder; write for example \"folder = Lists/kernel\"\n"
	        "F:31: [rule a] is there already, on line 12; join the two\n");
}

static void
test_problems_are_short(void)
{
	g_autofree char *long_word = g_strnfill(500000, 'x'),
	                *text = g_strdup_printf("[ui]\n%s = 1\nmouse = %s\n", long_word, long_word);
	g_autoptr(GPtrArray) problems = g_ptr_array_new_with_free_func(g_free);

	g_assert_null(conf_load_text("F", text, strlen(text), NULL, problems));
	g_assert_cmpuint(problems->len, ==, 2);
	for (guint i = 0; i < problems->len; i++) {
		g_assert_cmpuint(strlen(problems->pdata[i]), <=, 603);
		g_assert_true(g_str_has_suffix(problems->pdata[i], "..."));
	}
}

static void
test_files_that_cannot_be_read(void)
{
	g_autofree char *missing = g_build_filename(folder, "missing.conf", NULL),
	                *large = g_malloc(CONF_MAX_OCTETS + 1);
	const char *names[] = {missing, folder, file};

	memset(large, '#', CONF_MAX_OCTETS + 1);
	g_assert_true(g_file_set_contents(file, large, CONF_MAX_OCTETS + 1, NULL));
	for (gsize i = 0; i < G_N_ELEMENTS(names); i++) {
		g_autoptr(GPtrArray) problems = g_ptr_array_new_with_free_func(g_free);

		g_assert_null(conf_load(names[i], NULL, problems));
		g_assert_cmpuint(problems->len, ==, 1);
		g_assert_true(g_str_has_prefix(problems->pdata[0], names[i]));
	}
}

static void
test_default_file(void)
{
	static const char *const overrides[] = {"account work.keep=full", NULL};
	g_autoptr(GPtrArray) problems = g_ptr_array_new_with_free_func(g_free);
	g_autofree char *dir = g_build_filename(folder, "fulmar", NULL),
	                *path = g_build_filename(dir, "fulmar.conf", NULL);
	struct conf *conf;

	g_setenv("XDG_CONFIG_HOME", folder, TRUE);
	conf = conf_load(NULL, NULL, problems);
	g_assert_nonnull(conf);
	g_assert_false(conf->exists);
	g_assert_cmpstr(conf->file, ==, path);
	g_assert_cmpuint(conf->accounts->len, ==, 0);
	conf_free(conf);
	g_assert_null(conf_load(NULL, overrides, problems));
	g_assert_cmpuint(problems->len, ==, 1);
	g_assert_true(files_make_private_dir(dir, NULL));
	g_assert_true(g_file_set_contents(path, five_lines, -1, NULL));
	conf = conf_load(NULL, overrides, problems);
	g_assert_nonnull(conf);
	g_assert_true(conf->exists);
	g_assert_cmpint(conf_account(conf, "work")->keep.what, ==, KEEP_FULL);
	conf_free(conf);
}

int
main(int argc, char **argv)
{
	int status;

	g_test_init(&argc, &argv, NULL);
	folder = files_private_tmp(NULL);
	file = g_build_filename(folder, "a.conf", NULL);
	g_test_add_func("/conf/load/defaults", test_defaults);
	g_test_add_func("/conf/load/ports", test_ports);
	g_test_add_func("/conf/load/other-sections", test_other_sections);
	g_test_add_func("/conf/load/folders", test_folders);
	g_test_add_func("/conf/load/match", test_match);
	g_test_add_func("/conf/load/loopback", test_loopback);
	g_test_add_func("/conf/load/overrides", test_overrides);
	g_test_add_func("/conf/load/overrides-refused", test_overrides_refused);
	g_test_add_func("/conf/load/all-problems-at-once", test_all_problems_at_once);
	g_test_add_func("/conf/load/cleartext", test_cleartext);
	g_test_add_func("/conf/load/what-is-missing", test_what_is_missing);
	g_test_add_func("/conf/load/password-that-others-may-read", test_password_that_others_may_read);
	g_test_add_func("/conf/load/secrets-are-not-repeated", test_secrets_are_not_repeated);
	g_test_add_func("/conf/load/rules", test_rules);
	g_test_add_func("/conf/load/rules-refused", test_rules_refused);
	g_test_add_func("/conf/load/problems-are-short", test_problems_are_short);
	g_test_add_func("/conf/load/files-that-cannot-be-read", test_files_that_cannot_be_read);
	g_test_add_func("/conf/load/default-file", test_default_file);
	status = g_test_run();
	files_remove_tree(folder);
	g_free(folder);
	g_free(file);
	return status;
}
