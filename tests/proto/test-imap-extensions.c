#include "proto/imap/parse.h"

#include <string.h>

/* Runs check over each response in text: whole, and octet by octet. */
static void
with_responses(const char *text, imap_response_fn check, void *user)
{
	for (gsize cut = strlen(text); cut; cut = cut > 1 ? 1 : 0) {
		g_autoptr(GError) error = NULL;
		struct imap_parser *parser = imap_parser_new(NULL, check, user);

		for (gsize i = 0; i < strlen(text); i += cut)
			g_assert_cmpint(
			        imap_parser_feed(parser, (const unsigned char *)text + i, cut, &error), ==,
			        cut);
		g_assert_no_error(error);
		imap_parser_free(parser);
	}
}

static void
append_namespaces(GString *out, const char *kind, const struct imap_namespace *list, guint n)
{
	for (guint i = 0; i < n; i++)
		g_string_append_printf(out, "%s:%.*s:%c ", kind, (int)list[i].len, list[i].prefix,
		                       list[i].delimiter ? list[i].delimiter : '-');
}

/* Everything the decoders of extensions tell of a response, as words. */
static gboolean
tell(const struct imap_response *response, void *user)
{
	struct imap_namespaces namespaces;
	struct imap_progress progress;
	struct imap_rights rights;
	struct imap_fetch fetch;
	GString *out = user;
	guint64 lowest;

	if (imap_namespaces_decode(response, &namespaces)) {
		g_string_append(out, "namespaces ");
		append_namespaces(out, "personal", namespaces.personal, namespaces.n_personal);
		append_namespaces(out, "others", namespaces.others, namespaces.n_others);
		append_namespaces(out, "shared", namespaces.shared, namespaces.n_shared);
	}
	if (imap_rights_decode(response, &rights))
		g_string_append_printf(out, "rights %.*s %s ", (int)rights.name_len, rights.name,
		                       rights.rights);
	if (imap_progress_decode(response, &progress))
		g_string_append_printf(out, "progress %s %d/%d ", progress.tag ? progress.tag : "-",
		                       (int)progress.have, (int)progress.total);
	if (imap_limit_decode(response, &lowest))
		g_string_append_printf(out, "limit %d ", (int)lowest);
	if (imap_fetch_decode(response, &fetch)) {
		g_string_append_printf(out, "%d/%d ", (int)fetch.seq, (int)fetch.uid);
		for (const struct imap_node *n = fetch.labels; n; n = n->next)
			g_string_append_printf(out, "<%s> ", n->text);
	}
	return TRUE;
}

static void
extensions_are_read_as_servers_write_them(void)
{
	static const struct {
		const char *wire, *told;
	} cases[] = {
	        /* Dovecot, Cyrus, Courier */
	        {"* NAMESPACE ((\"\" \"/\")) ((\"Other Users/\" \"/\")) ((\"Shared Folders/\" \"/\"))\r\n",
	         "namespaces personal::/ others:Other Users/:/ shared:Shared Folders/:/ "},
	        {"* NAMESPACE ((\"INBOX.\" \".\")) NIL ((\"#shared.\" \".\")(\"shared.\" \".\" \"X\" "
	         "(\"a\")))\r\n",
	         "namespaces personal:INBOX.:. shared:#shared.:. shared:shared.:. "},
	        {"* NAMESPACE NIL NIL NIL\r\n", "namespaces "},
	        {"* NAMESPACE ((\"\" NIL))\r\n", "namespaces personal::- "},
	        {"* NAMESPACE (() (NIL) nonsense ((\"a\"))) 5 6\r\n", "namespaces personal::- "},
	        {"* NAMESPACE\r\n", ""},
	        {"* MYRIGHTS INBOX rwiptsldaex\r\n", "rights INBOX rwiptsldaex "},
	        {"* MYRIGHTS \"a b\" \"\"\r\n", "rights a b  "},
	        {"* MYRIGHTS NIL lr\r\n", "rights NIL lr "},
	        {"* MYRIGHTS INBOX\r\n", ""},
	        {"* MYRIGHTS () lr\r\n", ""},
	        /* RFC 9585 §4: all degrees of knowing */
	        {"* OK [INPROGRESS (\"A001\" 454 1000)] Processed 45% of the mailbox\r\n",
	         "progress A001 454/1000 "},
	        {"* OK [INPROGRESS (\"A001\" 175 NIL)] still at it\r\n", "progress A001 175/0 "},
	        {"* OK [INPROGRESS (\"A001\" NIL NIL)] x\r\n", "progress A001 0/0 "},
	        {"* OK [inprogress (NIL NIL NIL)] x\r\n", "progress - 0/0 "},
	        {"* OK [INPROGRESS] Hang in there...\r\n", "progress - 0/0 "},
	        {"* OK [INPROGRESS ()] x\r\n", "progress - 0/0 "},
	        /* RFC 9738: Yahoo */
	        {"f3 OK [MESSAGELIMIT 1000 23221] FETCH completed\r\n", "limit 23221 "},
	        {"* NO [MESSAGELIMIT 1000 20001] partial\r\n", "limit 20001 "},
	        {"f4 NO [MESSAGELIMIT 1000] Too many messages to copy\r\n", "limit 0 "},
	        {"* 25996 UIDFETCH (FLAGS (\\Seen))\r\n", "0/25996 "},
	        {"* 3 FETCH (UID 9 X-GM-LABELS (\"\\\\Inbox\" work[a] \"two words\" {3}\r\na)b))\r\n",
	         "3/9 <\\Inbox> <work[a]> <two words> <a)b> "},
	        {"* 3 FETCH (X-GM-LABELS NIL UID 9)\r\n", "3/9 "},
	};

	for (guint i = 0; i < G_N_ELEMENTS(cases); i++) {
		g_autoptr(GString) out = g_string_new(NULL);
		g_autofree char *twice = g_strconcat(cases[i].told, cases[i].told, NULL);

		with_responses(cases[i].wire, tell, out);
		g_assert_cmpstr(out->str, ==, twice);
	}
}

static void
more_namespaces_than_fit_are_passed_over(void)
{
	g_autoptr(GString) wire = g_string_new("* NAMESPACE (");
	g_autoptr(GString) out = g_string_new(NULL);

	for (int i = 0; i < 10000; i++)
		g_string_append(wire, "(\"a/\" \"/\")");
	g_string_append(wire, ") NIL NIL\r\n");
	with_responses(wire->str, tell, out);
	g_assert_cmpuint(out->len, ==, 2 * (strlen("namespaces ") + 8 * strlen("personal:a/:/ ")));
}

int
main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	g_test_add_func("/imap/extensions/decode", extensions_are_read_as_servers_write_them);
	g_test_add_func("/imap/extensions/many-namespaces", more_namespaces_than_fit_are_passed_over);
	return g_test_run();
}
