#include <sqlite3.h>
#include <string.h>
#include <utime.h>
#include "base/files.h"
#include "store-util.h"

void
bed_up(struct bed *bed, gconstpointer unused)
{
	g_autoptr(GError) error = NULL;

	bed->dir = files_private_tmp(&error);
	g_assert_no_error(error);
	bed->store = store_open(bed->dir, STORE_WRITE, &error);
	g_assert_no_error(error);
	bed->inbox = add_folder(bed->store, "INBOX", "inbox");
}

void
bed_down(struct bed *bed, gconstpointer unused)
{
	store_close(bed->store);
	check_store(bed->dir);
	files_remove_tree(bed->dir);
	g_free(bed->dir);
}

void
bed_reopen(struct bed *bed)
{
	g_autoptr(GError) error = NULL;

	store_close(bed->store);
	bed->store = store_open(bed->dir, STORE_WRITE, &error);
	g_assert_no_error(error);
}

gint64
add_folder(struct store *store, const char *path, const char *role)
{
	struct store_folder folder = {.path = (char *)path,
	                              .wire = (char *)path,
	                              .delimiter = '/',
	                              .role = (char *)role,
	                              .selectable = TRUE,
	                              .subscribed = TRUE};
	g_autoptr(GError) error = NULL;

	g_assert_true(store_folder_put(store, &folder, &error));
	g_assert_no_error(error);
	g_assert_cmpint(folder.id, >, 0);
	return folder.id;
}

struct store_folder *
folder_of(struct store *store, gint64 id)
{
	g_autoptr(GError) error = NULL;
	struct store_folder *folder = store_folder_by_id(store, id, &error);

	g_assert_no_error(error);
	g_assert_nonnull(folder);
	return folder;
}

static gboolean inside;

void
begin(struct store *store)
{
	g_autoptr(GError) error = NULL;

	inside = TRUE;
	g_assert_true(store_begin(store, FALSE, &error));
	g_assert_no_error(error);
}

void
commit(struct store *store)
{
	g_autoptr(GError) error = NULL;

	inside = FALSE;
	store_commit(store, &error);
	g_assert_no_error(error);
}

void
rollback(struct store *store)
{
	inside = FALSE;
	store_rollback(store);
}

static GPtrArray *
one_address(const char *name)
{
	GPtrArray *list = g_ptr_array_new_with_free_func(mime_address_free);
	struct mime_address *address = g_new(struct mime_address, 1);

	address->name = g_strdup(name);
	address->email = g_strdup("someone@example.org");
	g_ptr_array_add(list, address);
	return list;
}

msgid
add_mail(struct store *store, gint64 folder, const struct mail *mail)
{
	g_auto(GStrv) references = g_strsplit(mail->references ? mail->references : "", " ", -1);
	g_autoptr(GPtrArray) from = one_address("Ada Beispiel"), none = g_ptr_array_new();
	struct envelope envelope = {.from = from,
	                            .to = from,
	                            .cc = none,
	                            .subject = (char *)(mail->subject ? mail->subject : "Hello"),
	                            .has_date = TRUE,
	                            .date = mail->received - 5,
	                            .zone = -120,
	                            .message_id = (char *)(mail->id ? mail->id : ""),
	                            .in_reply_to = (char *)(mail->parent ? mail->parent : ""),
	                            .references = references,
	                            .list_id = (char *)"",
	                            .content_type = (char *)"text/plain"};
	struct store_message message = {.uid = mail->uid,
	                                .received = mail->received,
	                                .size = mail->size ? mail->size : 1000,
	                                .flags = mail->flags,
	                                .keywords = mail->keywords,
	                                .envelope = &envelope,
	                                .structure = mail->structure,
	                                .email_id = mail->email_id,
	                                .file = mail->file};
	g_autoptr(GError) error = NULL;
	gboolean own = !inside;
	msgid id;

	if (own)
		begin(store);
	id = store_add(store, folder, &message, &error);
	g_assert_no_error(error);
	g_assert_cmpint(id, >, 0);
	if (own)
		commit(store);
	return id;
}

/* ---- the database seen from outside ---- */

gint64
ask(const char *dir, const char *sql)
{
	g_autofree char *path = g_build_filename(dir, "store.db", NULL);
	sqlite3_stmt *statement;
	gint64 value = 0;
	sqlite3 *db;

	g_assert_cmpint(sqlite3_open_v2(path, &db, SQLITE_OPEN_READWRITE, NULL), ==, SQLITE_OK);
	if (sqlite3_prepare_v2(db, sql, -1, &statement, NULL) != SQLITE_OK)
		g_error("%s: %s", sql, sqlite3_errmsg(db));
	if (sqlite3_step(statement) == SQLITE_ROW)
		value = sqlite3_column_int64(statement, 0);
	sqlite3_finalize(statement);
	sqlite3_close(db);
	return value;
}

void
damage(const char *dir, const char *sql)
{
	g_autofree char *path = g_build_filename(dir, "store.db", NULL);
	char *message = NULL;
	sqlite3 *db;

	g_assert_cmpint(sqlite3_open_v2(path, &db, SQLITE_OPEN_READWRITE, NULL), ==, SQLITE_OK);
	if (sqlite3_exec(db, sql, NULL, NULL, &message) != SQLITE_OK)
		g_error("%s: %s", sql, message);
	sqlite3_close(db);
}

void
age_files(const char *dir)
{
	g_autoptr(GDir) list = g_dir_open(dir, 0, NULL);
	const struct utimbuf old = {1700000000, 1700000000};
	const char *name;

	while (list && (name = g_dir_read_name(list))) {
		g_autofree char *path = g_build_filename(dir, name, NULL);

		utime(path, &old);
		if (g_file_test(path, G_FILE_TEST_IS_DIR))
			age_files(path);
	}
}

#define SHOWN "((base | pending_add) & ~pending_remove)"
#define UNSEEN "(" SHOWN " & 1 = 0)"

/* Where the server has what. */
#define STANDS \
	"(SELECT folder AS at, uid, file, base FROM message WHERE uid IS NOT NULL OR file IS NOT NULL" \
	" UNION ALL SELECT place.folder, place.uid, place.file, base FROM place JOIN message USING (id))"

/* Each gives how many things are wrong. */
static const struct {
	const char *what, *sql;
} checks[] = {
        {"integrity", "SELECT count(*) FROM pragma_integrity_check WHERE integrity_check <> 'ok'"},
        {"folder totals",
         "SELECT count(*) FROM folder f WHERE total <> (SELECT count(*) FROM message WHERE folder = f.id)"},
        {"folder unread", "SELECT count(*) FROM folder f WHERE unread <>"
                          " (SELECT count(*) FROM message WHERE folder = f.id AND " UNSEEN ")"},
        {"folder bound", "SELECT count(*) FROM folder f WHERE bound <>"
                         " (SELECT count(*) FROM " STANDS " WHERE at = f.id)"},
        {"folder base unread", "SELECT count(*) FROM folder f WHERE unread_base <>"
                               " (SELECT count(*) FROM " STANDS " WHERE at = f.id AND base & 1 = 0)"},
        {"folder threads", "SELECT count(*) FROM folder f WHERE threads <>"
                           " (SELECT count(DISTINCT thread) FROM message WHERE folder = f.id)"},
        {"thread heads", "SELECT count(*) FROM (SELECT head, row_number() OVER (PARTITION BY folder, thread"
                         " ORDER BY received DESC, ord DESC, id DESC) AS place FROM message WHERE folder)"
                         " WHERE head <> (place = 1)"},
        {"heads in limbo", "SELECT count(*) FROM message WHERE folder = 0 AND head"},
        {"thread counts",
         "SELECT count(*) FROM (SELECT head, thread_count, count(*) OVER (PARTITION BY folder, thread)"
         " AS n FROM message) WHERE head AND thread_count <> n"},
        {"thread unread",
         "SELECT count(*) FROM (SELECT head, thread_unread, sum" UNSEEN
         " OVER (PARTITION BY folder, thread) AS n FROM message) WHERE head AND thread_unread <> n"},
        {"counts of other rows",
         "SELECT count(*) FROM message WHERE NOT head AND (thread_count OR thread_unread)"},
        {"rows without envelope", "SELECT count(*) FROM message WHERE id NOT IN (SELECT id FROM envelope)"},
        {"envelopes without row", "SELECT count(*) FROM envelope WHERE id NOT IN (SELECT id FROM message)"},
        {"structures without row", "SELECT count(*) FROM structure WHERE id NOT IN (SELECT id FROM message)"},
        {"structures at odds", "SELECT count(*) FROM message m WHERE (have & 1) <> EXISTS"
                               " (SELECT 1 FROM structure s WHERE s.id = m.id)"},
        {"parts without row", "SELECT count(*) FROM part WHERE id NOT IN (SELECT id FROM message)"},
        {"whole bodies",
         "SELECT count(*) FROM message m WHERE file IS NULL AND NOT EXISTS (SELECT 1 FROM place"
         " WHERE place.id = m.id AND place.file IS NOT NULL) AND (have & 8 <> 0) <>"
         " (EXISTS (SELECT 1 FROM part WHERE id = m.id AND section = ''))"},
        {"ops without rows", "SELECT count(*) FROM op WHERE id NOT IN (SELECT op FROM op_row)"
                             " AND verb NOT BETWEEN 5 AND 9 AND upto = 0"},
        {"op rows without op", "SELECT count(*) FROM op_row WHERE op NOT IN (SELECT id FROM op)"},
        {"op rows without message", "SELECT count(*) FROM op_row WHERE id NOT IN (SELECT id FROM message)"},
        {"masks without op",
         "SELECT count(*) FROM message WHERE (pending_add OR pending_remove OR keywords_add IS NOT NULL"
         " OR keywords_remove IS NOT NULL) AND id NOT IN"
         " (SELECT o.id FROM op_row o JOIN op ON op.id = o.op WHERE op.state <> 3)"},
        {"two for one uid", "SELECT count(*) FROM (SELECT 1 FROM " STANDS
                            " WHERE uid IS NOT NULL GROUP BY at, uid HAVING count(*) > 1)"},
        {"two for one file", "SELECT count(*) FROM (SELECT 1 FROM " STANDS
                             " WHERE file IS NOT NULL GROUP BY at, file HAVING count(*) > 1)"},
        {"bound and placed", "SELECT count(*) FROM message JOIN place USING (id)"
                             " WHERE message.uid IS NOT NULL OR message.file IS NOT NULL"},
        {"placed where shown", "SELECT count(*) FROM message JOIN place USING (id)"
                               " WHERE message.folder = place.folder"},
        {"places without row", "SELECT count(*) FROM place WHERE id NOT IN (SELECT id FROM message)"},
        {"limbo at odds", "SELECT count(*) FROM (SELECT id FROM message WHERE folder = 0 EXCEPT"
                          " SELECT id FROM limbo)"},
        {"limbo at odds, too", "SELECT count(*) FROM (SELECT id FROM limbo EXCEPT"
                               " SELECT id FROM message WHERE folder = 0)"},
        {"looked for and there",
         "SELECT count(*) FROM unbound WHERE id IN (SELECT id FROM place) OR id NOT IN"
         " (SELECT id FROM message WHERE uid IS NULL AND file IS NULL)"},
        {"awaited without looking", "SELECT count(*) FROM awaited a WHERE NOT EXISTS"
                                    " (SELECT 1 FROM unbound u WHERE u.id = a.id AND u.folder = a.folder)"},
        {"rows of no folder", "SELECT count(*) FROM message WHERE folder AND folder NOT IN"
                              " (SELECT id FROM folder)"},
        {"names without op", "SELECT count(*) FROM op_folder WHERE op NOT IN (SELECT id FROM op)"},
        {"rows that nothing accounts for",
         "SELECT count(*) FROM message AS m WHERE uid IS NULL AND file IS NULL"
         " AND NOT EXISTS (SELECT 1 FROM limbo WHERE limbo.id = m.id AND m.folder = 0)"
         " AND (folder = 0 OR (NOT EXISTS (SELECT 1 FROM unbound WHERE unbound.id = m.id)"
         " AND NOT EXISTS (SELECT 1 FROM place WHERE place.id = m.id)"
         " AND NOT EXISTS (SELECT 1 FROM awaited WHERE awaited.id = m.id)"
         " AND NOT EXISTS (SELECT 1 FROM op_row WHERE op_row.id = m.id)))"},
        {"rows that are not where their last op puts them",
         "SELECT count(*) FROM message m WHERE folder <> (SELECT iif(source = -1, 0, target) FROM op_row "
         "JOIN op ON"
         " op.id = op WHERE op_row.id = m.id"
         " AND (verb BETWEEN 1 AND 5 OR verb = 11 OR (verb = 10 AND add_flags = 1))"
         " AND state <> 3 ORDER BY op DESC LIMIT 1)"},
        {"rows away from their place by no op",
         "SELECT count(*) FROM message JOIN place USING (id) WHERE message.folder <> 0 AND id NOT IN"
         " (SELECT op_row.id FROM op_row JOIN op ON op.id = op WHERE (verb BETWEEN 1 AND 5 OR"
         " verb = 11 OR (verb = 10 AND add_flags = 1)) AND state <> 3)"},
        {"names that are not what ops and server say",
         "SELECT count(*) FROM folder WHERE path <> coalesce((SELECT f.path FROM op_folder f JOIN op ON"
         " op.id = f.op WHERE f.folder = folder.id AND op.state <> 3 ORDER BY f.op DESC LIMIT 1),"
         " server_path)"},
        {"folders hidden by no op",
         "SELECT count(*) FROM folder WHERE removed <> (EXISTS (SELECT 1 FROM op WHERE verb = 8 AND"
         " op.folder = folder.id AND state <> 3) OR (wish AND total = 0 AND EXISTS (SELECT 1 FROM op"
         " WHERE verb = 6 AND op.target = folder.id AND state = 3)))"},
        {"folders subscribed by no op",
         "SELECT count(*) FROM folder WHERE subscribed <> coalesce((SELECT add_flags FROM op WHERE verb = 9"
         " AND op.folder = folder.id AND state <> 3 ORDER BY op.id DESC LIMIT 1), server_subscribed)"},
        {"masks at odds", "SELECT count(*) FROM message WHERE pending_add & pending_remove"},
        {"ids given out",
         "SELECT count(*) FROM message WHERE id > (SELECT value FROM meta WHERE key = 'last_id')"},
};

void
check_store(const char *dir)
{
	for (guint i = 0; i < G_N_ELEMENTS(checks); i++) {
		gint64 wrong = ask(dir, checks[i].sql);

		if (wrong)
			g_error("%s: %" G_GINT64_FORMAT " wrong in %s", checks[i].what, wrong, dir);
	}
}

gint64
thread_count(struct bed *bed, gint64 folder)
{
	g_autofree char *sql =
	        g_strdup_printf("SELECT threads FROM folder WHERE id = %" G_GINT64_FORMAT, folder);

	return ask(bed->dir, sql);
}
