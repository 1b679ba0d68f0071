/* Any octets as a header block and as each kind of value: what comes out is valid UTF-8, on one line, within
 * its limits. */
#include "mime/envelope.h"
#include <stdint.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
check_text(const char *text)
{
	g_assert_true(g_utf8_validate(text, -1, NULL));
	g_assert_null(strpbrk(text, "\r\n"));
}

static void
check_addresses(GPtrArray *addresses)
{
	g_assert_cmpuint(addresses->len, <=, 10000);
	for (guint i = 0; i < addresses->len; i++) {
		const struct mime_address *address = addresses->pdata[i];

		check_text(address->name);
		check_text(address->email);
	}
}

static void
check_envelope(const char *bytes, gsize len)
{
	struct envelope env;

	envelope_from_headers(&env, bytes, len);
	check_addresses(env.from);
	check_addresses(env.sender);
	check_addresses(env.reply_to);
	check_addresses(env.to);
	check_addresses(env.cc);
	check_addresses(env.bcc);
	check_text(env.subject);
	check_text(env.message_id);
	check_text(env.in_reply_to);
	check_text(env.list_id);
	check_text(env.list_post);
	check_text(env.list_unsubscribe);
	check_text(env.content_type);
	g_assert_cmpuint(g_strv_length(env.references), <=, 100);
	for (char **id = env.references; *id; id++) {
		check_text(*id);
		g_assert_true(g_str_has_prefix(*id, "<") && g_str_has_suffix(*id, ">"));
	}
	envelope_clear(&env);
}

static void
check_params(const char *bytes, gsize len)
{
	g_autofree char *token = NULL;
	g_autoptr(GHashTable) params = NULL;
	GHashTableIter iter;
	gpointer name, value;

	mime_parse_parameterised(bytes, len, &token, &params);
	check_text(token);
	g_hash_table_iter_init(&iter, params);
	while (g_hash_table_iter_next(&iter, &name, &value)) {
		g_assert_true(g_utf8_validate(name, -1, NULL));
		g_assert_true(g_utf8_validate(value, -1, NULL));
	}
}

/* The first octet says which charset the rest is in. */
static void
check_charset(const char *bytes, gsize len)
{
	static const char *const charsets[] = {"utf-8",        "us-ascii",    "iso-8859-1", "iso-2022-jp",
	                                       "iso-2022-kr",  "hz-gb-2312",  "utf-7",      "utf-16",
	                                       "gb18030",      "big5",        "shift_jis",  "euc-kr",
	                                       "windows-1255", "unknown-one", "utf-32le",   "euc-jp"};
	gsize out_len;
	g_autofree char *out = NULL;

	if (!len)
		return;
	out = mime_to_utf8(bytes + 1, len - 1, charsets[(guint8)*bytes % G_N_ELEMENTS(charsets)], &out_len);
	g_assert_true(g_utf8_validate_len(out, out_len, NULL));
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const char *bytes = (const char *)data;
	g_autoptr(GPtrArray) addresses = g_ptr_array_new_with_free_func(mime_address_free);
	g_autofree char *words = mime_decode_words(bytes, size);
	gint64 utc;
	int zone;

	check_text(words);
	check_envelope(bytes, size);
	mime_parse_addresses(addresses, bytes, size);
	check_addresses(addresses);
	check_params(bytes, size);
	check_charset(bytes, size);
	if (mime_parse_date(bytes, size, &utc, &zone))
		g_assert_true(utc >= 0 && utc < G_GINT64_CONSTANT(253402300800) && ABS(zone) < 15 * 60);
	return 0;
}
