#include "mime/envelope.h"
#include "mime/scan.h"
#include <stddef.h>
#include <string.h>

typedef void (*take_func)(struct envelope *env, const struct mime_field *field, gsize offset);

#define MEMBER(type, env, offset) ((type *)((char *)(env) + (offset)))

static void
take_addresses(struct envelope *env, const struct mime_field *field, gsize offset)
{
	mime_parse_addresses(*MEMBER(GPtrArray *, env, offset), field->value, field->value_len);
}

/* Who wrote it may be said once: a second From is not added to the first. */
static void
take_first_addresses(struct envelope *env, const struct mime_field *field, gsize offset)
{
	if (!(*MEMBER(GPtrArray *, env, offset))->len)
		take_addresses(env, field, offset);
}

/* The first field that says something counts. */
static gboolean
wants(struct envelope *env, gsize offset)
{
	char **text = MEMBER(char *, env, offset);

	if (*text && **text)
		return FALSE;
	g_clear_pointer(text, g_free);
	return TRUE;
}

static void
take_text(struct envelope *env, const struct mime_field *field, gsize offset)
{
	if (wants(env, offset))
		*MEMBER(char *, env, offset) = mime_decode_words(field->value, field->value_len);
}

static void
take_id(struct envelope *env, const struct mime_field *field, gsize offset)
{
	gboolean own = offset == offsetof(struct envelope, message_id);

	if (wants(env, offset))
		*MEMBER(char *, env, offset) = ids_first(field->value, field->value_len, own);
}

static void
take_ids(struct envelope *env, const struct mime_field *field, gsize offset)
{
	if (!env->references || !*env->references) {
		g_strfreev(env->references);
		env->references = ids_all(field->value, field->value_len);
	}
}

static void
take_date(struct envelope *env, const struct mime_field *field, gsize offset)
{
	if (!env->has_date)
		env->has_date = mime_parse_date(field->value, field->value_len, &env->date, &env->zone);
}

/* RFC 2919: a phrase and the identifier in brackets; the identifier counts. */
static void
take_list_id(struct envelope *env, const struct mime_field *field, gsize offset)
{
	char *id, *close;

	if (!wants(env, offset))
		return;
	id = ids_first(field->value, field->value_len, FALSE);
	if (!*id) {
		g_free(id);
		env->list_id = mime_decode_words(field->value, field->value_len);
		return;
	}
	close = strrchr(id, '>');
	*close = '\0';
	memmove(id, id + 1, (gsize)(close - id));
	env->list_id = id;
}

static void
take_token(struct envelope *env, const struct mime_field *field, gsize offset)
{
	const char *rest;

	if (wants(env, offset))
		*MEMBER(char *, env, offset) =
		        params_token(field->value, field->value + field->value_len, &rest);
}

#define FIELD(name, take, member) \
	{ \
		name, sizeof name - 1, take, offsetof(struct envelope, member) \
	}
static const struct {
	const char *name; /* lower case */
	gsize len;
	take_func take;
	gsize offset;
} fields[] = {
        FIELD("to", take_addresses, to),
        FIELD("cc", take_addresses, cc),
        FIELD("bcc", take_addresses, bcc),
        FIELD("from", take_first_addresses, from),
        FIELD("date", take_date, date),
        FIELD("sender", take_first_addresses, sender),
        FIELD("list-id", take_list_id, list_id),
        FIELD("subject", take_text, subject),
        FIELD("reply-to", take_addresses, reply_to),
        FIELD("list-post", take_text, list_post),
        FIELD("message-id", take_id, message_id),
        FIELD("references", take_ids, references),
        FIELD("in-reply-to", take_id, in_reply_to),
        FIELD("content-type", take_token, content_type),
        FIELD("list-unsubscribe", take_text, list_unsubscribe),
};

static const gsize address_members[] = {
        offsetof(struct envelope, from),     offsetof(struct envelope, sender),
        offsetof(struct envelope, reply_to), offsetof(struct envelope, to),
        offsetof(struct envelope, cc),       offsetof(struct envelope, bcc),
};

static const gsize text_members[] = {
        offsetof(struct envelope, subject),      offsetof(struct envelope, message_id),
        offsetof(struct envelope, in_reply_to),  offsetof(struct envelope, list_id),
        offsetof(struct envelope, list_post),    offsetof(struct envelope, list_unsubscribe),
        offsetof(struct envelope, content_type),
};

static gboolean
same_name(const char *name, const char *lower, gsize len)
{
	for (gsize i = 0; i < len; i++) {
		if (scan_lower(name[i]) != lower[i])
			return FALSE;
	}
	return TRUE;
}

void
envelope_from_headers(struct envelope *env, const char *bytes, gsize len)
{
	const char *at = bytes;
	struct mime_field field;

	memset(env, 0, sizeof *env);
	for (gsize i = 0; i < G_N_ELEMENTS(address_members); i++)
		*MEMBER(GPtrArray *, env, address_members[i]) =
		        g_ptr_array_new_with_free_func(mime_address_free);
	while (mime_field_next(&at, bytes + len, &field)) {
		for (gsize i = 0; i < G_N_ELEMENTS(fields); i++) {
			if (fields[i].len == field.name_len &&
			    same_name(field.name, fields[i].name, field.name_len)) {
				fields[i].take(env, &field, fields[i].offset);
				break;
			}
		}
	}
	for (gsize i = 0; i < G_N_ELEMENTS(text_members); i++) {
		char **text = MEMBER(char *, env, text_members[i]);

		if (!*text)
			*text = g_strdup("");
	}
	if (!env->references)
		env->references = g_new0(char *, 1);
}

void
envelope_clear(struct envelope *env)
{
	for (gsize i = 0; i < G_N_ELEMENTS(address_members); i++)
		g_clear_pointer(MEMBER(GPtrArray *, env, address_members[i]), g_ptr_array_unref);
	for (gsize i = 0; i < G_N_ELEMENTS(text_members); i++)
		g_clear_pointer(MEMBER(char *, env, text_members[i]), g_free);
	g_clear_pointer(&env->references, g_strfreev);
	env->has_date = FALSE;
}
