/* Challenges of a hostile server: lines, each one step of the mechanism that the first octet picks. "%" in a
 * line becomes the nonce of our first message, so that SCRAM goes past the first check.
 */
#include "proto/sasl/sasl.h"

#include <stdint.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const char *const mechanisms[] = {"SCRAM-SHA-1", "SCRAM-SHA-256", "OAUTHBEARER", "XOAUTH2",
                                         "PLAIN",       "LOGIN",         "EXTERNAL"};

static GBytes *
challenge(const uint8_t *line, size_t len, const char *nonce)
{
	GByteArray *bytes = g_byte_array_new();

	for (size_t i = 0; i < len; i++) {
		if (line[i] == '%')
			g_byte_array_append(bytes, (const guint8 *)nonce, (guint)strlen(nonce));
		else
			g_byte_array_append(bytes, line + i, 1);
	}
	return g_byte_array_free_to_bytes(bytes);
}

/* Many rounds are allowed, and would only cost time here. */
static gboolean
slow(const uint8_t *data, size_t size)
{
	size_t digits = 0;

	for (size_t i = 0; i < size; i++) {
		digits = g_ascii_isdigit(data[i]) ? digits + 1 : 0;
		if (digits > 3)
			return memchr(data, '%', size) != NULL;
	}
	return FALSE;
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const struct sasl_secrets secrets = {.user = "jo",
	                                            .password = "pencil",
	                                            .token = "t",
	                                            .encrypted = TRUE,
	                                            .client_certificate = TRUE};
	struct sasl *sasl;
	g_autofree char *nonce = g_strdup("");
	const uint8_t *end = data + size;

	if (!size || slow(data, size))
		return 0;
	sasl = sasl_new(mechanisms[*data++ % G_N_ELEMENTS(mechanisms)], NULL, &secrets, NULL);
	g_assert_nonnull(sasl);
	if (sasl_client_first(sasl)) {
		g_autoptr(GBytes) first = sasl_step(sasl, NULL, NULL);
		g_autofree char *text = g_strndup(g_bytes_get_data(first, NULL), g_bytes_get_size(first));

		if (strstr(text, ",r=")) {
			g_free(nonce);
			nonce = g_strdup(strstr(text, ",r=") + 3);
		}
	}
	while (data < end) {
		const uint8_t *lf = memchr(data, '\n', (size_t)(end - data)), *stop = lf ? lf : end;
		g_autoptr(GBytes) line = challenge(data, (size_t)(stop - data), nonce);
		g_autoptr(GError) error = NULL;
		GBytes *response = sasl_step(sasl, line, &error);

		g_assert_true(!response == !!error);
		g_clear_pointer(&response, g_bytes_unref);
		data = lf ? lf + 1 : end;
	}
	if (sasl_server_error(sasl))
		g_assert_true(g_utf8_validate(sasl_server_error(sasl), -1, NULL));
	/* Nobody here knows the password. */
	if (sasl_complete(sasl, NULL))
		g_assert_cmpstr(nonce, ==, "");
	sasl_free(sasl);
	return 0;
}
