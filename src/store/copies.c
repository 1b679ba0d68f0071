#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include "base/error.h"
#include "base/files.h"
#include "base/i18n.h"
#include "store/maildrop.h"
#include "store/store-private.h"

/* Messages that are made here: copies, which share the bodies of what they are copies of, and appends. */

/* ---- bodies that are shared ---- */

/* Where two names for one file cannot be had. */
static gboolean
copy_file(const char *from, const char *to)
{
	int in = open(from, O_RDONLY | O_NOFOLLOW | O_CLOEXEC), out;
	gboolean ok;

	if (in < 0)
		return FALSE;
	out = open(to, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
	ok = out >= 0 && files_copy_all(in, out);
	close(in);
	if (out >= 0 && close(out) != 0)
		ok = FALSE;
	if (!ok && out >= 0)
		unlink(to);
	return ok;
}

/* FALSE without error: what was to be shared is not there; it is fetched when somebody asks. */
static gboolean
share_file(const char *from, const char *to, gint64 *size, GError **error)
{
	g_autofree char *dir = g_path_get_dirname(to);
	struct stat info;

	if (lstat(from, &info) != 0 || !S_ISREG(info.st_mode) || !files_make_private_dir(dir, error))
		return FALSE;
	*size = (gint64)info.st_size;
	/* Left over by a transaction that did not come to its end. */
	unlink(to);
	if (link(from, to) == 0 || copy_file(from, to))
		return TRUE;
	if (errno == ENOENT)
		return FALSE;
	fulmar_fail(error, FULMAR_FAILED, _("%s cannot be written: %s"), to, g_strerror(errno));
	return FALSE;
}

static gboolean
share_section(struct store *store, const char *path, msgid to, const char *section, GError **error)
{
	static const char sql[] = "INSERT OR REPLACE INTO part (id, size, section) VALUES (?1, ?2, ?3)";
	g_autofree char *target = bodies_path(store, to, section, error);
	GError *failure = NULL;
	sqlite3_stmt *statement;
	gint64 size;

	if (!target)
		return FALSE;
	if (!share_file(path, target, &size, &failure)) {
		if (failure)
			g_propagate_error(error, failure);
		return failure == NULL;
	}
	statement = store_sql(store, sql, VALUES(to, size), error);
	if (statement)
		sqlite3_bind_text(statement, 3, section, -1, SQLITE_STATIC);
	return store_finish(store, statement, error);
}

static gboolean
sections_of(struct store *store, msgid id, GPtrArray *out, GError **error)
{
	static const char sql[] = "SELECT section FROM part WHERE id = ?1";
	sqlite3_stmt *statement = store_sql(store, sql, VALUES(id), error);
	int result = statement ? 0 : -1;

	while (result >= 0 && (result = store_step(store, statement, error)) > 0)
		g_ptr_array_add(out, store_column(statement, 0));
	return result >= 0;
}

gboolean
bodies_share(struct store *store, msgid from, msgid to, GError **error)
{
	g_autoptr(GPtrArray) sections = g_ptr_array_new_with_free_func(g_free);
	g_autofree char *file = NULL;

	if (!sections_of(store, from, sections, error) || !bodies_file_of(store, from, &file, error) ||
	    (file && !share_section(store, file, to, "", error)))
		return FALSE;
	for (guint i = 0; i < sections->len; i++) {
		const char *section = sections->pdata[i];
		g_autofree char *path = bodies_path(store, from, section, error);

		if (!path || !share_section(store, path, to, section, error))
			return FALSE;
	}
	return (!file && !sections->len) || bodies_refresh_have(store, to, error);
}

/* ---- a copy ---- */

static gboolean
insert_copy(struct store *store, const struct row_state *source, const struct row_state *row, GError **error)
{
	static const char message[] =
	        "INSERT INTO message (id, folder, ord, received, size, base, thread, head, thread_count,"
	        " thread_unread, attachments, have, keywords) SELECT ?2, ?3, ord, received, size, ?4, thread,"
	        " ?5, ?5, ?6, attachments, ?7, ?8 FROM message WHERE id = ?1";
	static const char envelope[] =
	        "INSERT INTO envelope SELECT ?2, date, zone, sender, recipients, copies, subject, message_id,"
	        " in_reply_to, refs, list_id, email_id, preview FROM envelope WHERE id = ?1";
	static const char structure[] = "INSERT INTO structure SELECT ?2, tree FROM structure WHERE id = ?1";
	gboolean unread = !(row->base & FLAG_SEEN);
	sqlite3_stmt *statement = store_sql(store, message,
	                                    VALUES(source->id, row->id, row->folder, row->base, row->head,
	                                           row->head && unread, row->have),
	                                    error);

	if (!statement)
		return FALSE;
	store_bind_text(statement, 8, row->keywords);
	return store_finish(store, statement, error) &&
	       store_run(store, envelope, VALUES(source->id, row->id), error) &&
	       store_run(store, structure, VALUES(source->id, row->id), error);
}

gboolean
row_copy(struct store *store, const struct row_state *source, gint64 folder, msgid *id, GError **error)
{
	struct row_state row = {.id = ++store->last_id,
	                        .folder = folder,
	                        .thread = source->thread,
	                        .key = source->key,
	                        .base = row_shown(source) & ~(guint)FLAG_DELETED,
	                        .have = source->have & HAVE_STRUCTURE};
	struct folder_delta *delta = folder_delta(store, folder);
	gboolean unread = !(row.base & FLAG_SEEN);
	gboolean ok;

	row.key.id = row.id;
	row.keywords = keywords_apply(source->keywords, source->keywords_add, source->keywords_remove);
	ok = threads_make_room(store, error) && threads_put(store, &row, unread, &row.head, error) &&
	     insert_copy(store, source, &row, error) && bodies_share(store, source->id, row.id, error) &&
	     (!(source->have & HAVE_TEXT) || row_set_have(store, row.id, HAVE_TEXT, 0, error));
	g_free(row.keywords);
	delta->rows++;
	delta->unread += unread;
	keep_row_added(store, folder, &row.key);
	*id = row.id;
	return ok;
}

/* ---- an append ---- */

char *
bodies_write_aside(struct store *store, GBytes *bytes, GError **error)
{
	g_autofree char *dir = g_build_filename(store->dir, "mail", NULL);
	g_autofree char *path = g_strdup_printf("%s/append-%08x%08x", dir, g_random_int(), g_random_int());

	if (!files_make_private_dir(dir, error) ||
	    !files_write_atomically(path, g_bytes_get_data(bytes, NULL), g_bytes_get_size(bytes), error))
		return NULL;
	return g_steal_pointer(&path);
}

static gboolean
make_durable(const char *aside, const char *final, GError **error)
{
	int fd = open(aside, O_RDONLY | O_NOFOLLOW | O_CLOEXEC);
	gboolean ok;

	if (fd < 0) {
		fulmar_fail(error, FULMAR_FAILED, _("%s cannot be written: %s"), final, g_strerror(errno));
		return FALSE;
	}
	ok = files_commit(fd, aside, final, error);
	close(fd);
	return ok;
}

/* Gives what lies at aside its name; durably, as the row that says so is not committed yet. */
static gboolean
take_in(struct store *store, const char *aside, msgid id, gboolean durable, GError **error)
{
	g_autofree char *final = bodies_path(store, id, "", error);
	g_autofree char *dir = final ? g_path_get_dirname(final) : NULL;

	if (!final || !files_make_private_dir(dir, error))
		return FALSE;
	if (durable)
		return make_durable(aside, final, error);
	if (rename(aside, final) == 0)
		return TRUE;
	fulmar_fail(error, FULMAR_FAILED, _("%s cannot be written: %s"), final, g_strerror(errno));
	return FALSE;
}

gboolean
bodies_take_in(struct store *store, const char *aside, msgid id, GBytes *bytes, gboolean durable,
               GError **error)
{
	gsize len;
	const char *octets = g_bytes_get_data(bytes, &len);
	struct mime_part *root = mime_part_parse(octets ? octets : "", len);
	gboolean ok;

	mime_part_number(root);
	ok = take_in(store, aside, id, durable, error) &&
	     bodies_put_entry(store, id, "", (gint64)len, root, error);
	mime_part_free(root);
	return ok;
}

msgid
row_make(struct store *store, gint64 folder, const struct store_message *message, GBytes *bytes,
         const char *aside, GError **error)
{
	struct store_message row = *message;
	msgid id;

	row.uid = 0;
	row.file = NULL;
	id = folder_is_usable(store, folder, error) ? store_add(store, folder, &row, error) : 0;
	return id && (!bytes || bodies_take_in(store, aside, id, bytes, TRUE, error)) ? id : 0;
}

static msgid
append(struct store *store, struct journal *journal, gint64 to, const struct store_message *message,
       GBytes *bytes, const char *aside, const char *key, GError **error)
{
	const struct op_spec spec = {
	        .verb = OP_APPEND, .state = bytes ? OP_WAITING : OP_HELD, .to = to, .key = key};
	struct entry entry = {.verb = OP_APPEND, .target = to};
	struct store_message unmarked = *message;

	unmarked.flags &= ~(guint)FLAG_DELETED;
	entry.subject = row_make(store, to, &unmarked, bytes, aside, error);
	if (!entry.subject || !journal_op(store, journal, &spec, &entry.op, error) ||
	    !op_join(store, entry.op, entry.subject, 0, error) ||
	    !journal_note(store, journal, &entry, error))
		return 0;
	return entry.subject;
}

msgid
store_journal_append(struct store *store, gint64 to, const struct store_message *message, GBytes *bytes,
                     const char *key, gint64 *step, GError **error)
{
	g_autofree char *aside = NULL;
	struct journal journal;
	msgid id;

	/* Before the transaction: a big one takes a while. */
	if (bytes && !(aside = bodies_write_aside(store, bytes, error)))
		return 0;
	if (!journal_begin(store, &journal, step, error)) {
		if (aside)
			unlink(aside);
		return 0;
	}
	id = append(store, &journal, to, message, bytes, aside, key && *key ? key : NULL, error);
	if (!journal_end(store, &journal, id != 0, error))
		id = 0;
	if (!id && aside)
		unlink(aside);
	return id;
}

static gboolean
are_whole(struct store *store, const msgid *ids, guint n, GError **error)
{
	for (guint i = 0; i < n; i++)
		if (!store_has_part(store, ids[i], "")) {
			fulmar_fail(error, FULMAR_FAILED, _("The message %lld is not here in full"),
			            (long long)ids[i]);
			return FALSE;
		}
	return TRUE;
}

gboolean
store_release_appends(struct store *store, const msgid *ids, guint n, GError **error)
{
	static const char sql[] = "UPDATE op SET state = ?2 WHERE verb = ?3 AND state = ?4 AND id IN"
	                          " (SELECT op FROM op_row WHERE op_row.id = ?1)";
	gboolean own, ok = TRUE;

	if (!are_whole(store, ids, n, error) || !store_bodies_sync(store, ids, n, error) ||
	    !store_enter(store, TRUE, &own, error))
		return FALSE;
	for (guint i = 0; ok && i < n; i++)
		ok = store_run(store, sql, VALUES(ids[i], OP_WAITING, OP_APPEND, OP_HELD), error);
	return store_leave(store, own, ok, error);
}
