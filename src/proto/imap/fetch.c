#include "proto/imap/parse-private.h"

#include <string.h>

/* "BODY[1.2]<4096>": the name of a section is the atom's own child. */
static void
read_origin(struct imap_fetch_section *section, const struct imap_node *item)
{
	const unsigned char *open = memchr(item->text, '[', item->len), *end = item->text + item->len;
	const unsigned char *p = open + 1 + item->first->len + 1;

	if (p + 2 >= end || *p != '<' || end[-1] != '>')
		return;
	section->partial = imap_number_read(p + 1, (gsize)(end - p) - 2, &section->origin);
}

static struct imap_fetch_section *
add_section(struct imap_fetch *fetch, const char *name, const struct imap_node *value)
{
	struct imap_fetch_section *section;

	if (fetch->n_sections == G_N_ELEMENTS(fetch->sections))
		return NULL;
	section = &fetch->sections[fetch->n_sections++];
	memset(section, 0, sizeof(*section));
	section->section = name;
	section->value = value;
	return section;
}

static gboolean
is_binary(const struct imap_node *item)
{
	return (item->text[1] | 0x20) == 'i';
}

/* "BINARY.SIZE[1.2] 77": how many octets the part has once it is decoded. */
static gboolean
is_binary_size(const struct imap_node *item)
{
	return item->len > 8 && is_binary(item) && item->text[6] == '.' && (item->text[7] | 0x20) == 's';
}

/* Gives what follows. */
static const struct imap_node *
read_binary_size(struct imap_fetch *fetch, const struct imap_node *item)
{
	struct imap_fetch_section *section;
	guint64 size;

	if (imap_node_number(item->next, &size) &&
	    (section = add_section(fetch, (const char *)item->first->text, NULL))) {
		section->binary = section->sized = TRUE;
		section->size = size;
	}
	return item->next->next;
}

/* Gives what follows. An atom is no content: some servers leave the content out. */
static const struct imap_node *
read_section(struct imap_fetch *fetch, const struct imap_node *item)
{
	const struct imap_node *value = item->next;
	struct imap_fetch_section *section;

	if (is_binary_size(item))
		return read_binary_size(fetch, item);
	if (value->type == IMAP_ATOM)
		return value;
	if (value->type != IMAP_STRING && value->type != IMAP_NIL)
		return value->next;
	section = add_section(fetch, (const char *)item->first->text, value);
	if (section) {
		section->binary = is_binary(item);
		read_origin(section, item);
	}
	return value->next;
}

static void
read_whole(struct imap_fetch *fetch, const struct imap_node *value)
{
	if (value->type == IMAP_STRING || value->type == IMAP_NIL)
		add_section(fetch, "", value);
}

static void
read_header(struct imap_fetch *fetch, const struct imap_node *value)
{
	if (value->type == IMAP_STRING || value->type == IMAP_NIL)
		add_section(fetch, "HEADER", value);
}

static void
read_body(struct imap_fetch *fetch, const struct imap_node *value)
{
	if (value->type == IMAP_STRING || value->type == IMAP_NIL)
		add_section(fetch, "TEXT", value);
}

static void
read_uid(struct imap_fetch *fetch, const struct imap_node *value)
{
	imap_node_number(value, &fetch->uid);
}

static void
read_size(struct imap_fetch *fetch, const struct imap_node *value)
{
	imap_node_number(value, &fetch->size);
}

/* The first of a list, or the value itself: "MODSEQ (5)", "EMAILID (M1)". */
static const struct imap_node *
unwrap(const struct imap_node *value)
{
	return value->type == IMAP_LIST ? value->first : value;
}

static void
read_modseq(struct imap_fetch *fetch, const struct imap_node *value)
{
	imap_node_number(unwrap(value), &fetch->modseq);
}

static void
read_flags(struct imap_fetch *fetch, const struct imap_node *value)
{
	fetch->has_flags = value->type == IMAP_LIST || value->type == IMAP_NIL;
	fetch->flags = value->first;
}

static void
read_labels(struct imap_fetch *fetch, const struct imap_node *value)
{
	fetch->has_labels = value->type == IMAP_LIST || value->type == IMAP_NIL;
	fetch->labels = value->first;
}

static const char *
read_id(const struct imap_node *value)
{
	value = unwrap(value);
	if (!value || (value->type != IMAP_ATOM && value->type != IMAP_STRING) || !value->len)
		return NULL;
	return (const char *)value->text;
}

static void
read_email_id(struct imap_fetch *fetch, const struct imap_node *value)
{
	fetch->email_id = read_id(value);
}

static void
read_thread_id(struct imap_fetch *fetch, const struct imap_node *value)
{
	fetch->thread_id = read_id(value);
}

static void
read_structure(struct imap_fetch *fetch, const struct imap_node *value)
{
	if (value->type == IMAP_LIST)
		fetch->structure = value;
}

static void
read_short_structure(struct imap_fetch *fetch, const struct imap_node *value)
{
	if (value->type == IMAP_LIST && !fetch->structure)
		fetch->structure = value;
}

/* RFC 8970 §4; its drafts wrapped it: "PREVIEW (FUZZY "text")". */
static void
read_preview(struct imap_fetch *fetch, const struct imap_node *value)
{
	value = unwrap(value);
	while (value && value->type == IMAP_ATOM)
		value = value->next;
	if (value && value->type == IMAP_STRING)
		fetch->preview = value;
}

/* n digits at *p. */
static gboolean
take_digits(const char **p, guint n, gint64 *value)
{
	for (*value = 0; n; n--, ++*p) {
		if (!g_ascii_isdigit(**p))
			return FALSE;
		*value = *value * 10 + (**p - '0');
	}
	return TRUE;
}

static gboolean
take_char(const char **p, char c)
{
	if (**p != c)
		return FALSE;
	++*p;
	return TRUE;
}

static gboolean
take_month(const char **p, gint64 *month)
{
	static const char names[] = "JanFebMarAprMayJunJulAugSepOctNovDec";

	for (*month = 1; *month <= 12; ++*month) {
		if (g_ascii_strncasecmp(*p, names + (*month - 1) * 3, 3) != 0)
			continue;
		*p += 3;
		return TRUE;
	}
	return FALSE;
}

/* Days from 1970-01-01 in the Gregorian calendar; the year is counted from March so that the leap day comes
 * last. */
static gint64
days_from_date(gint64 year, gint64 month, gint64 day)
{
	gint64 y = month > 2 ? year : year - 1, m = month > 2 ? month - 3 : month + 9;

	return y * 365 + y / 4 - y / 100 + y / 400 + (153 * m + 2) / 5 + day - 1 - 719468;
}

/* "+0200" as seconds; a missing one is UTC. */
static gboolean
take_zone(const char **p, gint64 *seconds)
{
	gint64 hours, minutes, sign = **p == '-' ? -1 : 1;

	*seconds = 0;
	if (!**p)
		return TRUE;
	if ((!take_char(p, '+') && !take_char(p, '-')) || !take_digits(p, 2, &hours) ||
	    !take_digits(p, 2, &minutes) || minutes > 59)
		return FALSE;
	*seconds = sign * (hours * 3600 + minutes * 60);
	return TRUE;
}

/* date-time of RFC 3501 §9: " 7-Jul-1996 02:44:25 -0700", also with a day of one digit. */
static gboolean
read_date_time(const struct imap_node *value, gint64 *when)
{
	const char *p = (const char *)value->text;
	gint64 day, month, year, hour, minute, second, zone;

	if ((value->type != IMAP_STRING && value->type != IMAP_ATOM) || !p)
		return FALSE;
	while (*p == ' ')
		p++;
	if (!take_digits(&p, g_ascii_isdigit(*p) && g_ascii_isdigit(p[1]) ? 2 : 1, &day) ||
	    !take_char(&p, '-') || !take_month(&p, &month) || !take_char(&p, '-') ||
	    !take_digits(&p, 4, &year) || !take_char(&p, ' '))
		return FALSE;
	if (!take_digits(&p, 2, &hour) || !take_char(&p, ':') || !take_digits(&p, 2, &minute) ||
	    !take_char(&p, ':') || !take_digits(&p, 2, &second))
		return FALSE;
	while (*p == ' ')
		p++;
	if (!take_zone(&p, &zone) || !year || !day || day > 31 || hour > 23 || minute > 59 || second > 60)
		return FALSE;
	*when = days_from_date(year, month, day) * 86400 + hour * 3600 + minute * 60 + second - zone;
	return TRUE;
}

static void
read_internaldate(struct imap_fetch *fetch, const struct imap_node *value)
{
	if (read_date_time(value, &fetch->internaldate))
		fetch->has_internaldate = TRUE;
}

/* RFC 8514: NIL where the server does not know it. */
static void
read_savedate(struct imap_fetch *fetch, const struct imap_node *value)
{
	if (read_date_time(value, &fetch->saved))
		fetch->has_saved = TRUE;
}

static const struct fetch_item {
	const char *name;
	gsize len;
	void (*read)(struct imap_fetch *fetch, const struct imap_node *value);
} items[] = {
#define ITEM(name, read) \
	{ \
		name, sizeof(name) - 1, read \
	}
        ITEM("UID", read_uid),
        ITEM("FLAGS", read_flags),
        ITEM("RFC822.SIZE", read_size),
        ITEM("INTERNALDATE", read_internaldate),
        ITEM("SAVEDATE", read_savedate),
        ITEM("MODSEQ", read_modseq),
        ITEM("BODYSTRUCTURE", read_structure),
        ITEM("BODY", read_short_structure),
        ITEM("PREVIEW", read_preview),
        ITEM("EMAILID", read_email_id),
        ITEM("THREADID", read_thread_id),
        ITEM("X-GM-LABELS", read_labels),
        ITEM("X-GM-MSGID", read_email_id),
        ITEM("X-GM-THRID", read_thread_id),
        ITEM("RFC822", read_whole),
        ITEM("RFC822.HEADER", read_header),
        ITEM("RFC822.TEXT", read_body),
};

/* Gives what follows the item and its value. */
static const struct imap_node *
read_item(struct imap_fetch *fetch, const struct imap_node *item)
{
	if (item->first)
		return read_section(fetch, item);
	for (guint i = 0; i < G_N_ELEMENTS(items); i++) {
		if (items[i].len != item->len ||
		    g_ascii_strncasecmp(items[i].name, (const char *)item->text, item->len) != 0)
			continue;
		items[i].read(fetch, item->next);
		break;
	}
	return item->next->next;
}

gboolean
imap_fetch_decode(const struct imap_response *response, struct imap_fetch *fetch)
{
	const struct imap_node *item;

	memset(fetch, 0, G_STRUCT_OFFSET(struct imap_fetch, sections));
	fetch->n_sections = 0;
	if (response->kind != IMAP_UNTAGGED || !response->has_number || !response->name)
		return FALSE;
	if (strcmp(response->name, "FETCH") == 0)
		fetch->seq = response->number;
	else if (strcmp(response->name, "UIDFETCH") == 0)
		fetch->uid = response->number;
	else
		return FALSE;
	item = response->args;
	if (item && item->type == IMAP_LIST)
		item = item->first;
	while (item && item->next)
		item = item->type == IMAP_ATOM ? read_item(fetch, item) : item->next;
	return TRUE;
}
