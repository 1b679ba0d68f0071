#include "base/error.h"
#include "base/i18n.h"
#include "core/account-private.h"

/* What somebody writes is kept among the drafts, here first; each time it is saved the new text comes instead
 * of the former one. */

/* FALSE with error when what is to be replaced is no draft any more: it may have been sent. */
static gboolean
is_draft(struct change *change, msgid id, GError **error)
{
	struct site site = site_of(change);
	g_autoptr(GError) failed = NULL;
	gint64 drafts = site_role(&site, "drafts", FALSE, &failed);
	struct store_row *row = failed ? NULL : store_row(change->account->store, id, &failed);
	gboolean is = row && drafts && row->folder == drafts;

	store_row_free(row);
	if (failed)
		g_propagate_error(error, g_steal_pointer(&failed));
	else if (!is)
		fulmar_fail(error, FULMAR_FAILED, _("the message %lld is not among the drafts"),
		            (long long)id);
	return is;
}

static msgid
put(struct change *change, gint64 to, msgid old, GError **error)
{
	gsize len;
	const char *octets = g_bytes_get_data(change->command->bytes, &len);
	struct envelope envelope;
	struct store_message message = {.received = g_get_real_time() / G_USEC_PER_SEC,
	                                .size = len,
	                                .flags = FLAG_DRAFT | FLAG_SEEN,
	                                .envelope = &envelope};
	struct store *store = change->account->store;
	msgid id;

	envelope_from_headers(&envelope, octets, len);
	if (old)
		id = store_journal_replace(store, old, to, &message, change->command->bytes, &change->step,
		                           error);
	else
		id = store_journal_append(store, to, &message, change->command->bytes, NULL, &change->step,
		                          error);
	envelope_clear(&envelope);
	return id;
}

static gboolean
name_target(struct change *change, gint64 to, GError **error)
{
	struct store_folder *folder = store_folder_by_id(change->account->store, to, error);

	change->target = folder ? g_strdup(folder->path) : NULL;
	store_folder_free(folder);
	return change->target != NULL;
}

static gboolean
save(struct change *change, GError **error)
{
	const GArray *ids = change->command->ids;
	msgid old = ids && ids->len ? g_array_index(ids, msgid, 0) : 0, id;
	struct site site = site_of(change);
	gint64 to;

	change->name = old ? "replace" : "append";
	change->n = 1;
	if (old && !is_draft(change, old, error))
		return FALSE;
	to = site_role(&site, "drafts", TRUE, error);
	change->folders |= site.made;
	if (!to || !site_may(&site, to, old ? "ite" : "i", error) || !name_target(change, to, error))
		return FALSE;
	change_touch(change, to);
	id = put(change, to, old, error);
	if (id)
		change_new_id(change, id, change->account->settings->id);
	return id != 0;
}

gboolean
draft_file(struct change *change, GError **error)
{
	return file_at_once(change, save, error);
}
