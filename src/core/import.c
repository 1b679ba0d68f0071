#include <string.h>
#include "base/error.h"
#include "core/account-private.h"

/* Messages out of files, a batch at a time: each is one transaction, and all of them are one step of undo. */

struct batch_of {
	GArray *appends;   /* struct store_append */
	GArray *envelopes; /* struct envelope, of each */
	struct store_asides *asides;
};

static void
clear_envelope(gpointer envelope)
{
	envelope_clear(envelope);
}

static void
begin(struct batch_of *batch, const GPtrArray *messages)
{
	guint n = messages ? messages->len : 0;

	batch->appends = g_array_sized_new(FALSE, TRUE, sizeof(struct store_append), n);
	batch->envelopes = g_array_sized_new(FALSE, TRUE, sizeof(struct envelope), n);
	g_array_set_clear_func(batch->envelopes, clear_envelope);
	g_array_set_size(batch->appends, n);
	g_array_set_size(batch->envelopes, n);
	for (guint i = 0; i < n; i++) {
		const struct bus_message *from = messages->pdata[i];
		struct store_append *to = &g_array_index(batch->appends, struct store_append, i);
		struct envelope *envelope = &g_array_index(batch->envelopes, struct envelope, i);
		gsize len;
		const char *octets = g_bytes_get_data(from->bytes, &len);

		envelope_from_headers(envelope, octets ? octets : "", len);
		to->bytes = from->bytes;
		to->message = (struct store_message){.received = from->received,
		                                     .size = len,
		                                     .flags = from->flags,
		                                     .keywords = from->keywords,
		                                     .envelope = envelope};
	}
}

static void
end(struct batch_of *batch)
{
	store_asides_free(batch->asides);
	g_array_unref(batch->appends);
	g_array_unref(batch->envelopes);
}

/* The step of the batch before, unless it was taken back since. */
static gboolean
go_on_with_step(struct change *change, GError **error)
{
	GError *problem = NULL;
	struct store_undo *step =
	        change->command->op ? store_undo_by_id(change->account->store, change->command->op, &problem)
	                            : NULL;

	if (step) {
		change->step = step->id;
		change->n += step->n;
		change->target = g_strdup(step->target);
		store_undo_free(step);
	}
	if (problem)
		g_propagate_error(error, problem);
	return problem == NULL;
}

/* Of a tree no one folder is it. */
static void
set_target(struct change *change, const char *path)
{
	gboolean other = change->target && strcmp(change->target, path) != 0;

	g_free(change->target);
	change->target = g_strdup(other ? "" : path);
}

static gboolean
put_into(struct change *change, struct batch_of *batch, GArray *ids, GError **error)
{
	struct site site = site_of(change);
	struct store_folder *folder;
	gint64 to;

	if (!go_on_with_step(change, error))
		return FALSE;
	to = site_folder(&site, change->command->text, TRUE, error);
	change->folders |= site.made;
	if (!to || !site_may(&site, to, "i", error) ||
	    !(folder = store_folder_by_id(change->account->store, to, error)))
		return FALSE;
	set_target(change, folder->path);
	store_folder_free(folder);
	change_touch(change, to);
	return store_journal_appends(change->account->store, to,
	                             (const struct store_append *)(const void *)batch->appends->data,
	                             batch->appends->len, batch->asides, ids, &change->step, error);
}

static gboolean
put(struct change *change, struct batch_of *batch, GArray *ids, GError **error)
{
	struct store *store = change->account->store;

	if (!store_begin(store, TRUE, error))
		return FALSE;
	if (put_into(change, batch, ids, error))
		return store_commit(store, error);
	store_rollback(store);
	return FALSE;
}

gboolean
import_file(struct change *change, GError **error)
{
	struct batch_of batch = {0};
	g_autoptr(GArray) ids = g_array_new(FALSE, FALSE, sizeof(msgid));
	gboolean ok;

	begin(&batch, change->command->messages);
	change->name = "append";
	change->n = batch.appends->len;
	batch.asides = store_appends_begin(change->account->store,
	                                   (const struct store_append *)(const void *)batch.appends->data,
	                                   batch.appends->len, error);
	ok = batch.asides && put(change, &batch, ids, error);
	if (!ok)
		change->step = 0;
	for (guint i = 0; ok && i < ids->len; i++)
		change_new_id(change, g_array_index(ids, msgid, i), change->account->settings->id);
	end(&batch);
	return ok;
}
