#include "proto/imap/parse-private.h"

#include <string.h>

#define MAX_RANGES 1000000

gboolean
imap_node_is(const struct imap_node *node, const char *atom)
{
	gsize len = strlen(atom);

	return node && (node->type == IMAP_ATOM || node->type == IMAP_STRING) && node->text &&
	       node->len == len && g_ascii_strncasecmp((const char *)node->text, atom, len) == 0;
}

/* Decimal digits from *p on. FALSE when they exceed 63 bits. */
static gboolean
read_digits(const unsigned char **p, const unsigned char *end, guint64 *number)
{
	for (; *p < end && g_ascii_isdigit(**p); ++*p) {
		guint64 digit = (guint64)(**p - '0');

		if (*number > (G_MAXINT64 - digit) / 10)
			return FALSE;
		*number = *number * 10 + digit;
	}
	return TRUE;
}

/* "9.3736e+06" behind its first digits: the fraction and the exponent, in whole numbers. */
static gboolean
read_exponent(const unsigned char *p, const unsigned char *end, guint64 *number)
{
	const unsigned char *fraction = p + 1;
	guint64 exponent = 0, scale = 0;

	if (*p == '.') {
		p++;
		if (!read_digits(&p, end, number))
			return FALSE;
		scale = (guint64)(p - fraction);
	}
	if (p == end || (*p != 'e' && *p != 'E'))
		return FALSE;
	p++;
	if (p < end && *p == '+')
		p++;
	if (p == end || !read_digits(&p, end, &exponent) || p != end)
		return FALSE;
	for (; exponent > scale && *number; exponent--) {
		if (*number > G_MAXINT64 / 10)
			return FALSE;
		*number *= 10;
	}
	for (; exponent < scale; exponent++)
		*number /= 10;
	return TRUE;
}

gboolean
imap_number_read(const unsigned char *text, gsize len, guint64 *number)
{
	const unsigned char *p = text, *end = text + len;
	guint64 n = 0;

	if (!len || !g_ascii_isdigit(*p) || !read_digits(&p, end, &n))
		return FALSE;
	if (p < end && !read_exponent(p, end, &n))
		return FALSE;
	*number = n;
	return TRUE;
}

gboolean
imap_node_number(const struct imap_node *node, guint64 *number)
{
	return node && (node->type == IMAP_ATOM || node->type == IMAP_STRING) && node->text &&
	       imap_number_read(node->text, node->len, number);
}

char *
imap_node_dup(const struct imap_node *node)
{
	char *copy;

	if (!node || node->type == IMAP_LIST || !node->text)
		return g_strdup("");
	copy = g_malloc(node->len + 1);
	memcpy(copy, node->text, node->len);
	copy[node->len] = '\0';
	return copy;
}

const struct imap_node *
imap_node_nth(const struct imap_node *first, guint n)
{
	while (first && n--)
		first = first->next;
	return first;
}

static gboolean
is_named(const struct imap_response *response, const char *name)
{
	return response->kind == IMAP_UNTAGGED && response->name && strcmp(response->name, name) == 0;
}

static const struct imap_node *
children(const struct imap_node *node)
{
	return node && node->type == IMAP_LIST ? node->first : NULL;
}

gboolean
imap_name_read(const struct imap_node *node, const unsigned char **name, gsize *len)
{
	if (!node || node->type == IMAP_LIST || !node->text)
		return FALSE;
	*name = node->type == IMAP_NIL ? (const unsigned char *)"NIL" : node->text;
	*len = node->type == IMAP_NIL ? 3 : node->len;
	return TRUE;
}

gboolean
imap_list_decode(const struct imap_response *response, struct imap_list *list)
{
	const struct imap_node *attributes = response->args, *delimiter, *name;

	memset(list, 0, sizeof(*list));
	if (!is_named(response, "LIST") && !is_named(response, "LSUB") && !is_named(response, "XLIST"))
		return FALSE;
	delimiter = imap_node_nth(attributes, 1);
	name = imap_node_nth(attributes, 2);
	if (!delimiter || delimiter->type == IMAP_LIST || !imap_name_read(name, &list->name, &list->name_len))
		return FALSE;
	list->attributes = children(attributes);
	list->delimiter = delimiter->text && delimiter->len ? (char)delimiter->text[0] : '\0';
	list->extended = children(name->next);
	return TRUE;
}

#define NUMBER_ITEM(item, field) \
	{ \
		item, G_STRUCT_OFFSET(struct imap_status_data, field), \
		        G_STRUCT_OFFSET(struct imap_status_data, has_##field) \
	}

static const struct status_item {
	const char *name;
	glong value, has;
} status_items[] = {
        NUMBER_ITEM("MESSAGES", messages),
        NUMBER_ITEM("UNSEEN", unseen),
        NUMBER_ITEM("UIDNEXT", uidnext),
        NUMBER_ITEM("UIDVALIDITY", uidvalidity),
        NUMBER_ITEM("HIGHESTMODSEQ", highestmodseq),
        NUMBER_ITEM("SIZE", size),
};

static void
read_status_item(struct imap_status_data *status, const struct imap_node *name, const struct imap_node *value)
{
	guint64 number;

	if (imap_node_is(name, "MAILBOXID")) {
		const struct imap_node *id = value->type == IMAP_LIST ? value->first : value;

		if (id && id->type != IMAP_LIST && id->type != IMAP_NIL)
			status->mailbox_id = (const char *)id->text;
		return;
	}
	if (!imap_node_number(value, &number))
		return;
	for (guint i = 0; i < G_N_ELEMENTS(status_items); i++) {
		if (!imap_node_is(name, status_items[i].name))
			continue;
		G_STRUCT_MEMBER(guint64, status, status_items[i].value) = number;
		G_STRUCT_MEMBER(gboolean, status, status_items[i].has) = TRUE;
	}
}

gboolean
imap_status_decode(const struct imap_response *response, struct imap_status_data *status)
{
	const struct imap_node *item;

	memset(status, 0, sizeof(*status));
	if (!is_named(response, "STATUS") ||
	    !imap_name_read(response->args, &status->name, &status->name_len))
		return FALSE;
	for (item = children(response->args->next); item && item->next; item = item->next->next)
		read_status_item(status, item, item->next);
	return TRUE;
}

static gboolean
is_uid(const unsigned char *text, gsize len)
{
	guint64 n = 0;

	for (gsize i = 0; i < len; i++)
		if (!g_ascii_isdigit(text[i]))
			return FALSE;
	return imap_number_read(text, len, &n) && n && n <= G_MAXUINT32;
}

/* "2 3 5" as one atom; what is no number is passed over. Added all at once, because one by one numbers
 * without order cost the square. */
static void
read_numbers(const struct imap_node *node, struct uidset *set)
{
	const unsigned char *p = node->text, *end = p + node->len;
	g_autoptr(GString) list = g_string_sized_new(node->len + 1);

	while (p < end) {
		const unsigned char *start = p;

		while (p < end && *p != ' ')
			p++;
		if (is_uid(start, (gsize)(p - start))) {
			g_string_append_len(list, (const char *)start, p - start);
			g_string_append_c(list, ',');
		}
		while (p < end && *p == ' ')
			p++;
	}
	if (list->len)
		uidset_parse(set, list->str, list->len - 1, G_MAXUINT);
}

static void
read_modseq(const struct imap_node *list, struct imap_search *search)
{
	if (imap_node_is(list, "MODSEQ"))
		imap_node_number(list->next, &search->modseq);
}

static gboolean
read_set(const struct imap_node *node, struct uidset *set)
{
	return node && node->type == IMAP_ATOM &&
	       (!set || uidset_parse(set, (const char *)node->text, node->len, MAX_RANGES));
}

static void
read_correlator(const struct imap_node *list, struct imap_search *search)
{
	for (; list && list->next; list = list->next->next)
		if (imap_node_is(list, "TAG") && list->next->type != IMAP_LIST)
			search->tag = (const char *)list->next->text;
}

/* RFC 4731 §3.1, RFC 9394 §3.1. Gives what follows. */
static const struct imap_node *
read_esearch_item(const struct imap_node *item, struct imap_search *search)
{
	const struct imap_node *value = item->next;

	if (imap_node_is(item, "UID")) {
		search->uid = TRUE;
		return value;
	}
	if (!value)
		return NULL;
	if (imap_node_is(item, "COUNT"))
		search->has_count = imap_node_number(value, &search->count);
	else if (imap_node_is(item, "MIN"))
		imap_node_number(value, &search->min);
	else if (imap_node_is(item, "MAX"))
		imap_node_number(value, &search->max);
	else if (imap_node_is(item, "MODSEQ"))
		imap_node_number(value, &search->modseq);
	else if (imap_node_is(item, "ALL"))
		search->has_all = read_set(value, search->all);
	else if (imap_node_is(item, "PARTIAL") && children(value))
		search->has_partial = value->first->next && (value->first->next->type == IMAP_NIL ||
		                                             read_set(value->first->next, search->all));
	return value->next;
}

gboolean
imap_search_decode(const struct imap_response *response, struct imap_search *search)
{
	struct uidset *all = search->all;
	const struct imap_node *item = response->args;

	memset(search, 0, sizeof(*search));
	search->all = all;
	if (is_named(response, "SEARCH")) {
		for (; item; item = item->next) {
			if (item->type == IMAP_LIST)
				read_modseq(item->first, search);
			else if (item->type == IMAP_ATOM && all)
				read_numbers(item, all);
		}
		return TRUE;
	}
	if (!is_named(response, "ESEARCH"))
		return FALSE;
	for (; item && item->type == IMAP_LIST; item = item->next)
		read_correlator(item->first, search);
	while (item)
		item = read_esearch_item(item, search);
	return TRUE;
}

gboolean
imap_vanished_decode(const struct imap_response *response, struct uidset *set, gboolean *earlier)
{
	const struct imap_node *node = response->args;

	*earlier = FALSE;
	if (!is_named(response, "VANISHED"))
		return FALSE;
	if (node && node->type == IMAP_LIST) {
		*earlier = imap_node_is(node->first, "EARLIER");
		node = node->next;
	}
	return read_set(node, set);
}
