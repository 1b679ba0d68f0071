/* A POP3 account. New mail comes from a server on a thread beside the test; the folders are in the store
 * itself, where another client is another process on it. */
#include <string.h>

#include "backend/pop3/pop3-private.h"
#include "mime/lines.h"
#include "pop-server.h"
#include "rig.h"
#include "store/maildrop.h"

/* Of the rig under test; tests run one after the other. */
static struct {
	struct pop_server *server;
	GHashTable *names; /* UIDL → name, of INBOX */
} drop;

static void
make(struct rig *rig, struct conf_account *account)
{
	drop.server = pop_server_new();
	drop.names = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, g_free);
	account->type = ACCOUNT_POP3;
	account->host = g_strdup("127.0.0.1");
	account->port = pop_server_port(drop.server);
	account->security = SECURITY_NONE;
	account->user = g_strdup("ann");
	account->timeout = 30;
}

static void
end(struct rig *rig)
{
	pop_server_free(drop.server);
	g_hash_table_unref(drop.names);
}

static void
furnish(struct rig *rig)
{
	static const char *const folders[] = {"INBOX", "Sent", "Lists/harbour"};
	GError *error = NULL;

	for (guint i = 0; i < G_N_ELEMENTS(folders); i++) {
		struct store_folder folder = {.path = (char *)folders[i],
		                              .wire = (char *)folders[i],
		                              .delimiter = '/',
		                              .role = (char *)"",
		                              .selectable = TRUE,
		                              .subscribed = TRUE};

		store_folder_put(rig->store, &folder, &error);
		g_assert_no_error(error);
	}
}

/* ---- new mail ---- */

/* One link sees what was there when it began. */
static void
renew(struct rig *rig)
{
	gint64 began = g_get_monotonic_time();
	struct rig_done done = {0};

	if (!pop_server_has_news(drop.server))
		return;
	rig->kind->ops->depart(rig->backend, rig_on_done, &done);
	rig_wait(rig, &done);
	rig->ready = FALSE;
	rig->kind->ops->link(rig->backend);
	while (!rig->ready) {
		g_main_context_iteration(rig->context, FALSE);
		g_assert_cmpint(g_get_monotonic_time() - began, <, 60 * G_USEC_PER_SEC);
	}
}

static void
put_body(struct rig *rig, msgid id, const char *text)
{
	g_autoptr(GBytes) bytes = g_bytes_new(text, strlen(text));
	g_autoptr(GBytes) lines = lines_with_crlf(bytes);
	GError *error = NULL;

	store_part_put(rig->store, id, "", g_bytes_get_data(lines, NULL), g_bytes_get_size(lines), FALSE,
	               &error);
	g_assert_no_error(error);
}

static void
deliver_here(struct rig *rig, const char *folder, gint64 when, const char *text)
{
	struct pop3_desk desk;
	struct envelope envelope;
	struct store_message message = {.received = when, .size = strlen(text), .envelope = &envelope};
	GError *error = NULL;
	msgid id;

	envelope_from_headers(&envelope, text, strlen(text));
	store_begin(rig->store, FALSE, &error);
	pop3_desk_open(rig->backend, rig_folder_at(rig, folder), &desk, &error);
	g_assert_no_error(error);
	message.uid = desk.next++;
	id = store_add(rig->store, desk.folder, &message, &error);
	pop3_desk_close(rig->backend, &desk, &error);
	store_commit(rig->store, &error);
	g_assert_no_error(error);
	envelope_clear(&envelope);
	put_body(rig, id, text);
}

static void
deliver(struct rig *rig, const char *folder, const char *name, gint64 when, const char *text)
{
	g_autoptr(GDateTime) time = g_date_time_new_from_unix_utc(when);
	g_autofree char *date = g_date_time_format(time, "%a, %d %b %Y %H:%M:%S +0000");
	g_autofree char *stamped = NULL;

	if (strcmp(folder, "INBOX") != 0) {
		deliver_here(rig, folder, when, text);
		return;
	}
	stamped = g_strdup_printf("Received: from a by b; %s\n%s", date, text);
	g_hash_table_insert(drop.names, pop_server_add(drop.server, stamped), g_strdup(name));
}

/* ---- what the folders' server has: rows where they are bound or placed ---- */

static gboolean
is_in(struct rig *rig, msgid id, gint64 folder)
{
	gint64 there = 0;
	guint64 uid = 0;

	return store_place(rig->store, id, &there, &uid, NULL, NULL) == 1 && uid && there == folder;
}

/* struct store_row *: the messages that are in folder there. */
static GPtrArray *
rows_in(struct rig *rig, gint64 folder)
{
	g_autoptr(GPtrArray) folders = store_folders(rig->store, NULL);
	GPtrArray *rows = g_ptr_array_new_with_free_func(store_row_free);

	store_rows(rig->store, 0, NULL, TRUE, 100000, rows, NULL);
	for (guint i = 0; i < folders->len; i++)
		store_rows(rig->store, ((struct store_folder *)folders->pdata[i])->id, NULL, TRUE, 100000,
		           rows, NULL);
	for (guint i = rows->len; i-- > 0;)
		if (!is_in(rig, ((struct store_row *)rows->pdata[i])->id, folder))
			g_ptr_array_remove_index(rows, i);
	return rows;
}

static void
take_out(const struct store_drop *known, void *user)
{
	g_hash_table_remove(user, known->uidl);
}

/* What is on the server and was never here: UIDL → name, both lent. */
static GHashTable *
news(struct rig *rig)
{
	GHashTable *names = g_hash_table_new(g_str_hash, g_str_equal);
	GHashTableIter iter;
	gpointer uidl, name;

	g_hash_table_iter_init(&iter, drop.names);
	while (g_hash_table_iter_next(&iter, &uidl, &name))
		g_hash_table_insert(names, uidl, name);
	store_drops(rig->store, take_out, names, NULL);
	return names;
}

/* 0: it is on the server, and was never here. */
static msgid
find(struct rig *rig, const char *folder, const char *name, guint *base)
{
	g_autoptr(GPtrArray) rows = rows_in(rig, rig_folder_at(rig, folder));
	g_autoptr(GHashTable) fresh = news(rig);
	g_autoptr(GList) names = g_hash_table_get_values(fresh);

	*base = 0;
	for (guint i = 0; i < rows->len; i++) {
		const struct store_row *row = rows->pdata[i];

		if (strcmp(row->subject, name) != 0)
			continue;
		*base = row->base;
		return row->id;
	}
	if (!g_list_find_custom(names, name, (GCompareFunc)strcmp))
		g_error("%s has no message “%s”", folder, name);
	return 0;
}

static int
by_text(gconstpointer a, gconstpointer b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

static char *
subjects(struct rig *rig, const char *folder)
{
	gint64 id = rig_folder_at(rig, folder);
	g_autoptr(GPtrArray) rows = rows_in(rig, id);
	g_autoptr(GHashTable) fresh = news(rig);
	g_autoptr(GPtrArray) found = g_ptr_array_new();
	g_autoptr(GList) names = strcmp(folder, "INBOX") ? NULL : g_hash_table_get_values(fresh);

	if (!id)
		return NULL;
	for (guint i = 0; i < rows->len; i++)
		g_ptr_array_add(found, ((struct store_row *)rows->pdata[i])->subject);
	for (const GList *l = names; l; l = l->next)
		g_ptr_array_add(found, l->data);
	g_ptr_array_sort(found, by_text);
	g_ptr_array_add(found, NULL);
	return g_strjoinv(" ", (char **)found->pdata);
}

static guint
flags_of(struct rig *rig, const char *folder, const char *name)
{
	guint base;

	find(rig, folder, name, &base);
	return base;
}

void
rig_pop3_refuse(const char *why)
{
	pop_server_refuse(drop.server, why);
}

void
rig_pop3_lie(gsize size)
{
	pop_server_lie(drop.server, size);
}

void
rig_pop3_remove(const char *name)
{
	GHashTableIter iter;
	gpointer uidl, known;

	g_hash_table_iter_init(&iter, drop.names);
	while (g_hash_table_iter_next(&iter, &uidl, &known))
		if (!strcmp(known, name))
			pop_server_remove(drop.server, uidl);
}

/* ---- what another process does ---- */

/* The op that came last, and no other. */
static void
carry_out(struct rig *rig)
{
	g_autoptr(GPtrArray) ops = g_ptr_array_new_with_free_func(store_op_free);
	struct rig_done done = {0};
	const struct store_op *op;
	GError *error = NULL;

	store_ops(rig->store, FALSE, 0, ops, &error);
	g_assert_no_error(error);
	g_assert_cmpuint(ops->len, >, 0);
	op = ops->pdata[ops->len - 1];
	store_op_set(rig->store, op->id, OP_RUNNING, NULL, 0, &error);
	g_assert_no_error(error);
	rig->kind->ops->replay(rig->backend, op, rig_on_done, &done);
	rig_wait(rig, &done);
	store_op_done(rig->store, op->id, &error);
	g_assert_no_error(error);
}

static void
set_flags(struct rig *rig, const char *folder, const char *name, guint flags)
{
	GError *error = NULL;
	guint base;
	msgid id = find(rig, folder, name, &base);

	store_journal_flags(rig->store, &id, 1, flags & ~base, base & ~flags, NULL, NULL, NULL, &error);
	g_assert_no_error(error);
	carry_out(rig);
}

static void
remove_message(struct rig *rig, const char *folder, const char *name)
{
	GError *error = NULL;
	guint base;
	msgid id = find(rig, folder, name, &base);

	store_journal_purge(rig->store, &id, 1, NULL, &error);
	g_assert_no_error(error);
	carry_out(rig);
}

const struct rig_kind rig_pop3 = {
        .name = "pop3",
        .ops = &backend_pop3,
        .verbs = RIG_WIDE | 1u << OP_MOVE | 1u << OP_COPY | 1u << OP_PURGE | 1u << OP_APPEND |
                 1u << OP_REPLACE | 1u << OP_EMPTY | 1u << OP_CREATE | 1u << OP_RENAME | 1u << OP_REMOVE |
                 1u << OP_SUBSCRIBE,
        .make = make,
        .furnish = furnish,
        .end = end,
        .renew = renew,
        .deliver = deliver,
        .set_flags = set_flags,
        .remove = remove_message,
        .flags = flags_of,
        .subjects = subjects,
};
