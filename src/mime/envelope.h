/* Header fields of a message: our own scanner (RFC 5322, 2047, 2231), lenient with broken mail, linear in its
 * input. Pure; any thread. All text given is valid UTF-8 but not yet safe for a terminal (base/text.h does
 * that).
 */
#ifndef FULMAR_MIME_ENVELOPE_H
#define FULMAR_MIME_ENVELOPE_H

#include <glib.h>

struct mime_address {
	char *name;  /* decoded display name, "" when none */
	char *email; /* "" for a group's name-only member */
};

/* What lists and threads need. Strings are never NULL ("" when absent) and hold no line end; arrays never
 * NULL. Of a field that comes twice the first that says something counts; To, Cc, Bcc and Reply-To are added
 * up. */
struct envelope {
	GPtrArray *from, *sender, *reply_to, *to, *cc, *bcc; /* struct mime_address * */
	char *subject;
	gboolean has_date;
	gint64 date;       /* UTC seconds; only with has_date */
	int zone;          /* minutes east of UTC as written */
	char *message_id;  /* with angle brackets */
	char *in_reply_to; /* first id, with angle brackets */
	char **references; /* ids with angle brackets, oldest first, at most 100 (first + last 99),
	                      NULL-terminated */
	char *list_id;     /* the identifier alone: "users.fulmar.example" (RFC 2919) */
	char *list_post, *list_unsubscribe; /* the fields' text: "<mailto:…>, <https:…>" */
	char *content_type;                 /* "multipart/mixed", lower case; "" when absent */
};

/* One field, unfolded view into the input: name and raw value (still folded, without the final line end). */
struct mime_field {
	const char *name;
	gsize name_len;
	const char *value;
	gsize value_len;
};

/* Walks the header block at *at (advanced); CRLF, LF and CR accepted; a leading mbox "From " line is passed
 * over. FALSE at the blank line or the end; *at then stands behind the blank line. A lone line that is no
 * field is passed over; where the body follows without a blank line, FALSE, and *at stands at the body. */
gboolean mime_field_next(const char **at, const char *end, struct mime_field *field);

/* Fills env from a header block (or just some fields of one, as IMAP gives them). Clear with envelope_clear.
 */
void envelope_from_headers(struct envelope *env, const char *bytes, gsize len);
void envelope_clear(struct envelope *env);

/* Unfolds and decodes encoded-words (RFC 2047, adjacent ones joined before charset conversion); raw 8-bit is
 * taken as UTF-8, else windows-1252. No line end comes out, whatever was encoded. Gives (g_free). */
char *mime_decode_words(const char *value, gsize len);
/* Appends struct mime_address * to out: members of groups like others, an empty group
 * ("undisclosed-recipients:;") as its name. At most 10,000 addresses. */
void mime_parse_addresses(GPtrArray *out, const char *value, gsize len);
void mime_address_free(gpointer address);
/* RFC 5322 dates and the many broken forms; FALSE when it is none. utc in seconds, within years 1970…9999;
 * zone in minutes. */
gboolean mime_parse_date(const char *value, gsize len, gint64 *utc, int *zone);
/* Octets in charset to valid UTF-8; unknown charsets and broken sequences give U+FFFD, never failure. The
 * names of mail in the wild are known (iso-8859-1 is read as windows-1252, gb2312 as gb18030, ks_c_5601-1987
 * as cp949, …). Gives (g_free). */
char *mime_to_utf8(const char *bytes, gsize len, const char *charset, gsize *out_len);
/* A parameterised value "type; a=b; c*0*=…" (RFC 2045 + 2231, and raw or 2047-encoded values): *value gives
 * the lower-case leading token, params gives name → decoded UTF-8 value (names in lower case; at most 1,000).
 * Free with g_free and g_hash_table_unref. */
void mime_parse_parameterised(const char *bytes, gsize len, char **value, GHashTable **params);

#endif
