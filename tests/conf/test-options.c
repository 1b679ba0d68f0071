#include "conf/conf-private.h"

#include <stdlib.h>
#include <string.h>

static const struct conf_option *
row(const char *section, const char *key)
{
	const struct conf_option *option = conf_option_find(section, key);

	g_assert_nonnull(option);
	return option;
}

static void
test_table_is_whole(void)
{
	g_autoptr(GHashTable) seen = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
	const char *nearest;

	for (const struct conf_option *o = conf_options(); o->section; o++) {
		g_autofree char *form = conf_type_describe(o);

		g_assert_true(g_strv_contains(conf_sections(), o->section));
		g_assert_true(g_hash_table_add(seen, g_strdup_printf("%s.%s", o->section, o->key)));
		g_assert_true(o->help && g_str_has_suffix(o->help, "."));
		g_assert_true(*form != '\0');
		if (o->fallback)
			g_assert_true(conf_value_set(o, NULL, o->fallback, &nearest));
		if (o->type == CONF_CHOICE)
			g_assert_nonnull(o->choices);
		if (o->type == CONF_DURATION || (o->type == CONF_INT && o->offset != CONF_NOWHERE))
			g_assert_cmpint(o->max, >, o->min);
	}
	for (const char *const *s = conf_sections(); *s; s++) {
		g_autofree const char **keys = conf_keys_of(*s);

		g_assert_true(keys[0] || conf_option_find(*s, "anything"));
	}
}

/* Every key that the program promises. */
static void
test_promised_keys(void)
{
	static const char *const keys[] = {
	        "type",
	        "address",
	        "name",
	        "host",
	        "port",
	        "security",
	        "allow-cleartext",
	        "user",
	        "password",
	        "password-command",
	        "secret-service",
	        "auth",
	        "oauth-token-command",
	        "oauth-client-id",
	        "oauth-client-secret",
	        "oauth-auth-url",
	        "oauth-token-url",
	        "oauth-scope",
	        "ca-file",
	        "certificate-pin",
	        "client-certificate",
	        "client-key",
	        "disable-capability",
	        "keep",
	        "leave-on-server",
	        "poll",
	        "timeout",
	        "sent",
	        "drafts",
	        "trash",
	        "archive",
	        "junk",
	        "path",
	        "submission",
	        "smtp-host",
	        "smtp-port",
	        "smtp-security",
	        "smtp-user",
	        "smtp-password-command",
	        "smtp-auth",
	        "sendmail",
	        "save-sent",
	};

	for (gsize i = 0; i < G_N_ELEMENTS(keys); i++)
		g_assert_true(row("account", keys[i])->offset != CONF_NOWHERE);
	g_assert_null(conf_option_find("account", "hots"));
	g_assert_null(conf_option_find("acount", "host"));
	g_assert_null(conf_option_find("theme", "titel"));
}

static void
test_descriptions(void)
{
	static const struct {
		const char *section, *key, *form;
	} rows[] = {
	        {"account", "security", "tls, starttls or none"},
	        {"account", "port", "whole number from 0 to 65535"},
	        {"account", "timeout", "duration from 1s to 1h, such as 30s, 5m, 12h, 14d or 2w"},
	        {"account", "poll", "duration from 1s to 1w, such as 30s, 5m, 12h, 14d or 2w"},
	        {"pager", "mark-seen-after", "duration from 0s to 1h, such as 30s, 5m, 12h, 14d or 2w"},
	        {"account", "keep", "headers, text [AGE] or full [AGE]"},
	        {"account", "address", "mail address"},
	        {"account", "name", "text"},
	        {"account", "ca-file", "file name"},
	        {"account", "password-command", "command"},
	        {"account", "password", "secret text"},
	        {"account", "leave-on-server", "forever, a duration, until-deleted, until-moved or never"},
	        {"account", "disable-capability", "list of capabilities"},
	        {"compose", "attachment-words", "list"},
	        {"ui", "mouse", "yes or no"},
	        {"ui", "preset", "mutt"},
	        {"theme", "title", "attributes, colour, on colour"},
	};

	for (gsize i = 0; i < G_N_ELEMENTS(rows); i++) {
		g_autofree char *form = conf_type_describe(row(rows[i].section, rows[i].key));

		g_assert_cmpstr(form, ==, rows[i].form);
	}
}

static void
test_durations(void)
{
	static const struct {
		const char *text;
		gint64 seconds;
	} good[] = {{"0", 0},       {"0d", 0},        {"30s", 30},     {"5m", 300},
	            {"12h", 43200}, {"14d", 1209600}, {"2w", 1209600}, {"1D", 86400}};
	static const char *const bad[] = {"",           "5",     "d",  "-5s", "+5s",  "5 s",
	                                  "5sec",       "1h30m", "5x", " 5s", "1.5h", "99999999999999999999s",
	                                  "2147483648w"};
	gint64 seconds;

	for (gsize i = 0; i < G_N_ELEMENTS(good); i++) {
		g_assert_true(conf_duration_parse(good[i].text, &seconds));
		g_assert_cmpint(seconds, ==, good[i].seconds);
	}
	for (gsize i = 0; i < G_N_ELEMENTS(bad); i++)
		g_assert_false(conf_duration_parse(bad[i], &seconds));
}

static void
test_keep(void)
{
	static const struct {
		const char *text;
		enum keep_what what;
		gint64 age;
	} good[] = {{"headers", KEEP_HEADERS, -1},        {"text", KEEP_TEXT, -1},
	            {"Text  30d", KEEP_TEXT, 30 * 86400}, {"text 0d", KEEP_TEXT, 0},
	            {"full 1w", KEEP_FULL, 7 * 86400},    {"full", KEEP_FULL, -1}};
	static const char *const bad[] = {"",    "headers 30d", "text 30",     "text 30d 1w",
	                                  "txt", "30d",         "full forever"};
	struct conf_keep keep;

	for (gsize i = 0; i < G_N_ELEMENTS(good); i++) {
		g_assert_true(conf_keep_parse(good[i].text, &keep));
		g_assert_cmpint(keep.what, ==, good[i].what);
		g_assert_cmpint(keep.age, ==, good[i].age);
	}
	for (gsize i = 0; i < G_N_ELEMENTS(bad); i++)
		g_assert_false(conf_keep_parse(bad[i], &keep));
}

static void
test_values_that_fit(void)
{
	static const char pin[] = "sha256:0123456789abcdef0123456789ABCDEF0123456789abcdef0123456789abcdef";
	static const struct {
		const char *section, *key, *value;
	} rows[] = {
	        {"account", "auth", "SCRAM-SHA-256, plain login"},
	        {"account", "certificate-pin", pin},
	        {"account", "certificate-pin", pin + 7},
	        {"account", "disable-capability", "QRESYNC, COMPRESS=DEFLATE"},
	        {"account", "leave-on-server", "14d"},
	        {"account", "leave-on-server", "until-moved"},
	        {"account", "host", "imap.example.org"},
	        {"account", "host", "::1"},
	        {"account", "address", "ann+x@example.org"},
	        {"account", "port", "65535"},
	        {"ui", "mouse", "TRUE"},
	        {"theme", "title", "bold"},
	        {"theme", "title", "bold underline bright-white on #102030"},
	        {"theme", "title", "on red"},
	        {"theme", "title", "12 on 255"},
	        {"theme", "title", "default on default reverse"},
	};
	const char *nearest;

	for (gsize i = 0; i < G_N_ELEMENTS(rows); i++)
		g_assert_true(
		        conf_value_set(row(rows[i].section, rows[i].key), NULL, rows[i].value, &nearest));
}

static void
test_values_that_do_not_fit(void)
{
	static const struct {
		const char *section, *key, *value, *nearest;
	} rows[] = {
	        {"account", "type", "imapp", "imap"},
	        {"account", "security", "starttsl", "starttls"},
	        {"account", "auth", "plain, scram-sha-25", "scram-sha-256"},
	        {"account", "auth", "cram-md5", NULL},
	        {"account", "keep", "ful 3d", "full"},
	        {"account", "keep", "full 3", NULL},
	        {"account", "allow-cleartext", "yess", "yes"},
	        {"account", "certificate-pin", "sha256:abcd", NULL},
	        {"account", "certificate-pin",
	         "sha1:0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef", NULL},
	        {"account", "leave-on-server", "forevr", "forever"},
	        {"account", "leave-on-server", "14", NULL},
	        {"account", "host", "imap.example.org:993/", NULL},
	        {"account", "host", "two words", NULL},
	        {"account", "address", "ann", NULL},
	        {"account", "address", "@example.org", NULL},
	        {"account", "address", "Ann <ann@example.org>", NULL},
	        {"account", "port", "-1", NULL},
	        {"account", "port", "65536", NULL},
	        {"account", "port", "0x10", NULL},
	        {"account", "timeout", "0s", NULL},
	        {"account", "timeout", "2h", NULL},
	        {"ui", "layout", "lst", "list"},
	        {"theme", "title", "", NULL},
	        {"theme", "title", "red green", NULL},
	        {"theme", "title", "red on", NULL},
	        {"theme", "title", "red on blue on green", NULL},
	        {"theme", "title", "bright-default", NULL},
	        {"theme", "title", "#12345", NULL},
	        {"theme", "title", "256", NULL},
	        {"theme", "title", "bold whit", "white"},
	        {"theme", "title", "blink", NULL},
	};

	for (gsize i = 0; i < G_N_ELEMENTS(rows); i++) {
		const char *nearest = "unset";

		g_assert_false(
		        conf_value_set(row(rows[i].section, rows[i].key), NULL, rows[i].value, &nearest));
		if (rows[i].nearest)
			g_assert_cmpstr(nearest, ==, rows[i].nearest);
		else if (nearest)
			g_assert_cmpstr(nearest, !=, "unset");
	}
}

/* Setting twice frees the first, and choices are kept in the table's spelling. */
static void
test_values_are_kept(void)
{
	struct conf_account *account = conf_account_new("a", ACCOUNT_POP3);
	g_autofree char *mail = g_build_filename(g_get_home_dir(), "Mail", NULL);
	const char *nearest;

	g_assert_cmpint(account->type, ==, ACCOUNT_POP3);
	g_assert_true(conf_value_set(row("account", "path"), account, "/x", &nearest));
	g_assert_true(conf_value_set(row("account", "path"), account, "~/Mail", &nearest));
	g_assert_cmpstr(account->path, ==, mail);
	g_assert_true(conf_value_set(row("account", "auth"), account, "PLAIN,,  SCRAM-SHA-1 ", &nearest));
	g_assert_cmpstr(account->auth[0], ==, "plain");
	g_assert_cmpstr(account->auth[1], ==, "scram-sha-1");
	g_assert_null(account->auth[2]);
	g_assert_true(conf_value_set(row("account", "save-sent"), account, "NO", &nearest));
	g_assert_cmpstr(account->save_sent, ==, "no");
	g_assert_false(conf_value_set(row("account", "save-sent"), account, "perhaps", &nearest));
	g_assert_cmpstr(account->save_sent, ==, "no");
	g_assert_cmpstr(account->certificate_pin[0], ==, NULL);
	conf_account_free(account);
}

static void
test_manual_page(void)
{
	g_autofree char *page = conf_options_man();

	g_assert_nonnull(strstr(page, ".SS \"[account NAME]\"\n.TP\n.B type\n"));
	g_assert_nonnull(strstr(page, "imap, pop3 or maildir; default: imap.\n"));
	g_assert_nonnull(strstr(page, ".B password\\-command\n"));
	g_assert_nonnull(strstr(page, ".SS [ui]\n"));
	g_assert_null(strstr(page, "\n\n"));
}

int
main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	g_test_add_func("/conf/options/table-is-whole", test_table_is_whole);
	g_test_add_func("/conf/options/promised-keys", test_promised_keys);
	g_test_add_func("/conf/options/descriptions", test_descriptions);
	g_test_add_func("/conf/options/durations", test_durations);
	g_test_add_func("/conf/options/keep", test_keep);
	g_test_add_func("/conf/options/values-that-fit", test_values_that_fit);
	g_test_add_func("/conf/options/values-that-do-not-fit", test_values_that_do_not_fit);
	g_test_add_func("/conf/options/values-are-kept", test_values_are_kept);
	g_test_add_func("/conf/options/manual-page", test_manual_page);
	return g_test_run();
}
