#include "proto/imap/parse-private.h"

#include <string.h>

/* What extensions tell of the account and of commands under way. */

static gboolean
is_named(const struct imap_response *response, const char *name)
{
	return response->kind == IMAP_UNTAGGED && response->name && strcmp(response->name, name) == 0;
}

static gboolean
has_code(const struct imap_response *response, const char *code)
{
	return response->code && strcmp(response->code, code) == 0;
}

/* (("" "/") ("#news." "." "extension" ("…"))) */
static guint
read_namespaces(const struct imap_node *list, struct imap_namespace *out, guint max)
{
	guint n = 0;

	if (!list || list->type != IMAP_LIST)
		return 0;
	for (const struct imap_node *entry = list->first; entry && n < max; entry = entry->next) {
		const struct imap_node *prefix = entry->type == IMAP_LIST ? entry->first : NULL;
		const struct imap_node *delimiter = prefix ? prefix->next : NULL;

		if (!prefix || prefix->type == IMAP_LIST || !prefix->text)
			continue;
		out[n].prefix = prefix->text;
		out[n].len = prefix->len;
		out[n].delimiter = '\0';
		if (delimiter && delimiter->type != IMAP_LIST && delimiter->text && delimiter->len)
			out[n].delimiter = (char)delimiter->text[0];
		n++;
	}
	return n;
}

gboolean
imap_namespaces_decode(const struct imap_response *response, struct imap_namespaces *namespaces)
{
	const struct imap_node *args = response->args;

	memset(namespaces, 0, sizeof(*namespaces));
	if (!is_named(response, "NAMESPACE") || !args)
		return FALSE;
	namespaces->n_personal =
	        read_namespaces(args, namespaces->personal, G_N_ELEMENTS(namespaces->personal));
	namespaces->n_others =
	        read_namespaces(imap_node_nth(args, 1), namespaces->others, G_N_ELEMENTS(namespaces->others));
	namespaces->n_shared =
	        read_namespaces(imap_node_nth(args, 2), namespaces->shared, G_N_ELEMENTS(namespaces->shared));
	return TRUE;
}

gboolean
imap_rights_decode(const struct imap_response *response, struct imap_rights *rights)
{
	const struct imap_node *letters;

	memset(rights, 0, sizeof(*rights));
	if (!is_named(response, "MYRIGHTS") ||
	    !imap_name_read(response->args, &rights->name, &rights->name_len))
		return FALSE;
	letters = response->args->next;
	if (!letters || letters->type == IMAP_LIST || !letters->text)
		return FALSE;
	rights->rights = (const char *)letters->text;
	return TRUE;
}

gboolean
imap_progress_decode(const struct imap_response *response, struct imap_progress *progress)
{
	const struct imap_node *list = response->code_args, *tag;

	memset(progress, 0, sizeof(*progress));
	if (!has_code(response, "INPROGRESS"))
		return FALSE;
	tag = list && list->type == IMAP_LIST ? list->first : NULL;
	if (!tag)
		return TRUE;
	if (tag->type != IMAP_NIL && tag->type != IMAP_LIST)
		progress->tag = (const char *)tag->text;
	imap_node_number(imap_node_nth(tag, 1), &progress->have);
	imap_node_number(imap_node_nth(tag, 2), &progress->total);
	return TRUE;
}

gboolean
imap_limit_decode(const struct imap_response *response, guint64 *lowest)
{
	*lowest = 0;
	if (!has_code(response, "MESSAGELIMIT"))
		return FALSE;
	imap_node_number(imap_node_nth(response->code_args, 1), lowest);
	return TRUE;
}
