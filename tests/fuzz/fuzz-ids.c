/* What may come down a pipe as IDs: whole, and cut as the first octet says; both must find the same. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "app/id-reader.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static gboolean
take(const char *id, void *user, GError **error)
{
	g_string_append_printf(user, "%s\n", id);
	return TRUE;
}

static gboolean
read_in(const char *bytes, gsize len, gsize step, GString *out)
{
	g_autoptr(GError) error = NULL;
	struct id_reader *reader = id_reader_new(take, out);
	gboolean ok = TRUE;

	for (gsize at = 0; ok && at < len; at += step)
		ok = id_reader_feed(reader, bytes + at, MIN(step, len - at), &error);
	ok = ok && id_reader_end(reader, &error);
	id_reader_free(reader);
	return ok;
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	g_autoptr(GString) whole = g_string_new(NULL), cut = g_string_new(NULL);
	gsize step = size ? (gsize)data[0] % 16 + 1 : 1;
	gboolean a = read_in((const char *)data, size, MAX(size, 1), whole);
	gboolean b = read_in((const char *)data, size, step, cut);

	if (a != b || !g_string_equal(whole, cut))
		abort();
	return 0;
}
