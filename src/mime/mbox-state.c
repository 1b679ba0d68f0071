#include <string.h>
#include "mime/mbox-private.h"

/* Fields of Berkeley mail, c-client, Dovecot and Thunderbird that say in what state a message is. */

static const struct {
	const char *name;
	enum mbox_field field;
} fields[] = {
        {"Status", FIELD_STATUS},           {"X-Status", FIELD_STATUS},
        {"X-Keywords", FIELD_KEYWORDS},     {"X-Mozilla-Keys", FIELD_KEYWORDS},
        {"Content-Length", FIELD_LENGTH},   {"X-Mozilla-Status", FIELD_MOZILLA},
        {"X-Mozilla-Status2", FIELD_OTHER}, {"X-IMAP", FIELD_INTERNAL},
        {"X-IMAPbase", FIELD_INTERNAL},     {"X-UID", FIELD_OTHER},
};

enum { KEYWORDS_MOST = 4096 /* octets */ };

enum mbox_field
mbox_field_of(const char *line, gsize len, const char **value, gsize *value_len)
{
	for (guint i = 0; i < G_N_ELEMENTS(fields); i++) {
		gsize n = strlen(fields[i].name);

		if (len <= n || line[n] != ':' || g_ascii_strncasecmp(line, fields[i].name, n) != 0)
			continue;
		*value = line + n + 1;
		*value_len = len - n - 1;
		return fields[i].field;
	}
	return FIELD_NONE;
}

static void
take_letters(struct mbox_state *state, const char *value, gsize len)
{
	state->seen |= memchr(value, 'R', len) != NULL;
	state->answered |= memchr(value, 'A', len) != NULL;
	state->flagged |= memchr(value, 'F', len) != NULL;
	state->deleted |= memchr(value, 'D', len) != NULL;
	state->draft |= memchr(value, 'T', len) != NULL;
}

static void
take_keywords(struct mbox_state *state, const char *value, gsize len)
{
	g_autofree char *more = len <= KEYWORDS_MOST ? g_strstrip(g_strndup(value, len)) : NULL;
	g_autofree char *had = state->keywords;

	if (!more || !*more || (had && strlen(had) > KEYWORDS_MOST))
		state->keywords = g_steal_pointer(&had);
	else
		state->keywords = had ? g_strconcat(had, " ", more, NULL) : g_steal_pointer(&more);
}

/* Bits of nsMsgMessageFlags, in hexadecimal. */
static void
take_mozilla(struct mbox_state *state, const char *value, gsize len)
{
	g_autofree char *digits = g_strstrip(g_strndup(value, MIN(len, 32)));
	guint64 bits;

	if (!g_ascii_string_to_unsigned(digits, 16, 0, G_MAXUINT32, &bits, NULL))
		return;
	state->seen |= (bits & 1) != 0;
	state->answered |= (bits & 2) != 0;
	state->flagged |= (bits & 4) != 0;
	state->deleted |= (bits & 8) != 0;
	state->forwarded |= (bits & 0x1000) != 0;
}

void
mbox_state_take(struct mbox_state *state, enum mbox_field field, const char *value, gsize len)
{
	switch (field) {
	case FIELD_STATUS:
		take_letters(state, value, len);
		break;
	case FIELD_KEYWORDS:
		take_keywords(state, value, len);
		break;
	case FIELD_MOZILLA:
		take_mozilla(state, value, len);
		break;
	case FIELD_NONE:
	case FIELD_LENGTH:
	case FIELD_INTERNAL:
	case FIELD_OTHER:
		break;
	}
}

void
mbox_state_write(GString *out, const struct mbox_state *state)
{
	g_autofree char *keywords =
	        g_strdelimit(g_strdup(state->keywords ? state->keywords : ""), "\r\n", ' ');

	g_string_append(out, state->seen ? "Status: RO\n" : "Status: O\n");
	if (state->answered || state->flagged || state->deleted || state->draft)
		g_string_append_printf(out, "X-Status: %s%s%s%s\n", state->answered ? "A" : "",
		                       state->flagged ? "F" : "", state->deleted ? "D" : "",
		                       state->draft ? "T" : "");
	if (*keywords || state->forwarded)
		g_string_append_printf(out, "X-Keywords: %s%s%s\n", keywords,
		                       *keywords && state->forwarded ? " " : "",
		                       state->forwarded ? "$Forwarded" : "");
}
