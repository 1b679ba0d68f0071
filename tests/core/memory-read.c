#include "memory-private.h"

#include <string.h>

#include "base/error.h"

/* What the backend of a server in memory brings into the store. */

static void
put_folder(struct backend *b, const struct folder *f)
{
	struct store_folder new = {
	        .path = f->name,
	        .wire = f->name,
	        .delimiter = '/',
	        .role = (char *)(strcmp(f->name, "INBOX") ? "" : "inbox"),
	        .selectable = TRUE,
	        .subscribed = f->subscribed,
	        .rights = (char *)"",
	        .mailbox_id = (char *)"",
	        .server_total = f->messages->len,
	        .server_uidnext = f->uidnext,
	};
	g_autoptr(GPtrArray) known = store_folders(b->env->store, NULL);
	GError *error = NULL;

	for (guint i = 0; i < known->len; i++) {
		const struct store_folder *k = known->pdata[i];

		if (!strcmp(k->wire, f->name))
			new.id = k->id;
	}
	store_folder_put(b->env->store, &new, &error);
	g_assert_no_error(error);
}

static gboolean
is_listed(struct backend *b, const struct store_folder *f)
{
	return f->pending || memory_folder(b->server, f->wire);
}

void
memory_folders(struct backend *b, backend_done done, void *user)
{
	g_autoptr(GPtrArray) known = NULL;

	if (memory_begin(b, done, user)->error)
		return;
	memory_lock();
	g_assert_true(store_begin(b->env->store, FALSE, NULL));
	for (guint i = 0; i < b->server->folders->len; i++)
		put_folder(b, b->server->folders->pdata[i]);
	known = store_folders(b->env->store, NULL);
	for (guint i = 0; i < known->len; i++)
		if (!is_listed(b, known->pdata[i]))
			g_assert_true(store_folder_remove(
			        b->env->store, ((struct store_folder *)known->pdata[i])->id, NULL));
	g_assert_true(store_commit(b->env->store, NULL));
	memory_release();
	b->env->hooks->folders(b->env->user);
}

static void
store_message(struct backend *b, gint64 folder, const struct message *m)
{
	struct envelope envelope;
	struct store_message message = {.uid = m->uid,
	                                .received = m->received,
	                                .size = g_bytes_get_size(m->bytes),
	                                .flags = m->flags,
	                                .keywords = m->keywords,
	                                .envelope = &envelope};
	GError *error = NULL;

	envelope_from_headers(&envelope, g_bytes_get_data(m->bytes, NULL), g_bytes_get_size(m->bytes));
	store_add(b->env->store, folder, &message, &error);
	g_assert_no_error(error);
	envelope_clear(&envelope);
}

/* The next piece, from the newest down; the folder is complete with the last. */
static void
bring_piece(struct backend *b, struct store_folder *row, struct folder *f)
{
	guint n = b->server->piece ? b->server->piece : f->messages->len;

	for (guint i = 0; i < n && b->stored < f->messages->len; i++)
		store_message(b, row->id, f->messages->pdata[f->messages->len - ++b->stored]);
	row->complete = b->stored >= f->messages->len;
	g_assert_true(store_folder_put_state(b->env->store, row, NULL));
}

/* What is here of it is as there. */
static void
bring(struct backend *b, struct store_folder *row, struct folder *f)
{
	struct store *store = b->env->store;
	struct uidset gone;
	GError *error = NULL;

	uidset_init(&gone);
	if (row->uidvalidity && row->uidvalidity != f->uidvalidity)
		g_assert_true(store_folder_unbind(store, row->id, NULL));
	g_assert_true(store_uids(store, row->id, 0, 0, &gone, NULL));
	for (guint i = 0; i < f->messages->len; i++) {
		const struct message *m = f->messages->pdata[i];

		uidset_remove(&gone, m->uid, m->uid);
		store_set_base(store, row->id, m->uid, m->flags, m->keywords, &error);
		g_assert_no_error(error);
	}
	g_assert_cmpint(store_remove_uids(store, row->id, &gone, NULL), >=, 0);
	uidset_clear(&gone);
	row->uidvalidity = f->uidvalidity;
	row->uidnext = f->uidnext;
	row->exists = f->messages->len;
	row->synced = 1;
	b->stored = 0;
	bring_piece(b, row, f);
}

void
memory_open(struct backend *b, gint64 folder, backend_done done, void *user)
{
	struct pending *p = memory_begin(b, done, user);
	struct store_folder *row = store_folder_by_id(b->env->store, folder, NULL);
	struct folder *f;

	memory_lock();
	f = row ? memory_folder(b->server, row->wire) : NULL;
	if (f && b->up && !b->server->silent && !p->error) {
		g_assert_true(store_begin(b->env->store, FALSE, NULL));
		bring(b, row, f);
		g_assert_true(store_commit(b->env->store, NULL));
	} else if (!p->error) {
		fulmar_fail(&p->error, FULMAR_FAILED, "no such folder");
	}
	memory_release();
	store_folder_free(row);
	b->env->hooks->rows(folder, b->env->user);
}

void
memory_fill(struct backend *b, gint64 folder, backend_done done, void *user)
{
	struct pending *p = memory_begin(b, done, user);
	struct store_folder *row = store_folder_by_id(b->env->store, folder, NULL);
	struct folder *f;

	memory_lock();
	f = row ? memory_folder(b->server, row->wire) : NULL;
	b->server->fills++;
	if (!p->error && b->server->fill_fault < MEMORY_FAULTS)
		memory_fail(b->server, p, b->server->fill_fault);
	if (f && b->up && !p->error) {
		g_assert_true(store_begin(b->env->store, FALSE, NULL));
		bring_piece(b, row, f);
		g_assert_true(store_commit(b->env->store, NULL));
	}
	memory_release();
	store_folder_free(row);
	b->env->hooks->rows(folder, b->env->user);
}

void
memory_structures(struct backend *b, const msgid *ids, guint n, backend_done done, void *user)
{
	memory_begin(b, done, user);
}

/* Where the row is on the server, or NULL. Called locked. */
struct message *
memory_place(struct backend *b, msgid id, struct folder **folder)
{
	struct store_folder *row = NULL;
	struct message *m = NULL;
	gint64 in;
	guint64 uid;

	*folder = NULL;
	if (store_place(b->env->store, id, &in, &uid, NULL, NULL) == 1)
		row = store_folder_by_id(b->env->store, in, NULL);
	if (row) {
		*folder = memory_folder(b->server, row->wire);
		m = memory_by_uid(*folder, uid);
	}
	store_folder_free(row);
	return m;
}

static void
fetch_whole(struct backend *b, struct pending *p, msgid id)
{
	struct folder *f;
	struct message *m;
	g_autoptr(GBytes) bytes = NULL;

	memory_lock();
	m = b->up && !b->server->silent && !p->error ? memory_place(b, id, &f) : NULL;
	if (m)
		bytes = g_bytes_ref(m->bytes);
	memory_release();
	if (bytes)
		g_assert_true(store_part_put(b->env->store, id, "", g_bytes_get_data(bytes, NULL),
		                             g_bytes_get_size(bytes), FALSE, NULL));
	else if (!p->error)
		fulmar_fail(&p->error, FULMAR_FAILED, "the server has no such message any more");
}

void
memory_part(struct backend *b, msgid id, const char *section, void (*progress)(guint64, guint64, void *),
            backend_done done, void *user)
{
	fetch_whole(b, memory_begin(b, done, user), id);
}

void
memory_parts(struct backend *b, const msgid *ids, const char *const *sections, guint n, backend_done done,
             void *user)
{
	struct pending *p = memory_begin(b, done, user);

	for (guint i = 0; i < n; i++)
		fetch_whole(b, p, ids[i]);
}
