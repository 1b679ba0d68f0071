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

/* Of the delimiters that are no colon: nothing but letters follows, so that a BASE is not taken for more. */
static gboolean
is_plain_info(const char *at)
{
	return (*at == ';' || *at == '!') && at[1] == '2' && at[2] == ',' &&
	       !at[3 + strspn(at + 3, G_CSET_A_2_Z G_CSET_a_2_z)];
}

/* Where ":2," stands, or NULL. */
static const char *
info_of(const char *name)
{
	const char *colon = strrchr(name, ':'), *comma = colon ? NULL : strrchr(name, ',');

	if (colon)
		return colon[1] == '2' && colon[2] == ',' ? colon : NULL;
	return comma && comma - name >= 2 && is_plain_info(comma - 2) ? comma - 2 : NULL;
}

gsize
maildir_base_len(const char *name)
{
	const char *info = info_of(name);

	return info ? (gsize)(info - name) : strlen(name);
}

char
maildir_colon(const char *name)
{
	const char *info = info_of(name);

	return info ? *info : '\0';
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

guint32
maildir_letters(const char *name)
{
	const char *info = info_of(name);
	guint32 found = 0;

	for (const char *p = info ? info + 3 : ""; *p; p++)
		if (*p >= 'a' && *p <= 'z')
			found |= 1u << (*p - 'a');
	return found;
}

char *
maildir_name_of(const char *base, const char *name, char colon, guint flags, guint32 keywords)
{
	const char *info = info_of(name);
	gboolean has[256] = {FALSE};
	GString *out = g_string_new(base);

	for (const char *p = info ? info + 3 : ""; *p; p++)
		has[(guchar)*p] = TRUE;
	for (guint i = 0; i < G_N_ELEMENTS(letters); i++)
		has[(guchar)letters[i].letter] = (flags & letters[i].flag) != 0;
	for (guint i = 0; i < 26; i++)
		has['a' + i] = (keywords >> i & 1) != 0;
	g_string_append_printf(out, "%c2,", info ? *info : colon);
	for (guint c = 1; c < 256; c++)
		if (has[c])
			g_string_append_c(out, (char)c);
	return g_string_free(out, FALSE);
}

char *
maildir_name_with(const char *name, guint flags)
{
	g_autofree char *base = g_strndup(name, maildir_base_len(name));

	return maildir_name_of(base, name, ':', flags, maildir_letters(name));
}

char *
maildir_base_elsewhere(const char *name)
{
	GString *base = g_string_new_len(name, (gssize)maildir_base_len(name));
	const char *at = strstr(base->str, ",U=");
	gsize digits = at ? strspn(at + 3, "0123456789") : 0;

	if (digits && (at[3 + digits] == '\0' || at[3 + digits] == ','))
		g_string_erase(base, at - base->str, (gssize)(3 + digits));
	return g_string_free(base, FALSE);
}

/* R is a random number, Q counts deliveries, # tells them apart (cr.yp.to/proto/maildir.html, "unique"). */
static char *
format_base(gint64 stamp, const char *token, gint64 row, guint turn)
{
	const char *host = strchr(token, '.');
	gsize unique = host ? (gsize)(host - token) : strlen(token);
	char again[16] = "";

	if (turn)
		g_snprintf(again, sizeof again, "#%u", turn);
	return g_strdup_printf("%" G_GINT64_FORMAT ".R%.*sQ%" G_GINT64_FORMAT "%s%s", stamp > 0 ? stamp : 1,
	                       (int)unique, token, row, again, host ? host : "");
}

char *
maildir_base_new(gint64 stamp, const char *token, gint64 row, const char *name)
{
	gsize len = name ? maildir_base_len(name) : 0;

	for (guint turn = 0;; turn++) {
		char *base = format_base(stamp, token, row, turn);

		if (!name || strlen(base) != len || memcmp(base, name, len) != 0)
			return base;
		g_free(base);
	}
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
