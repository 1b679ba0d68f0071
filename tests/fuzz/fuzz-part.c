/* Any octets as a message: parts lie inside it and inside one another, decode, and come back from their text
 * form; and the same octets as such a text. */
#include "mime/part.h"
#include <stdint.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

struct check {
	const char *bytes;
	gsize size;
	guint parts;
};

static gboolean
check_part(const struct mime_part *part, void *user)
{
	struct check *check = user;
	g_autoptr(GBytes) decoded = NULL;

	g_assert_cmpuint(++check->parts, <=, 10000);
	g_assert_cmpuint(part->header_start + part->header_len, <=, part->body_start);
	g_assert_cmpuint(part->body_start + part->body_len, <=, check->size);
	if (part->parent) {
		g_assert_cmpuint(part->header_start, >=, part->parent->body_start);
		g_assert_cmpuint(part->body_start + part->body_len, <=,
		                 MAX(part->body_start, part->parent->body_start + part->parent->body_len));
	}
	if (part->name)
		g_assert_true(g_utf8_validate(part->name, -1, NULL));
	decoded = mime_decode_body(part->encoding, check->bytes + part->body_start, part->body_len);
	g_assert_cmpuint(g_bytes_get_size(decoded), <=, part->body_len + 3);
	return TRUE;
}

static void
check_choice(const struct mime_part *root)
{
	g_autoptr(GPtrArray) plain = mime_part_shown(root, FALSE), html = mime_part_shown(root, TRUE);
	g_autoptr(GPtrArray) attachments = mime_part_attachments(root);

	for (guint i = 0; i < attachments->len; i++) {
		g_assert_false(g_ptr_array_find(plain, attachments->pdata[i], NULL));
		g_assert_true(
		        mime_part_by_section(root, ((struct mime_part *)attachments->pdata[i])->section) ==
		        attachments->pdata[i]);
	}
	for (guint i = 0; i < html->len; i++)
		g_assert_cmpuint(((struct mime_part *)html->pdata[i])->children->len, ==, 0);
}

static void
check_round_trip(const struct mime_part *root)
{
	g_autofree char *text = mime_part_to_text(root), *again = NULL;
	struct mime_part *copy = mime_part_from_text(text, NULL);

	g_assert_nonnull(copy);
	again = mime_part_to_text(copy);
	g_assert_cmpstr(text, ==, again);
	mime_part_free(copy);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct check check = {(const char *)data, size, 0};
	struct mime_part *root = mime_part_parse(check.bytes, size);
	g_autofree char *text = g_strndup(size ? check.bytes : "", size);

	mime_part_walk(root, check_part, &check);
	check_choice(root);
	check_round_trip(root);
	mime_part_free(root);
	root = mime_part_from_text(text, NULL);
	if (root)
		check_round_trip(root);
	mime_part_free(root);
	return 0;
}
