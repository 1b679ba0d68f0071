#include "backend/maildir/name.h"

#include <string.h>

#include "store/store.h"

static const struct {
	char letter;
	guint flag;
} letters[] = {
        {'D', FLAG_DRAFT},    {'F', FLAG_FLAGGED}, {'P', FLAG_FORWARDED},
        {'R', FLAG_ANSWERED}, {'S', FLAG_SEEN},    {'T', FLAG_DELETED},
};

/* Where ":2," stands, or NULL. */
static const char *
info_of(const char *name)
{
	const char *colon = strrchr(name, ':');

	return colon && colon[1] == '2' && colon[2] == ',' ? colon : NULL;
}

gsize
maildir_base_len(const char *name)
{
	const char *info = info_of(name);

	return info ? (gsize)(info - name) : strlen(name);
}

guint
maildir_flags(const char *name)
{
	const char *info = info_of(name);
	guint flags = 0;

	for (guint i = 0; info && i < G_N_ELEMENTS(letters); i++)
		if (strchr(info + 3, letters[i].letter))
			flags |= letters[i].flag;
	return flags;
}

char *
maildir_name_with(const char *name, guint flags)
{
	const char *info = info_of(name);
	gboolean has[256] = {FALSE};
	GString *out = g_string_new_len(name, (gssize)maildir_base_len(name));

	for (const char *p = info ? info + 3 : ""; *p; p++)
		has[(guchar)*p] = TRUE;
	for (guint i = 0; i < G_N_ELEMENTS(letters); i++)
		has[(guchar)letters[i].letter] = (flags & letters[i].flag) != 0;
	g_string_append(out, ":2,");
	for (guint c = 1; c < 256; c++)
		if (has[c])
			g_string_append_c(out, (char)c);
	return g_string_free(out, FALSE);
}

guint64
maildir_uid(const char *name)
{
	g_autoptr(GChecksum) sum = g_checksum_new(G_CHECKSUM_SHA256);
	guint8 digest[32];
	gsize len = sizeof digest;
	guint64 uid = 0;

	g_checksum_update(sum, (const guchar *)name, (gssize)maildir_base_len(name));
	g_checksum_get_digest(sum, digest, &len);
	for (int i = 0; i < 8; i++)
		uid = uid << 8 | digest[i];
	uid &= (G_GUINT64_CONSTANT(1) << 62) - 1;
	return uid ? uid : 1;
}

gint64
maildir_stamp(const char *name)
{
	gint64 stamp = 0;

	for (; g_ascii_isdigit(*name) && stamp < G_GINT64_CONSTANT(100000000000); name++)
		stamp = stamp * 10 + (*name - '0');
	return *name == '.' && stamp > 100000000 && stamp < G_GINT64_CONSTANT(100000000000) ? stamp : 0;
}
